"""Diff: what became of each item between two contexts, and what that means for a provider's cache.

Items are compared by id. Only folders that one context has and the other has not are read, so it costs what changed.
Differences inside a text are the affair of ``words``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..model import Commit, Item, TokenCount
from ..results import Diff, ItemChange
from ..store.snapshot import Entry
from . import receipt
from .handle import Handle

_Place = tuple[int, int]  # the folder, counted from the front, and where in it
_END = 1 << 30


@dataclass(frozen=True)
class _Side:
    """One of the two contexts: its folders in order, and the items of those that were read, by id."""

    folders: list[bytes]
    pins: Mapping[str, str]
    tools: str | None
    entries: dict[str, Entry]
    places: dict[str, _Place]


def diff(handle: Handle, old: str | None, new: str | None) -> Diff:
    """The difference between the contexts of two commits; None is an empty context."""
    before, after = (handle.commit(oid) if oid is not None else None for oid in (old, new))
    mine, theirs = _sides(handle, before, after)
    moved = _moved(handle, mine, theirs)
    found = [_change(handle, mine, theirs, item, item in moved) for item in {**mine.entries, **theirs.entries}]
    order = _order(mine, theirs, moved)
    changes = sorted((one for one in found if one.kinds), key=lambda one: order[one.item.id])
    tools = mine.tools != theirs.tools
    return Diff(old, new, tuple(changes), tools, receipt.between(handle, before, after))


def parent(handle: Handle, commit: str) -> str | None:
    """What a commit is compared with when nobody says: its first parent, or None for a root."""
    return next(iter(handle.store.links(commit).parents), None)


def _sides(handle: Handle, before: Commit | None, after: Commit | None) -> tuple[_Side, _Side]:
    """Both sides with the folders read that differ, and those with an item whose pin changed."""
    folders = [receipt.folders(handle, commit) for commit in (before, after)]
    pins = [handle.snapshots.pins(commit.tree) if commit else {} for commit in (before, after)]
    shared = set(folders[0]) & set(folders[1])
    read = [[at for at, oid in enumerate(some) if oid not in shared] for some in folders]
    if turned := pins[0].keys() ^ pins[1].keys():
        unread = [oid for oid in folders[1] if oid in shared]
        for oid in handle.contexts.leaves.holding(unread, turned):
            for some, places in zip(folders, read, strict=True):
                places.append(some.index(oid))
    tools = [handle.snapshots.tools(commit.tree) if commit else None for commit in (before, after)]
    mine, theirs = (_side(handle, *one) for one in zip(folders, pins, tools, read, strict=True))
    return mine, theirs


def _side(
    handle: Handle, folders: list[bytes], pins: Mapping[str, str], tools: str | None, read: Sequence[int]
) -> _Side:
    side = _Side(folders, pins, tools, {}, {})
    for which in sorted(read):
        for at, entry in enumerate(handle.snapshots.leaf(folders[which])):
            side.entries[entry.place.item] = entry
            side.places[entry.place.item] = which, at
    return side


def _change(handle: Handle, mine: _Side, theirs: _Side, item: str, moved: bool) -> ItemChange:
    return _compared(_item(handle, mine, item), _item(handle, theirs, item), moved, lambda one: _size(handle, one))


def _size(handle: Handle, item: Item) -> TokenCount:
    known = handle.contexts.leaves
    counter = handle.counter.name if handle.counter is not None else ""
    return TokenCount(known.count(item.blob), exact=known.exact(item.blob), counter=counter)


def of_items(
    before: Sequence[Item], after: Sequence[Item], count: Callable[[Item], TokenCount | None]
) -> tuple[ItemChange, ...]:
    """What became of each item between two lists of them, such as a context and what a merge would make of it."""
    old, new = ({item.id: (at, item) for at, item in enumerate(some)} for some in (before, after))
    common = [item.id for item in after if item.id in old]
    staying = {common[at] for at in longest_increasing([old[item][0] for item in common])}
    order: dict[str, tuple[int, int]] = {item: (at, 0) for item, (at, _) in new.items()}
    anchor, behind = -1, 0
    for item in before:
        if item.id in staying:
            anchor, behind = new[item.id][0], 0
        elif item.id not in new:
            behind += 1
            order[item.id] = (anchor, behind)
    found = []
    for name in sorted(order, key=order.__getitem__):
        pair = (old[name][1] if name in old else None, new[name][1] if name in new else None)
        found.append(_compared(*pair, name in old and name in new and name not in staying, count))
    return tuple([one for one in found if one.kinds])


def _compared(
    old: Item | None, new: Item | None, moved: bool, count: Callable[[Item], TokenCount | None]
) -> ItemChange:
    was, is_ = old is not None and old.pinned, new is not None and new.pinned
    kinds = {
        "added": old is None,
        "removed": new is None,
        "edited": old is not None and new is not None and old.blob != new.blob,
        "moved": moved,
        "pinned": is_ and not was,
        "unpinned": was and new is not None and not is_,
    }
    true = tuple([kind for kind, holds in kinds.items() if holds])
    return ItemChange(true, old, new, _growth(old, new, count) if true else TokenCount(0))


def _growth(old: Item | None, new: Item | None, count: Callable[[Item], TokenCount | None]) -> TokenCount:
    """How many tokens more the new item takes; an estimate when either of the two is one."""
    sizes = [(count(one), sign) for one, sign in ((old, -1), (new, 1)) if one is not None]
    known = [(size, sign) for size, sign in sizes if size is not None]
    tokens = sum(size * sign for size, sign in known)
    counter = next((size.counter for size, _ in known), "")
    return TokenCount(tokens, exact=all(size.exact for size, _ in known), counter=counter)


def _item(handle: Handle, side: _Side, item: str) -> Item | None:
    entry = side.entries.get(item)
    return handle.contexts.item(entry, pinned=item in side.pins) if entry is not None else None


def _moved(handle: Handle, mine: _Side, theirs: _Side) -> frozenset[str]:
    """The fewest items that, put elsewhere, turn the old order of what both contexts have into the new one."""
    if _in_order(_skeleton(mine, theirs)):
        return frozenset()
    # A folder that both have is at the same place in the tree, but some item went past it. That is rare: read all.
    places = {entry.place.item: at for at, entry in enumerate(_all(handle, mine))}
    common = [entry.place.item for entry in _all(handle, theirs) if entry.place.item in places]
    staying = longest_increasing([places[item] for item in common])
    return frozenset(common) - {common[at] for at in staying}


def _skeleton(mine: _Side, theirs: _Side) -> list[_Place]:
    """Old places of what both have, in the new order; a folder that both have stands for its items."""
    old = {oid: which for which, oid in enumerate(mine.folders)}
    found = [((which, -1), (old[oid], -1)) for which, oid in enumerate(theirs.folders) if oid in old]
    found += [(place, mine.places[item]) for item, place in theirs.places.items() if item in mine.places]
    return [place for _, place in sorted(found)]


def _in_order(places: Sequence[_Place]) -> bool:
    return all(a <= b for a, b in pairwise(places))


def _all(handle: Handle, side: _Side) -> Iterator[Entry]:
    return (entry for oid in side.folders for entry in handle.snapshots.leaf(oid))


def longest_increasing(numbers: Sequence[int]) -> list[int]:
    """Places of a longest strictly increasing part of ``numbers``, in O(n log n), by patience sorting."""
    tops: list[int] = []  # the smallest number that ends a run of each length, and where it is
    ends: list[int] = []
    before: list[int] = []  # place of the number in front, in the run that ends with each
    for at, number in enumerate(numbers):
        length = bisect_left(tops, number)
        before.append(ends[length - 1] if length else -1)
        tops[length : length + 1] = [number]
        ends[length : length + 1] = [at]
    found = []
    at = ends[-1] if ends else -1
    while at >= 0:
        found.append(at)
        at = before[at]
    return found[::-1]


def _order(mine: _Side, theirs: _Side, moved: frozenset[str]) -> dict[str, tuple[_Place, int]]:
    """Where each item comes: its place in the new context, or behind what it followed that is still there."""
    order = {item: (place, 0) for item, place in theirs.places.items()}
    new = {oid: which for which, oid in enumerate(theirs.folders)}
    anchor: _Place = (-1, -1)
    behind = 0
    by_folder = _by_folder(mine)
    for which, oid in enumerate(mine.folders):
        for item in by_folder.get(which, ()):
            if item not in theirs.places:
                behind += 1
                order[item] = (anchor, behind)
            elif item not in moved:
                anchor, behind = theirs.places[item], 0
        if oid in new:
            anchor, behind = (new[oid], _END), 0
    return order


def _by_folder(side: _Side) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for item, (which, _) in side.places.items():
        found.setdefault(which, []).append(item)
    return found
