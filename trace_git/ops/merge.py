"""merge: bring what another line of history has into this one.

    up to date      theirs is behind ours: nothing is written
    fast-forward    ours is behind theirs: the branch moves
    merge           a commit with two parents: ours in order, then what is new in theirs, in whole turns

What is in dispute goes through the resolver chain (see ``resolving``). What nobody answers raises MergeConflictError,
and nothing moved. See ``view.merging`` for what is compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ..conflicts import Resolution
from ..errors import InvalidInputError, MergeConflictError, RefusedError, StateError
from ..model import Author, Commit, Item, TokenCount
from ..results import Finding, MergeResult
from ..store.snapshot import Draft
from ..store.transaction import Transaction
from ..view import ancestry, receipt, revisions
from ..view.handle import Handle
from ..view.merging import bases
from ..view.merging.plan import Merging, Plan
from . import merged, pins, resolving, write

STRATEGIES = ("ours", "theirs", "union")
FF = ("allow", "only", "never")


def merge(
    handle: Handle,
    other: str | Commit,
    *,
    strategy: str | None = None,
    resolver: resolving.Resolver | None = None,
    resolutions: Mapping[str, Resolution] | None = None,
    ff: str = "allow",
    unrelated: bool = False,
    dry_run: bool = False,
    message: str | None = None,
    timestamp: float | datetime | None = None,
) -> MergeResult:
    """Merge ``other`` into the bound branch; see ``Repo.merge``."""
    _check(strategy, ff)
    branch = write.branch_of(handle)
    theirs = revisions.resolve(handle, other)
    with handle.store.transaction("merge", [branch], spaces=(handle.namespace,)) as transaction:
        tip = transaction.ref(branch)
        if tip is not None and ancestry.is_ancestor(handle, theirs, tip):
            return _moved(handle, "up-to-date", tip, tip)
        if tip is None or (ff != "never" and ancestry.is_ancestor(handle, tip, theirs)):
            handle.snapshots.root(handle.commit(theirs).tree)  # refuses a commit that is no trace's
            if not dry_run:
                transaction.move(branch, theirs)
                pins.relabel(handle, transaction)
            return _moved(handle, "fast-forward", tip, theirs)
        if ff == "only":
            raise StateError("both branches went on: this is no fast-forward", hint="leave --ff-only out to merge")
        merging, after = _compared(handle, tip, theirs, unrelated)
        answers = resolving.answered(merging.conflicts, resolutions or {}, strategy, resolver)
        plan = merging.settled(answers)
        if plan.unresolved and not dry_run:
            raise _conflicts(merging, plan)
        work = _Work(handle, merging, plan, answers, tip, after)
        if not dry_run:
            oid = work.commit(transaction, theirs, _named(other), message, write.seconds(timestamp))
            pins.relabel(handle, transaction)
    return work.result(None if dry_run else handle.commit(oid))


class _Work:
    """A merge that is planned: what it gives, told or written."""

    def __init__(
        self,
        handle: Handle,
        merging: Merging,
        plan: Plan,
        answers: Mapping[str, Resolution],
        ours: str,
        after: str | None,
    ) -> None:
        self._handle = handle
        self._merging = merging
        self._plan = plan
        self._answers = answers
        self._ours = handle.commit(ours)
        self._made = merged.merged(handle, merging, plan, after=after, parent=ours)
        before = handle.context(ours).items
        behind = merged.items(handle, self._made)
        self._before = before
        self._after = before[: len(before) - len(merging.ours.entries)] + behind
        merged.check((before, merging.items(merging.theirs)), self._after)

    def commit(
        self, transaction: Transaction, theirs: str, name: str, message: str | None, timestamp: int | None
    ) -> str:
        """Write the merge commit into the transaction; its id."""
        handle = self._handle
        draft = Draft(transaction, handle.snapshots, self._ours.tree, handle.namespace)
        merged.write(draft, self._merging, self._plan, self._made)
        branch = write.branch_of(handle).rpartition("refs/heads/")[2]
        title = f"merge: {name} into {branch}"[:72]
        author = Author("trace-git", "merge@trace")
        change = write.Change("merge", title, author, self._tokens(), timestamp, message, self._trailers())
        return write.commit(handle, transaction, draft, self._ours, change, others=(theirs,))

    def _tokens(self) -> TokenCount | None:
        counter = self._handle.counter
        if counter is None:
            return None
        count = self._handle.contexts.count
        before, after = ([count(item) for item in items] for items in (self._before, self._after))
        exact = all(one.exact for one in (*before, *after))
        return TokenCount(sum(after) - sum(before), exact=exact, counter=counter.name)

    def _trailers(self) -> dict[str, str]:
        """How conflicts were settled: one line, each as kind, item and action."""
        told = [f"{one.kind}:{one.items[0]}={self._answers[one.id].action}" for one in self._merging.conflicts]
        return {"Trace-Resolved": " ".join(told)} if told else {}

    def result(self, commit: Commit | None) -> MergeResult:
        handle = self._handle
        count = handle.contexts.count if handle.counter is not None else _nothing
        ours = {item.id for item in self._before}
        brought = tuple(item for item in self._after if item.id not in ours)
        told = receipt.receipt(self._before, self._after, count)
        unresolved = [
            Finding("conflict", one.id, f"{one.kind}: {one.text}", one.items) for one in self._plan.unresolved
        ]
        return MergeResult(
            "merge", commit, self._merging.conflicts, tuple(unresolved), told, dict(self._answers), brought
        )


def _nothing(item: Item) -> int:
    return 0


def _named(other: str | Commit) -> str:
    return other if isinstance(other, str) else other.short_id


def _moved(handle: Handle, kind: str, old: str | None, new: str) -> MergeResult:
    commit = handle.commit(new)
    told = receipt.between(handle, handle.commit(old) if old is not None else None, commit)
    known = {item.id for item in handle.context(old).items} if kind == "fast-forward" else set()
    brought = tuple(one for one in handle.context(new).items if one.id not in known) if kind == "fast-forward" else ()
    return MergeResult(kind, commit, (), (), told, {}, brought)


def _check(strategy: str | None, ff: str) -> None:
    if strategy is not None and strategy not in STRATEGIES:
        raise InvalidInputError(
            f"strategy {strategy!r} is unknown", field="strategy", hint=f"one of: {', '.join(STRATEGIES)}"
        )
    if ff not in FF:
        raise InvalidInputError(f"ff={ff!r} is unknown", field="ff", hint=f"one of: {', '.join(FF)}")


def _compared(handle: Handle, ours: str, theirs: str, unrelated: bool) -> tuple[Merging, str | None]:
    found = bases.compared(handle, ours, theirs)
    if found is not None:
        return found
    if not unrelated:
        raise RefusedError(
            "the two histories have no commit in common", hint="merge them all the same with --allow-unrelated"
        )
    return bases.unrelated(handle, ours, theirs)


def _conflicts(merging: Merging, plan: Plan) -> MergeConflictError:
    count = len(plan.unresolved)
    return MergeConflictError(
        f"{count} conflict{'' if count == 1 else 's'} to settle; nothing has changed",
        conflicts=plan.unresolved,
        hint="merge again with resolutions=, a resolver or a strategy (-X ours, theirs or union)",
    )
