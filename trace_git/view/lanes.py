"""What a line of work did itself: the commits of a range, without those of agents whose work it took back.

A collapse has the agent's tip as its second parent, so that git draws the lane and clones have it. Of what is in the
lane only the collapse's one item is in the context; and a lane leads back to before the agent was spawned. So what does
commits again, or compares them, goes on from a collapse to its first parent alone. A merge brings what both sides have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..store.commits import AGENT, BOUNDARY
from ..store.links import Links
from .ancestry import merge_bases
from .handle import Handle
from .history import walk
from .lineage import COLLAPSE, SPAWN
from .revisions import Range


def own(handle: Handle, span: Range) -> list[str]:
    """The commits of a range that did something to its own context, oldest first, in the order of a walk.

    What is hidden hides what is in its own line: an agent that was spawned on another branch leads there too.
    """
    read: dict[str, Links] = {}
    every = [step.id for step in walk(handle, span, read=read)][::-1]
    inside = set(every)
    if any(links.agent and oid not in inside and has_lane(handle, oid) for oid, links in read.items()):
        span = Range(span.tips, forks(handle, span.hidden, span.tips))
        every = [step.id for step in walk(handle, span)][::-1]
        inside = set(every)
    elif not any(read[oid].agent for oid in every):
        return every
    todo = list(span.tips)
    found = inside.intersection(todo)
    while todo:
        fresh = [one for one in line(handle, todo.pop()) if one in inside and one not in found]
        found.update(fresh)
        todo += fresh
    return [oid for oid in every if oid in found]


def bases(handle: Handle, one: str, other: str) -> tuple[str, ...]:
    """Where the lines of two commits left each other."""
    found = merge_bases(handle, one, other)
    lanes = _led(handle, Range((one,), found)) or _led(handle, Range((other,), found))
    return forks(handle, (one,), (other,)) if lanes else found


def forks(handle: Handle, some: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """Where the lines of ``others`` come upon those of ``some``. Reads all of the latter."""
    known, todo = set(some), list(some)
    while todo:
        fresh = [one for one in line(handle, todo.pop()) if one not in known]
        known.update(fresh)
        todo += fresh
    met, found = set(others), known.intersection(others)
    todo = [one for one in others if one not in known]
    while todo:
        fresh = [one for one in line(handle, todo.pop()) if one not in met]
        met.update(fresh)
        found.update(one for one in fresh if one in known)
        todo += [one for one in fresh if one not in known]
    return tuple(sorted(found))


def line(handle: Handle, oid: str) -> tuple[str, ...]:
    """The parents that a commit's context comes from."""
    parents = handle.store.links(oid).parents
    return parents[:1] if has_lane(handle, oid) else parents


def _led(handle: Handle, span: Range) -> bool:
    """Whether there are lanes in a range."""
    return any(has_lane(handle, step.id) for step in walk(handle, span))


def has_lane(handle: Handle, oid: str) -> bool:
    """Whether a commit took the work of an agent back, and has its lane behind it."""
    links = handle.store.links(oid)
    return links.agent and takes(handle.store.commit(oid).trailers, links.parents)


def takes(trailers: Mapping[str, str], parents: Sequence[str]) -> bool:
    """Whether a commit took the work of an agent back, and has the agent's lane behind it."""
    return len(parents) > 1 and trailers.get("Trace-Op") == COLLAPSE and AGENT in trailers


def begins_other(handle: Handle, trailers: Mapping[str, str]) -> bool:
    """Whether a commit began another agent than the one whose line this is; it is no part of what was done there."""
    return trailers.get("Trace-Op") == SPAWN and AGENT in trailers and trailers[AGENT] != handle.namespace


def is_boundary(trailers: Mapping[str, str]) -> bool:
    """Whether what is behind a commit is another context's history."""
    return BOUNDARY in trailers
