"""reorder and move: the same items in another order, as one commit on top. Ids, contents, pins and archives stay.

    errors of the plan     UnsafeRewriteError; ``force`` lets pass what is merely risky (``view.rewriting.findings``)
    warnings               in ``findings``; they stop nothing here
    the order that it has  the present commit; nothing is written

A plan may be looked at before it is carried out: ``approve`` is told of it, and what that raises stops the verb.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from .. import llm
from ..errors import ConflictError, InvalidInputError, NotFoundError
from ..model import Author, Commit, Item, TokenCount
from ..results import Finding, RewriteResult
from ..store import keys
from ..store.format import Place
from ..store.snapshot import Draft, Entry
from ..store.transaction import Transaction
from ..view import diff, groups, receipt
from ..view.handle import Handle
from ..view.items import find
from ..view.rewriting import findings
from . import asking, order_judge, planned, write
from .subject import about

Which: TypeAlias = str | Item | Commit
Arrange: TypeAlias = Callable[[Sequence[Item]], list[Item]]
_NAMED = 5  # ids in a refusal


@dataclass(frozen=True)
class Ways:
    """How a reorder goes about it; see ``Repo.reorder``."""

    force: bool = False
    llm: llm.Given = None
    dry_run: bool = False
    message: str | None = None
    timestamp: float | datetime | None = None
    approve: Callable[[RewriteResult], None] | None = None


def reorder(handle: Handle, order: Sequence[Which], ways: Ways) -> RewriteResult:
    """Put the items in ``order``, which names every one of them once; see ``Repo.reorder``."""
    if isinstance(order, str) or not isinstance(order, Sequence):
        raise InvalidInputError(
            "the order is not a list of items", field="order", hint="give every id, in the new order"
        )
    return _reordered(handle, lambda items: _ordered(items, order), ways)


def move(handle: Handle, item: Which, ways: Ways, *, before: Which | None, after: Which | None) -> RewriteResult:
    """Put an item, with its tool group, in front of another one or behind it; see ``Repo.move``."""
    if (before is None) == (after is None):
        raise InvalidInputError("where to is not said", field="before", hint="give before= or after=, and not both")
    target = before if before is not None else after
    assert target is not None
    return _reordered(handle, lambda items: _moved(items, item, target, behind=after is not None), ways)


def _reordered(handle: Handle, arrange: Arrange, ways: Ways) -> RewriteResult:
    branch = write.branch_of(handle)
    timestamp = write.seconds(ways.timestamp)
    title = write.message_text(ways.message) if ways.message is not None else None
    asker = asking.asker(handle, ways.llm)
    work = _Work(handle, planned.tip(handle), arrange)
    if work.same:
        return RewriteResult(work.parent, (), work.receipt, work.after if ways.dry_run else ())
    findings.refuse(work.findings, force=ways.force)
    if ways.dry_run:
        return work.told(asker)
    judged, asked = work.judged(asker)
    if ways.approve is not None:
        ways.approve(RewriteResult(None, (*work.findings, *judged), work.receipt, work.after))
    with handle.store.transaction("reorder", [branch], spaces=(handle.namespace,)) as transaction:
        if transaction.ref(branch) != work.parent.id:
            if asker is not None or ways.approve is not None:
                raise ConflictError("the branch moved while the order was decided; nothing has changed",
                                    hint="reorder again")  # fmt: skip
            work = _Work(handle, transaction.ref(branch), arrange)
            findings.refuse(work.findings, force=ways.force)
        oid = work.parent.id if work.same else work.commit(transaction, title, timestamp, asked)
    return RewriteResult(handle.commit(oid), (*work.findings, *judged, *asked.findings), work.receipt)


class _Work:
    """A new order of the context at ``tip``: what there is to say of it, and the pen that writes it."""

    def __init__(self, handle: Handle, tip: str | None, arrange: Arrange) -> None:
        self._handle = handle
        self.parent = planned.parent(handle, tip)
        self._before = handle.context(tip).items
        self.after = tuple(arrange(self._before))
        self.same = self.after == self._before
        self.receipt = receipt.forecast(handle, self.parent, self.after)
        self.findings = () if self.same else findings.findings(self._before, self.after, receipt=self.receipt)

    def told(self, asker: llm.Asker | None) -> RewriteResult:
        """The answer of a dry run; a model is not asked."""
        question = order_judge.question(self._before, self.after) if asker is not None else None
        sends = (question.messages,) if question is not None else ()
        would = (asking.would(self._handle, asker, sends),) if asker is not None else ()
        return RewriteResult(None, (*self.findings, *would), self.receipt, self.after, sends)

    def judged(self, asker: llm.Asker | None) -> tuple[tuple[Finding, ...], asking.Asked]:
        """What a model says of the order. It may take minutes, so it is asked before the trace is locked."""
        asked = asking.Asked()
        question = order_judge.question(self._before, self.after) if asker is not None else None
        if asker is None or question is None:
            return (), asked
        return order_judge.judge(asker, asked, question), asked

    def commit(self, transaction: Transaction, message: str | None, timestamp: int | None, asked: asking.Asked) -> str:
        """Write the commit into the transaction; its id."""
        handle = self._handle
        draft = Draft(transaction, handle.snapshots, self.parent.tree, handle.namespace)
        entries = handle.snapshots.entries(self.parent.tree)
        placed = keys.assigned([item.id for item in self.after], {one.place.item: one.place.key for one in entries})
        moved = [one for one in entries if placed[one.place.item] != one.place.key]
        draft.remove(moved)
        for one in moved:
            draft.put(Entry(Place(placed[one.place.item], one.place.role, one.place.item), one.blob))
        author = Author("trace-git", "reorder@trace")
        tokens = TokenCount(0, counter=handle.counter.name if handle.counter is not None else "")
        change = write.Change("reorder", self._title(), author, tokens, timestamp, message, asked.trailers)
        return write.commit(handle, transaction, draft, self.parent, change)

    def _title(self) -> str:
        """What moved, told by the first of the fewest items that did."""
        places = {item.id: at for at, item in enumerate(self._before)}
        staying = set(diff.longest_increasing([places[item.id] for item in self.after]))
        moved = [item for at, item in enumerate(self.after) if at not in staying]
        title = about("reorder", moved[0].id, moved[0].message)
        more = f" (and {len(moved) - 1} more)" if len(moved) > 1 else ""
        return (title if len(title) + len(more) <= 72 else title[: 71 - len(more)].rstrip() + "…") + more


# -- orders --------------------------------------------------------------------------------


def _ordered(items: Sequence[Item], order: Sequence[Which]) -> list[Item]:
    """The items as ``order`` names them. InvalidInputError names what is missing, there twice, or not known."""
    known = {item.id: item for item in items}
    found: list[Item] = []
    unknown: list[str] = []
    for one in order:
        name = one.id if isinstance(one, Item) else one
        if isinstance(name, str) and name in known:
            found.append(known[name])
            continue
        try:
            found.append(find(items, one))
        except NotFoundError:
            unknown.append(one if isinstance(one, str) else one.id)
    times = Counter(item.id for item in found)
    wrong = {"not there": unknown, "named twice": [item for item, count in times.items() if count > 1],
             "missing": [item.id for item in items if item.id not in times]}  # fmt: skip
    said = [f"{what}: {_few(ids)}" for what, ids in wrong.items() if ids]
    if said:
        raise InvalidInputError(
            f"an order names each of the {len(items)} items once; {'; '.join(said)}",
            field="order",
            hint="`trace ls` lists the items in their order; to move one: repo.move (trace reorder move)",
        )
    return found


def _few(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more


def _moved(items: Sequence[Item], wanted: Which, target: Which, *, behind: bool) -> list[Item]:
    """The items with one, and its tool group, beside another one, and its."""
    moving, staying = find(items, wanted), find(items, target)
    paired = groups.groups(items)
    taken = set(paired.closure([items.index(moving)]))
    beside = paired.closure([items.index(staying)])
    if taken & set(beside):
        what = "itself" if moving.id == staying.id else f"item {staying.id} of its own tool group"
        raise InvalidInputError(
            f"item {moving.id} cannot be moved beside {what}", field="after" if behind else "before",
            hint="name an item outside; a tool group moves as a whole",
        )  # fmt: skip
    at = beside[-1] + 1 if behind else beside[0]
    front, back = ([one for place, one in enumerate(items) if place not in taken and (place < at) is first]
                   for first in (True, False))  # fmt: skip
    return [*front, *[items[place] for place in sorted(taken)], *back]
