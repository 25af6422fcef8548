"""Work of several commits, carried out: replayed, looked at as a whole, written in one operation. For rebase and
cherry-pick, which say what the work is.

    1  replay into a plan; conflicts raise. Whoever is asked may take minutes: nothing is locked
    2  the findings about the new context, and what it means for a cache; errors raise
    3  lock the branch, see that it is where it was, move it, let the labels follow, keep the old tip
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ..errors import ConflictError, NotFoundError
from ..llm.reply import Messages
from ..model import Commit, Item
from ..results import Finding, Receipt, RewriteResult
from ..store.records import BLOB
from ..store.transaction import Transaction
from ..view import lanes, receipt
from ..view.handle import Handle
from ..view.rewriting import findings
from . import asking, keep, labels, order_judge, remade_merges, replay, runs, write
from .deciding import Ways
from .replay import Replay
from .todo import Step


@dataclass(frozen=True)
class Work:
    """What is to be done to a branch that is at ``tip``: ``steps``, on ``start``. All are commit ids.

    ``merges`` keeps the shape of the history: each commit goes on what stands for its parents, and what had one of
    ``forks`` for a parent goes on ``start``. Else all is one line. ``mainline`` is which parent a merge is compared
    with; ``anchor`` the item before which new ones are put. ``again`` makes commits anew even where they could stay.
    ``floor`` is where it began, when some of it is done already: see ``Replay``.
    """

    verb: str
    tip: str
    start: str
    steps: tuple[Step, ...]
    merges: bool = False
    forks: tuple[str, ...] = ()
    mainline: int | None = None
    anchor: str | None = None
    again: bool = False
    floor: str | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class How:
    """How this call does it: who settles conflicts, whether risky errors pass, the committer's time. When it is
    ``strict``, each resolution must be of a conflict that comes up. ``approve`` is told the plan before anything is
    written; what it raises stops all."""

    ways: Ways
    force: bool = False
    timestamp: int | None = None
    strict: bool = True
    approve: Callable[[RewriteResult], None] | None = None


class Stop(NamedTuple):
    """Where work stopped to let somebody edit, after the commit ``at``; ``rest`` is what is left."""

    at: str
    rest: Work


Before = Callable[[str, Stop | None], None]
"""Called before the branch moves, with where to, and with what is left of the work."""


def carry_out(
    handle: Handle, work: Work, how: How, *, before: Before | None = None
) -> tuple[RewriteResult, Stop | None]:
    """Do it, all or nothing; as far as the first "edit", which only the command line has."""
    with handle.store.planning() as plan:
        made = begun(handle, plan, work, how)
        stop = play(made, work)
        if how.strict:
            _check_used(made, how.ways)
        result = _result(handle, plan, made, work, how, stop)
        errors = [one for one in result.findings if one.kind != "conflict"]
        findings.refuse(errors, force=how.force, hint=replay.hint(errors, work.anchor))
        if how.ways.dry_run:
            return result if made.tip.id != work.tip else replace(result, commit=handle.commit(work.tip)), stop
        if how.approve is not None and made.tip.id != work.tip:
            how.approve(result)
        if made.tip.id != work.tip or before is not None:
            _write(handle, plan, work, made, before, stop)
    return replace(result, commit=handle.commit(made.tip.id), items=(), sends=()), stop


def begun(handle: Handle, plan: Transaction, work: Work, how: How) -> Replay:
    """A replay that stands where the work starts."""
    return Replay(
        handle,
        plan,
        work.start,
        how.ways,
        floor=work.floor,
        timestamp=how.timestamp,
        anchor=work.anchor,
        keep=not work.again,
        force=how.force,
    )


def play(made: Replay, work: Work, *, until: str | None = None) -> Stop | None:
    """Do the steps, up to the commit ``until``. Runs of appends are done at once."""
    handle, steps, at = made.handle, work.steps, 0
    while at < len(steps):
        action, oid = steps[at]
        if oid == until:
            return None
        _stand(made, work, oid)
        some = runs.run(handle, list(_picks(steps[at:], until))) if action == "pick" and work.mainline is None else []
        if some:
            runs.pick(made, some)
            at += len(some)
            continue
        do(made, work, steps[at])
        at += 1
        if action == "edit":
            rest = replace(work, tip=made.tip.id, start=made.tip.id, steps=steps[at:], floor=made.floor)
            return Stop(oid, rest)
    if work.merges:
        made.stand(handle.commit(made.mapped.get(work.tip, made.tip.id)))
    return None


def _picks(steps: Sequence[Step], until: str | None) -> Iterator[str]:
    for action, oid in steps:
        if action != "pick" or oid == until:
            return
        yield oid


def do(made: Replay, work: Work, step: Step) -> None:
    """Do one step."""
    _stand(made, work, step.commit)
    commit = made.handle.commit(step.commit)
    if work.merges and lanes.is_boundary(commit.trailers):  # of an agent that was merged: nothing leads on to here
        made.stand(commit)
        made.mapped[commit.id] = commit.id
    elif step.action == "drop":
        made.plain = False
        text = f"{replay.named(commit)} is left out"
        made.findings.append(Finding("dropped", commit.id, text, severity="note"))
    elif step.action == "merge":
        remade_merges.merge(made, commit, _mapped(made, work, commit.parents[1]))
    else:
        took = work.mainline is None and lanes.takes(commit.trailers, commit.parents)
        base = commit.parents[0] if took else replay.parent(commit, work.mainline)
        if step.action == "squash":
            made.squash(commit, base)
        else:
            made.pick(commit, base, others=commit.parents[1:] if took else ())  # the agent's lane stays as it is


def _stand(made: Replay, work: Work, oid: str) -> None:
    """Where merges are made again, go to what stands for a commit's parent."""
    if work.merges:
        parents = made.handle.commit(oid).parents
        onto = _mapped(made, work, parents[0]) if parents else work.start
        if onto != made.tip.id:
            made.stand(made.handle.commit(onto))


