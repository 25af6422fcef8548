"""What a merge reads: the folders of items that are not the same on all sides. Its cost is that of what differs.

A stretch of equal folders holds nothing that a merge could change but pins: its items keep content, order and keys.
It is stood for by its first and its last item. No tool group may reach into it from outside: where one does, the
folder is read as well.

In a brief reading the same is done with stretches of folders that only one side has, when no item in them is known to
another side and no tool group reaches out of them: they stay together, wherever they come to stand. It is not done
where items were archived or moved, since then it matters which items stand for which, and who is whose neighbour.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, combinations

from ...store.snapshot import Entry
from .. import groups
from ..handle import Handle
from .sides import Folder, Side
from .sides import ids as ids_of

_STEPS = 8  # folders to go from a result towards its call, or the other way round


def read(handle: Handle, commits: Sequence[str], *, also: Sequence[str] = (), brief: bool = False) -> dict[str, Side]:
    """What the tree of each commit says, as far as it is not the same in all, and the folders of items in ``also``."""
    trees = [handle.store.commit(commit).tree for commit in commits]
    lists = [handle.snapshots.leaf_ids(tree) for tree in trees]
    wanted = handle.contexts.leaves.holding(lists[-1], also) if also else ()
    same = _closed(handle, lists, _common(lists) - frozenset(wanted))
    archived = _differing([handle.snapshots.archived(tree) for tree in trees])
    own = _own(handle, lists, same) if brief and not any(archived) else None
    shown = _shown(handle, lists, same, own or [frozenset()] * len(lists))
    if own and not _ordered(shown):
        shown = _shown(handle, lists, same, [frozenset()] * len(lists))
    return {
        commit: replace(one, pins=handle.snapshots.pins(tree), archived=aside, tools=handle.snapshots.tools(tree))
        for commit, tree, one, aside in zip(commits, trees, shown, archived, strict=True)
    }


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


def _own(handle: Handle, lists: Sequence[Sequence[bytes]], same: frozenset[bytes]) -> list[frozenset[bytes]]:
    """For each side the folders that only it has, as far as no item and no tool group in them is another's affair.
    Those of the first, the base, are read."""
    leaves = handle.contexts.leaves
    items = [{oid: leaves.items(oid) for oid in ids if oid not in same} for ids in lists]
    known = [frozenset().union(*one.values()) for one in items]
    found: list[frozenset[bytes]] = [frozenset()]
    for at in range(1, len(lists)):
        others = frozenset().union(*(one for other, one in enumerate(known) if other != at))
        fresh = {oid for oid, inside in items[at].items() if others.isdisjoint(inside)}
        found.append(_whole(handle, lists[at], fresh))
    return found


def _whole(handle: Handle, ids: Sequence[bytes], fresh: set[bytes]) -> frozenset[bytes]:
    """``fresh`` without folders that have a call or a result whose other part is not in the same stretch of them."""
    while True:
        loose: set[bytes] = set()
        for stretch in _stretches(ids, fresh):
            paired = _paired(handle, stretch)
            places = [*(one.at for one in paired.orphans), *(one.at for one in paired.open)]
            starts = list(accumulate(map(handle.contexts.leaves.size, stretch), initial=0)) if places else []
            loose.update(stretch[bisect_right(starts, at) - 1] for at in places)
        if not loose:
            return frozenset(fresh)
        fresh -= loose


def _stretches(ids: Sequence[bytes], some: Collection[bytes]) -> list[list[bytes]]:
    """The folders in ``some`` that stand side by side, each such stretch by itself."""
    found: list[list[bytes]] = []
    before = False
    for oid in ids:
        if oid in some:
            if before:
                found[-1].append(oid)
            else:
                found.append([oid])
        before = oid in some
    return found


def _ordered(sides: Sequence[Side]) -> bool:
    """Whether any two sides have the items that both know in the same order."""
    for one, other in combinations([ids_of(side.entries) for side in sides], 2):
        both = frozenset(one) & frozenset(other)
        if [item for item in one if item in both] != [item for item in other if item in both]:
            return False
    return True


def _shown(
    handle: Handle, lists: Sequence[Sequence[bytes]], same: frozenset[bytes], own: Sequence[frozenset[bytes]]
) -> list[Side]:
    """The sides, without what is not in the folders of items."""
    begins, stops = _edges(lists, same)
    return [_side(handle, ids, same, begins, stops, fresh) for ids, fresh in zip(lists, own, strict=True)]


def _side(
    handle: Handle,
    ids: Sequence[bytes],
    same: frozenset[bytes],
    begins: frozenset[bytes],
    stops: frozenset[bytes],
    own: frozenset[bytes],
) -> Side:
    runs = _stretches(ids, own)
    begins |= {run[0] for run in runs}
    stops |= {run[-1] for run in runs}
    entries: list[Entry] = []
    ends: set[str] = set()
    kept: list[Folder] = []
    for oid in ids:
        if oid not in same and oid not in own:
            leaf = handle.snapshots.leaf(oid)
            kept.append(Folder(oid, len(entries), len(entries) + len(leaf)))
            entries += leaf
        elif oid in begins or oid in stops:
            leaf = handle.snapshots.leaf(oid)
            shown = [leaf[0]] if oid in begins else []
            if oid in stops and (len(leaf) > 1 or not shown):
                shown.append(leaf[-1])
            ends.update(one.place.item for one in shown)
            entries += shown
    stretches = {handle.snapshots.leaf(run[0])[0].place.item: tuple(run) for run in runs}
    return Side(tuple(entries), ends=frozenset(ends), stretches=stretches, folders=tuple(kept))


def _differing(shelves: Sequence[Mapping[str, tuple[Entry, ...]]]) -> list[dict[str, tuple[Entry, ...]]]:
    """The archives of each side without those that are the same on all, whatever keys a merge gave to the items."""
    first, *others = shelves
    same = {under for under, entries in first.items() if all(_alike(one.get(under), entries) for one in others)}
    return [{under: entries for under, entries in one.items() if under not in same} for one in shelves]


def _alike(some: tuple[Entry, ...] | None, others: tuple[Entry, ...]) -> bool:
    if some is None or some == others:
        return some is not None
    return {(one.place.item, one.blob) for one in some} == {(one.place.item, one.blob) for one in others}
