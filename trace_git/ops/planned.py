"""A dry run: what would come of a verb, and what that would mean for a prompt cache. Nothing is locked or written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..errors import StateError
from ..model import Commit, Item
from ..results import RewriteResult
from ..view import receipt
from ..view.handle import Handle
from . import write


def tip(handle: Handle, *, message: str | None = None, timestamp: float | datetime | None = None) -> str | None:
    """The commit that a verb would begin with; StateError where the verb would be refused, and InvalidInputError for a
    message or a time that its commit could not have."""
    write.check_said(message, timestamp)
    branch = write.branch_of(handle)
    handle.store.refresh()
    return handle.ref_commit(branch)


def parent(handle: Handle, tip: str | None) -> Commit:
    """The commit at ``tip``, for a verb that needs one; StateError on a branch without commits."""
    if tip is None:
        raise StateError("no commits yet", hint="commit something first")
    return handle.commit(tip)


def result(
    handle: Handle,
    tip: Commit | None,
    after: Sequence[Item],
    *,
    tools: Sequence[Mapping[str, Any]] | None = None,
    changed: bool = True,
) -> RewriteResult:
    """The answer of a dry run after which the context would be ``after``, with other ``tools`` if any are given.

    One that would change nothing has the present commit, as the verb would.
    """
    told = receipt.forecast(handle, tip, after, tools=tools)
    return RewriteResult(None if changed else tip, (), told, tuple(after))
