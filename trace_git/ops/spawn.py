"""spawn: begin a sub-agent, a repository of its own in a namespace of refs. O(1): nothing is copied.

The parent's context stays as it is. The agent's first commit, its spawn commit, has the parent's present commit as its
parent and says what is known of the agent: its name, who spawned it, with what context and budget, and, behind the
first line of its message, what for.

    full     the parent's context, byte for byte, so that a provider's cache is shared; but for an open tool call
             at its end, which the parent is to answer, not the agent
    items    chosen items, with their tool groups
    empty    nothing

An agent with ``items`` or nothing has another context than its parent, so its history ends at the spawn commit: git
sees the link, and merge, rebase, log and ``~n`` stop there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from ..errors import InvalidInputError, StateError
from ..model import Author, Commit, Item, TokenCount
from ..store.commits import BOUNDARY
from ..store.snapshot import Draft, Entry
from ..view import agent_tree, agents, groups, tail
from ..view.agents import EMPTY, FULL, ITEMS
from ..view.handle import Handle
from ..view.items import find
from ..view.lineage import SPAWN
from . import write

Chosen = str | Sequence[str | Item | Commit]


def spawn(
    handle: Handle,
    name: str,
    *,
    purpose: str = "",
    context: Chosen = FULL,
    budget: int | None = None,
    timestamp: float | datetime | None = None,
) -> Handle:
    """Begin agent ``name``; a handle of its own, bound to its branch main. See ``Repo.spawn``."""
    child = begun(handle, name, purpose=purpose, context=context, budget=budget, timestamp=timestamp)
    handle.store.share()
    return child


def begun(
    handle: Handle,
    name: str,
    *,
    purpose: str = "",
    context: Chosen = FULL,
    budget: int | None = None,
    timestamp: float | datetime | None = None,
    unheard: bool = False,
) -> Handle:
    """The same, for as long as ``handle`` is open: nobody need close it. ``unheard``: no agent ever had the name."""
    agents.check_name(name)
    _check_said(purpose, budget)
    handle.check_present()
    space = f"{agents.SPACES}{name}/"
    branch, head = f"{space}refs/heads/{agents.FIRST}", f"{space}HEAD"
    child = handle.of_agent(name, branch)
    spaces = (handle.namespace, name)
    if not unheard:
        _check_free(handle, name)  # before the lock: the first time in a trace all of its history is looked through
    with handle.store.transaction(SPAWN, [branch, head], spaces=spaces) as transaction:
        if not unheard:
            _check_free(handle, name)
        elif transaction.ref(branch) is not None or transaction.ref(head) is not None:
            raise _exists(name)
        parent = _fork(handle)
        kind, chosen = _chosen(handle, parent, context)
        draft = Draft(transaction, handle.snapshots, parent.tree if kind == FULL else None, name)
        left_out = _fill(handle, draft, parent, kind, chosen)
        trailers = {
            agents.NAME: name,
            agents.PARENT: handle.namespace,
            agents.KIND: kind,
            **({agents.BUDGET: str(budget)} if budget is not None else {}),
            **({agents.LEFT_OUT: " ".join(one.id for one in left_out)} if left_out else {}),
            **({BOUNDARY: "yes"} if kind != FULL else {}),
        }
        change = write.Change(
            SPAWN,
            f"spawn: {name}",
            Author("trace-git", "spawn@trace"),
            _tokens(handle, parent, kind, chosen, left_out),
            write.seconds(timestamp),
            _message(name, purpose),
            {key: value for key, value in trailers.items() if value},
        )
        write.commit(child, transaction, draft, parent, change)
        transaction.move(head, f"ref: {branch}")
    return child


def _check_said(purpose: str, budget: int | None) -> None:
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int) or budget <= 0):
        raise InvalidInputError(f"budget {budget!r} is not a number of tokens", field="budget")
    if not isinstance(purpose, str):
        raise InvalidInputError(f"purpose {purpose!r} is not text", field="purpose", hint="say it as a text, or not")


def _check_free(handle: Handle, name: str) -> None:
    """StateError when an agent has or had this name: its commits would not be told from the new one's."""
    if agents.is_there(handle, name):
        raise _exists(name)
    if agent_tree.was_there(handle, name):
        raise StateError(
            f"an agent {name!r} was here before, and its commits still name it", hint="choose another name"
        )


def _exists(name: str) -> StateError:
    return StateError(f"agent {name!r} exists already", hint="choose another name; `trace agents` lists them")


def _fork(handle: Handle) -> Commit:
    tip = handle.head()
    if tip is None:
        raise StateError("no commits yet", hint="an agent begins at a commit: commit something first")
    return handle.commit(tip)


def _chosen(handle: Handle, parent: Commit, context: Chosen) -> tuple[str, tuple[Item, ...]]:
    """The kind of context that is meant, and its items, with their tool groups, in order."""
    if context in (FULL, EMPTY):
        return str(context), ()
    if isinstance(context, str) or not isinstance(context, Iterable):
        raise InvalidInputError(
            f"context {context!r} is unknown", field="context", hint='"full", "empty", or a list of items'
        )
    every = handle.context(parent.id).items
    places = {item.id: at for at, item in enumerate(every)}
    chosen = [places[find(every, one).id] for one in context]
    if not chosen:
        return EMPTY, ()
    return ITEMS, tuple(every[at] for at in groups.groups(every).closure(chosen))


def _fill(handle: Handle, draft: Draft, parent: Commit, kind: str, chosen: Sequence[Item]) -> tuple[Item, ...]:
    """Draft the agent's first context; what of the parent's is left out of a full one."""
    if kind == FULL:
        open_ = tail.waiting(handle, parent.tree).group
        pins = handle.snapshots.pins(parent.tree)
        draft.remove(open_)
        draft.unpin([entry.place.item for entry in open_ if entry.place.item in pins])
        return tuple(handle.contexts.item(entry, pinned=entry.place.item in pins) for entry in open_)
    if not chosen:
        return ()
    wanted = {one.id for one in chosen}
    entries = [entry for entry in handle.snapshots.entries(parent.tree) if entry.place.item in wanted]
    for entry in entries:
        draft.put(entry)
    pinned = handle.snapshots.pins(parent.tree)
    draft.pin([entry for entry in entries if entry.place.item in pinned])
    for under, originals in handle.snapshots.archived(parent.tree).items():
        if _stood_for(chosen, originals):
            draft.shelve(under, originals)
    return ()


def _stood_for(chosen: Sequence[Item], originals: Sequence[Entry]) -> bool:
    """Whether one of the chosen items stands for archived ones: as their summary, or as the rest of a masked one."""
    aside = {entry.place.item for entry in originals}
    return any(
        one.id in aside or (one.kind == "summary" and aside & set((one.message.provenance or {}).get("items", ())))
        for one in chosen
    )


def _tokens(
    handle: Handle, parent: Commit, kind: str, chosen: Sequence[Item], left_out: Sequence[Item]
) -> TokenCount | None:
    """What the agent's context has more than its parent's commit: a negative number, or 0."""
    counter = handle.counter
    if counter is None:
        return None
    if kind == FULL:
        counts = [handle.contexts.count(one) for one in left_out]
        return TokenCount(-sum(counts), exact=all(one.exact for one in counts), counter=counter.name)
    total, own = handle.contexts.total(parent), counter.total([handle.contexts.count(one) for one in chosen])
    return TokenCount(own - total, exact=own.exact and total.exact, counter=counter.name)


def _message(name: str, purpose: str) -> str | None:
    """The commit message: a first line, and behind it what for."""
    return f"spawn: {name}\n\n{write.message_text(purpose)}" if purpose.strip() else None
