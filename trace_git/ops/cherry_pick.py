"""cherry-pick: do what some commits did again, here. Author, time and message stay; items keep their ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ..conflicts import Resolution
from ..errors import InvalidInputError, RefusedError, StateError
from ..llm import Given
from ..model import Commit, Item
from ..results import RewriteResult
from ..view import lanes, revisions
from ..view.handle import Handle
from ..view.items import find
from ..view.revisions import Range
from . import carried_out, rebase, replay, resolving, write
from .carried_out import Work
from .todo import Step

Revs = str | Commit | Sequence[str | Commit]
END, START = "end", "start"


def cherry_pick(
    handle: Handle,
    rev: Revs,
    *,
    at: str | int | Item | Commit | None = None,
    mainline: int | None = None,
    strategy: str | None = None,
    resolver: resolving.Resolver | None = None,
    resolutions: Mapping[str, Resolution] | None = None,
    llm: Given = None,
    force: bool = False,
    dry_run: bool = False,
    timestamp: float | datetime | None = None,
) -> RewriteResult:
    """Pick commits onto the bound branch; see ``Repo.cherry_pick``."""
    handle.store.refresh()
    work = planned(handle, rev, at=at, mainline=mainline)
    how = rebase.ways(handle, strategy=strategy, resolver=resolver, resolutions=resolutions, llm=llm, force=force,
                      dry_run=dry_run, timestamp=timestamp)  # fmt: skip
    return carried_out.carry_out(handle, work, how)[0]


def planned(
    handle: Handle, rev: Revs, *, at: str | int | Item | Commit | None = None, mainline: int | None = None
) -> Work:
    """What is to be done. RefusedError for a commit that cannot be picked."""
    write.branch_of(handle)
    tip = handle.head()
    if tip is None:
        raise StateError("no commits yet", hint="trace merge brings all of another branch here")
    if mainline is not None and (isinstance(mainline, bool) or not isinstance(mainline, int)):
        raise InvalidInputError(f"mainline={mainline!r} is no number", field="mainline", hint="1 is the first parent")
    picked = commits(handle, rev)
    for oid in picked:
        commit = handle.commit(oid)
        handle.snapshots.root(commit.tree)  # refuses a commit that is no trace's
        replay.parent(commit, mainline)
        if commit.op == "reorder":
            raise RefusedError(
                f"{replay.named(commit)} put items in another order, which cannot be picked",
                hint="put them in that order here: trace reorder",
            )
    steps = tuple([Step("pick", oid) for oid in picked])
    return Work("cherry-pick", tip, tip, steps, mainline=mainline, anchor=_anchor(handle, tip, at), again=True)


def parts(rev: Revs) -> list[str | Commit]:
    """One or several as a list."""
    if isinstance(rev, str | Commit):
        return [rev]
    if not isinstance(rev, list | tuple):
        raise InvalidInputError(f"{rev!r} is not a revision", field="rev", hint="for example: main, A..B, or a list")
    return list(rev)


def commits(handle: Handle, rev: Revs) -> list[str]:
    """The commits that are meant, in the order in which they are picked: a range from its oldest on."""
    given = parts(rev)
    found: list[str] = []
    for part in given:
        span = revisions.resolve_range(handle, part)
        if span.hidden:
            found += lanes.own(handle, Range(span.tips, span.hidden))
        else:
            found += span.tips
    if not found:
        said = " ".join(part if isinstance(part, str) else part.short_id for part in given)
        raise InvalidInputError(f"{said!r} names no commit", field="rev", hint="A..B is what B has and A has not")
    return list(dict.fromkeys(found))


def _anchor(handle: Handle, tip: str, at: str | int | Item | Commit | None) -> str | None:
    """The item before which the new ones come; None for the end."""
    if at is None or at == END:
        return None
    items = handle.context(tip).items
    if at == START:
        return items[0].id if items else None
    if isinstance(at, int):
        if isinstance(at, bool) or not 0 <= at <= len(items):
            raise InvalidInputError(f"there is no place {at}", field="at", hint=f"0 to {len(items)}, the end")
        return items[at].id if at < len(items) else None
    return find(items, at).id
