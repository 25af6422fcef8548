"""bisect: the first commit, or the first item, after which a check of the context fails. Nothing is changed."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from ..errors import InvalidInputError, StateError, TraceError
from ..model import Commit, Context, Item
from ..results import Bisected
from ..view import bisection, revisions
from ..view.bisection import BAD, GOOD, SKIP, Bisection
from ..view.handle import Handle

Check = Callable[[Context], bool | None | Awaitable[bool | None]]
_ANSWERS = {True: GOOD, False: BAD, None: SKIP}


def bisect(handle: Handle, good: str | Commit | Sequence[str | Commit], bad: str | Commit, check: Check, *,
           items: bool = False) -> Bisected:  # fmt: skip
    """See ``Repo.bisect``."""
    handle.store.refresh()
    bad = revisions.resolve(handle, bad)
    named = [good] if isinstance(good, str | Commit) else good
    goods = [revisions.resolve(handle, one) for one in named]
    return _items(handle, goods, bad, check) if items else _commits(handle, goods, bad, check)


def _commits(handle: Handle, goods: Sequence[str], bad: str, check: Check) -> Bisected:
    suspects = bisection.commits(handle, goods, bad)
    if not suspects:
        raise StateError(f"{bad[:8]} is good and bad", hint="give a good commit before the bad one")
    search = Bisection(suspects)
    tested = _run(search, lambda one: check(handle.context(one)))
    found = search.found
    return Bisected(
        commit=handle.commit(found[0]) if len(found) == 1 else None,
        commits=tuple(map(handle.commit, found)),
        tested=tested,
    )


def _items(handle: Handle, goods: Sequence[str], bad: str, check: Check) -> Bisected:
    """The contexts that are checked are beginnings of the bad one; what it has in common with a good one is good."""
    context = handle.context(bad)
    known = max((_common(context.items, handle.context(one).items) for one in goods), default=0)
    suspects = context.items[known:]
    if not suspects:
        raise StateError("all items are in the good context", hint="give an earlier good commit, or look for a commit")
    ids = [one.id for one in suspects]
    search = Bisection({one: ids[max(at - 1, 0) : at] for at, one in enumerate(ids)})

    def beginning(one: str) -> Context:
        many = known + ids.index(one) + 1
        kept = context.items[:many]
        tokens = handle.counter.total(map(handle.contexts.count, kept)) if handle.counter else context.tokens
        return Context(context.commit, kept, tokens, context.tools)

    tested = _run(search, lambda one: check(beginning(one)))
    by_id = {one.id: one for one in suspects}
    found = tuple(by_id[one] for one in search.found)
    return Bisected(item=found[0] if len(found) == 1 else None, items=found, tested=tested)


def _common(mine: Sequence[Item], theirs: Sequence[Item]) -> int:
    """How many items both begin with, in the same versions."""
    same = 0
    while same < min(len(mine), len(theirs)) and (mine[same].id, mine[same].blob) == (
        theirs[same].id,
        theirs[same].blob,
    ):
        same += 1
    return same


def _run(search: Bisection, ask: Callable[[str], Any]) -> tuple[tuple[str, str], ...]:
    """What was asked about, and what the answers were, in order."""
    tested: list[tuple[str, str]] = []
    while (suspect := search.next) is not None:
        answer = _answer(ask, suspect)
        search.tell(suspect, answer)
        tested.append((suspect, answer))
    return tuple(tested)


def _answer(ask: Callable[[str], Any], suspect: str) -> str:
    try:
        said = ask(suspect)
        if inspect.isawaitable(said):
            said = asyncio.run(_awaited(said))
        return SKIP if said is None else _ANSWERS[bool(said)]
    except TraceError:
        raise
    except Exception as error:  # a user's code may raise anything; what leaves here is ours
        raise InvalidInputError(
            f"the check failed on {suspect[:8]}: {type(error).__name__}: {error}",
            field="check",
            hint="return True for good, False for bad, None when that cannot be said",
        ) from error


async def _awaited(said: Awaitable[Any]) -> Any:
    return await said
