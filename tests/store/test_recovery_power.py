"""What the power, the disk and its errors may take: what was never promised, and nothing else."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import struct
import zlib
from contextlib import suppress
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest

from trace_git.errors import CorruptTraceError, NotFoundError, StorageError
from trace_git.store import files, packs, publish
from trace_git.store.marks import DATA_START
from trace_git.store.packindex import Listed, PackIndex
from trace_git.store.store import Store

from .stores import MAIN, Git, Open, commit, line
from .test_recovery import die, in_child, killed_before_publication, restart, store_on

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # Python 3.12 warns of threads


def readable(on: Store, oids: set[str]) -> set[str]:
    """Those of ``oids`` that ``on`` can read."""
    found = set()
    for oid in oids:
        try:
            on.read_any(oid)
        except (CorruptTraceError, NotFoundError):
            continue
        found.add(oid)
    return found


def packed(folder: str, git: Git) -> dict[str, tuple[Path, int]]:
    """Object → its pack and where its bytes begin there."""
    found = {}
    for index in Path(folder, "objects/pack").glob("*.idx"):
        for words in map(str.split, git(folder, "verify-pack", "-v", str(index)).splitlines()):
            if len(words) >= 5 and words[1] in ("commit", "tree", "blob"):
                found[words[0]] = (index.with_suffix(".pack"), int(words[4]))
    return found


def flip(path: Path, offset: int) -> None:
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)


# -- damaged packs -----------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["us", "git gc"])
def test_a_bad_bit_takes_one_object_and_not_its_pack_after_a_restart(
    by: str, folder: str, open_store: Open, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = open_store()
    oids = [commit(on, f"message {number}") for number in range(3)]
    on.close()
    git(folder, "gc", "-q", "--prune=now")
    if by == "us":  # a checkpoint of ours makes the pack that git wrote durable
        on = open_store()
        commit(on, "more")
        on.close()
    where = packed(folder, git)
    blob = git(folder, "rev-parse", f"{oids[0]}:text").strip()
    pack, offset = where[blob]
    flip(pack, offset + 8)  # in its text, which is stored as it is
    left = set(where) - {blob}
    assert readable(open_store(), set(where)) == left
    restart(monkeypatch)
    on = open_store()
    assert readable(on, set(where)) == left
    assert git(folder, "rev-parse", MAIN).strip() == on.ref(MAIN)
    assert pack.exists()
    commit(on, "after")


def test_a_damaged_pack_does_not_end_consolidation_and_keeps_its_objects(
    folder: str, open_store: Open, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "MOST_PACKS", 8)
    monkeypatch.setattr(publish, "MERGE_PACKS", 6)
    on = open_store()
    oids = [commit(on, f"m{number}") for number in range(5)]
    on.close()
    where = packed(folder, git)
    blob = git(folder, "rev-parse", f"{oids[0]}:text").strip()
    pack, offset = where[blob]
    flip(pack, offset + 8)  # in its text, which is stored as it is
    on = open_store()
    for number in range(60):
        commit(on, f"more {number}", verb="edit")  # each is published at once, in a pack of its own
    assert len(list(Path(folder, "objects/pack").glob("*.idx"))) < 20
    assert readable(on, set(where)) == set(where) - {blob}
    on.close()
    assert readable(open_store(), set(where)) == set(where) - {blob}


def group(on: Store, *texts: str) -> Path:
    """Commit them in one batch; the stem of the pack they are published in."""
    folder = Path(on.folder, "objects/pack")
    before = set(folder.glob("*.idx"))
    with on.batch():
        for text in texts:
            commit(on, text)
    (fresh,) = set(folder.glob("*.idx")) - before
    return fresh.with_suffix("")


def put_in_place_of(stem: Path, body: bytes, entries: list[Listed]) -> None:
    """A pack of other bytes, with sums that are right, instead of the one at ``stem``."""
    data = struct.pack(">4sLL", b"PACK", 2, len(entries)) + body
    checksum = sha1(data).digest()
    for suffix in (".pack", ".idx"):
        stem.with_suffix(suffix).unlink()
    fresh = stem.with_name(f"pack-{checksum.hex()}")
    fresh.with_suffix(".pack").write_bytes(data + checksum)
    fresh.with_suffix(".idx").write_bytes(packs.index(entries, checksum))


@pytest.fixture
def joined_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """The third pack has all joined, and copied as they stand."""
    monkeypatch.setattr(publish, "MOST_PACKS", 2)
    monkeypatch.setattr(publish, "FEW", 0)


@pytest.mark.usefixtures("joined_early")
def test_of_two_copies_the_good_one_stays_when_packs_are_joined(folder: str, open_store: Open, git: Git) -> None:
    """The sums of the bad one's pack are right: it was damaged in memory, before it was packed."""
    on = open_store()
    small = group(on, "one", "equal", "two")
    group(on, "equal", *map(str, range(20)))
    on.close()
    entries, data = PackIndex(f"{small}.idx").listed(), bytearray(small.with_suffix(".pack").read_bytes())
    wrong = [at for at in range(len(data)) if data.startswith(b"equal", at)][-1]  # the blob; messages come last
    data[wrong : wrong + 5] = b"EQUAL"
    ends = packs.ends(entries, len(data) - packs.TRAILER)
    entries = [(oid, zlib.crc32(data[at:end]), at) for (oid, _, at), end in zip(entries, ends, strict=True)]
    put_in_place_of(small, bytes(data[packs.HEADER : -packs.TRAILER]), entries)
    on = open_store()
    commit(on, "more", verb="edit")
    on.close()
    assert len(list(Path(folder, "objects/pack").glob("*.idx"))) == 1
    assert line(open_store()) == ["one", "equal", "two", "equal", *map(str, range(20)), "more"]
    git(folder, "fsck", "--strict")


