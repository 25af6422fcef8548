"""Opening a trace: find it or make it, connect to its store, bind to a branch."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from ..answers import Agent
from ..errors import CorruptTraceError, InvalidInputError, NotFoundError, TraceError
from ..model import Author, Commit, Tokenizer
from ..store import layout, probe
from ..store.counts import CountCache
from ..store.gitconfig import config_files
from ..store.identity import identity
from ..store.refs import check_name
from ..store.store import Store
from ..view import agent_tree, agents, encodings, lineage, revisions
from ..view.handle import Handle
from ..view.tokens import RULES, Counter
from . import branches, keep

if TYPE_CHECKING:
    from ..llm import Given

_DURABILITY = ("full", "os")
_BRANCHES = 16  # that were written to, and whose folders are remembered at closing


def open_handle(
    path: str,
    *,
    create: bool,
    branch: str | None,
    agent: str | None = None,
    tokenizer: str | Tokenizer | None,
    durability: str,
    budget: int | None,
    committer: Author | None,
    clock: Callable[[], float],
    llm: Given = None,
) -> Handle:
    """A handle on the trace at ``path``; see ``Repo.open``."""
    if durability not in _DURABILITY:
        raise InvalidInputError(f"durability {durability!r} is unknown", field="durability", hint='use "full" or "os"')
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int) or budget <= 0):
        raise InvalidInputError(f"budget {budget!r} is not a number of tokens", field="budget")
    if branch is not None:
        check_name(branch)
    if agent:
        agents.check_name(agent)
    if "\0" in path or not path:
        raise InvalidInputError(f"{path!r} is not a path", field="path")
    if tokenizer is not None:
        Counter(tokenizer)  # refuses a bad one before anything is made
    if llm is not None:
        from ..llm import resolve  # costs start-up time

        llm = resolve(llm)  # refuses what nobody can ask
    folder = layout.locate(path)
    if folder is None:
        if not create:
            raise layout.not_a_trace(path)
        folder = layout.init(path)
    elif not layout.ours(folder) and not probe.is_trace(folder):
        raise layout.not_a_trace(path)
    store = Store(folder, durability=durability, committer=committer or identity(os.environ, folder), clock=clock)
    settings = config_files(os.environ, folder)
    handle = Handle(store, _counter(tokenizer, store), None, budget=budget, settings=settings)
    handle.llm = llm
    if agent:
        handle = as_agent(handle, agent)
        handle.budget = budget
    if branch is not None or not agent:
        branches.bind(handle, branch)
    return handle


def as_agent(handle: Handle, name: str) -> Handle:
    """A handle of agent ``name`` that stands where its HEAD does; NotFoundError when there is none."""
    branch = agents.head_of(handle, name)
    if branch is None:
        raise NotFoundError(f"no agent {name!r}", hint="`trace agents` lists them; `trace spawn` makes one")
    return handle.of_agent(name, branch)


def another(handle: Handle, name: str) -> Handle:
    """A handle of its own for another agent of the same trace, or for the trace itself ("")."""
    handle.check_present()
    if name:
        other = as_agent(handle, name)
    else:
        other = handle.of_agent("", f"{keep.HEADS}main")
        branches.bind(other, None)
    other.store.share()
    return other


def which(handle: Handle, agent: Handle | Agent | str) -> tuple[str, str | None]:
    """The name of an agent, and the commit at which somebody stands in it, if that is what was given."""
    if isinstance(agent, Handle):
        if not agent.namespace or agent.store.folder != handle.store.folder:
            raise InvalidInputError(
                f"{agent.store.folder} is {'another trace' if agent.namespace else 'a trace, and no agent of it'}",
                field="child",
                hint="give the agent's name, or what spawn() returned here",
            )
        return agent.namespace, agent.head()
    return agents.check_name(agent.name if isinstance(agent, Agent) else agent), None


def as_it_was(handle: Handle, rev: str | Commit) -> Handle:
    """A look at the agent that a commit collapsed, at what it took, or that it spawned, at its beginning."""
    commit = revisions.resolve(handle, rev)
    data = handle.store.commit(commit)
    if agents.is_collapse(data):
        tip = data.parents[1]
    elif agents.is_spawn(data):
        tip = commit
    else:
        raise InvalidInputError(
            f"commit {commit[:8]} neither collapsed nor spawned an agent",
            field="rev",
            hint="`trace log --grep '^collapse:'` lists those that did",
        )
    return _standing(handle, data.trailers[agents.NAME], tip)


def look(handle: Handle, name: str) -> Handle:
    """A handle to read as an agent does, be it gone by now: then it stands at its last commit that is known."""
    handle.store.refresh()
    if name and agents.head_of(handle, name) is None:
        tip = agent_tree.last_tip(handle, name)
        if tip is not None:
            return _standing(handle, name, tip)
    return another(handle, name)


def _standing(handle: Handle, name: str, commit: str) -> Handle:
    """A read-only look as an agent at one commit."""
    other = handle.of_agent(name, f"{keep.HEADS}main")
    other.stand(commit)
    other.looks = True
    other.store.share()
    return other


def close_handle(handle: Handle) -> None:
    """Save what was counted, flush, close. A look at an earlier moment has nothing of its own to close."""
    if handle.past is not None or handle.closed:
        return
    handle.closed = True
    if handle.counter is not None and isinstance(handle.counter.cache, CountCache):
        handle.counter.cache.save()
    with suppress(TraceError):  # what is kept to save time may not keep a trace from closing
        handle.store.refresh()
        if not handle.store.was_shaken and handle.contexts.leaves.news and (head := handle.head()):
            tips = [tip for ref in sorted(handle.written)[:_BRANCHES] if (tip := handle.ref_commit(ref)) is not None]
            handle.contexts.leaves.save(*(handle.commit(tip).tree for tip in (head, *tips)))
        if not handle.store.was_shaken:
            lineage.save(handle)
    if handle.contexts.memory is not None:
        handle.contexts.memory.close()  # who shares it opens it again
    handle.store.close()


def _counter(tokenizer: str | Tokenizer | None, store: Store) -> Counter | None:
    """A counter whose counts are kept in the trace; None without its table, as a commit never fails for that."""
    if tokenizer is None:
        return None
    if isinstance(tokenizer, str) and not encodings.there(tokenizer):
        store.warnings.append(f"tokens are not counted: no table for {tokenizer} here; `pip install litellm` brings it")
        return None
    name = tokenizer if isinstance(tokenizer, str) else tokenizer.name
    folder = os.path.join(store.folder, "trace", "cache")
    return Counter(tokenizer, cache=CountCache(folder, name, rules=RULES, readonly=not store.writable))


def find(start: str | os.PathLike[str]) -> str:
    """The trace, or the clone of one, that ``start`` is in, looking upwards; a clone may have a work tree."""
    here = folder = os.path.realpath(start)
    above = None
    while folder != above:
        for candidate in (os.path.join(folder, ".trace"), folder, os.path.join(folder, ".git")):
            if layout.is_repository(candidate) and (layout.ours(candidate) or probe.is_trace(candidate)):
                return candidate
            if layout.ours(candidate):
                raise CorruptTraceError(
                    f"{candidate} is a trace without HEAD or objects",
                    hint="`trace fsck --repair` shows what can be done",
                )
        folder, above = os.path.dirname(folder), folder
    raise NotFoundError(
        f"no trace in {here} or above it", hint="`trace init` makes one here; `trace -C DIR` looks elsewhere"
    )
