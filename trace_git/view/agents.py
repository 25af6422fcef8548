"""The agents of a trace: who was spawned by whom, what for, and what became of it.

An agent is a namespace of refs: a HEAD, branches and pins of its own. All else that is known of it stands in its spawn
commit, the first of its history, so clones know it too: name, parent, purpose, budget.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ..answers import Agent
from ..errors import CorruptTraceError, InvalidInputError, NotFoundError, StateError
from ..safe import safe_number
from ..store.commits import AGENT, CommitData
from . import ancestry, lineage
from .handle import Handle
from .lineage import COLLAPSE, SPAWN, Events

SPACES = "refs/namespaces/"
KEPT = "refs/trace/keep/"
FIRST = "main"  # the first branch of every agent
FULL, EMPTY, ITEMS = "full", "empty", "items"
NAME = AGENT
PARENT, KIND, BUDGET, LEFT_OUT = ("Trace-Parent-Agent", "Trace-Context", "Trace-Budget", "Trace-Left-Out")  # trailers
RUNNING, COLLAPSED, ABANDONED, DAMAGED = "running", "collapsed", "abandoned", "damaged"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)")
_UNREADABLE = (CorruptTraceError, NotFoundError, StateError, InvalidInputError)


def check_name(name: str) -> str:
    """``name`` if an agent may have it on every file system; else InvalidInputError."""
    fits = isinstance(name, str) and _NAME.match(name) and ".." not in name and not name.endswith((".", ".lock"))
    if not fits or _DEVICES.match(name):
        raise InvalidInputError(
            f"{str(name)[:80]!r} is not a name for an agent",
            field="name",
            hint="at most 63 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit; no '..'",
        )
    return name


def names(handle: Handle) -> list[str]:
    """The agents that have refs, by name."""
    refs = handle.ref_names(SPACES, skip_bad=True)
    return sorted({ref.split("/", 3)[2] for ref in refs})


def is_there(handle: Handle, name: str) -> bool:
    """Whether there is an agent of this name that has refs."""
    return bool(handle.ref_names(f"{SPACES}{name}/", skip_bad=True))


def head_of(handle: Handle, name: str) -> str | None:
    """The branch ref an agent stands on; None when there is no such agent. A HEAD that names none means main."""
    space = f"{SPACES}{name}/"
    head = handle.ref(f"{space}HEAD")
    if head is not None and head.startswith("ref: "):
        return head[5:]
    main = f"{space}refs/heads/{FIRST}"
    return main if handle.ref(main) is not None else None


def tip_of(handle: Handle, name: str) -> str | None:
    """The commit an agent stands at; None when there is no such agent."""
    ref = head_of(handle, name)
    return handle.ref_commit(ref) if ref is not None else None


def tips(handle: Handle) -> dict[str, str]:
    """Where each agent stands, by name; those that are damaged are left out."""
    heads = {name: head_of(handle, name) for name in names(handle)}
    found = {name: commit_at(handle, ref) for name, ref in heads.items() if ref is not None}
    return {name: tip for name, tip in found.items() if tip is not None}


def tips_of(handle: Handle, name: str) -> list[str]:
    """The commits at all of an agent's branches, where it stands first."""
    heads = handle.ref_names(f"{SPACES}{name}/refs/heads/", skip_bad=True)
    found = [tip_of(handle, name), *map(handle.ref_commit, heads)]
    return list(dict.fromkeys(tip for tip in found if tip is not None))


def is_spawn(data: CommitData) -> bool:
    return data.trailers.get("Trace-Op") == SPAWN and NAME in data.trailers


def is_collapse(data: CommitData) -> bool:
    return data.trailers.get("Trace-Op") == COLLAPSE and NAME in data.trailers and len(data.parents) > 1


def spawn_of(handle: Handle, tip: str, name: str, events: Events | None = None) -> str | None:
    """The commit behind ``tip`` that spawned agent ``name``; None when it is not there.

    ``events`` are what is known already of some history that ``tip`` is in.
    """
    known = lineage.behind(handle, [tip]) if events is None else events
    found = [one.at for one in known if one.name == name and not one.taken]
    if len(found) > 1:  # the same name again after an undo: the nearest is meant
        found = [one for one in found if ancestry.is_ancestor(handle, one, tip)]
        found = [one for one in found if all(ancestry.is_ancestor(handle, other, one) for other in found)]
    return found[0] if found else None


