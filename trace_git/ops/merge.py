"""merge: bring what another line of history has into this one.

    up to date      theirs is behind ours: nothing is written
    fast-forward    ours is behind theirs: the branch moves
    merge           a commit with two parents: ours in order, then what is new in theirs, in whole turns

What is in dispute goes through a chain: the resolutions given, the strategy, the caller's function. What is left after
that raises MergeConflictError, and nothing moved. See ``view.merging`` for what is compared, ``conflicts`` for answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..conflicts import TOOLS, Conflict, Resolution
from ..errors import (
    InvalidInputError,
    MergeConflictError,
    NotFoundError,
    RefusedError,
    StateError,
    TraceError,
    UnsafeRewriteError,
)
from ..model import Author, Commit, Item, Message, TokenCount
from ..results import Finding, MergeResult, Receipt
from ..store import codec, format, keys
from ..store.format import Place
from ..store.snapshot import Draft, Entry
from ..store.transaction import Transaction
from ..view import ancestry, groups, receipt, revisions
from ..view.handle import Handle
from ..view.merging import bases, sides
from ..view.merging.plan import Merging, Plan
from ..view.merging.sides import GONE, LIVE
from . import pins, resolving, write

STRATEGIES = ("ours", "theirs", "union")
Resolver = Callable[[Conflict], Resolution | None]
_FF = (None, "only", "never")


def merge(
    handle: Handle,
    other: str | Commit,
    *,
    strategy: str | None = None,
    resolver: Resolver | None = None,
    resolutions: Mapping[str, Resolution] | None = None,
    ff: str | None = None,
    unrelated: bool = False,
    dry_run: bool = False,
    message: str | None = None,
    timestamp: float | datetime | None = None,
) -> MergeResult:
    """Merge ``other`` into the bound branch; see ``Repo.merge``."""
    if strategy is not None and strategy not in STRATEGIES:
        raise InvalidInputError(f"strategy {strategy!r} is unknown", field="strategy", hint="ours, theirs or union")
    branch = write.branch_of(handle)
    theirs = revisions.resolve(handle, other)
    with handle.store.transaction("merge", [branch], spaces=(handle.namespace,)) as transaction:
        tip = transaction.ref(branch)
        if tip is None or ancestry.is_ancestor(handle, tip, theirs):
            return _forward(handle, transaction, branch, tip, theirs, ff=ff, dry_run=dry_run)
        if ancestry.is_ancestor(handle, theirs, tip):
            return MergeResult("up-to-date", handle.commit(tip), (), (), _same(handle, tip))
        if ff == "only":
            raise StateError("the branches have diverged: not a fast-forward", hint="leave --ff-only out to merge")
        found = _Merge(handle, tip, theirs, unrelated=unrelated)
        answers = resolving.answered(found.merging.conflicts, resolutions or {}, strategy, resolver)
        plan = found.merging.settled(answers)
        ...