def _mapped(made: Replay, work: Work, parent: str) -> str:
    return work.start if parent in work.forks else made.mapped.get(parent, parent)


def _check_used(made: Replay, ways: Ways) -> None:
    known = {one.id for one in made.conflicts}
    for name in ways.resolutions:
        if name not in known:
            raise NotFoundError(f"no conflict {name!r} came up", hint="a dry run lists the conflicts")


def _write(
    handle: Handle, plan: Transaction, work: Work, made: Replay, before: Before | None, stop: Stop | None
) -> None:
    branch = write.branch_of(handle)
    with handle.store.transaction(work.verb, [branch], spaces=(handle.namespace,)) as transaction:
        if transaction.ref(branch) != work.tip:
            raise ConflictError(
                f"the branch moved while the {work.verb} was prepared; nothing has changed", hint="do it again"
            )
        if before is not None:
            before(made.tip.id, stop)
        transaction.take(plan)
        transaction.move(branch, made.tip.id)
        labels.relabel(handle, transaction)
        labels.follow(handle, transaction, made.mapped)
        keep.keep(handle, transaction)
    handle.seen = branch


# -- what is told --------------------------------------------------------------------------


def _result(handle: Handle, plan: Transaction, made: Replay, work: Work, how: How, stop: Stop | None) -> RewriteResult:
    old, onto, new = (handle.commit(oid) for oid in (work.tip, work.start, made.tip.id))
    told = receipt.moved(handle, old, new)
    found = [*work.findings, *made.findings]
    sends = list(made.sends)
    if new.id != old.id:
        plain = made.plain and _stay(handle, old, new)
        found += _plain(told) if plain else _changes(handle, made, work, (old, onto, new), told, stop)
        if how.ways.asker is not None and not plain:
            found += _judged(handle, (old, new), how.ways, sends)
    items: tuple[Item, ...] = ()
    if how.ways.dry_run or how.approve is not None:
        items = handle.context(new.id).items
        _load(plan, items)
    ranked = sorted(found, key=lambda one: ("error", "warning", "note").index(one.severity))
    return RewriteResult(None, tuple(ranked), told, items, tuple(sends), conflicts=tuple(made.conflicts),
                         resolutions=dict(made.answers))  # fmt: skip


