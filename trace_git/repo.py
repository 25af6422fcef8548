"""The front door: ``Repo``, one open trace. Short methods, no logic: each verb is one file in ``ops`` or ``view``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from . import ops, view
from .model import Author, Branch, Commit, Item, Prompt, Tokenizer, Usage
from .rewriter import Rewriter

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from .answers import Agent
    from .llm import Given
    from .ops.importing import ImportResult
    from .ops.open_bisect import OpenBisect
    from .results import Finding, GcResult, Operation, RedactResult, Tag
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
        agent: str | None = None,
        tokenizer: str | Tokenizer | None = DEFAULT_TOKENIZER,
        durability: str = "full",
        budget: int | None = None,
        committer: Author | None = None,
        clock: Callable[[], float] = time.time,
        llm: Given = None,
    ) -> Repo:
        """Open the trace at ``path`` (the trace itself or a folder with a ``.trace``), making it when it is missing.

        ``create=False`` refuses to make one (NotFoundError). ``branch`` binds the handle to a branch other than HEAD's.
        ``agent`` opens the repository of a sub-agent, see ``spawn``.
        ``tokenizer`` is a name (o200k_base, cl100k_base, p50k_base, "estimate"), an object with ``name`` and ``count``,
        or None; where a name's table is not installed nothing is counted, and ``warnings`` says so.
        ``durability`` is "full" (a returned commit survives a power loss) or "os" (it survives a kill).
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
            agent=agent,
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
        """Import a transcript; forks become branches, sub-agents agents. ``progress(done, total)`` counts commits."""
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

    # -- agents ----------------------------------------------------------------------------

    def spawn(self, name: str, *, purpose: str = "", context: str | Sequence[str | Item | Commit] = "full",
              budget: int | None = None, timestamp: float | datetime | None = None) -> Repo:  # fmt: skip
        """Begin a sub-agent: a repository of its own (HEAD, branches, pins, undo) in the same trace.

        This context stays as it is. The agent's is the same (``context="full"``, without a tool call that is open at
        its end), "empty", or made of chosen items with their tool groups. ``purpose`` and ``budget`` (in tokens) are
        written into its first commit. Close what is returned, as any other ``Repo``. StateError when the name is taken.
        """
        self._handle.store.refresh()
        return Repo(ops.spawn.spawn(self._handle, name, purpose=purpose, context=context, budget=budget,
                                    timestamp=timestamp))  # fmt: skip

    def collapse(self, child: Repo | Agent | str, *, summary: str | None = None, llm: Given = None,
                 budget: int | None = None, as_: str = "assistant", message: str | None = None,
                 timestamp: float | datetime | None = None) -> Commit:  # fmt: skip
        """Take the work of a sub-agent back: one item with ``summary``, or what a model (``llm``) makes of the work in
        at most ``budget`` tokens, and one commit whose second parent is where the agent stands.

        Said by the assistant, or the result of the open call with the id ``as_``. After more work only what is new is
        taken; nothing new gives the commit that took the last of it. BudgetError when it does not fit.
        """
        name, tip = ops.opening.which(self._handle, child._handle if isinstance(child, Repo) else child)
        return ops.collapse.collapse(self._handle, name, tip=tip, summary=summary, llm=llm, budget=budget, as_=as_,
                                     message=message, timestamp=timestamp)  # fmt: skip

    def child(self, commit: str | Commit) -> Repo:
        """A read-only look at an agent as it was when ``commit`` collapsed it, or spawned it, be it gone by now."""
        self._handle.store.refresh()
        return Repo(ops.opening.as_it_was(self._handle, commit))

    def delete_agent(self, name: str, *, force: bool = False) -> None:
        """Delete an agent's refs; what was collapsed stays, and ``undo`` brings it back.

        RefusedError when it has work that nobody took back, unless ``force``: then it is listed as abandoned for as
        long as its commits are kept.
        """
        ops.delete_agent.delete(self._handle, name, force=force)

    def agent(self, name: str) -> Repo:
        """The repository of a sub-agent; of the trace itself for "". NotFoundError when there is none of that name."""
        self._handle.store.refresh()
        return Repo(ops.opening.another(self._handle, name))

    @property
    def open_bisect(self) -> OpenBisect:
        """The bisect that the command line began and has not reset, if any: to tell it answers, to look, to end it."""
        return ops.open_bisect.OpenBisect(self._handle)

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
