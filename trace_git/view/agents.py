"""The agents of a trace: who was spawned by whom, what for, and what became of it.

An agent is a namespace of refs: a HEAD, branches and pins of its own. All else that is known of it stands in its spawn
commit, the first of its history, so clones know it too: name, parent, purpose, budget.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ..errors import CorruptTraceError, InvalidInputError, NotFoundError, StateError
from ..results import Agent
from ..store.commits import CommitData
from . import ancestry
from .handle import Handle

SPACES = "refs/namespaces/"
FIRST = "main"  # the first branch of every agent
SPAWN, COLLAPSE = "spawn", "collapse"
FULL, EMPTY, ITEMS = "full", "empty", "items"
NAME, PARENT, KIND, BUDGET, LEFT_OUT = (  # trailers
    "Trace-Agent", "Trace-Parent-Agent", "Trace-Context", "Trace-Budget", "Trace-Left-Out",
)  # fmt: skip
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)")
_UNREADABLE = (CorruptTraceError, NotFoundError, StateError, InvalidInputError)


def check_name(name: str) -> str:
    """``name`` if an agent may have it on every file system; else InvalidInputError."""
    fits = isinstance(name, str) and _NAME.match(name) and ".." not in name and not name.endswith((".", ".lock"))
    if not fits or _DEVICES.match(name):
        raise InvalidInputError(
            f"{name!r} is not a name for an agent",
            field="name",
            hint="at most 63 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit; no '..'",
        )
    return name


def names(handle: Handle) -> list[str]:
    """The agents that have refs, by name."""
    refs = handle.ref_names(SPACES, skip_bad=True)
    return sorted({ref.split("/", 3)[2] for ref in refs})


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


def is_spawn(data: CommitData) -> bool:
    return data.trailers.get("Trace-Op") == SPAWN and NAME in data.trailers


def is_collapse(data: CommitData) -> bool:
    return data.trailers.get("Trace-Op") == COLLAPSE and NAME in data.trailers and len(data.parents) > 1


def spawn_of(handle: Handle, tip: str, name: str) -> str | None:
    """The commit that spawned agent ``name``, on the first-parent line back from ``tip``; None when it is not there.

    It is the nearest of that name: names are never used again.
    """
    commit: str | None = tip
    while commit is not None:
        data = handle.store.commit(commit)
        if is_spawn(data) and data.trailers[NAME] == name:
            return commit
        commit = next(iter(data.parents), None)
    return None


def agent_of(handle: Handle, name: str) -> Agent | None:
    """What is known of an agent; None when there is none of that name."""
    try:
        tip = tip_of(handle, name)
        return agent_at(handle, name, tip) if tip is not None else None
    except _UNREADABLE:
        return Agent(name, "", "", "", None, "damaged", None, 0.0, "", "")


def agent_at(handle: Handle, name: str, tip: str, *, deleted: bool = False) -> Agent:
    """An agent that stands at ``tip``, or stood there when it was deleted."""
    spawned = spawn_of(handle, tip, name)
    origin, now = handle.store.commit(spawned) if spawned else None, handle.commit(tip)
    trailers = origin.trailers if origin is not None else {}
    taken = collapses(handle, name, trailers.get(PARENT, ""))
    done = any(ancestry.is_ancestor(handle, tip, one) for one in taken)
    return Agent(
        name=name,
        parent=trailers.get(PARENT, ""),
        purpose=purpose(origin) if origin is not None else "",
        context=trailers.get(KIND, FULL),
        budget=_budget(trailers),
        state="collapsed" if done else "abandoned" if deleted else "running",
        tokens=handle.contexts.total(now) if handle.counter is not None else None,
        activity=float(now.timestamp),
        tip=tip,
        spawned=spawned or "",
        deleted=deleted,
    )


def budget_of(handle: Handle, name: str) -> int | None:
    """The tokens an agent was given; None for none, or when its spawn commit is not to be found."""
    tip = tip_of(handle, name)
    spawned = spawn_of(handle, tip, name) if tip is not None else None
    return _budget(handle.store.commit(spawned).trailers) if spawned is not None else None


def _budget(trailers: Mapping[str, str]) -> int | None:
    written = trailers.get(BUDGET, "")
    return int(written) if written.isdecimal() else None


def purpose(spawn: CommitData) -> str:
    """What the agent was spawned for: the spawn commit's message behind its first line."""
    return spawn.message.partition("\n\n")[2].strip()


def collapses(handle: Handle, name: str, parent: str) -> list[str]:
    """The tips of agent ``name`` that ``parent`` took back on any of its branches, newest first on each."""
    space = f"{SPACES}{parent}/" if parent else ""
    tips = [handle.ref_commit(ref) for ref in handle.ref_names(f"{space}refs/heads/", skip_bad=True)]
    return [taken for _, taken in taken_back(handle, [tip for tip in tips if tip is not None], name)]


def taken_back(handle: Handle, tips: Sequence[str], name: str) -> Iterator[tuple[str, str]]:
    """Commits behind ``tips`` that collapsed agent ``name``, with the tip of the agent that each took; newest first.

    Looked through is the history of the parent, and not what its agents brought.
    """
    for commit, data in histories(handle, tips, inside=True):
        if is_collapse(data) and data.trailers[NAME] == name:
            yield commit, data.parents[1]


def histories(handle: Handle, tips: Sequence[str], *, inside: bool = False) -> Iterator[tuple[str, CommitData]]:
    """Every commit behind ``tips`` once, as git sees it; ``inside`` one context, without what agents brought to it."""
    todo, met = list(reversed(tips)), set(tips)
    while todo:
        commit = todo.pop()
        data = handle.store.commit(commit)
        yield commit, data
        above = data.parents if not inside else data.line[:1] if is_collapse(data) else data.line
        todo += [one for one in reversed(above) if one not in met]
        met.update(above)