@pytest.mark.usefixtures("joined_early")
def test_a_pack_that_has_something_twice_is_joined(folder: str, open_store: Open, git: Git) -> None:
    """Git itself makes none, but takes them from others."""
    on = open_store()
    twice = group(on, "one", "two", "three")
    group(on, "four", "five")
    on.close()
    entries, data = PackIndex(f"{twice}.idx").listed(), twice.with_suffix(".pack").read_bytes()[: -packs.TRAILER]
    oid, crc, at = entries[-1]
    put_in_place_of(twice, data[packs.HEADER :] + data[at:], [*entries, (oid, crc, len(data))])
    git(folder, "fsck")
    on = open_store()
    commit(on, "more", verb="edit")
    on.close()
    assert len(list(Path(folder, "objects/pack").glob("*.idx"))) == 1
    assert line(open_store()) == ["one", "two", "three", "four", "five", "more"]
    git(folder, "fsck", "--strict")


# -- a tail that was lost ----------------------------------------------------------------------


@pytest.mark.parametrize("later", [0, 1], ids=["same second", "next second"])
@pytest.mark.usefixtures("endless_burst")
def test_a_lost_tail_never_becomes_valid_behind_new_records(
    later: int, folder: str, open_store: Open, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = open_store()
    commit(on, "base")
    on.close()

    def work() -> None:
        on = store_on(folder)
        with on.batch():
            for text in ("aaa 1", "bbb 2", "ccc 3"):
                commit(on, text)
            die()

    assert in_child(work) == -signal.SIGKILL
    journal = Path(folder, "trace/journal")
    raw = bytearray(journal.read_bytes())
    at = raw.index(b"TGJ1", DATA_START)
    raw[at : at + 20] = bytes(20)  # the disk got the second and third record, not the first
    journal.write_bytes(raw)
    restart(monkeypatch)
    on = open_store(clock=lambda: 1_700_000_000.0 + later)
    assert line(on) == ["base"]
    assert any("power loss" in warning for warning in on.warnings)
    commit(on, "aaa 1")
    assert line(on) == line(open_store()) == ["base", "aaa 1"]
    commit(on, "next")
    on.flush()
    assert line(on) == line(open_store()) == ["base", "aaa 1", "next"]
    git(folder, "fsck", "--strict")


# -- errors of the disk ------------------------------------------------------------------------


class Platter:
    """What a disk behind a system that forgets has of a file: a failed sync marks what was written as written."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.data = bytearray(path.read_bytes())
        self.fail_next = False
        self._path = path
        self._dirty: list[tuple[int, bytes]] = []
        self._pwrite, self._fdatasync = os.pwrite, os.fdatasync
        monkeypatch.setattr(os, "pwrite", self.pwrite)
        monkeypatch.setattr(os, "fdatasync", self.fdatasync)

    def _is_it(self, fd: int) -> bool:
        return os.path.samestat(os.fstat(fd), self._path.stat())

    def pwrite(self, fd: int, data: bytes, offset: int) -> int:
        written = self._pwrite(fd, data, offset)
        if self._is_it(fd):
            self._dirty.append((offset, bytes(data[:written])))
        return written

    def fdatasync(self, fd: int) -> None:
        if self._is_it(fd):
            dirty, self._dirty = self._dirty, []
            if self.fail_next:
                self.fail_next = False
                raise OSError(errno.EIO, "Input/output error")
            for offset, data in dirty:
                self.data[len(self.data) :] = bytes(max(0, offset + len(data) - len(self.data)))
                self.data[offset : offset + len(data)] = data
        self._fdatasync(fd)


@pytest.mark.parametrize("then", ["flush", "commit", "another"])
@pytest.mark.usefixtures("endless_burst")
def test_a_failed_sync_is_not_forgotten(
    then: str, folder: str, tmp_path: Path, open_store: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Syncing again says yes and does nothing; what is promised after a failure must have been written again."""
    on, other = open_store(), open_store()
    commit(on, "base")
    on.flush()
    before = shutil.copytree(folder, tmp_path / "before.trace")
    platter = Platter(Path(folder, "trace/journal"), monkeypatch)
    batch = on.batch()
    batch.__enter__()
    commit(on, "a")
    commit(on, "b")
    platter.fail_next = True
    with suppress(StorageError):  # it may refuse, or write all of it again and be right
        batch.__exit__(None, None, None)
    promise = Store.flush if then == "flush" else lambda on: commit(on, "c")
    try:
        promise(other if then == "another" else on)
    except StorageError:  # it may refuse until it is opened again, but not say that all is well
        promise(open_store())
    monkeypatch.undo()
    (before / "trace/journal").write_bytes(platter.data)  # the power goes: this, and what was there before
    restart(monkeypatch)
    after = store_on(str(before))
    assert line(after) == ["base", "a", "b", *([] if then == "flush" else ["c"])]
    after.close()


def test_a_full_disk_at_opening_still_lets_one_read(
    folder: str, open_store: Open, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = open_store()
    commit(on, "base")
    on.close()
    killed_before_publication(folder, "two")

    def full(*args: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files, "replace", full)
        on = open_store()
        assert line(on) == ["base", "two"]
        assert any("No space left" in warning for warning in on.warnings)
        on.close()
    assert line(open_store()) == ["base", "two"]
    assert git(folder, "rev-list", "--count", MAIN).strip() == "2"
