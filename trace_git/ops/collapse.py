"""collapse: take the work of a sub-agent back, as one item and with its history.

The commit has two parents: where this branch was, and where the agent stands, so that git draws the lane and the
agent's commits come along with push and clone. Its one item says what the agent found, in the words that were given or
that a model put it in; its provenance names the agent's items. After more work of the agent only what is new is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from .. import llm as models
from ..errors import BudgetError, ConflictError, InvalidInputError, NotFoundError, RefusedError, StateError
from ..model import Author, Commit, Item, Message
from ..store import codec
from ..store.snapshot import Draft
from ..store.transaction import Transaction
from ..store.trees import blob_id
from ..view import agents, ancestry, lineage, tail
from ..view import models as view_models
from ..view.groups import Call
from ..view.handle import Handle
from ..view.lineage import COLLAPSE
from . import asking, subject, summarize, write

ASSISTANT = "assistant"
BUDGET = 1_000  # tokens that a model may use when nobody said how many
BESIDE = 4  # messages before the agent's own that a model is shown for reference


def collapse(
    handle: Handle,
    name: str,
    *,
    tip: str | None = None,
    summary: str | None = None,
    llm: models.Given = None,
    budget: int | None = None,
    as_: str = ASSISTANT,
    message: str | None = None,
    timestamp: float | datetime | None = None,
) -> Commit:
    """Take back what agent ``name`` has that is new at ``tip`` (where it stands when not given).

    See ``Repo.collapse``. When there is nothing new the commit that took the last of it is returned.
    """
    branch = write.branch_of(handle)
    who = asking.asker(handle, llm) if summary is None else None
    _check(summary, who, budget)
    write.check_said(message, timestamp)
    handle.store.refresh()
    work = _work(handle, handle.head(), name, tip)
    if not work.fresh:
        return _latest(handle, work)
    _message(_open(handle, handle.head()), ".", as_, {})  # refuses before a model is asked
    told = _told(handle, work, summary, who, budget)
    spaces = (handle.namespace, name)
    with handle.store.transaction(COLLAPSE, [branch], spaces=spaces) as transaction:
        parent = transaction.ref(branch)
        now = _work(handle, parent, name, work.tip)
        if [one.id for one in now.fresh] != [one.id for one in work.fresh]:
            raise ConflictError(f"somebody else collapsed {name} meanwhile; nothing has changed", hint="collapse again")
        made = _message(_open(handle, parent), told.text, as_, _provenance(name, work.fresh, told))
        oid = _commit(handle, transaction, work, made, write.seconds(timestamp), message, told.trailers)
    return handle.commit(oid)


def returned(handle: Handle, name: str, tip: str, message: Message, *, timestamp: int | None = None) -> Commit | None:
    """Collapse agent ``name`` at ``tip`` into ``message``, which was its answer elsewhere and stays what it is.

    None, and nothing is written, when all of its work was taken already.
    """
    branch = write.branch_of(handle)
    if not _work(handle, handle.head(), name, tip).fresh:
        return None
    with handle.store.transaction(COLLAPSE, [branch], spaces=(handle.namespace, name)) as transaction:
        work = _work(handle, transaction.ref(branch), name, tip)
        made = replace(message, kind=COLLAPSE, provenance=_provenance(name, work.fresh, _Told(message.text)))
        oid = _commit(handle, transaction, work, made, timestamp)
    return handle.commit(oid)


def _commit(
    handle: Handle,
    transaction: Transaction,
    work: _Work,
    made: Message,
    timestamp: int | None,
    message: str | None = None,
    trailers: Mapping[str, str] | None = None,
) -> str:
    """Commit the one item; the agent's tip is the second parent."""
    parent = transaction.ref(write.branch_of(handle))
    assert parent is not None
    base = handle.commit(parent)
    data = codec.encode(made)
    draft = Draft(transaction, handle.snapshots, base.tree, handle.namespace)
    draft.append(made.role, data, parent)
    change = write.Change(
        COLLAPSE,
        subject.collapsed(work.name, made),
        Author(work.name, "collapse@trace"),
        handle.counter.message(made, blob_id(data)) if handle.counter is not None else None,
        timestamp,
        message,
        {agents.NAME: work.name, **(trailers or {})},
    )
    return write.commit(handle, transaction, draft, base, change, others=(work.tip,))


@dataclass(frozen=True)
class _Work:
    """What there is to take: the agent's ``tip``, and its items that are ``fresh``, in order.

    ``known`` are the commits of which it had its other items, and ``earlier`` those that collapsed it before.
    """

    name: str
    tip: str
    fresh: tuple[Item, ...]
    known: tuple[str, ...]
    earlier: tuple[str, ...]


def _work(handle: Handle, here: str | None, name: str, tip: str | None) -> _Work:
    tip = tip or agents.tip_of(handle, name)
    spawned = agents.spawn_of(handle, tip, name) if tip is not None else None
    if tip is None:
        raise NotFoundError(f"no agent {name!r}", hint="`trace agents` lists them")
    if spawned is None:
        raise StateError(
            f"agent {name} had not begun at {tip[:8]}, where it stands",
            hint=f"switch it to a branch of its own, or bring its messages here: trace merge agents/{name}",
        )
    parent = handle.store.commit(spawned).trailers.get(agents.PARENT, "")
    if parent != handle.namespace:
        whose = f"agent {parent}" if parent else "the trace itself"
        raise StateError(
            f"{name} was spawned by {whose}, which takes its work back",
            hint=f"collapse it there, or bring its messages here: trace merge agents/{name}",
        )
    if here is None:
        raise StateError("no commits yet", hint="commit something first")
    earlier = [one for one in lineage.behind(handle, [here]) if one.name == name and one.taken]
    known = (spawned, *sorted(one.taken for one in earlier))
    fresh = _fresh(handle, tip, known)
    if not fresh and not earlier:
        raise StateError(f"agent {name} has said nothing yet", hint="there is nothing to collapse")
    return _Work(name, tip, fresh, known, tuple(sorted(one.at for one in earlier)))


