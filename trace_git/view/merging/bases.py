"""What a merge compares: two commits and what they have in common, without the folders that are equal in all of them.

Several best common ancestors (a criss-cross) are merged into one virtual side first; what is in dispute between them is
a base of which nothing is known, and ours stands where they order things differently.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...store.snapshot import Entry
from .. import groups
from ..ancestry import merge_bases
from ..handle import Handle
from .plan import Merging
from .sides import Side, read

_STEPS = 8  # folders to look back for the call that a result behind the shared beginning answers


def compared(handle: Handle, ours: str, theirs: str) -> tuple[Merging, str | None] | None:
    """The merge of two commits and the order key that its shared beginning ends with; None for unrelated histories."""
    found = merge_bases(handle, ours, theirs)
    if not found:
        return None
    if len(found) > 1:
        return Merging(handle, virtual(handle, found), read(handle, ours), read(handle, theirs)), None
    commits = (found[0], ours, theirs)
    shared = _shared(handle, commits)
    sides = [read(handle, commit, skip=shared) for commit in commits]
    return Merging(handle, *sides), _last_key(handle, ours, shared)


def unrelated(handle: Handle, ours: str, theirs: str) -> tuple[Merging, str | None]:
    """The merge of two histories that share nothing."""
    return Merging(handle, Side(()), read(handle, ours), read(handle, theirs)), None


def virtual(handle: Handle, commits: Sequence[str]) -> Side:
    """One side that stands for several merge bases."""
    side = read(handle, commits[0])
    for other in commits[1:]:
        below = merge_bases(handle, commits[0], other)
        base = virtual(handle, below) if below else Side(())
        merging = Merging(handle, base, side, read(handle, other))
        plan = merging.settled({})
        unknown = {item for one in merging.conflicts if one.kind != "order" for item in one.items}
        entries = [replaced(plan.entries[item], plan.states[item].blob) for item in plan.order]
        archived: dict[str, tuple[Entry, ...]] = {**merging.theirs.archived, **merging.ours.archived}
        side = replace(side, entries=tuple(entries), pins=plan.pins, archived=archived, tools=plan.tools,
                       unknown=side.unknown | unknown)  # fmt: skip
    return side


def replaced(entry: Entry, blob: str) -> Entry:
    return entry if entry.blob == blob else Entry(entry.place, blob)


def _shared(handle: Handle, commits: Sequence[str]) -> int:
    """How many folders at the beginning are equal in all, such that no tool group reaches beyond them."""
    leaves = [handle.snapshots.leaf_ids(handle.store.commit(commit).tree) for commit in commits]
    shared = 0
    for ids in zip(*leaves, strict=False):
        if any(one != ids[0] for one in ids):
            break
        shared += 1
    for start in range(shared, max(0, shared - _STEPS), -1):
        if not any(_orphans(handle, ids[start:]) for ids in leaves):
            return start
    return 0


def _orphans(handle: Handle, leaves: Sequence[bytes]) -> bool:
    entries = (entry for leaf in leaves for entry in handle.snapshots.leaf(leaf))
    items = [handle.contexts.item(entry, pinned=False) for entry in entries]
    return bool(groups.groups(items).orphans)


def _last_key(handle: Handle, commit: str, shared: int) -> str | None:
    if not shared:
        return None
    leaf = handle.snapshots.leaf_ids(handle.store.commit(commit).tree)[shared - 1]
    return handle.snapshots.leaf(leaf)[-1].place.key
