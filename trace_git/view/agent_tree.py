"""All agents of a trace: those that have refs, and those that are gone and whose commits are still here.

A name that a commit still has is never given again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..results import Agent
from ..store.kept import Kept
from . import agents
from .handle import Handle


def agents_of(handle: Handle) -> tuple[Agent, ...]:
    """Every agent, parents before their children, and by name."""
    found = {name: agent for name in agents.names(handle) if (agent := agents.agent_of(handle, name)) is not None}
    for name, tip in gone(handle):
        found[name] = agents.agent_at(handle, name, tip, deleted=True)
    return tuple(_ordered(dict(sorted(found.items())), ""))


def _ordered(found: Mapping[str, Agent], parent: str) -> Iterator[Agent]:
    """An agent whose parent is not known stands at the top. Nobody is spawned by who comes after, so this ends."""
    for one in found.values():
        if one.parent == parent or (not parent and one.parent not in found):
            yield one
            yield from _ordered({name: other for name, other in found.items() if other is not one}, one.name)


def was_there(handle: Handle, name: str) -> bool:
    """Whether an agent of this name is gone whose commits are still here.

    A look at the operation log says no to most names. What a clone brought is not in there: for that all histories are
    read once, and what they say is kept.
    """
    if f"{agents.SPACES}{name}/HEAD" not in handle.store.logged_refs() and name not in _brought(handle):
        return False
    return any(one == name for one, _ in gone(handle))


def gone(handle: Handle) -> Iterator[tuple[str, str]]:
    """Name and last known tip of each agent that has no refs any more, by name.

    Its tip is kept, or it was collapsed. One that was taken back before it did anything is not among them.
    """
    there = frozenset(agents.names(handle))
    found: dict[str, str] = {}
    for tip in handle.ref_names("refs/trace/keep/", skip_bad=True).values():
        name = _worked(handle, tip)
        if name is not None:
            found.setdefault(name, tip)
    for name, tip in _collapsed(handle):
        found.setdefault(name, tip)
    yield from sorted((name, tip) for name, tip in found.items() if name not in there)


def _worked(handle: Handle, tip: str) -> str | None:
    """The agent whose work ``tip`` is, unless that is its spawn commit and nothing more."""
    commit: str | None = tip
    while commit is not None:
        data = handle.store.commit(commit)
        if agents.is_spawn(data):
            return data.trailers[agents.NAME] if commit != tip else None
        commit = next(iter(data.line), None)
    return None


def _collapsed(handle: Handle) -> Iterator[tuple[str, str]]:
    refs = handle.ref_names("refs/", skip_bad=True)
    tips = [tip for ref in refs if (tip := handle.ref_commit(ref)) is not None]
    for _, data in agents.histories(handle, tips):
        if agents.is_collapse(data):
            yield data.trailers[agents.NAME], data.parents[1]


def _brought(handle: Handle) -> frozenset[str]:
    """The names in the histories that were here when somebody first asked."""
    kept = Kept(handle.store.folder, "agents", readonly=not handle.store.writable)
    value = kept.read()
    if not isinstance(value, tuple):
        value = tuple(sorted(_named(handle, handle.ref_names("refs/", skip_bad=True))))
        kept.write(value)
    return frozenset(value)


def _named(handle: Handle, refs: Iterable[str]) -> set[str]:
    tips = [tip for ref in refs if (tip := handle.ref_commit(ref)) is not None]
    return {data.trailers[agents.NAME] for _, data in agents.histories(handle, tips) if agents.NAME in data.trailers}
