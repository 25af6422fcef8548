"""The front door: ``Repo``, one open trace. Short methods, no logic: each verb is one file in ``ops`` or ``view``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from . import ops, view
from .model import Author, Branch, Commit, Item, Prompt, Tokenizer, Usage
from .rewriter import Rewriter

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from .conflicts import Conflict, Resolution
    from .llm import Given
    from .ops.importing import ImportResult
    from .ops.open_merge import OpenMerge
    from .ops.open_replay import OpenReplay
    from .results import CompressResult, Finding, GcResult, MergeResult, Operation, RedactResult, RewriteResult, Tag
    from .view.handle import Handle

DEFAULT_TOKENIZER = "o200k_base"
MEMORY = ":memory:"


class Repo(Rewriter):
    """An open trace: a git repository whose commits are the messages of a context.

    Open one with ``Repo.open(path)``. A handle is bound to one branch, sees what other processes commit, and
    may be used from several threads. Every commit is durable when the call returns (see ``durability``).
    Close it, or use it as a context manager.
    """

    def __init__(self, handle: Handle, *, temporary: str | None = None) -> None:
        super().__init__(handle)
        self._temporary = temporary

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str] = ".trace",
        *,
        create: bool = True,
        branch: str | None = None,
        tokenizer: str | Tokenizer | None = DEFAULT_TOKENIZER,
        durability: str = "full",
        budget: int | None = None,
        committer: Author | None = None,
        clock: Callable[[], float] = time.time,
        llm: Given = None,
    ) -> Repo:
        """Open the trace at ``path`` (the trace itself or a folder with a ``.trace``), making it when it is missing.

        ``create=False`` refuses to make one (NotFoundError). ``branch`` binds the handle to a branch other than HEAD's.
        ``tokenizer`` is a name (o200k_base, cl100k_base, p50k_base, "estimate"), an object with ``name`` and ``count``,
        or None. ``durability`` is "full" (a returned commit survives a power loss) or "os" (it survives a kill).
        ``budget`` is in tokens. ``llm``, a callable of messages or a model's name, is whom a verb's ``llm=True`` means.
        ``":memory:"`` is a trace in a temporary folder that goes at close.
        """
        if path == MEMORY:
            import tempfile

            folder = tempfile.mkdtemp(prefix="trace-git-")
            path, temporary = os.path.join(folder, "memory.trace"), folder
        else:
            temporary = None
        handle = ops.opening.open_handle(
            os.fspath(path),
            create=create,
            branch=branch,
            tokenizer=tokenizer,
            durability=durability,
            budget=budget,
            committer=committer,
            clock=clock,
            llm=llm,
        )
        return cls(handle, temporary=temporary)

    @staticmethod
    def find(start: str | os.PathLike[str] = ".", *, damaged: bool = False) -> Path:
        """The trace that ``start`` is in, looking upwards as git does; NotFoundError when there is none.

        With ``damaged`` also one that git would not take for a repository any more.
        """
        from pathlib import Path  # costs start-up time

        return Path(ops.repair.find(start) if damaged else ops.opening.find(start))

    # -- writing ---------------------------------------------------------------------------

    def commit(
        self,
        content: Any,
        *,
        role: str | None = None,
        message: str | None = None,
        timestamp: float | datetime | None = None,
        usage: Usage | None = None,
        pin: bool = False,
        prompt: Prompt | None = None,
        expect: Commit | str | None = None,
    ) -> Commit:
        """Commit ``content`` at the end of the context.

        ``content`` is a text (of ``role``, default "user"), an OpenAI or Anthropic message as a dict, a ``Message``, a
        list of these (one commit, several items), or a provider's response. ``message`` is the commit message.
        ``usage`` is what the API reported; a response brings its own, and ``prompt`` says what had been sent.
        ``timestamp`` is in seconds or an aware datetime. ``expect`` is compare-and-swap: ConflictError when the branch
        is not at that commit.
        """
        return ops.record.commit(
            self._handle,
            content,
            role=role,
            message=message,
            timestamp=timestamp,
            usage=usage,
            pin=pin,
            prompt=prompt,
            expect=expect,
        )

    def pin(self, item: str | Item | Commit) -> Commit:
        """Pin an item with its tool group: it stays verbatim whatever rewrites the context."""
        return ops.pins.pin(self._handle, item)

    def unpin(self, item: str | Item | Commit) -> Commit:
        """Release a pinned item with its tool group."""
        return ops.pins.unpin(self._handle, item)

    def import_file(self, path: str | os.PathLike[str], *, format: str | None = None,
                    progress: Callable[[int, int], None] | None = None) -> ImportResult:  # fmt: skip
        """Import a transcript; forks become branches. ``progress(done, total)`` counts commits."""
        return ops.importing.import_file(self._handle, path, format=format, progress=progress)

    def batch(self) -> AbstractContextManager[None]:
        """Commits in this block are synced together and are one operation; what was committed stays."""
        return self._handle.store.batch()

    # -- clearing up -----------------------------------------------------------------------

    def gc(self, *, dry_run: bool = True, keep_days: float = 14, keep_last: int | None = None,
           keep_pinned: bool = True, never: Sequence[str] = ()) -> GcResult:  # fmt: skip
        """Remove what nothing leads to any more, and make one pack of the rest; a dry run says what would go.

        What a verb left behind stays for ``keep_days``, and always what the last ``keep_last`` operations left, what
        branches matching ``never`` left, and with ``keep_pinned`` a commit with a pin that no other has.
        """
        return ops.gc.gc(self._handle, dry_run=dry_run, keep_days=keep_days, keep_last=keep_last,
                         keep_pinned=keep_pinned, never=never)  # fmt: skip

    def redact(self, text: str | None = None, *, item: str | Item | Commit | None = None, regex: str | None = None,
               replacement: str = "[redacted]", dry_run: bool = False) -> RedactResult:  # fmt: skip
        """Take a text (or what ``regex`` matches, or all an ``item`` ever said) out of every commit and every file.

        It cannot be undone, and all commits from the first that had it get new ids. NotFoundError when it is nowhere;
        RefusedError when it is in a name or a word that cannot be changed. Remotes and copies still hold it.
        """
        return ops.redact.redact(self._handle, text, item=item, regex=regex, replacement=replacement, dry_run=dry_run)

    # -- repair ----------------------------------------------------------------------------

    def repair(self, *, dry_run: bool = False) -> tuple[Finding, ...]:
        """Bring a damaged trace to its last good state; nothing is thrown away, old bytes are kept in trace/aside.

        Says what was done (severity "warning") and what is lost for good ("error"). ``dry_run`` tries it on a copy.
        """
        return ops.repair.repair(self._handle, dry_run=dry_run)

    @staticmethod
    def repair_at(path: str | os.PathLike[str], *, dry_run: bool = False) -> tuple[Finding, ...]:
        """The same for a trace that is too damaged to be opened."""
        return ops.repair.repair_at(os.fspath(path), dry_run=dry_run)

    # -- branches --------------------------------------------------------------------------

    def branch(self, name: str, *, at: str | Commit = "HEAD") -> Branch:
        """Make a branch; nothing is copied."""
        self._handle.store.refresh()
        return ops.branches.branch(self._handle, name, at=at)

    def delete_branch(self, name: str, *, force: bool = False) -> None:
        """Delete a branch; ``undo`` brings it back. RefusedError when HEAD has not all it has, unless ``force``."""
        ops.branch_names.delete(self._handle, name, force=force)

    def rename_branch(self, old: str, new: str) -> None:
        """Give a branch another name; HEAD and this handle stay on it. StateError when the name is taken."""
        ops.branch_names.rename(self._handle, old, new)

    def switch(self, name: str, *, create: bool = False) -> None:
        """Bind this handle, and HEAD, to a branch."""
        self._handle.store.refresh()
        ops.branches.switch(self._handle, name, create=create)

    def checkout(self, rev: str | Commit, *, head: bool = False) -> Commit:
        """Bind this handle to the branch of that name, else to a read-only look at a commit.

        The repository's HEAD stays where it is unless ``head``.
        """
        self._handle.store.refresh()
        return ops.checkout.checkout(self._handle, rev, head=head)

    def tag(self, name: str, *, at: str | Commit = "HEAD", message: str | None = None) -> Tag:
        """Name a commit for good; with ``message`` an annotated tag. StateError when the name is taken."""
        self._handle.store.refresh()
        return ops.tags.tag(self._handle, name, at=at, message=message)

    def delete_tag(self, name: str) -> None:
        """Delete a tag; NotFoundError when there is none."""
        ops.tags.delete(self._handle, name)

    # -- operations ------------------------------------------------------------------------

    def undo(self) -> Operation:
        """Take back the last operation that is not undone: all its refs, exactly. Returns the undo itself.

        ConflictError when a ref was moved since; StateError when there is nothing to undo.
        """
        return ops.undo.undo(self._handle)

    def redo(self) -> Operation:
        """Do again what was undone last; StateError when something else was done since."""
        return ops.undo.redo(self._handle)

    def at_op(self, number: int) -> Repo:
        """A read-only look at all refs as they were after an operation. It ends with this handle."""
        self._handle.store.refresh()
        return Repo(view.operations.at(self._handle, number))

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
        *,
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
        """Do what commits did again here: one, a range "A..B" from its oldest on, or a list; all of them, or none.

        New items go to the end; ``at`` puts them right before an item (its id, or a commit that added it), at a
        position counted from 0, at the "start" or the "end". ``mainline`` says which parent of a merge it is compared
        with, from 1. All else as in ``rebase``.
        """
        return ops.cherry_pick.cherry_pick(
            self._handle,
            rev,
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
        when the range would not be within its budget or not get smaller. A ``dry_run`` asks no model: see ``sends``.
        """
        return ops.compress.compress(self._handle, range, budget=budget, to_fit=to_fit, keep_last=keep_last,
                                     summary=summary, llm=llm, strategy=strategy, retention=retention,
                                     dry_run=dry_run, message=message, timestamp=timestamp)  # fmt: skip

    def expand(self, compress: str | Item | Commit, *, only: str | Item | None = None, message: str | None = None,
               timestamp: float | datetime | None = None) -> Commit:  # fmt: skip
        """Bring the originals of a compress back, where what stands for them is now.

        ``compress`` is its id, its commit, one of its summaries or masked items, or of its originals; ``only`` a
        summary or an item of the run that is meant. StateError when it was compressed again: expand that one first.
        """
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

    # -- settings --------------------------------------------------------------------------

    def set_config(self, key: str, value: str | int | None) -> None:
        """Write ``trace.<key>`` into the trace's configuration; None takes it out."""
        ops.config.set_config(self._handle, key, value)

    # -- the handle ------------------------------------------------------------------------

    def flush(self) -> None:
        """Make every commit visible to stock git now."""
        self._handle.store.flush()

    def close(self) -> None:
        """Flush and close; closing twice is harmless."""
        ops.opening.close_handle(self._handle)
        if self._temporary:
            import shutil

            shutil.rmtree(self._temporary, ignore_errors=True)

    def __enter__(self) -> Repo:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


__all__ = ["Repo"]
