"""merge: bring what another line of history has into this one.

    up to date      theirs is behind ours: nothing is written
    fast-forward    ours is behind theirs: the branch moves
    merge           a commit with two parents: ours in order, then what is new in theirs, in whole turns

What is in dispute goes through the resolver chain (see ``resolving``). What nobody answers raises MergeConflictError,
and nothing moved. See ``view.merging`` for what is compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ..conflicts import Conflict, Resolution
from ..errors import ConflictError, InvalidInputError, MergeConflictError, RefusedError, StateError
from ..llm import Given
from ..model import Author, Commit
from ..results import Finding, MergeResult
from ..safe import safe_text
from ..store.snapshot import Draft
from ..store.transaction import Transaction
from ..view import descent, receipt, revisions
from ..view.handle import Handle
from ..view.merging import bases
from ..view.merging.plan import Merging, Plan
from . import asking, deciding, labels, merged, resolving, write
from .deciding import Decided, Ways

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
    llm: Given = None,
    semantic: bool | Sequence[Conflict] = False,
    threshold: float = deciding.THRESHOLD,
    show_base: bool = False,
    asked: Mapping[str, str] | None = None,
) -> MergeResult:
    """Merge ``other`` into the bound branch; see ``Repo.merge``. ``asked`` is that of an earlier MergeConflictError."""
    _check(strategy, ff)
    write.check_said(message, timestamp)
    branch = write.branch_of(handle)
    theirs = revisions.resolve(handle, other)
    asker = asking.asker(handle, llm)
    ways = Ways(resolutions or {}, strategy, resolver, asker, semantic, threshold, show_base, dry_run, asked or {})
    early = _early(handle, branch, theirs, ways, ff, unrelated) if ways.asks or dry_run else None
    if dry_run and early is not None:
        return early.result(None) if isinstance(early, _Work) else early
    with handle.store.transaction("merge", [branch], spaces=(handle.namespace,)) as transaction:
        tip = transaction.ref(branch)
        moved = _without_commit(handle, tip, theirs, ff)
        if moved is not None:
            if moved.kind == "fast-forward":
                transaction.move(branch, theirs)
                labels.relabel(handle, transaction)
            return moved
        work = early if isinstance(early, _Work) else None
        if ways.asks and (work is None or work.ours != tip or write.branch_of(handle) != branch):
            raise ConflictError("the branch moved while the merge was decided; nothing has changed", hint="merge again")
        work = work or _work(handle, tip, theirs, ways, unrelated)
        oid = work.commit(transaction, theirs, _named(other), message, write.seconds(timestamp))
        labels.relabel(handle, transaction)
        return work.result(handle.commit(oid))


def _without_commit(handle: Handle, tip: str | None, theirs: str, ff: str) -> MergeResult | None:
    """What it gives where it makes no commit; None where it has to."""
    if tip is not None and descent.is_ancestor(handle, theirs, tip):
        return _moved(handle, "up-to-date", tip, tip)
    if tip is None or (ff != "never" and descent.is_ancestor(handle, tip, theirs)):
        handle.snapshots.root(handle.commit(theirs).tree)  # refuses a commit that is no trace's
        return _moved(handle, "fast-forward", tip, theirs)
    if ff == "only":
        raise StateError("both branches went on: this is no fast-forward", hint="leave --ff-only out to merge")
    return None


def _early(handle: Handle, branch: str, theirs: str, ways: Ways, ff: str, unrelated: bool) -> _Work | MergeResult:
    """The work, or what it gives without any, before the trace is locked: whoever is asked may take minutes."""
    handle.store.refresh()
    tip = handle.ref_commit(branch)
    return _without_commit(handle, tip, theirs, ff) or _work(handle, tip, theirs, ways, unrelated)


def _work(handle: Handle, ours: str | None, theirs: str, ways: Ways, unrelated: bool) -> _Work:
    assert ours is not None  # a branch without a commit moves, see ``_without_commit``
    merging = _compared(handle, ours, theirs, unrelated, brief=ways.asker is None and ways.semantic is False)
    if ways.asker is not None and not merging.conflicts:
        _Work(handle, merging, merging.settled({}), Decided(()), ours)  # what is refused anyway is refused unasked
    decided = deciding.decide(handle, merging, ours, theirs, ways)
    plan = merging.settled(decided.answers, decided.judged)
    if plan.unresolved and not ways.dry_run:
        raise _conflicts(plan, decided)
    return _Work(handle, merging, plan, decided, ours)


class _Work:
    """A merge that is planned: what it gives, told or written."""

    def __init__(self, handle: Handle, merging: Merging, plan: Plan, decided: Decided, ours: str) -> None:
        self._handle = handle
        self._merging = merging
        self._plan = plan
        self._decided = decided
        self.ours = ours
        self._ours = handle.commit(ours)
        self._made = merged.merged(handle, merging, plan, self._ours)
        if not plan.unresolved:  # what is in dispute may be settled such that all is whole
            merged.refuse(self._made.outcome.faults())

    def commit(
        self, transaction: Transaction, theirs: str, name: str, message: str | None, timestamp: int | None
    ) -> str:
        """Write the merge commit into the transaction; its id."""
        handle = self._handle
        draft = Draft(transaction, handle.snapshots, self._ours.tree, handle.namespace)
        merged.write(draft, self._merging, self._plan, self._made)
        branch = write.branch_of(handle).rpartition("refs/heads/")[2]
        put_off = sum(one.action == "defer" for one in self._decided.answers.values())
        title = safe_text(f"merge: {name} into {branch}")[:72] + (f" ({put_off} deferred)" if put_off else "")
        author = Author("trace-git", "merge@trace")
        tokens = self._made.outcome.tokens
        change = write.Change("merge", title, author, tokens, timestamp, message, self._decided.trailers)
        return write.commit(handle, transaction, draft, self._ours, change, others=(theirs,))

    def result(self, commit: Commit | None) -> MergeResult:
        made = self._made.outcome
        open = [Finding("conflict", one.id, f"{one.kind}: {one.text}", one.items) for one in self._plan.unresolved]
        decided, planned = self._decided, commit is None
        told = made.receipt(self._plan.tools)
        return MergeResult("merge", commit, decided.conflicts, (*open, *decided.findings), told,
                           dict(decided.answers), made.brought(), made.items() if planned else (),
                           tuple(decided.sends) if planned else ())  # fmt: skip


def _named(other: str | Commit) -> str:
    return other if isinstance(other, str) else other.short_id


def _moved(handle: Handle, kind: str, old: str | None, new: str) -> MergeResult:
    commit = handle.commit(new)
    told = receipt.moved(handle, handle.commit(old) if old is not None else None, commit)
    if kind == "up-to-date":
        return MergeResult(kind, commit, (), (), told)
    items, known = handle.context(new).items, {item.id for item in handle.context(old).items}
    return MergeResult(kind, commit, (), (), told, {}, tuple(one for one in items if one.id not in known), items)


def _check(strategy: str | None, ff: str) -> None:
    if strategy is not None and strategy not in STRATEGIES:
        raise InvalidInputError(
            f"strategy {strategy!r} is unknown", field="strategy", hint=f"one of: {', '.join(STRATEGIES)}"
        )
    if ff not in FF:
        raise InvalidInputError(f"ff={ff!r} is unknown", field="ff", hint=f"one of: {', '.join(FF)}")


def _compared(handle: Handle, ours: str, theirs: str, unrelated: bool, *, brief: bool) -> Merging:
    """What a model is asked about is shown with what is new around it, so that is read then."""
    found = bases.compared(handle, ours, theirs, brief=brief)
    if found is not None:
        return found
    if not unrelated:
        raise RefusedError(
            "the two histories have no commit in common", hint="merge them all the same with --allow-unrelated"
        )
    return bases.unrelated(handle, ours, theirs)


def _conflicts(plan: Plan, decided: Decided) -> MergeConflictError:
    count = len(plan.unresolved)
    said = [str(finding) for finding in decided.findings if finding.kind == "llm" and finding.severity != "note"]
    return MergeConflictError(
        f"{count} conflict{'' if count == 1 else 's'} to settle; nothing has changed",
        conflicts=plan.unresolved,
        settled=decided.answers,
        judged=decided.judged,
        asked=decided.who,
        findings=decided.findings,
        hint=f"{f'{said[0]}; ' if said else ''}merge {resolving.advice(plan.unresolved)}",
    )