def tips_alive(handle: Handle) -> list[str]:
    """The commits at all refs of all namespaces, without what verbs left behind."""
    refs = handle.ref_names("refs/", skip_bad=True)
    values = dict.fromkeys(value for ref, value in refs.items() if not ref.startswith(KEPT))
    plain = (value for value in values if not value.startswith("ref: "))  # what the others name is among these
    return list(dict.fromkeys(tip for value in plain if (tip := _peeled(handle, value)) is not None))


def commit_at(handle: Handle, ref: str) -> str | None:
    """The commit at a ref; None for one that is damaged or leads elsewhere."""
    try:
        tip = handle.ref_commit(ref)
    except _UNREADABLE:
        return None
    return _peeled(handle, tip) if tip is not None else None


def _peeled(handle: Handle, value: str) -> str | None:
    """The commit that an id means, through annotated tags; None for what leads elsewhere, or is damaged."""
    try:
        tip = handle.store.peel(value)
        return tip if handle.store.is_commit(tip) else None
    except _UNREADABLE:
        return None


def agent_of(handle: Handle, name: str, events: Events | None = None) -> Agent | None:
    """What is known of an agent; None when there is none of that name.

    ``events`` are what all histories say of agents, when somebody has asked already.
    """
    try:
        tip = tip_of(handle, name)
        if tip is None:
            return None
        return agent_at(handle, name, tip, lineage.behind(handle, tips_alive(handle)) if events is None else events)
    except _UNREADABLE:
        return Agent(name, "", "", "", None, DAMAGED, None, 0.0, "", "")


def agent_at(handle: Handle, name: str, tip: str, events: Events, *, deleted: bool = False) -> Agent:
    """An agent that stands at ``tip``, or stood there when it was deleted."""
    spawned = spawn_of(handle, tip, name, events)
    origin, now = handle.store.commit(spawned) if spawned else None, handle.commit(tip)
    trailers = origin.trailers if origin is not None else {}
    done = any(ancestry.is_ancestor(handle, tip, one) for one in taken(events, name))
    return Agent(
        name=name,
        parent=trailers.get(PARENT, ""),
        purpose=purpose(origin) if origin is not None else "",
        context=trailers.get(KIND, FULL),
        budget=_budget(trailers),
        state=COLLAPSED if done else ABANDONED if deleted else RUNNING,
        tokens=handle.contexts.total(now) if handle.counter is not None else None,
        activity=float(now.timestamp),
        tip=tip,
        spawned=spawned or "",
        deleted=deleted,
    )


def taken(events: Events, name: str) -> list[str]:
    """The tips of agent ``name`` that were taken back."""
    return sorted(one.taken for one in events if one.name == name and one.taken)


def budget_of(handle: Handle, name: str) -> int | None:
    """The tokens an agent was given; None for none, or when its spawn commit is not to be found."""
    tip = tip_of(handle, name)
    spawned = spawn_of(handle, tip, name) if tip is not None else None
    return _budget(handle.store.commit(spawned).trailers) if spawned is not None else None


def _budget(trailers: Mapping[str, str]) -> int | None:
    return safe_number(trailers.get(BUDGET, ""))


def purpose(spawn: CommitData) -> str:
    """What the agent was spawned for: the spawn commit's message behind its first line."""
    return spawn.message.partition("\n\n")[2].strip()


def maker(handle: Handle, commit: str, known: dict[str, str] | None = None) -> str:
    """The agent whose spawn commit is the nearest behind a commit by first parents: who made it; "" for none.

    ``known`` are makers of commits that were asked for before.
    """
    known = {} if known is None else known
    line: list[str] = []
    at: str | None = commit
    while at is not None and at not in known:
        line.append(at)
        links = handle.store.links(at)
        data = handle.store.commit(at) if links.agent else None
        if data is not None and is_spawn(data):
            known[at] = data.trailers[NAME]
            break
        at = next(iter(links.parents), None)
    name = known.get(at or "", "")
    known.update(dict.fromkeys(line, name))
    return name


def histories(handle: Handle, tips: Sequence[str]) -> Iterator[tuple[str, CommitData]]:
    """Every commit behind ``tips`` once, as git sees it."""
    todo, met = list(reversed(tips)), set(tips)
    while todo:
        commit = todo.pop()
        data = handle.store.commit(commit)
        yield commit, data
        todo += [one for one in reversed(data.parents) if one not in met]
        met.update(data.parents)
