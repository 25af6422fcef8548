"""Who descends from whom, found without reading more of a history than the answer needs, and without trusting clocks.

A history is read in pieces. Commits are read by time, newest first, only because that is usually short. A piece is
complete when one single commit, ``rest``, is left to be read and none of the piece is a root: then every commit of the
piece descends from ``rest``, so nothing behind it can change what is known about the piece, whatever clocks said. A
linear history comes in pieces of one commit; side by side lines in pieces that end where the lines meet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from ..errors import CorruptTraceError, StateError, TraceError
from ..store.links import Links
from ..store.store import Store
from .handle import Handle

_A, _B, _BEHIND = 1, 2, 4  # reached from the one, from the other, from a common ancestor


class Piece(NamedTuple):
    """Commits with their links. ``rest`` is the one commit that all of them descend from, None at the end.

    ``error`` says that something behind the piece could not be read.
    """

    commits: Mapping[str, Links]
    rest: str | None
    error: TraceError | None = None


def pieces(store: Store, tips: Iterable[str], *, remember: bool = False) -> Iterator[Piece]:
    """The ancestors of ``tips``, and they themselves, piece by piece; each commit is read once, and when it is needed.

    ``remember`` has the store read the whole of a commit that stands alone, for who asks for it right after.
    """
    numbers = count()
    fresh = list(dict.fromkeys(tips))  # met, and not read yet
    met = set(fresh)
    heap: list[tuple[int, int, str, Links]] = []
    commits: dict[str, Links] = {}
    whole, error = True, None
    while fresh or heap:
        whole_ones = remember and not heap and len(fresh) == 1
        for oid in fresh:
            try:
                if whole_ones:
                    store.commit(oid)
                found = store.links(oid)
            except (StateError, CorruptTraceError) as caught:  # what can be read is of use without it
                whole, error = False, error or caught
            else:
                heappush(heap, (-found.timestamp, next(numbers), oid, found))
        fresh.clear()
        if not heap:
            break
        _, _, oid, links = heappop(heap)
        commits[oid] = links
        fresh = [parent for parent in dict.fromkeys(links.parents) if parent not in met]
        whole = whole and bool(links.parents)
        met.update(fresh)
        if whole and len(fresh) + len(heap) == 1:
            rest = fresh[0] if fresh else heap[0][2]
            yield Piece(commits, rest)
            commits, met = {}, {rest}
    if commits or error:
        yield Piece(commits, None, error)


def children(commits: Mapping[str, Links]) -> dict[str, int]:
    """How many children each commit of a piece, and each parent of one, has in the piece."""
    counts = dict.fromkeys(commits, 0)
    for links in commits.values():
        for parent in dict.fromkeys(links.parents):
            counts[parent] = counts.get(parent, 0) + 1
    return counts


def downwards(commits: Mapping[str, Links]) -> Iterator[tuple[str, Links]]:
    """The commits of a piece, each after all of its children."""
    waits = children(commits)
    ready = [oid for oid in commits if not waits[oid]]
    while ready:
        oid = ready.pop()
        links = commits[oid]
        yield oid, links
        for parent in dict.fromkeys(links.parents):
            waits[parent] -= 1
            if not waits[parent] and parent in commits:
                ready.append(parent)


def reached(commits: Mapping[str, Links], starts: Collection[str]) -> set[str]:
    """``starts`` and what of a piece, its ``rest`` included, is behind them."""
    found = set(starts)
    todo = [oid for oid in starts if oid in commits]
    while todo:
        for parent in commits[todo.pop()].parents:
            if parent not in found:
                found.add(parent)
                if parent in commits:
                    todo.append(parent)
    return found


def is_ancestor(handle: Handle, old: str, new: str) -> bool:
    """Whether ``old`` is ``new`` or behind it; both are commit ids."""
    if old == new:
        return True
    piece = next(pieces(handle.store, (new, old)))
    found = old in reached(piece.commits, (new,))
    if piece.error and not found:
        raise piece.error
    return found


def merge_bases(handle: Handle, a: str, b: str) -> tuple[str, ...]:
    """The best common ancestors of two commit ids, newest first: none of them is behind another. Often one."""
    if a == b:
        return (a,)
    piece = next(pieces(handle.store, (a, b)))
    flags = dict.fromkeys(piece.commits, 0)
    flags[a], flags[b] = _A, _B
    for oid, links in downwards(piece.commits):
        passed = flags[oid] | (_BEHIND if flags[oid] & _A and flags[oid] & _B else 0)
        for parent in links.parents:
            flags[parent] = flags.get(parent, 0) | passed
    best = [oid for oid, flag in flags.items() if flag == _A | _B]
    if piece.error and not best:
        raise piece.error
    if len(best) > 1:  # then they are in the piece: its rest is behind every one of it
        best.sort(key=lambda oid: -piece.commits[oid].timestamp)
    return tuple(best)
