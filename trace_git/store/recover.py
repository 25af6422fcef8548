"""Finishing what a process that died had begun.

Acknowledged records are published again (that is idempotent); locks and ``.keep`` files that it left are
removed. After a restart of the machine nothing unsynced is believed: packs are checked, refs that are
garbage or point to nothing get their last good value. A ref that a user moved meanwhile stays where it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha1

from ..errors import CorruptTraceError, NotFoundError
from . import commits, files
from .known import Known
from .objects import ObjectReader
from .publish import KEEP_MARK
from .records import COMMIT, Move, Record
from .refs import RefFiles, is_id


def moved_by_others(refs: RefFiles, records: Sequence[Record]) -> list[Move]:
    """Refs of ``records`` that somebody else has moved since: (ref, what we wanted, what is there).

    A value is ours when a record of the chain set it. If it is, and yet stock git's reflog says that git put
    it there last, it is the user's all the same.
    """
    chains: dict[str, list[str | None]] = {}
    for record in records:
        for move in record.entry.moves:
            chains.setdefault(move.ref, [move.old]).append(move.new)
    moved = []
    for ref, chain in chains.items():
        try:
            present = refs.read(ref)
        except CorruptTraceError:
            continue
        if present is not None and present != chain[-1] and (present not in chain or refs.logged_by_git(ref, present)):
            moved.append(Move(ref, chain[-1], present))
    return moved


def leftovers(folder: str) -> bool:
    """Whether a process of ours died while it published: a ``.keep`` of ours is there."""
    return any(True for _ in _own_keeps(folder))


def _own_keeps(folder: str) -> Iterator[str]:
    packs = os.path.join(folder, "objects", "pack")
    try:
        names = os.listdir(packs)
    except FileNotFoundError:
        return
    for name in names:
        path = os.path.join(packs, name)
        if name.endswith(".keep") and files.read(path) in (KEEP_MARK, b""):
            yield path


def tidy(folder: str, refs: RefFiles) -> None:
    """Remove locks, keeps and scratch files of dead processes. The trace's lock is held and nothing is pending."""
    if refs.holds_locks():
        for path in refs.own_locks():
            files.unlink(path)
    for path in list(_own_keeps(folder)):
        files.unlink(path)
    own = os.path.join(folder, "trace")
    for name in os.listdir(own):
        if name.startswith("tmp-") and not _alive(name):
            files.unlink(os.path.join(own, name))


def _alive(name: str) -> bool:
    pid = name.split("-")[1].split(".")[0]
    return pid.isdigit() and os.path.exists(f"/proc/{pid}")


def set_aside_torn_packs(folder: str) -> list[str]:
    """After a restart: move packs that fail their checksum to ``trace/aside``; their names."""
    packs = os.path.join(folder, "objects", "pack")
    torn = sorted(
        name[:-4] for name in os.listdir(packs) if name.endswith(".idx") and _torn(os.path.join(packs, name[:-4]))
    )
    for name in torn:
        aside = os.path.join(folder, "trace", "aside")
        files.make_folders(aside)
        for suffix in (".idx", ".pack", ".keep"):
            if os.path.exists(os.path.join(packs, name + suffix)):
                files.rename_over(os.path.join(packs, name + suffix), os.path.join(aside, name + suffix))
    return torn


def _torn(stem: str) -> bool:
    index, pack = files.read(stem + ".idx") or b"", files.read(stem + ".pack") or b""
    if len(index) < 1072 or len(pack) < 32:
        return True
    whole = sha1(index[:-20]).digest() == index[-20:] and sha1(pack[:-20]).digest() == pack[-20:]
    return not whole or index[-40:-20] != pack[-20:]


def mend_refs(refs: RefFiles, objects: ObjectReader, known: Known, present: Mapping[str, str | None]) -> list[Move]:
    """After a restart: what each bad ref should be set to (ref, bad value or None, last good value).

    A ref is bad when it is garbage, or when a commit it leads to before the last known good one is missing.
    """
    moves = []
    for ref, good in {**dict.fromkeys(present), **known.values()}.items():
        value = present.get(ref)
        if value == good or (value is not None and value.startswith("ref: ")):
            continue
        if value is None and good is None:
            continue
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
