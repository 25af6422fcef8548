"""rebase: do what a branch did since it left another one again, on top of that one.

    A---B---C  topic                 A'--B'--C'  topic
   /                      becomes   /
  D---E---F  main          D---E---F  main

The commits are those of git's ``upstream..HEAD``, in its order; merges are left out, and said so, unless they are to be
made again. What is in ``onto`` already is skipped. All of it is one operation; the old tip is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ..conflicts import Resolution
from ..errors import InvalidInputError, RefusedError, StateError
from ..llm import Given
from ..model import Commit
from ..results import Finding, RewriteResult
from ..view import lanes, revisions
from ..view.handle import Handle
from ..view.revisions import Range
from . import asking, carried_out, deciding, replay, resolving, todo, write
from .carried_out import How, Work
from .todo import Step

Todo = str | Sequence[tuple[str, str | Commit]]


def rebase(
    handle: Handle,
    upstream: str | Commit,
    *,
    onto: str | Commit | None = None,
    steps: Todo | None = None,
    merges: bool = False,
    strategy: str | None = None,
    resolver: resolving.Resolver | None = None,
    resolutions: Mapping[str, Resolution] | None = None,
    llm: Given = None,
    force: bool = False,
    dry_run: bool = False,
    timestamp: float | datetime | None = None,
) -> RewriteResult:
    """Rebase the bound branch; see ``Repo.rebase``."""
    handle.store.refresh()
    work = planned(handle, upstream, onto=onto, steps=steps, merges=merges)
    if any(step.action == "edit" for step in work.steps):
        raise InvalidInputError(
            "a step says edit, which stops for somebody to change something",
            field="todo",
            hint="rebase, then edit; or use the command line: trace rebase -i",
        )
    how = ways(handle, strategy=strategy, resolver=resolver, resolutions=resolutions, llm=llm, force=force,
               dry_run=dry_run, timestamp=timestamp)  # fmt: skip
    return carried_out.carry_out(handle, work, how)[0]


def ways(
    handle: Handle,
    *,
    strategy: str | None = None,
    resolver: resolving.Resolver | None = None,
    resolutions: Mapping[str, Resolution] | None = None,
    llm: Given = None,
    force: bool = False,
    dry_run: bool = False,
    timestamp: float | datetime | None = None,
    asked: Mapping[str, str] | None = None,
) -> How:
    """How a call is to do its work."""
    check_strategy(strategy)
    asker = asking.asker(handle, llm)
    chain = deciding.Ways(resolutions or {}, strategy, resolver, asker, dry_run=dry_run, asked=asked or {})
    return How(chain, force, write.seconds(timestamp))


def check_strategy(strategy: str | None) -> None:
    """InvalidInputError for one that there is not."""
    known = ("ours", "theirs", "union")
    if strategy is not None and strategy not in known:
        raise InvalidInputError(
            f"strategy {strategy!r} is unknown", field="strategy", hint=f"one of: {', '.join(known)}"
        )


def planned(
    handle: Handle,
    upstream: str | Commit,
    *,
    onto: str | Commit | None = None,
    steps: Todo | None = None,
    merges: bool = False,
) -> Work:
    """What is to be done; nothing but names is looked at."""
    branch, tip = write.branch_of(handle), handle.head()
    if tip is None:
        raise StateError("no commits yet", hint=f"trace merge {upstream} brings all of it here")
    above = revisions.resolve(handle, upstream)
    start = above if onto is None else revisions.resolve(handle, onto)
    handle.snapshots.root(handle.commit(start).tree)  # refuses a commit that is no trace's
    if steps is not None and merges:
        raise InvalidInputError(
            "a list of steps and merges that are made again exclude each other", field="rebase_merges",
            hint="rebase with one of them, then with the other",
        )  # fmt: skip
    every = lanes.own(handle, Range((tip,), (above,)))
    _check_begin(handle, every, start)
    many = [oid for oid in every if len(lanes.line(handle, oid)) > 1]
    forks = lanes.bases(handle, above, tip) if merges else ()
    work = Work("rebase", tip, start, _steps(handle, every, many, steps, merges), merges, forks)
    if not many or merges:
        return work
    name = branch.rpartition("refs/heads/")[2]
    count = f"{len(many)} merge{'' if len(many) == 1 else 's'}"
    text = f"{count} of {name} will be left out, and all commits put in one line; --rebase-merges makes them again"
    finding = Finding("merges", many[0], text, severity="warning")
    return Work("rebase", tip, start, work.steps, findings=(finding,))


def _check_begin(handle: Handle, every: Sequence[str], start: str) -> None:
    """RefusedError for an agent that began with a context of its own and would be put behind another one."""
    for oid in every:
        commit = handle.commit(oid) if handle.store.links(oid).agent else None
        if commit and lanes.is_boundary(commit.trailers) and not lanes.begins_other(handle, commit.trailers):
            raise RefusedError(
                f"agent {handle.namespace} began with a context of its own, in {replay.named(commit)}, which cannot go"
                f" on {start[:8]}",
                hint="bring the other history here: trace merge --allow-unrelated",
            )


def picked(handle: Handle, upstream: str | Commit) -> list[Commit]:
    """The commits that a rebase would do again, for a list to choose from."""
    tip = handle.head()
    above = revisions.resolve(handle, upstream)
    found = lanes.own(handle, Range((tip,), (above,))) if tip is not None else []
    return [handle.commit(oid) for oid in found if len(lanes.line(handle, oid)) < 2]


def _steps(
    handle: Handle, every: Sequence[str], many: Sequence[str], steps: Todo | None, merges: bool
) -> tuple[Step, ...]:
    if steps is None:
        left_out = () if merges else frozenset(many)
        return tuple([Step("merge" if oid in many else "pick", oid) for oid in every if oid not in left_out])
    if isinstance(steps, str):
        found = todo.parse(steps, lambda name: revisions.resolve(handle, name))
    else:
        found = todo.steps(steps, lambda rev: revisions.resolve(handle, rev))
    named = {step.commit for step in found}
    unsaid = [Step("drop", oid) for oid in every if oid not in named and oid not in many]
    return (*unsaid, *found)
