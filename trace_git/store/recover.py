"""Finishing what a process that died had begun.

Acknowledged records are published again (that is idempotent); locks and ``.keep`` files that it left are
removed. After a restart of the machine nothing unsynced is believed: packs are checked, refs that are
garbage or point to nothing get their last good value. A ref that a user moved meanwhile stays where it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha1

from ..errors import CorruptTraceError, NotFoundError
from . import commits, files
from .known import Known
from .locks import COLLECTING, is_held
from .objects import ObjectReader
from .packfile import PackFile, is_torn
from .publish import KEEP_MARK
from .records import COMMIT, Move, Record
from .refs import RefFiles, is_id


def moved_by_others(refs: RefFiles, records: Sequence[Record]) -> list[Move]:
    """Refs of ``records`` that somebody else has moved since: (ref, what we wanted, what is there).

    A value is ours when a record of the chain set it. If it is, and yet stock git's reflog says that git put
    it there, from a value that one of these records had set, it is the user's all the same.
    """
    chains: dict[str, list[str | None]] = {}
    ours: dict[str, set[str | None]] = {}
    for record in records:
        for move in record.entry.moves:
            chains.setdefault(move.ref, [move.old]).append(move.new)
            if record.entry.verb != "external":
                ours.setdefault(move.ref, set()).add(move.new)
    moved = []
    for ref, chain in chains.items():
        try:
            present = refs.read(ref)
        except CorruptTraceError:
            continue
        origin = refs.moved_by_git(ref, present)
        by_git = origin is not None and origin in ours.get(ref, set())
        if present is not None and present != chain[-1] and (present not in chain or by_git):
            moved.append(Move(ref, chain[-1], present))
    return moved


def erasing(folder: str) -> str:
    """The file that is there while old objects are being erased, see ``erase``."""
    return os.path.join(folder, "trace", "redact")


def leftovers(folder: str) -> bool:
    """Whether a process of ours died at work: a ``.keep`` or a scratch file of ours is there (or it is at it now)."""
    return any(True for _ in _own_keeps(folder)) or bool(_scratch(folder))


def _own_keeps(folder: str, synced: frozenset[str] | None = None) -> Iterator[str]:
    packs = os.path.join(folder, "objects", "pack")
    try:
        names = os.listdir(packs)
    except FileNotFoundError:
        return
    for name in names:
        path = os.path.join(packs, name)
        if not name.endswith(".keep"):
            continue
        data = files.read(path) or b""
        torn = synced is not None and KEEP_MARK.startswith(data.rstrip(b"\0")) and name[:-5] + ".idx" not in synced
        if data == KEEP_MARK or torn:
            yield path


def tidy(folder: str, refs: RefFiles, *, synced: frozenset[str] | None = None) -> None:
    """Remove locks, keeps and scratch files of dead processes. The trace's lock is held and nothing is pending.

    ``synced`` is given after a restart: a keep whose bytes were lost is then ours if its pack is not one of these.
    """
    if refs.holds_locks():
        for path in refs.own_locks():
            files.unlink(path)
    for path in list(_own_keeps(folder, synced)):
        files.unlink(path)
    for path in _scratch(folder):  # but for those of a running collection written under the lock, which is ours
        files.unlink(path)


def _scratch(folder: str) -> list[str]:
    scratch = os.path.join(folder, "trace", "tmp")
    try:
        names = os.listdir(scratch)
    except FileNotFoundError:
        return []
    if any(name.startswith(COLLECTING) for name in names) and is_held(os.path.join(scratch, COLLECTING)):
        names = [name for name in names if not name.startswith(COLLECTING)]
    return [os.path.join(scratch, name) for name in names]


def set_aside_torn_packs(folder: str, synced: frozenset[str], journaled: Iterable[bytes]) -> list[str]:
    """After a restart: move packs that a power loss has torn to ``trace/aside``; their names.

    Torn are those of a publication that was not synced: what they hold is in the journal. Any other pack that is
    damaged stays, for all its other objects can still be read; one without a usable index helps nobody.
    """
    oids = list(journaled)
    packs = os.path.join(folder, "objects", "pack")
    fresh = sorted(name[:-4] for name in os.listdir(packs) if name.endswith(".idx") and name not in synced)
    torn = [name for name in fresh if is_torn(stem := os.path.join(packs, name)) and _expendable(stem, oids)]
    for name in torn:
        aside = os.path.join(folder, "trace", "aside")
        files.make_folders(aside)
        for suffix in (".idx", ".pack", ".keep"):
            if os.path.exists(os.path.join(packs, name + suffix)):
                files.rename_over(os.path.join(packs, name + suffix), os.path.join(aside, name + suffix))
    return torn


def _expendable(stem: str, journaled: Sequence[bytes]) -> bool:
    index = files.read(stem + ".idx") or b""
    if sha1(index[:-20]).digest() != index[-20:]:
        return True
    pack = PackFile(stem)
    try:
        return any(pack.find(oid) is not None for oid in journaled)
    finally:
        pack.close()


def mend_refs(refs: RefFiles, objects: ObjectReader, known: Known, present: Mapping[str, str | None]) -> list[Move]:
    """After a restart: what each bad ref should be set to (ref, bad value or None, last good value).

    A ref is bad when it is garbage, or when a commit it leads to before the last known good one is missing.
    """
    moves = []
    for ref, good in {**dict.fromkeys(present), **known.values()}.items():
        value = present.get(ref)
        if value == good or (value is not None and value.startswith("ref: ")):
            continue
        if value is None and (good is None or not refs.has_log(ref)):
            continue  # deleted, by us or by stock git, which takes the log along
        if value is not None and _whole(objects, value, good):
            continue
        if good is not None and (not is_id(good) or objects.has(bytes.fromhex(good))):
            moves.append(Move(ref, value, good))
    return moves


def _whole(objects: ObjectReader, tip: str, good: str | None) -> bool:
    """Whether every commit from ``tip`` down to ``good`` (or the root) is there, with its tree."""
    todo, seen = [tip], {good}
    while todo:
        commit = todo.pop()
        if commit in seen:
            continue
        seen.add(commit)
        try:
            kind, data = objects.read(bytes.fromhex(commit))
            if kind == COMMIT:
                parsed = commits.parse(data, commit)
                objects.read(bytes.fromhex(parsed.tree))
                todo += parsed.parents
        except (NotFoundError, CorruptTraceError):
            return False
    return True
