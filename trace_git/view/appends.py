"""What a commit appended, seen from trees alone: the usual commit adds files at the end and does nothing else.

No message is read here. A commit that does anything else is for a three-way comparison: see ``merging``.
"""

from __future__ import annotations

from ..store import format
from ..store.snapshot import Entry
from ..store.trees import Folder, child
from .handle import Handle

_BELOW = format.MESSAGES + b"/"


def appended(handle: Handle, before: str, after: str) -> tuple[Entry, ...] | None:
    """The items that the tree ``after`` has behind all those of ``before``; None when it differs in anything else."""
    old, new = handle.snapshots.root(before), handle.snapshots.root(after)
    if len(old.keys() | {_BELOW}) != len(new) or any(
        old.get(name) != raw for name, raw in new.items() if name != _BELOW
    ):
        return None
    leaves = _longer(handle, child(old, format.MESSAGES), child(new, format.MESSAGES), 2)
    if leaves is None:
        return None
    found: list[Entry] = []
    for was, now in leaves:
        known = handle.snapshots.leaf(was) if was is not None else ()
        entries = handle.snapshots.leaf(now)
        if entries[: len(known)] != known:
            return None
        found += entries[len(known) :]
    return tuple(found) or None


def _longer(
    handle: Handle, old: bytes | None, new: bytes | None, depth: int
) -> list[tuple[bytes | None, bytes]] | None:
    """The last folders of ``new``, each with what it was in ``old``; None when anything before them differs."""
    if new is None or old == new:
        return None if new is None else []
    if depth == 0:
        return [(old, new)]
    before = list(_folder(handle, old).items()) if old is not None else []
    after = list(_folder(handle, new).items())
    if len(after) < len(before) or after[: max(0, len(before) - 1)] != before[:-1]:
        return None
    start = max(0, len(before) - 1)
    found: list[tuple[bytes | None, bytes]] = []
    for at in range(start, len(after)):
        same = at < len(before)
        if same and after[at][0] != before[at][0]:
            return None
        deeper = _longer(handle, before[at][1][-20:] if same else None, after[at][1][-20:], depth - 1)
        if deeper is None:
            return None
        found += deeper
    return found


def _folder(handle: Handle, oid: bytes) -> Folder:
    return handle.store.tree(oid)
