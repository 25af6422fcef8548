"""Finding commits: revisions as git writes them, and walks along first parents or the whole graph.

Order comes from the graph, never from clocks.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from ..errors import AmbiguousRevisionError, InvalidInputError, NotFoundError
from ..model import Commit
from .handle import Handle

_STEP = re.compile(r"([~^])(\d*)")
_HEX = re.compile(r"[0-9a-f]{4,40}\Z")
_SHORT_HEX = re.compile(r"[0-9a-f]{1,3}\Z")
_LONGEST = 255  # bytes that a file name may have
_PLACES = ("refs/heads/", "refs/tags/", "refs/remotes/", "refs/", "")


def resolve(handle: Handle, rev: str | Commit) -> str:
    """The commit id that ``rev`` means: HEAD, @, a branch, a tag, 4 to 40 hex, each with ``~n`` and ``^n``.

    NotFoundError with near names; AmbiguousRevisionError listing what a prefix may mean;
    InvalidInputError when it is no revision at all.
    """
    if isinstance(rev, Commit):
        return rev.id
    if not isinstance(rev, str) or not rev:
        raise InvalidInputError(f"{rev!r} is not a revision", hint="give a branch, a commit id, or HEAD~2")
    start = re.split(r"[~^]", rev, maxsplit=1)[0] or "HEAD"
    steps = rev[len(start) :] if rev.startswith(start) else rev
    if _STEP.sub("", steps):
        raise InvalidInputError(f"{rev!r} is not a revision", hint="after the name only ~n and ^n may follow")
    commit = _named(handle, start)
    for kind, digits in _STEP.findall(steps):
        commit = _step(handle, rev, commit, kind, int(digits.lstrip("0")[:9] or 0) if digits else 1)
    return commit


def _step(handle: Handle, rev: str, commit: str, kind: str, count: int) -> str:
    if kind == "^":
        parents = handle.store.commit(commit).parents
        if count == 0:
            return commit
        if count > len(parents):
            raise NotFoundError(
                f"{rev}: commit {commit[:8]} has {len(parents)} parents", hint="`trace log` shows the history"
            )
        return parents[count - 1]
    for done in range(count):
        parents = handle.store.commit(commit).parents
        if not parents:
            raise NotFoundError(f"{rev}: the history ends {done} commits before", hint="`trace log` shows the history")
        commit = parents[0]
    return commit


def _named(handle: Handle, name: str) -> str:
    if name in ("HEAD", "@"):
        head = handle.head()
        if head is None:
            raise NotFoundError("no commits yet", hint="`trace commit TEXT` or `trace import FILE` makes the first")
        return head
    for place in _PLACES:
        value = handle.ref_commit(place + name) if _is_ref_name(place + name) else None
        if value is not None:
            return value
    if _SHORT_HEX.match(name):
        raise InvalidInputError(f"{name!r} is too short for a commit id", hint="give at least 4 hex digits")
    if _HEX.match(name):
        return _by_prefix(handle, name)
    raise _unknown(handle, name)


def _is_ref_name(name: str) -> bool:
    fits = all(len(part.encode("utf-8", "replace")) <= _LONGEST for part in name.split("/"))
    return (
        name.startswith("refs/")
        and ".." not in name
        and not name.endswith((".lock", "/"))
        and name.isprintable()
        and fits
    )


def _by_prefix(handle: Handle, prefix: str) -> str:
    found = sorted(oid for oid in handle.store.with_prefix(prefix) if handle.store.is_commit(oid))
    if len(found) > 1:
        raise AmbiguousRevisionError(
            f"{prefix!r} is the beginning of {len(found)} commits",
            candidates=found,
            hint="one of: " + " ".join(found[:8]),
        )
    if not found:
        raise _unknown(handle, prefix)
    return found[0]


def _unknown(handle: Handle, name: str) -> NotFoundError:
    refs = handle.store.ref_names(skip_bad=True)
    names = [ref.removeprefix("refs/heads/").removeprefix("refs/tags/") for ref in refs]
    near = difflib.get_close_matches(name, names, n=3)
    hint = (
        f"did you mean {' or '.join(near)}?"
        if near
        else "`trace log` lists commits, `git branch` in the trace branches"
    )
    return NotFoundError(f"unknown revision {name!r}", hint=hint)


def log(handle: Handle, start: str, *, limit: int | None = None) -> Iterator[Commit]:
    """Commits from ``start`` back, children before parents, each once. A linear history is read as it is asked for."""
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise InvalidInputError(f"limit {limit!r} is not a number of commits", field="limit", hint="give 0 or more")
    return islice(_walk(handle, start), limit)


def _walk(handle: Handle, start: str) -> Iterator[Commit]:
    commit = handle.commit(start)
    while len(commit.parents) == 1:
        yield commit
        commit = handle.commit(commit.parents[0])
    yield commit
    if commit.parents:
        yield from _graph(handle, commit)


def _graph(handle: Handle, merge: Commit) -> Iterator[Commit]:
    """What lies behind a merge, in topological order: a commit comes when all its children have."""
    waits = _children(handle, merge)
    ready = [merge]
    while ready:
        commit = ready.pop()
        if commit is not merge:
            yield commit
        for parent in reversed(commit.parents):
            waits[parent] -= 1
            if waits[parent] == 0:
                ready.append(handle.commit(parent))


def _children(handle: Handle, start: Commit) -> dict[str, int]:
    """How many children each ancestor of ``start`` has among its descendants from ``start`` on."""
    counts: dict[str, int] = {}
    todo = list(start.parents)
    counts.update(Counter(start.parents))
    seen = set(todo)
    while todo:
        for parent in handle.store.commit(todo.pop()).parents:
            counts[parent] = counts.get(parent, 0) + 1
            if parent not in seen:
                seen.add(parent)
                todo.append(parent)
    return counts
