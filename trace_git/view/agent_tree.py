"""All agents of a trace: those that have refs, and those that are gone and whose commits are still here.

A name that a commit still has is never given again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ..answers import Agent
from ..safe import safe_number
from . import agents, ancestry, lineage
from .handle import Handle
from .lineage import Events


def agents_of(handle: Handle) -> tuple[Agent, ...]:
    """Every agent, parents before their children, and by name."""
    events = lineage.behind(handle, agents.tips_alive(handle))
    there = agents.names(handle)
    found = {name: agent for name in there if (agent := agents.agent_of(handle, name, events)) is not None}
    for name, tip in gone(handle, events).items():
        found[name] = agents.agent_at(handle, name, tip, events | lineage.behind(handle, [tip]), deleted=True)
    return tuple(_ordered(found))


def _ordered(found: Mapping[str, Agent]) -> Iterator[Agent]:
    """An agent whose parent is not known stands at the top."""
    children: dict[str, list[Agent]] = {}
    for _, one in sorted(found.items(), reverse=True):
        children.setdefault(one.parent if one.parent in found else "", []).append(one)
    todo = children.get("", [])
    while todo:  # without recursion: an agent may have been spawned by any number of others in turn
        one = todo.pop()
        yield one
        todo += children.get(one.name, ())


def was_there(handle: Handle, name: str) -> bool:
    """Whether an agent of this name is gone whose commits are still here.

    Living histories know of those that were collapsed or merged, what verbs left behind of the others.
    """
    events = lineage.behind(handle, agents.tips_alive(handle))
    if any(one.name == name for one in events):
        return not agents.is_there(handle, name)
    left = [one for one in lineage.behind(handle, dict(_left(handle))) if one.name == name]
    return any(one.taken for one in left) or (bool(left) and name in gone(handle, events))


def names(handle: Handle) -> frozenset[str]:
    """Every name that no new agent can have: of those that are there, and of those that commits still name."""
    events = lineage.behind(handle, agents.tips_alive(handle))
    left = [one for one in lineage.behind(handle, dict(_left(handle))) if one.taken]
    return frozenset([*agents.names(handle), *(one.name for one in (*events, *left)), *gone(handle, events)])


def last_tip(handle: Handle, name: str) -> str | None:
    """Where an agent that is gone stood last, as far as is known; None when no such agent is known."""
    return gone(handle, lineage.behind(handle, agents.tips_alive(handle))).get(name)


def gone(handle: Handle, events: Events) -> dict[str, str]:
    """Name and last known tip of each agent that has no refs any more. ``events`` are those of all histories.

    Its tip is kept, or it was collapsed. One that was taken back before it did anything is not among them.
    """
    there = frozenset(agents.names(handle))
    left = _left(handle)
    if all(one.taken for one in lineage.behind(handle, dict(left))):
        left = []
    known: dict[str, str] = {}
    whose = who_left(handle, left)
    found: dict[str, str] = {}
    for tip, operation in left:
        name = whose[tip, operation]
        name = agents.maker(handle, tip, known) if name is None else name
        if name and name not in found and name not in there and not agents.is_spawn(handle.store.commit(tip)):
            found[name] = tip
    for one in sorted(events):
        if one.taken and (one.name not in found or ancestry.is_ancestor(handle, found[one.name], one.taken)):
            found[one.name] = one.taken
    return {name: tip for name, tip in found.items() if name not in there}


def who_left(handle: Handle, left: Collection[tuple[str, int]]) -> dict[tuple[str, int], str | None]:
    """Whose ref it was that left a tip in an operation, "" for the trace; None where the log does not tell.

    First parents do not always: another's history can go on from an agent's work, and the agent's from another's.
    """
    found: dict[tuple[str, int], str | None] = dict.fromkeys(left)
    tips: dict[int, list[str]] = {}
    for tip, operation in left:
        tips.setdefault(operation, []).append(tip)
    first = min(tips, default=0)
    for entry in handle.store.entries() if tips else ():
        for tip in tips.get(entry.op, ()):
            refs = [move.ref for move in entry.moves if move.old == tip and not move.ref.startswith(agents.KEPT)]
            if refs:
                found[tip, entry.op] = next((ref.split("/")[2] for ref in refs if ref.startswith(agents.SPACES)), "")
        if entry.seq < first:
            break
    return found


def _left(handle: Handle) -> list[tuple[str, int]]:
    """Each tip that a verb left behind, with its operation, the latest first, and of one operation as it left them.

    Several may have left the same one: an agent, and later whoever took a look at what is left of it.
    """
    refs = sorted(handle.ref_names(agents.KEPT, skip_bad=True), key=place, reverse=True)
    return [(tip, place(ref)[0]) for ref in refs if (tip := agents.commit_at(handle, ref)) is not None]


def place(keep: str) -> tuple[int, int]:
    """The operation that a keep is of, and which one of its keeps it is: the highest is the first of the latest."""
    number, _, at = keep.rpartition("/")[2].partition(".")
    return (safe_number(number) or 0, -(safe_number(at) or 0))