def _stay(handle: Handle, old: Commit, new: Commit) -> bool:
    """Whether all items of a context are in the other one, in their order."""
    before = [one.place.item for one in handle.snapshots.entries(old.tree)]
    known = frozenset(before)
    return before == [one.place.item for one in handle.snapshots.entries(new.tree) if one.place.item in known]


def _plain(told: Receipt) -> Sequence[Finding]:
    """Where all just came behind other items, nothing but the cache is concerned."""
    return findings.findings((), (), receipt=told)


def _changes(
    handle: Handle, made: Replay, work: Work, commits: tuple[Commit, Commit, Commit], told: Receipt, stop: Stop | None
) -> Iterator[Finding]:
    """What is to be said of the new context; of its faults those that were not on one of the two sides."""
    old, onto, new = (handle.context(one.id).items for one in commits)
    origin = [item for step in work.steps for item in handle.commit(step.commit).items] if old == onto else onto
    both = [findings.findings(some, new, receipt=told, origin=origin) for some in (old, onto)]
    ids = [{item.id for item in some} for some in (old, onto)]
    faults = [{(one.kind, one.name): one for one in some if one.severity == "error"} for some in both]
    for key, one in {**faults[0], **faults[1]}.items():
        fresh = all(key in known for known, there in zip(faults, ids, strict=True) if key[1] in there)
        if fresh and key[0].startswith("pin-") and any(key[1] in conflict.items for conflict in made.conflicts):
            continue  # whoever settles the conflict says what becomes of the pin
        if fresh and key[0] == "pin-lost" and stop is not None and _to_come(made, stop.rest, key[1]):
            continue
        if fresh:
            yield replace(one, severity="warning") if key[0] == "pin-lost" and _left_out(made, work, key[1]) else one
    yield from (one for one in both[0] if one.severity != "error")


def _judged(handle: Handle, commits: tuple[Commit, Commit], ways: Ways, sends: list[Messages]) -> Sequence[Finding]:
    """What a model says of the new order of the items that were there before; in a dry run, what would be sent."""
    sides = [handle.context(one.id).items for one in commits]
    known = frozenset.intersection(*(frozenset(item.id for item in side) for side in sides))
    before, after = ([item for item in side if item.id in known] for side in sides)
    question = order_judge.question(before, after)
    if question is None or ways.asker is None:
        return ()
    if ways.dry_run:
        sends.append(question.messages)
        return (asking.would(handle, ways.asker, sends),)
    asked = asking.Asked()
    return (*order_judge.judge(ways.asker, asked, question), *asked.findings)


def _left_out(made: Replay, work: Work, item: str) -> bool:
    """Whether somebody said that a pin goes: the list leaves out a commit that added the item, or pinned it."""
    return any(_about(made, step, item) for step in work.steps if step.action == "drop")


def _to_come(made: Replay, rest: Work, item: str) -> bool:
    """Whether what is left of the work brings the item, or its pin."""
    return any(_about(made, step, item) for step in rest.steps if step.action != "drop")


def _about(made: Replay, step: Step, item: str) -> bool:
    return any(item == one.id for one in made.handle.commit(step.commit).items)


def _load(plan: Transaction, items: Sequence[Item]) -> None:
    """Read what is only in the plan, which goes."""
    for item in items:
        if plan.objects.get(bytes.fromhex(item.blob), (None,))[0] == BLOB:
            assert item.message is not None
