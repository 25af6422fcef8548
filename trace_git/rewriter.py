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
    from .ops.open_merge import OpenMerge
    from .ops.open_replay import OpenReplay
    from .results import CompressResult, MergeResult, RewriteResult

    Which = str | Item | Commit
    Time = float | datetime | None
    Tools = Sequence[Mapping[str, Any]] | None


class Rewriter(Reader):
    """Verbs that change items which are there.

    With ``dry_run=True`` each answers with the receipt of what it would do to a prompt cache (a RewriteResult where
    nothing else is said), and nothing is locked, written or logged. It refuses what the verb would refuse.
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
            return ops.edit.dry_run(self._handle, item, content, force=force, message=message, timestamp=timestamp)
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
            return ops.drop.dry_run(self._handle, item, message=message, timestamp=timestamp)
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
            return ops.resolve.dry_run(self._handle, item, resolution, message=message, timestamp=timestamp)
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

    # -- merging ---------------------------------------------------------------------------

    def merge(
        self,
        other: str | Commit,
        *,
        strategy: str | None = None,
        resolver: Callable[[Conflict], Any] | None = None,
        resolutions: Mapping[str, Resolution] | None = None,
        ff: str = "allow",
        unrelated: bool = False,
        llm: Given = None,
        semantic: bool | Sequence[Conflict] = False,
        threshold: float = 0.7,
        show_base: bool = False,
        dry_run: bool = False,
        message: str | None = None,
        timestamp: float | datetime | None = None,
    ) -> MergeResult:
        """Bring what ``other`` has into this branch: fast-forward when possible, else a commit with two parents.

        MergeConflictError lists what nobody settled, and nothing moved: call again with ``resolutions`` (conflict id →
        Resolution), a ``strategy`` ("ours", "theirs", "union") or a ``resolver``. ``ff`` is "allow", "only" or "never".
        ``llm`` (a callable of messages, a model's name, or True for the handle's) settles what these leave open. It
        sees the base only with ``show_base``. LLMError when it cannot be reached, and nothing moved. ``semantic`` also
        asks it whether new items of the two sides agree: from ``threshold`` on a finding is a conflict. Conflicts that
        it found in an earlier try may be given instead of True. A ``dry_run`` asks no model: see ``sends``.
        """
        return ops.merge.merge(
            self._handle,
            other,
            strategy=strategy,
            resolver=resolver,
            resolutions=resolutions,
            ff=ff,
            unrelated=unrelated,
            llm=llm,
            semantic=semantic,
            threshold=threshold,
            show_base=show_base,
            dry_run=dry_run,
            message=message,
            timestamp=timestamp,
        )

    def rebase(
        self,
        upstream: str | Commit,
        *,
        onto: str | Commit | None = None,
        todo: str | Sequence[tuple[str, str | Commit]] | None = None,
        rebase_merges: bool = False,
        strategy: str | None = None,
        resolver: Callable[[Conflict], Any] | None = None,
        resolutions: Mapping[str, Resolution] | None = None,
        llm: Given = None,
        force: bool = False,
        dry_run: bool = False,
        timestamp: float | datetime | None = None,
    ) -> RewriteResult:
        """Do the commits of ``upstream..HEAD`` again on ``onto``, by default upstream itself: all of them, or none.

        Items keep their ids, so edits and pins of them hold; authors, times and messages stay, ``timestamp`` is the
        committer's. What is there already is left out and named in ``findings``. ``todo`` says what to do instead:
        pairs of "pick", "drop" or "squash" and a commit, or the text of ``trace rebase -i``. Merges are left out unless
        ``rebase_merges`` makes them again. MergeConflictError as in ``merge``, with the ``commit`` it came up at;
        UnsafeRewriteError for findings that are errors: ``force`` lets pass what is merely risky.
        """
        return ops.rebase.rebase(
            self._handle,
            upstream,
            onto=onto,
            steps=todo,
            merges=rebase_merges,
            strategy=strategy,
            resolver=resolver,
            resolutions=resolutions,
            llm=llm,
            force=force,
            dry_run=dry_run,
            timestamp=timestamp,
        )

    def cherry_pick(
        self,
        rev: str | Commit | Sequence[str | Commit],
        *more: str | Commit,
        at: str | int | Item | Commit | None = None,
        mainline: int | None = None,
        strategy: str | None = None,
        resolver: Callable[[Conflict], Any] | None = None,
        resolutions: Mapping[str, Resolution] | None = None,
        llm: Given = None,
        force: bool = False,
        dry_run: bool = False,
        timestamp: float | datetime | None = None,
    ) -> RewriteResult:
        """Do what commits did again here: one or more, a range "A..B" from its oldest on, or a list; all, or none.

        New items go to the end; ``at`` puts them right before an item (its id, or a commit that added it), at a
        position counted from 0, at the "start" or the "end". ``mainline`` says which parent of a merge it is compared
        with, from 1. All else as in ``rebase``.
        """
        return ops.cherry_pick.cherry_pick(
            self._handle,
            [*ops.cherry_pick.parts(rev), *more],
            at=at,
            mainline=mainline,
            strategy=strategy,
            resolver=resolver,
            resolutions=resolutions,
            llm=llm,
            force=force,
            dry_run=dry_run,
            timestamp=timestamp,
        )

    @property
    def open_merge(self) -> OpenMerge:
        """The merge that the command line began and has not finished, if any: to look at, answer, finish or abort."""
        return ops.open_merge.OpenMerge(self._handle)

    @property
    def open_replay(self) -> OpenReplay:
        """The rebase or cherry-pick that the command line began and has not finished, if any."""
        return ops.open_replay.OpenReplay(self._handle)

    # -- compressing -----------------------------------------------------------------------

    def compress(
        self,
        range: str | Item | Commit | Sequence[str | Item | Commit] | None = None,
        *,
        budget: int | None = None,
        to_fit: str | None = None,
        keep_last: int | None = None,
        summary: str | Sequence[str] | None = None,
        llm: Given = None,
        strategy: str = "auto",
        retention: float | None = None,
        rewrite: bool = False,
        dry_run: bool = False,
        message: str | None = None,
        timestamp: float | datetime | None = None,
    ) -> CompressResult:
        """Make ``range`` smaller in one commit on top; the originals stay in the tree, and ``expand`` brings them back.

        ``range`` is "A..B", "B", two item ids as "FIRST:LAST", or a list of item ids, Items and Commits; by default
        everything but the last ``keep_last`` turns (2). Pinned items, system messages that are not named by id and tool
        groups that are not wholly inside stay. ``budget`` is what the range may have then, in tokens, pinned items
        included; ``to_fit`` is a model into whose window the context shall fit. A range within its budget stays as it
        is, and ``commit`` is None. ``strategy`` is "mask" or "trim" (tool outputs, no model), "summarize", "manual"
        (``summary=``, one text or one for each run), or "auto": mask, and summarize when that is not enough. ``llm`` is
        a callable of messages or a model's name; by default the handle's or the user's own, and False for nobody.
        ``retention`` is the share of facts, 0 to 1, that a summary has to keep. BudgetError, and nothing is written,
        when the range would not be within its budget or not get smaller. ``rewrite`` takes the originals out of the
        branch's history too: every commit that has them is made again, nothing can be expanded, and the old tip is
        kept until gc's retention ends. A ``dry_run`` asks no model: see ``sends``.
        """
        return ops.compress.compress(self._handle, range, budget=budget, to_fit=to_fit, keep_last=keep_last,
                                     summary=summary, llm=llm, strategy=strategy, retention=retention, rewrite=rewrite,
                                     dry_run=dry_run, message=message, timestamp=timestamp)  # fmt: skip

    @overload
    def expand(self, compress: Which, *, only: str | Item | None = ..., message: str | None = ...,
               timestamp: Time = ..., dry_run: Literal[False] = ...) -> Commit: ...  # fmt: skip
    @overload
    def expand(self, compress: Which, *, only: str | Item | None = ..., message: str | None = ...,
               timestamp: Time = ..., dry_run: Literal[True]) -> RewriteResult: ...  # fmt: skip
    @overload
    def expand(self, compress: Which, *, only: str | Item | None = ..., message: str | None = ...,
               timestamp: Time = ..., dry_run: bool) -> Commit | RewriteResult: ...  # fmt: skip
    def expand(self, compress: Which, *, only: str | Item | None = None, message: str | None = None,
               timestamp: Time = None, dry_run: bool = False) -> Commit | RewriteResult:  # fmt: skip
        """Bring the originals of a compress back, where what stands for them is now.

        ``compress`` is its id, its commit, one of its summaries or masked items, or of its originals; ``only`` a
        summary or an item of the run that is meant. StateError when it was compressed again: expand that one first.
        """
        if dry_run:
            return ops.expand.dry_run(self._handle, compress, only=only, message=message, timestamp=timestamp)
        return ops.expand.expand(self._handle, compress, only=only, message=message, timestamp=timestamp)

    def fit(self, budget: int | None = None, *, llm: Given = None, low: float = 0.7, keep_last: int | None = None,
            retention: float | None = None, dry_run: bool = False, message: str | None = None,
            timestamp: float | datetime | None = None) -> CompressResult:  # fmt: skip
        """Compress only when the context is above ``budget`` (default: that of ``status``), down to ``low`` of it.

        Made for an agent's loop: most calls do nothing, so the prompt's cache stays, and what is compressed is as late
        as will do. Masks tool outputs where that is enough, else asks ``llm`` (as in ``compress``). BudgetError, and
        nothing is written, when the context cannot be brought within the budget.
        """
        return ops.fit.fit(self._handle, budget, llm=llm, low=low, keep_last=keep_last, retention=retention,
                           dry_run=dry_run, message=message, timestamp=timestamp)  # fmt: skip
