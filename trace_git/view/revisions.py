"""Revisions as git writes them: a name, then places in its reflog, steps to parents, searches; and ranges of these.

The grammar is gitrevisions(7) as far as it names commits. Walks over what was named are in ``history``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import count
from typing import NamedTuple

from ..errors import InvalidInputError, NotFoundError
from ..model import Commit
from . import ancestry, names
from .handle import Handle
from .names import shown

Revision = str | Commit

_BASE = re.compile(r"((?:(?!@\{)[^~^:])*)(?:@\{([^}]*)\})?")
_STEP = re.compile(r"~(?P<up>\d*)|\^\{(?P<peel>/.*?|\w*)\}(?=[~^]|\Z)|\^(?P<parent>\d*)(?!\{)", re.DOTALL | re.ASCII)
_DOTS = re.compile(r"\{[^}]*\}|(?P<dots>\.{2,3})")
_MOST = 10**9
_HINT = "for example: main, HEAD~2, 1a2b3c4d, main@{1}, :/text"


class Range(NamedTuple):
    """The commits that are reachable from ``tips`` and from none of ``hidden``; both are commit ids."""

    tips: tuple[str, ...]
    hidden: tuple[str, ...] = ()


def resolve(handle: Handle, rev: Revision) -> str:
    """The commit id that ``rev`` means.

    NotFoundError with near names; AmbiguousRevisionError listing what a prefix may mean;
    InvalidInputError when it is no revision at all.
    """
    if isinstance(rev, Commit):
        return rev.id
    if not isinstance(rev, str):
        raise InvalidInputError(f"{rev!r} is not a revision", field="rev", hint=_HINT)
    if rev.startswith(":/"):
        return _search(handle, reversed(names.tips(handle)), rev[2:], rev)
    base = _BASE.match(rev)
    assert base is not None  # it may match nothing
    name, place = base.groups()
    steps = list(_steps(rev, base.end()))
    if not name and place is None:
        raise InvalidInputError(f"{shown(rev)} is not a revision", field="rev", hint=_HINT)
    commit = names.named(handle, name) if place is None else _from_log(handle, name, place)
    for step in steps:
        commit = _step(handle, rev, commit, step)
    return commit


def _from_log(handle: Handle, name: str, place: str) -> str:
    from . import reflogs  # costs start-up time, as the others below, and is seldom needed

    return reflogs.at(handle, name, place)


def _steps(rev: str, at: int) -> Iterator[re.Match[str]]:
    while at < len(rev):
        match = _STEP.match(rev, at)
        if match is None:
            hint = "a message is REV:ITEM in `trace show`" if rev[at] == ":" else "~n, ^n, @{n} or ^{/text} may follow"
            raise InvalidInputError(f"{shown(rev)} is not a revision", field="rev", hint=hint)
        yield match
        at = match.end()


def _step(handle: Handle, rev: str, commit: str, step: re.Match[str]) -> str:
    text = step["peel"]
    if text is None:
        digits = step["up"] if step["up"] is not None else step["parent"]
        number = min(int(digits.lstrip("0")[:10] or 0), _MOST) if digits else 1
        return (_parent if step["up"] is None else _back)(handle, rev, commit, number)
    if text.startswith("/"):
        return _search(handle, [commit], text[1:], rev) if text != "/" else commit
    if text not in ("", "commit", "object"):
        raise InvalidInputError(f"{shown(rev)} is not a commit", field="rev", hint="^{commit} and ^{/text} are known")
    return commit


def _parent(handle: Handle, rev: str, commit: str, which: int) -> str:
    if which == 0:
        return commit
    parents = handle.store.links(commit).parents
    if which > len(parents):
        number = "one parent" if len(parents) == 1 else f"{len(parents)} parents"
        raise NotFoundError(f"{shown(rev)}: commit {commit[:8]} has {number}", hint="`trace log` shows the history")
    return parents[which - 1]


def _back(handle: Handle, rev: str, commit: str, steps: int) -> str:
    for done in range(steps):
        parents = handle.store.links(commit).parents
        if not parents:
            far = f"{done} commit{'' if done == 1 else 's'} before" if done else "there"
            raise NotFoundError(f"{shown(rev)}: the history ends {far}", hint=f"its first commit is {commit[:8]}")
        commit = parents[0]
    return commit


def _search(handle: Handle, starts: Iterable[str], text: str, rev: str) -> str:
    """The youngest commit from ``starts`` back whose message matches; ``!-text`` one that does not, ``!!`` means !."""
    wanted = not text.startswith("!-")
    if text.startswith("!"):
        if text[1:2] not in ("-", "!"):
            raise InvalidInputError(f"{shown(rev)}: ! is reserved", field="rev", hint="!- negates, !! is a plain !")
        text = text[1:] if wanted else text[2:]
    if not text:
        raise InvalidInputError(f"{shown(rev)} searches for nothing", field="rev", hint=_HINT)
    from . import pattern

    expression = pattern.compiled(text, field="rev")
    for oid in _by_time(handle, starts):
        if bool(expression.search(handle.store.commit(oid).message)) is wanted:
            return oid
    raise NotFoundError(f"{shown(rev)}: no such commit message", hint="case counts; (?i) in front ignores it")


def _by_time(handle: Handle, starts: Iterable[str]) -> Iterator[str]:
    """Every commit from ``starts`` back, the youngest of those that were met first, as git searches."""
    numbers, met = count(), dict.fromkeys(starts)
    heap = [(-handle.store.commit(oid).timestamp, next(numbers), oid) for oid in met]
    heapify(heap)
    while heap:
        oid = heappop(heap)[2]
        yield oid
        for parent in handle.store.links(oid).parents:
            if parent not in met:
                met[parent] = None
                heappush(heap, (-handle.store.commit(parent).timestamp, next(numbers), parent))


def resolve_range(handle: Handle, text: Revision | Sequence[Revision]) -> Range:
    """``A..B``, ``A...B``, ``B``, ``^A``, or a list of such; a side left out is HEAD. Errors as in ``resolve``."""
    if isinstance(text, str | Commit):
        return _one_range(handle, text)
    if not isinstance(text, Sequence) or not text:
        raise InvalidInputError(f"{text!r} is not a range of revisions", field="rev", hint="give A..B, or a list")
    parts = [_one_range(handle, one) for one in text]
    return Range(
        tuple(dict.fromkeys(oid for part in parts for oid in part.tips)),
        tuple(dict.fromkeys(oid for part in parts for oid in part.hidden)),
    )


def _one_range(handle: Handle, text: Revision) -> Range:
    if isinstance(text, str) and text.startswith("^"):
        return Range((), (resolve(handle, text[1:]),))
    split = _split(text) if isinstance(text, str) else None
    if split is None:
        return Range((resolve(handle, text),))
    left, dots, right = split
    if not left and not right:
        raise InvalidInputError(f"{text!r} is not a range", field="rev", hint="give A..B, A.. or ..B")
    old, new = resolve(handle, left or "HEAD"), resolve(handle, right or "HEAD")
    if dots == "..":
        return Range((new,), (old,))
    return Range(tuple(dict.fromkeys((old, new))), ancestry.merge_bases(handle, old, new))


def _split(text: str) -> tuple[str, str, str] | None:
    """The two sides and the dots between them; dots inside braces or in a ``:/`` search separate nothing."""
    if text.startswith(":/"):
        return None
    dots = next((match for match in _DOTS.finditer(text) if match["dots"]), None)
    return (text[: dots.start()], dots["dots"], text[dots.end() :]) if dots else None
