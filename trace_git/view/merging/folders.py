"""What a merge reads: the folders of items that are not the same on all sides. Its cost is that of what differs.

A stretch of equal folders holds nothing that a merge could change but pins: its items keep content, order and keys.
It is stood for by its first and its last item. No tool group may reach into it from outside: where one does, the
folder is read as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...store.snapshot import Entry
from .. import groups
from ..handle import Handle
from .sides import Folder, Side

_STEPS = 8  # folders to go from a result towards its call, or the other way round


def read(handle: Handle, commits: Sequence[str]) -> dict[str, Side]:
    """What the tree of each commit says, as far as it is not the same in all."""
    trees = [handle.store.commit(commit).tree for commit in commits]
    lists = [handle.snapshots.leaf_ids(tree) for tree in trees]
    same = _closed(handle, lists, _common(lists))
    edges = _edges(lists, same)
    archived = _differing([handle.snapshots.archived(tree) for tree in trees])
    found = {}
    for commit, tree, ids, put_aside in zip(commits, trees, lists, archived, strict=True):
        entries, ends, kept = _entries(handle, ids, same, edges)
        pins, tools = handle.snapshots.pins(tree), handle.snapshots.tools(tree)
        beneath = _beneath(handle, put_aside)
        found[commit] = Side(tuple(entries), pins, put_aside, tools, frozenset(ends), tuple(kept), beneath=beneath)
    return found


def _common(lists: Sequence[Sequence[bytes]]) -> frozenset[bytes]:
    """The folders that are in all lists; none when they are not in the same order everywhere."""
    same = frozenset(lists[0]).intersection(*lists[1:])
    orders = {tuple([oid for oid in ids if oid in same]) for ids in lists}
    return same if len(orders) == 1 else frozenset()


def _closed(handle: Handle, lists: Sequence[Sequence[bytes]], same: frozenset[bytes]) -> frozenset[bytes]:
    """``same`` without the folders that a tool group reaches into from one that differs."""
    for _ in range(_STEPS):
        reached: set[bytes] = set()
        for ids in lists:
            for run, before, behind in _runs(ids, same):
                paired = _paired(handle, run)
                if paired.orphans and before is not None:
                    reached.add(before)
                if paired.open and behind is not None:
                    reached.add(behind)
        if not reached:
            break
        same -= reached
    return same


def _runs(ids: Sequence[bytes], same: frozenset[bytes]) -> Iterator[tuple[Sequence[bytes], bytes | None, bytes | None]]:
    """Stretches of folders that differ, with the folder before and behind each."""
    start = 0
    while start < len(ids):
        stop = start
        while stop < len(ids) and ids[stop] not in same:
            stop += 1
        if stop > start:
            yield ids[start:stop], ids[start - 1] if start else None, ids[stop] if stop < len(ids) else None
        start = stop + 1


def _paired(handle: Handle, run: Sequence[bytes]) -> groups.Groups:
    start, loose = 0, []
    for leaf in handle.contexts.leaves.of(run):
        loose += [(start + at, facts) for at, facts in leaf.loose]
        start += leaf.size
    return groups.pair(loose, start)


def _edges(lists: Sequence[Sequence[bytes]], same: frozenset[bytes]) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """The folders with which a stretch of equal ones begins and ends: the same on all sides, so that all are cut at
    the same items."""
    begins: set[bytes] = set()
    stops: set[bytes] = set()
    for ids in lists:
        equal = [oid in same for oid in ids]
        begins.update(oid for at, oid in enumerate(ids) if equal[at] and (at == 0 or not equal[at - 1]))
        stops.update(oid for at, oid in enumerate(ids) if equal[at] and (at + 1 == len(ids) or not equal[at + 1]))
    return frozenset(begins), frozenset(stops)


def _entries(
    handle: Handle, ids: Sequence[bytes], same: frozenset[bytes], edges: tuple[frozenset[bytes], frozenset[bytes]]
) -> tuple[list[Entry], set[str], list[Folder]]:
    begins, stops = edges
    entries: list[Entry] = []
    ends: set[str] = set()
    kept: list[Folder] = []
    for number, oid in enumerate(ids):
        if oid not in same:
            leaf = handle.snapshots.leaf(oid)
            kept.append(Folder(oid, number, len(entries), len(entries) + len(leaf)))
            entries += leaf
        elif oid in begins or oid in stops:
            leaf = handle.snapshots.leaf(oid)
            shown = [leaf[0]] if oid in begins else []
            if oid in stops and (len(leaf) > 1 or not shown):
                shown.append(leaf[-1])
            ends.update(one.place.item for one in shown)
            entries += shown
    return entries, ends, kept


def _differing(shelves: Sequence[Mapping[str, tuple[Entry, ...]]]) -> list[dict[str, tuple[Entry, ...]]]:
    """The archives of each side without those that are the same on all."""
    first, *others = shelves
    same = {under for under, entries in first.items() if all(one.get(under) == entries for one in others)}
    return [{under: entries for under, entries in one.items() if under not in same} for one in shelves]


def _beneath(handle: Handle, shelves: Mapping[str, tuple[Entry, ...]]) -> frozenset[tuple[str, str]]:
    """Originals of items that were masked before they were archived themselves: the masked version names its blob."""
    lying: dict[str, list[tuple[str, str]]] = {}
    for under, entries in shelves.items():
        for one in entries:
            lying.setdefault(one.place.item, []).append((under, one.blob))
    found: set[tuple[str, str]] = set()
    for item, some in lying.items():
        if len(some) > 1:
            made = [handle.contexts.message(blob).provenance or {} for _, blob in some]
            named = {blob for one in made if item in one.get("items", ()) for blob in one.get("digests", ())}
            found.update((under, item) for under, blob in some if blob in named)
    return frozenset(found)