def _fresh(handle: Handle, tip: str, known: Sequence[str]) -> tuple[Item, ...]:
    """The items at ``tip`` that none of ``known`` has. Folders that they share are not read."""
    snapshots = handle.snapshots
    now, *before = [handle.store.commit(one).tree for one in (tip, *known)]
    mine = snapshots.leaf_ids(now)
    theirs = {oid for tree in before for oid in snapshots.leaf_ids(tree)}
    entries = [entry for oid in mine if oid not in theirs for entry in snapshots.leaf(oid)]
    if not entries:
        return ()
    ids = {entry.place.item for oid in theirs.difference(mine) for entry in snapshots.leaf(oid)}
    for tree in before:  # what was archived then, and is back, is nothing new
        ids.update(entry.place.item for shelf in snapshots.archived(tree).values() for entry in shelf)
    pins = snapshots.pins(now)
    found = (entry for entry in entries if entry.place.item not in ids)
    return tuple(handle.contexts.item(entry, pinned=entry.place.item in pins) for entry in found)


def _latest(handle: Handle, work: _Work) -> Commit:
    """The commit that took the last of it: the one that has the others behind it."""
    latest = work.earlier[0]
    for one in work.earlier[1:]:
        latest = one if ancestry.is_ancestor(handle, latest, one) else latest
    return handle.commit(latest)


@dataclass(frozen=True)
class _Told:
    text: str
    trailers: dict[str, str] = field(default_factory=dict)
    by: dict[str, Any] = field(default_factory=dict)


def _check(summary: str | None, who: models.Asker | None, budget: int | None) -> None:
    if summary is not None and not isinstance(summary, str):
        raise InvalidInputError(f"summary {summary!r} is not text", field="summary", hint="say what the agent found")
    if summary is not None and not summary.strip():
        raise InvalidInputError("the summary is empty", field="summary", hint="say what the agent found")
    if summary is None and who is None:
        raise InvalidInputError(
            "nobody says what the agent found",
            field="summary",
            hint="give summary=, or llm= to have a model say it; its last message is child.context().items[-1]",
        )
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int) or budget <= 0):
        raise InvalidInputError(f"budget {budget!r} is not a number of tokens", field="budget")


def _open(handle: Handle, tip: str | None) -> tuple[Call, ...]:
    return tail.waiting(handle, handle.store.commit(tip).tree).calls if tip is not None else ()


def _message(open_: Sequence[Call], text: str, as_: str, provenance: dict[str, Any]) -> Message:
    """The item to be: said by the assistant, or the result of a call that is open at the end."""
    calls = ", ".join(call.id or call.name for call in open_)
    if as_ == ASSISTANT:
        if open_:
            raise RefusedError(
                f"call {calls} waits for its result; the assistant cannot speak before",
                hint="give the work as the result: as_=<call id> (--as CALL)",
            )
        body: dict[str, Any] = {"role": ASSISTANT, "content": text}
    elif any(call.id == as_ for call in open_):
        body = {"role": "tool", "tool_call_id": as_, "content": text}
    elif any(call.id is None and call.name == as_ for call in open_):  # of the legacy format
        body = {"role": "function", "name": as_, "content": text}
    else:
        raise InvalidInputError(
            f"no call {as_!r} is open here",
            field="as_",
            hint=f"open: {calls}" if open_ else 'leave it out: it is said as "assistant" then',
        )
    return Message(body["role"], body, kind=COLLAPSE, provenance=provenance)


def _provenance(name: str, fresh: Sequence[Item], told: _Told) -> dict[str, Any]:
    return {"agent": name, "items": [one.id for one in fresh], "digests": [one.blob for one in fresh], **told.by}


def _told(handle: Handle, work: _Work, summary: str | None, who: models.Asker | None, budget: int | None) -> _Told:
    """What will be said of the agent's work; a model is asked before anything is locked."""
    if who is None:
        assert summary is not None
        size = _size(handle, summary)
        if budget is not None and size > budget:
            raise BudgetError(
                f"the summary has {size:,} tokens, the budget is {budget:,}",
                budget=budget,
                needed=size,
                hint="shorten it, or give a larger budget",
            )
        return _Told(summary)
    asked = asking.Asked()
    most = budget or BUDGET
    tokens = sum(map(handle.contexts.count, work.fresh)) if handle.counter is not None else 0
    fresh, every = {one.id for one in work.fresh}, handle.context(work.tip).items
    before = [one for one in every if one.id not in fresh]
    run = summarize.Run(work.fresh, max(tokens, most + 1), before=tuple(before[-BESIDE:]))  # however short it is
    pins = [one for one in every if one.pinned]
    window = view_models.window(who.name, folder=handle.store.folder, readonly=not handle.store.writable)
    tasks = summarize.tasks([run], budget=most, count=partial(_size, handle), pins=pins, window=window)
    (said,) = summarize.summarize(who, asked, tasks, count=partial(_size, handle))
    assert said is not None
    by = {"model": said.model, "prompt": said.prompt, "tokens": tokens}
    return _Told(said.text, asked.trailers, by)


def _size(handle: Handle, text: str) -> int:
    """Tokens of the item to be; four characters each when nobody counts."""
    body = {"role": ASSISTANT, "content": text}
    return handle.counter.message(Message(ASSISTANT, body)) if handle.counter is not None else len(text) // 4
