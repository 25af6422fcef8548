"""Packs and indexes as stock git writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path

import pytest

from trace_git.store import packs
from trace_git.store.objects import NAMES
from trace_git.store.packindex import Listed, PackIndex
from trace_git.store.records import BLOB, COMMIT, TREE

Objects = list[tuple[bytes, int, bytes]]


def named(kind: int, data: bytes) -> tuple[bytes, int, bytes]:
    return sha1(b"%b %d\0%b" % (NAMES[kind], len(data), data)).digest(), kind, data


def history(commits: int) -> Objects:
    """A folder that grows by a file a commit, newest first."""
    objects: Objects = []
    entries, parent = b"", b""
    for number in range(commits):
        blob = named(BLOB, b"message %d " % number * (number % 40))
        entries += b"100644 %07d-user.msgpack\0%b" % (number, blob[0])
        tree = named(TREE, entries)
        who = b"A B <a@b> %d +0000" % (1_700_000_000 + number)
        head = b"tree %b\n%bauthor %b\ncommitter %b\n" % (tree[0].hex().encode(), parent, who, who)
        commit = named(COMMIT, b"%b\nuser: %d\n" % (head, number))
        parent = b"parent %b\n" % commit[0].hex().encode()
        objects += [blob, tree, commit]
    return list({one[0]: one for one in reversed(objects)}.values())


@pytest.mark.parametrize("deltas", [False, True])
def test_stock_git_accepts_a_pack_and_would_write_the_same_index(
    deltas: bool, tmp_path: Path, git: Callable[..., str]
) -> None:
    objects = history(120)
    name, pack, index = packs.build(objects, deltas=deltas)
    git(tmp_path, "init", "-q", "--bare", ".")
    stem = tmp_path / "objects" / "pack" / f"pack-{name}"
    stem.with_suffix(".pack").write_bytes(pack)
    stem.with_suffix(".idx").write_bytes(index)
    git(tmp_path, "index-pack", "--strict", "-o", "theirs.idx", str(stem.with_suffix(".pack")))
    assert (tmp_path / "theirs.idx").read_bytes() == index
    listed = git(tmp_path, "verify-pack", "-v", str(stem.with_suffix(".idx")))
    chains = [int(length) for length in re.findall(r"^chain length = (\d+)", listed, re.MULTILINE)]
    assert bool(chains) == deltas
    assert max(chains, default=0) < 50  # git's own limit
    found = set(re.findall(r"^([0-9a-f]{40}) (\w+)", listed, re.MULTILINE))  # verify-pack hashed each object
    assert found == {(oid.hex(), NAMES[kind].decode()) for oid, kind, _ in objects}


def test_versions_of_a_folder_take_little_room() -> None:
    objects = [one for one in history(200) if one[1] == TREE]
    _, plain, _ = packs.build(objects, deltas=False)
    _, small, _ = packs.build(objects, deltas=True)
    assert len(small) * 10 < len(plain)


def test_the_newest_version_of_a_folder_is_whole() -> None:
    """The present is read without following a chain."""
    objects = [one for one in history(50) if one[1] == TREE]
    _, pack, _ = packs.build(objects, deltas=True)
    first, second = (offset for _, _, offset in listed(objects)[:2])
    assert pack[first] >> 4 & 7 == TREE
    assert pack[second] >> 4 & 7 == 6  # a delta by offset


def test_the_same_objects_give_the_same_pack() -> None:
    objects = history(10)
    assert packs.build(objects, deltas=True) == packs.build(objects, deltas=True)


def test_packs_are_joined_as_they_stand(tmp_path: Path, git: Callable[..., str]) -> None:
    objects = sorted(history(60), key=lambda one: one[1] == BLOB)  # as ``build`` has them
    halves = [packs.build(half, deltas=True) for half in (objects[:90], objects[90:])]
    chunks: list[bytes] = []
    writer = packs.PackWriter(chunks.append, len(objects))
    for half, (_, pack, _) in zip((objects[:90], objects[90:]), halves, strict=True):
        writer.add_body(body(pack), listed(half))
    checksum = writer.finish()
    (tmp_path / "x.pack").write_bytes(b"".join(chunks))
    git(tmp_path, "init", "-q", "--bare", ".")
    git(tmp_path, "index-pack", "--strict", "x.pack")
    assert (tmp_path / "x.idx").read_bytes() == packs.index(writer.entries, checksum)


def test_messages_that_are_in_another_pack_too_are_left_out(tmp_path: Path, git: Callable[..., str]) -> None:
    objects = history(60)
    _, pack, index = packs.build(objects, deltas=True)
    (tmp_path / "built.idx").write_bytes(index)
    entries = PackIndex(str(tmp_path / "built.idx")).listed()
    messages = [oid for oid, kind, _ in objects if kind == BLOB]
    for without in (set(messages[:1]), set(messages[3:9] + messages[20:21]), set(messages), set(messages[-1:])):
        chunks: list[bytes] = []
        writer = packs.PackWriter(chunks.append, len(objects) - len(without))
        assert writer.add_body(body(pack), entries, without)
        checksum = writer.finish()
        (tmp_path / "x.pack").write_bytes(b"".join(chunks))
        git(tmp_path, "init", "-q", "--bare", ".")
        git(tmp_path, "index-pack", "x.pack")
        assert (tmp_path / "x.idx").read_bytes() == packs.index(writer.entries, checksum)
        assert {oid for oid, _, _ in writer.entries} == {oid for oid, _, _ in objects} - without


@pytest.mark.parametrize("kind", [TREE, COMMIT])
def test_what_deltas_need_or_reach_across_is_not_left_out(kind: int) -> None:
    objects = sorted(history(60), key=lambda one: one[1] == BLOB)
    _, pack, _ = packs.build(objects, deltas=True)
    writer = packs.PackWriter(lambda data: None, len(objects) - 1)
    middle = [oid for oid, its, _ in objects if its == kind][30]
    assert not writer.add_body(body(pack), listed(objects), {middle})
    assert writer.entries == []


def test_a_damaged_pack_is_not_joined() -> None:
    objects = history(10)
    _, pack, _ = packs.build(objects, deltas=True)
    damaged = bytearray(pack)
    damaged[len(pack) // 2] ^= 1
    writer = packs.PackWriter(lambda data: None, len(objects))
    with pytest.raises(ValueError, match="damaged"):
        writer.add_body(body(bytes(damaged)), listed(objects))
    assert writer.entries == []


def body(pack: bytes) -> memoryview:
    return memoryview(pack)[packs.HEADER : -packs.TRAILER]


def listed(objects: Objects) -> list[Listed]:
    """What the index of a pack of ``objects`` says."""
    writer = packs.PackWriter(lambda data: None, len(objects))
    for oid, kind, data in objects:
        writer.add(oid, kind, data)
    return writer.entries


def test_offsets_beyond_two_gigabytes_are_indexed(tmp_path: Path, git: Callable[..., str]) -> None:
    offsets = [12, 2**31 - 1, 2**31, 2**31 + 7, 2**32, 2**40]
    entries = [(bytes([255 - at]) * 20, 1000 + at, offset) for at, offset in enumerate(offsets)]
    (tmp_path / "x.idx").write_bytes(packs.index(entries, b"c" * 20))
    shown = git(tmp_path, "show-index", given=(tmp_path / "x.idx").read_bytes()).split("\n")[:-1]
    assert shown == [f"{offset} {oid.hex()} ({crc:08x})" for oid, crc, offset in sorted(entries)]
    found = PackIndex(str(tmp_path / "x.idx"))
    assert found.listed() == entries
    assert [found.find(oid) for oid, _, _ in entries] == offsets


def test_an_index_finds_what_git_lists(tmp_path: Path, git: Callable[..., str]) -> None:
    objects = history(300)
    _, _, data = packs.build(objects, deltas=True)
    (tmp_path / "x.idx").write_bytes(data)
    shown = [line.split()[:2] for line in git(tmp_path, "show-index", given=data).splitlines()]
    offsets = {bytes.fromhex(oid): int(offset) for offset, oid in shown}
    searched, tabled = PackIndex(str(tmp_path / "x.idx")), PackIndex(str(tmp_path / "x.idx"))
    oids = [*offsets, bytes(20), b"\xff" * 20, *(oid[:19] + bytes([oid[19] ^ 1]) for oid in offsets)]
    assert [searched._search(oid) for oid in oids] == [offsets.get(oid) for oid in oids]
    assert [tabled.find(oid) for oid in oids] == [offsets.get(oid) for oid in oids]
    for oid in (*list(offsets)[:50], b"\0\0", b"\xff"):
        assert searched.with_prefix(oid[:2]) == sorted(name for name in offsets if name.startswith(oid[:2]))
    assert searched.with_prefix(b"") == sorted(offsets)


@pytest.mark.parametrize("cut", [0, 7, 100, 1031, 1100, -1])
def test_an_index_that_is_cut_off_is_refused(cut: int, tmp_path: Path) -> None:
    objects = history(5)
    (tmp_path / "x.idx").write_bytes(packs.build(objects, deltas=True)[2][:cut])
    with pytest.raises(ValueError, match=r"index|empty"):
        PackIndex(str(tmp_path / "x.idx"))
