"""bisect: the first commit, or the first item, after which a check of the context fails. Nothing is changed."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..answers import Bisected
from ..errors import InvalidInputError, StateError, TraceError
from ..model import Commit, Context, Item
from ..view import bisection, revisions
from ..view.bisection import BAD, GOOD, SKIP, Bisection
from ..view.handle import Handle

Check = Callable[[Context], bool | Awaitable[bool | None] | None]
_ANSWERS = {True: GOOD, False: BAD, None: SKIP}


def bisect(handle: Handle, good: str | Commit | Sequence[str | Commit], bad: str | Commit, check: Check, *,
           items: bool = False) -> Bisected:  # fmt: skip
    """See ``Repo.bisect``."""
    handle.store.refresh()
    named = [good] if isinstance(good, str | Commit) else good
    goods = [revisions.resolve(handle, one) for one in named]
    suspects = begin(handle, goods, revisions.resolve(handle, bad), items=items)
    tested: list[tuple[str, str]] = []
    while (suspect := suspects.search.next) is not None:
        answer = _answer(check, suspects.context(suspect), suspect)
        suspects.search.tell(suspect, answer)
        tested.append((suspect, answer))
    return suspects.result(tuple(tested))


def begin(handle: Handle, goods: Sequence[str], bad: str, *, items: bool) -> Suspects:
    """What is suspected when these commits are known to be good, and one to be bad; ids of 40 hex."""
    if not goods:
        raise InvalidInputError("no good commit is given", field="good", hint="name one at which all was well")
    if not items:
        before = bisection.commits(handle, goods, bad)
        if not before:
            raise StateError(f"{bad[:8]} is good and bad", hint="give a good commit before the bad one")
        return Suspects(handle, Bisection(before))
    context = handle.context(bad)
    known = max(_common(context.items, handle.context(one).items) for one in goods)
    ids = [one.id for one in context.items[known:]]
    if not ids:
        raise StateError("all items are in the good context", hint="give an earlier good commit, or look for a commit")
    search = Bisection({one: ids[max(at - 1, 0) : at] for at, one in enumerate(ids)})
    return Suspects(handle, search, context, {one: known + at + 1 for at, one in enumerate(ids)})


@dataclass(frozen=True)
class Suspects:
    """Commits, or the items of the bad context ``whole``: ``ends`` says how many of its items a beginning has."""

    handle: Handle
    search: Bisection
    whole: Context | None = None
    ends: dict[str, int] | None = None

    def context(self, suspect: str) -> Context:
        """What is to be checked: the context at a commit, or the bad one up to an item."""
        if self.whole is None or self.ends is None:
            return self.handle.context(suspect)
        kept = self.whole.items[: self.ends[suspect]]
        count = self.handle.contexts.count
        tokens = self.handle.counter.total(map(count, kept)) if self.handle.counter else self.whole.tokens
        return Context(self.whole.commit, kept, tokens, self.whole.tools)

    def result(self, tested: tuple[tuple[str, str], ...] = ()) -> Bisected:
        found = self.search.found
        if self.whole is None:
            commits = tuple(map(self.handle.commit, found))
            return Bisected(commit=commits[0] if len(commits) == 1 else None, commits=commits, tested=tested)
        by_id = {one.id: one for one in self.whole.items}
        items = tuple(by_id[one] for one in found)
        return Bisected(item=items[0] if len(items) == 1 else None, items=items, tested=tested)


def _common(mine: Sequence[Item], theirs: Sequence[Item]) -> int:
    """How many items both begin with, in the same versions."""
    pairs = enumerate(zip(mine, theirs, strict=False))
    differs = (at for at, (one, other) in pairs if (one.id, one.blob) != (other.id, other.blob))
    return next(differs, min(len(mine), len(theirs)))


def _answer(check: Check, context: Context, suspect: str) -> str:
    try:
        said: Any = check(context)
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
