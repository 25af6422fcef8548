"""A bit flips, or a file is cut: a typed error or the right answer, never a wrong one, and the rest stays readable."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from trace_git import Repo, TraceError

from . import children, kills
from .children import Send
from .scenarios import MESSAGES, Start
from .traces import NAME, TIME, Line, git, lines_of, open_trace

SEED = 11
FLIPS = 24
OLD, LOOSE = "old", "loose"


def _every_kind_of_file(folder: Path) -> None:
    """Branch ``old`` in one pack and in packed-refs, ``loose`` in loose objects, ``main`` in packs of its own."""
    with open_trace(folder) as repo:
        repo.commit("Be brief.", role="system", timestamp=TIME, pin=True)
        repo.commit(MESSAGES, timestamp=TIME)
        repo.branch(OLD)
    git(folder, "repack", "-a", "-d", "-q")
    git(folder, "pack-refs", "--all")
    for pack in (folder / NAME / "objects/pack").glob("pack-*.pack"):
        pack.with_suffix(".keep").touch()
    with open_trace(folder) as repo:
        repo.branch(LOOSE)
        with open_trace(folder, branch=LOOSE) as other:
            other.commit("loose " * 100, role="user", timestamp=TIME)
    _unpack_the_rest(folder)
    for pack in (folder / NAME / "objects/pack").glob("*.keep"):
        pack.unlink()
    with open_trace(folder) as repo:
        repo.commit("on main " * 100, role="user", timestamp=TIME)
        repo.edit(repo.context().items[1].id, "edited")
    _leave_a_journal(folder)


def _unpack_the_rest(folder: Path) -> None:
    packs = folder / NAME / "objects/pack"
    for pack in list(packs.glob("pack-*.pack")):
        if pack.with_suffix(".keep").exists():
            continue
        away = folder / "away.pack"
        pack.rename(away)
        pack.with_suffix(".idx").unlink()
        with away.open("rb") as file:
            command = ["git", f"--git-dir={folder / NAME}", "unpack-objects", "-q"]
            subprocess.run(command, stdin=file, check=True, capture_output=True)
        away.unlink()


def _leave_a_journal(folder: Path) -> None:
    """A process that ends without closing: its records are published, and the journal still has them."""

    def body(send: Send) -> None:
        repo = open_trace(folder)
        for number in range(3):
            repo.commit(f"journaled {number}", role="user", timestamp=TIME)

    children.run(body)


KINDS = {
    "a loose object": "objects/[0-9a-f][0-9a-f]/*",
    "a pack": "objects/pack/*.pack",
    "an index": "objects/pack/*.idx",
    "a ref": "refs/heads/*",
    "packed-refs": "packed-refs",
    "HEAD": "HEAD",
    "config": "config",
    "the journal": "trace/journal",
    "the operation log": "trace/oplog",
    "a cache": "trace/cache/*",
}


def _mutations(data: bytes, dice: random.Random) -> list[tuple[str, bytes]]:
    """Single flipped bits all over the file, and cuts."""
    used = len(data.rstrip(b"\0")) or 1  # of a preallocated file, the part that is in use
    places = range(used) if used <= FLIPS else sorted(dice.sample(range(used), FLIPS))
    found = []
    for place in places:
        bit = 1 << dice.randrange(8)
        found.append((f"bit {bit:#x} of byte {place}", data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]))
    found += [(f"cut to {size}", data[:size]) for size in sorted({0, 1, used // 2, used - 1})]
    found.append(("zeros", bytes(len(data))))
    return found


@pytest.fixture
def base(prepared: Callable[[Start], Path]) -> Path:
    return prepared(_every_kind_of_file)


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_told_or_harmless(kind: str, base: Path, place: Path) -> None:
    wanted = {name: _branch(base, name) for name in ("main", OLD, LOOSE)}
    files = sorted((base / NAME).glob(KINDS[kind]))
    assert files, f"there is no file of the kind: {kind}"
    dice = random.Random(SEED)
    failures: list[tuple[str, str]] = []
    tried = 0
    for file in files[:: max(1, len(files) // 6)]:
        name = file.relative_to(base)
        for how, data in _mutations(file.read_bytes(), dice):
            tried += 1
            complaint = _damaged(base, place / "work", name, data, wanted)
            if complaint:
                failures.append((f"{name}: {how}", complaint))
    assert not failures, f"{len(failures)} of {tried} damages:\n{kills.by_kind(failures)}"


def _branch(folder: Path, name: str) -> tuple[tuple[Line, ...], list[str]]:
    with open_trace(folder, branch=name, create=False) as repo:
        return lines_of(repo), [commit.id for commit in repo.log(limit=None)]


def _damaged(
    base: Path, work: Path, name: Path, data: bytes, wanted: dict[str, tuple[tuple[Line, ...], list[str]]]
) -> str:
    """What is wrong with how the damage is taken; "" for nothing. In a child: damage may not spill into the test."""
    kills.copy(base, work)
    (work / name).chmod(0o644)
    (work / name).write_bytes(data)

    def body(send: Send) -> None:
        send(_read_damaged(work, wanted) or _write_damaged(work))

    try:
        answer: str = children.run(body).messages[-1]
    except AssertionError as error:
        answer = f"raised {str(error).strip().rpartition(chr(10))[2]}"
    finally:
        shutil.rmtree(work)
    return answer


def _read_damaged(work: Path, wanted: dict[str, tuple[tuple[Line, ...], list[str]]]) -> str:
    for name, right in wanted.items():
        try:
            found = _branch(work, name)
        except TraceError:
            continue
        if found != right:
            return f"branch {name} reads {len(found[0])} items of {len(right[0])}, and no error"
    return ""


def _write_damaged(work: Path) -> str:
    """A commit that is accepted must be there; one that is refused must not be there. Older items may be unreadable."""
    accepted = None
    try:
        with open_trace(work, branch="main", create=False) as repo:
            accepted = repo.commit("after the damage", role="user", timestamp=TIME).id
    except TraceError:
        pass
    try:
        with open_trace(work, branch="main", create=False) as repo:
            tip = next(repo.log(limit=1))
    except TraceError as error:
        return f"accepted a commit, and now: {error}" if accepted else ""
    if accepted and tip.id != accepted:
        return f"accepted a commit that is not there, but {tip.subject!r}"
    if not accepted and "after the damage" in tip.subject:
        return "refused a commit that is there"
    return ""


def test_other_branches_stay_readable_when_one_pack_is_damaged(base: Path) -> None:
    """Damage in the newest packs does not touch what lies in the first one, nor in loose files."""
    packs = sorted((base / NAME / "objects/pack").glob("*.pack"), key=lambda path: path.stat().st_mtime_ns)
    wanted = {name: _branch(base, name) for name in (OLD, LOOSE)}
    for pack in packs[1:]:
        pack.chmod(0o644)
        pack.write_bytes(b"")
    assert {name: _branch(base, name) for name in (OLD, LOOSE)} == wanted
    with pytest.raises(TraceError):
        _branch(base, "main")


@pytest.mark.parametrize("kind", ["a loose object", "a pack", "an index", "packed-refs"])
def test_verify_finds_it(kind: str, base: Path) -> None:
    file = sorted((base / NAME).glob(KINDS[kind]))[0]
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 4
    file.chmod(0o644)
    file.write_bytes(data)
    assert _findings(base)


def _findings(folder: Path) -> list[str]:
    def all_of(repo: Repo) -> list[str]:
        return [str(finding) for finding in repo.verify()]

    try:
        with open_trace(folder, create=False) as repo:
            return all_of(repo)
    except TraceError as error:
        return [str(error)]


def test_verify_finds_nothing_in_a_sound_trace(base: Path) -> None:
    assert _findings(base) == []
