"""Walks: commits from some revisions back, filtered and ordered. Order comes from the graph; clocks only break ties.

What a revision means is in ``revisions``; how much of a history has to be read is decided in ``ancestry``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import count, islice
from typing import NamedTuple

from ..errors import InvalidInputError
from ..message import ROLES
from ..model import Commit
from ..store import format
from ..store.links import Links
from ..store.trees import Folder
from . import names
from .ancestry import children, pieces, reached
from .handle import Handle
from .revisions import Range, Revision, resolve_range

ORDERS = ("topo", "date")


class Step(NamedTuple):
    """One commit of a walk with those of its parents that the walk does not leave out."""

    id: str
    parents: tuple[str, ...]


def log(
    handle: Handle,
    rev: Revision | Sequence[Revision] = "HEAD",
    *,
    limit: int | None = None,
    all: bool = False,
    grep: str | None = None,
    role: str | None = None,
    order: str = "topo",
) -> Iterator[Commit]:
    """Commits, children before parents, each once; see ``Repo.log``. Nothing on a branch without commits.

    Bad input is refused at the call. A linear history is read as it is asked for, and so is what is behind the
    commit where side by side lines meet.
    """
    check_limit(limit)
    matches = matcher(handle, grep=grep, role=role)
    steps = walk(handle, span(handle, rev, all=all), order=order)
    return islice(filter(matches, (handle.commit(step.id) for step in steps)), limit)


def check_limit(limit: int | None) -> None:
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit <= sys.maxsize):
        raise InvalidInputError(f"limit {limit!r} is not a number of commits", field="limit", hint="give 0 or more")


def matcher(handle: Handle, *, grep: str | None, role: str | None) -> Callable[[Commit], bool]:
    """Whether a commit's message has ``grep``, line by line, and whether it is about a message of ``role``."""
    expression = None
    if grep is not None:
        from . import pattern  # costs start-up time

        expression = pattern.compiled(grep, field="grep", flags=re.MULTILINE)
    if role is not None and role not in ROLES:
        raise InvalidInputError(f"role {role!r} is unknown", field="role", hint=f"one of {', '.join(ROLES)}")
    author = f"{role}@trace"

    def matches(commit: Commit) -> bool:
        if expression is not None and not expression.search(commit.message):
            return False
        return role is None or commit.author.email == author or role in _roles(handle, commit)

    return matches


def _roles(handle: Handle, commit: Commit) -> set[str]:
    """The roles of what is in ``commit.items``. Reads few names and no message: a filter asks this of every commit."""
    parents = handle.store.links(commit.id).parents
    root, before = _root(handle, commit.id), _root(handle, parents[0]) if parents else {}
    now, then = ({one[format.MESSAGES + b"/"]} if format.MESSAGES + b"/" in one else set() for one in (root, before))
    for _ in range(3):  # two levels of folders, then files
        now, then = _inside(handle, now - then), _inside(handle, then - now)
    if now - then:
        names = [raw[raw.index(b" ") + 1 : raw.index(b"\0")] for raw in now - then]
        return {format.parse_name(name).role for name in names}
    pins = format.PINS + b"/"
    return {item.role for item in commit.items} if root.get(pins) != before.get(pins) else set()


def _root(handle: Handle, commit: str) -> Folder:
    return handle.store.tree(bytes.fromhex(handle.store.commit(commit).tree))


def _inside(handle: Handle, folders: set[bytes]) -> set[bytes]:
    """The entries of some folders, which are entries themselves."""
    return {raw for folder in folders for raw in handle.store.tree(folder[-20:]).values()}


def span(handle: Handle, rev: Revision | Sequence[Revision], *, all: bool) -> Range:
    """The range that ``rev`` means; empty for a HEAD without commits. ``all`` adds every branch, every tag and HEAD."""
    alone = isinstance(rev, str) and rev in ("HEAD", "@")
    found = Range(()) if alone and handle.head() is None else resolve_range(handle, rev)
    return Range((*found.tips, *names.tips(handle)), found.hidden) if all else found


def walk(handle: Handle, span: Range, *, order: str = "topo", read: dict[str, Links] | None = None) -> Iterator[Step]:
    """The commits of a range. "topo" follows one line to its end where it can, "date" takes the youngest that is ready.

    Both are git's orders of these names, to the commit. ``read`` gets all that had to be read for it, by commit, what
    the range hides included.
    """
    if order not in ORDERS:
        raise InvalidInputError(f"order {order!r} is unknown", field="order", hint=f"one of {', '.join(ORDERS)}")
    return _walk(handle, span, order, read)


def _walk(handle: Handle, span: Range, order: str, read: dict[str, Links] | None) -> Iterator[Step]:
    tips, hidden = tuple(dict.fromkeys(span.tips)), set(span.hidden)
    for piece in pieces(handle.store, (*tips, *span.hidden), remember=True):
        commits = piece.commits
        if read is not None:
            read.update(commits)
        if hidden:
            hidden = reached(commits, hidden)
            commits = {oid: links for oid, links in commits.items() if oid not in hidden}
        yield from _steps(commits, tips, hidden, order)
        if piece.error:
            raise piece.error
        if piece.rest is None or piece.rest in hidden:
            return
        tips, hidden = (piece.rest,), set()


def _steps(commits: Mapping[str, Links], tips: Sequence[str], hidden: set[str], order: str) -> Iterator[Step]:
    """One piece in order. What is hidden has nothing in front of it that is not, so it need not be looked at."""
    waits, numbers = children(commits), count()
    by_date = order == "date"

    def rank(oid: str) -> tuple[int, int]:
        """The lowest comes first: the youngest, or what became ready last."""
        return (-commits[oid].timestamp, next(numbers)) if by_date else (0, -next(numbers))

    starts = sorted((tip for tip in tips if waits.get(tip) == 0), key=lambda oid: -commits[oid].timestamp)
    ready = [(rank(tip), tip) for tip in (starts if by_date else reversed(starts))]
    heapify(ready)
    while ready:
        _, oid = heappop(ready)
        parents = tuple([parent for parent in dict.fromkeys(commits[oid].parents) if parent not in hidden])
        yield Step(oid, parents)
        for parent in parents:
            waits[parent] -= 1
            if not waits[parent] and parent in commits:
                heappush(ready, (rank(parent), parent))
