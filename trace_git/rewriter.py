"""The rewriting half of the front door: verbs that change what is sent, each with a dry run. No logic; see ``repo``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from . import ops
from .model import Commit, Item
from .reader import Reader

if TYPE_CHECKING:
    from datetime import datetime

    from .conflicts import Conflict, Resolution
    from .llm import Given
    from .results import RewriteResult

    Which = str | Item | Commit
    Time = float | datetime | None
    Tools = Sequence[Mapping[str, Any]] | None


class Rewriter(Reader):
    """Verbs that change items which are there.

    With ``dry_run=True`` each answers a RewriteResult, with the receipt of what it would do to a prompt cache, and
    nothing is locked, written or logged. It refuses what the verb would refuse.
    """

    @overload
    def edit(self, item: Which, content: Any, *, force: bool = ..., message: str | None = ...,
             timestamp: Time = ..., dry_run: Literal[False] = ...) -> Commit: ...  # fmt: skip
    @overload
    def edit(self, item: Which, content: Any, *, force: bool = ..., message: str | None = ...,
             timestamp: Time = ..., dry_run: Literal[True]) -> RewriteResult: ...  # fmt: skip
    @overload
    def edit(self, item: Which, content: Any, *, force: bool = ..., message: str | None = ...,
             timestamp: Time = ..., dry_run: bool) -> Commit | RewriteResult: ...  # fmt: skip
    def edit(self, item: Which, content: Any, *, force: bool = False, message: str | None = None,
             timestamp: Time = None, dry_run: bool = False) -> Commit | RewriteResult:  # fmt: skip
        """Give an item new content; id and place stay. A text replaces the content; a dict the message.

        RefusedError for a pinned item unless ``force``. AmbiguousRevisionError for a commit with several items.
        """
        if dry_run:
            return ops.edit.dry_run(self._handle, item, content, force=force)
        return ops.edit.edit(self._handle, item, content, force=force, message=message, timestamp=timestamp)

    @overload
    def drop(self, item: Which, *, message: str | None = ..., timestamp: Time = ...,
             dry_run: Literal[False] = ...) -> Commit: ...  # fmt: skip
    @overload
    def drop(self, item: Which, *, message: str | None = ..., timestamp: Time = ...,
             dry_run: Literal[True]) -> RewriteResult: ...  # fmt: skip
    @overload
    def drop(self, item: Which, *, message: str | None = ..., timestamp: Time = ...,
             dry_run: bool) -> Commit | RewriteResult: ...  # fmt: skip
    def drop(self, item: Which, *, message: str | None = None, timestamp: Time = None,
             dry_run: bool = False) -> Commit | RewriteResult:  # fmt: skip
        """Take an item, with its tool group, out of the context; the history keeps it.

        RefusedError for a pinned one.
        """
        if dry_run:
            return ops.drop.dry_run(self._handle, item)
        return ops.drop.drop(self._handle, item, message=message, timestamp=timestamp)

    @overload
    def set_tools(self, definitions: Tools, *, dry_run: Literal[False] = ...) -> Commit | None: ...
    @overload
    def set_tools(self, definitions: Tools, *, dry_run: Literal[True]) -> RewriteResult: ...
    @overload
    def set_tools(self, definitions: Tools, *, dry_run: bool) -> Commit | RewriteResult | None: ...
    def set_tools(self, definitions: Tools, *, dry_run: bool = False) -> Commit | RewriteResult | None:
        """Commit the tool definitions that go with the context from here on; None or [] takes them away."""
        if dry_run:
            return ops.tools.dry_run(self._handle, definitions)
        return ops.tools.set_tools(self._handle, definitions)

    @overload
    def reset(self, rev: str | Commit, *, mode: str = ..., dry_run: Literal[False] = ...) -> Commit: ...
    @overload
    def reset(self, rev: str | Commit, *, mode: str = ..., dry_run: Literal[True]) -> RewriteResult: ...
    @overload
    def reset(self, rev: str | Commit, *, mode: str = ..., dry_run: bool) -> Commit | RewriteResult: ...
    def reset(self, rev: str | Commit, *, mode: str = "soft", dry_run: bool = False) -> Commit | RewriteResult:
        """Move the branch to another commit; what it leaves behind is kept for ``undo``.

        With ``mode="hard"`` only until the next gc. InvalidInputError for any other mode.
        """
        if dry_run:
            return ops.reset.dry_run(self._handle, rev, mode=mode)
        return ops.reset.reset(self._handle, rev, mode=mode)

    @overload
    def resolve(self, item: Which | Conflict, resolution: Resolution, *, message: str | None = ...,
                timestamp: Time = ..., dry_run: Literal[False] = ...) -> Commit: ...  # fmt: skip
    @overload
    def resolve(self, item: Which | Conflict, resolution: Resolution, *, message: str | None = ...,
                timestamp: Time = ..., dry_run: Literal[True]) -> RewriteResult: ...  # fmt: skip
    @overload
    def resolve(self, item: Which | Conflict, resolution: Resolution, *, message: str | None = ...,
                timestamp: Time = ..., dry_run: bool) -> Commit | RewriteResult: ...  # fmt: skip
    def resolve(self, item: Which | Conflict, resolution: Resolution, *, message: str | None = None,
                timestamp: Time = None, dry_run: bool = False) -> Commit | RewriteResult:  # fmt: skip
        """Settle a conflict that a merge put off (see ``conflicts``) with a commit: ours, theirs, both, replace or
        drop, as far as its kind takes that."""
        if dry_run:
            return ops.resolve.dry_run(self._handle, item, resolution)
        return ops.resolve.resolve(self._handle, item, resolution, message=message, timestamp=timestamp)

    def reorder(self, order: Sequence[Which], *, force: bool = False, llm: Given = None, dry_run: bool = False,
                message: str | None = None, timestamp: Time = None,
                approve: Callable[[RewriteResult], None] | None = None) -> RewriteResult:  # fmt: skip
        """Put the items in another order; ids, contents and pins stay. ``order`` names every one of them once.

        UnsafeRewriteError lists in ``findings`` what the order would break: tool groups in any case, what only some
        providers refuse unless ``force``. Warnings are in ``findings`` and stop nothing, also those of a model that
        ``llm`` asks whether the order means something else; a ``dry_run`` asks none: see ``sends``. ``approve`` is
        told the plan before anything is written; what it raises stops the verb.
        """
        ways = ops.reorder.Ways(force, llm, dry_run, message, timestamp, approve)
        return ops.reorder.reorder(self._handle, order, ways)

    def move(self, item: Which, *, before: Which | None = None, after: Which | None = None, force: bool = False,
             llm: Given = None, dry_run: bool = False, message: str | None = None, timestamp: Time = None,
             approve: Callable[[RewriteResult], None] | None = None) -> RewriteResult:  # fmt: skip
        """Put one item, with its tool group, in front of another one or behind it, and its; see ``reorder``."""
        ways = ops.reorder.Ways(force, llm, dry_run, message, timestamp, approve)
        return ops.reorder.move(self._handle, item, ways, before=before, after=after)
