"""Who descends from whom, as a merge needs it: by what went into a context, not by every line that git draws.

A collapse has the agent's tip as its second parent. Of the lane behind it the context has one item, which speaks for
what the agent did, and for nothing else: not for what it merged, nor for messages of the branch that it was spawned on,
when that is another than the one that took its work back. git calls all of these ancestors. To a merge they would be
there already, and never come. So a lane counts up to its spawn commit only, and only where the commit that it was
spawned from counts; where there is no lane, the answer is git's.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import TraceError
from ..store.links import Links
from . import ancestry, lanes
from .handle import Handle
from .lineage import SPAWN

_Commits = Mapping[str, Links]


def is_ancestor(handle: Handle, old: str, new: str) -> bool:
    """Whether all that went into the context of ``old`` went into that of ``new``; both are commit ids."""
    if old == new or not ancestry.is_ancestor(handle, old, new):
        return old == new
    commits, _ = _with_lanes(handle, new, old)
    return commits is None or old in _taken(handle, commits, new)


def merge_bases(handle: Handle, a: str, b: str) -> tuple[str, ...]:
    """The best common ancestors of two commit ids, newest first, as ``ancestry.merge_bases``."""
    commits, error = _with_lanes(handle, a, b)
    if commits is None:
        return ancestry.merge_bases(handle, a, b)
    both = sorted(_taken(handle, commits, a) & _taken(handle, commits, b), key=lambda oid: _newest(handle, oid))
    behind: set[str] = set()
    for oid in both:
        if oid not in behind:
            behind |= _taken(handle, commits, oid) - {oid}
    best = tuple([oid for oid in both if oid not in behind])
    if error and not best:
        raise error
    return best


def _newest(handle: Handle, oid: str) -> int:
    return -handle.store.links(oid).timestamp


def _with_lanes(handle: Handle, one: str, other: str) -> tuple[_Commits | None, TraceError | None]:
    """The commits behind two, as far as they matter, and what could not be read; None when no lane is among them."""
    found: dict[str, Links] = {}
    for piece in ancestry.pieces(handle.store, (one, other)):
        if not found:
            if not any(links.agent and lanes.has_lane(handle, oid) for oid, links in piece.commits.items()):
                return None, piece.error
            if piece.rest and all(piece.rest in _taken(handle, piece.commits, tip) for tip in (one, other)):
                return piece.commits, piece.error  # what is behind both is no matter
        found.update(piece.commits)
        if piece.error:
            return found, piece.error
    return found, None


def _taken(handle: Handle, commits: _Commits, tip: str) -> set[str]:
    """What of ``commits`` went into the context of one: its line with what was merged, and work that was taken back."""
    found, todo, ends = {tip}, [tip], []
    while todo:
        oid = todo.pop()
        if oid not in commits:
            continue
        parents = commits[oid].parents
        if commits[oid].agent and lanes.has_lane(handle, oid):
            ends.append(parents[1])
            parents = parents[:1]
        todo += [one for one in parents if one not in found]
        found.update(parents)
    left: list[str] = []
    while ends and ends != left:
        left, ends = ends, []
        for end in left:
            own, below = _lane(handle, commits, end, found)
            found.update(own)
            ends += below if own else [end]  # its turn may come, once another lane is known
    return found


def _lane(handle: Handle, commits: _Commits, end: str, known: set[str]) -> tuple[list[str], list[str]]:
    """The commits of an agent from ``end`` to its spawn commit, and the ends of the lanes of its own agents; none when
    it was spawned from what is not ``known``."""
    own: list[str] = []
    below: list[str] = []
    while True:
        links = handle.store.links(end)
        own.append(end)
        if links.agent and handle.store.commit(end).trailers.get("Trace-Op") == SPAWN:
            here = all(one in known or one not in commits for one in links.parents)
            return (own, below) if here else ([], [])
        if not links.parents:
            return [], []
        if links.agent and lanes.has_lane(handle, end):
            below.append(links.parents[1])
        end = links.parents[0]
