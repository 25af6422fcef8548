"""The reading half of the front door: what a trace answers. Short methods, no logic; see ``repo``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import ops, view
from .model import Branch, Commit, Context, Item, Prompt, Status, TokenCount

if TYPE_CHECKING:
    from pathlib import Path

    from .answers import Agent, Bisected, Blame, Hit, Resumption
    from .conflicts import Conflict
    from .results import Compression, Diff, Fate, Finding, Operation, Peek, Receipt, Tag
    from .view.graph import Row
    from .view.handle import Handle
    from .view.materialize import Renderer


class Reader:
    """Questions to one open trace. ``Repo`` is this and the verbs that change it."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._renderer: Renderer | None = None

    @property
    def path(self) -> Path:
        """The trace's folder: a bare git repository."""
        from pathlib import Path  # costs start-up time

        return Path(self._handle.store.folder)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What went wrong without failing a verb, one line each."""
        return tuple(self._handle.store.warnings)

    def context(self, rev: str | Commit = "HEAD") -> Context:
        """The ordered items at a revision; empty on a branch without commits."""
        head = self._head() if rev in ("HEAD", "@") else self._resolve(rev)
        return self._handle.context(head)

    @property
    def tools(self) -> tuple[Mapping[str, Any], ...]:
        """The tool definitions in force at HEAD."""
        return self.context().tools if self._head() else ()

    def pins(self, rev: str | Commit = "HEAD") -> frozenset[str]:
        """The ids of the items that are pinned at a revision."""
        head = self._head() if rev in ("HEAD", "@") else self._resolve(rev)
        return frozenset(self._handle.snapshots.pins(self._handle.commit(head).tree)) if head else frozenset()

    def materialize(self, rev: str | Commit = "HEAD", *, materializer: str | Callable[[Context], Any] = "openai",
                    repair: bool = False, conflicts: str | None = None) -> Prompt:  # fmt: skip
        """The context as what a model is sent: openai, anthropic, text, xml, or a callable of the Context.

        RefusedError when the provider would refuse it; ``repair=True`` leaves out what is in the way. Conflicts that a
        merge put off are refused too, unless ``conflicts`` says whose version is meant: "ours" or "theirs".
        """
        if self._renderer is None:
            self._renderer = view.materialize.Renderer(self._handle.contexts.load, self.count)
        return self._renderer.render(self.context(rev), materializer, repair=repair, conflicts=conflicts)

    def count(self, item: Item) -> TokenCount | None:
        """Tokens of one item as it stands in a prompt; None without a tokenizer."""
        return self._handle.contexts.count(item) if self._handle.counter is not None else None

    def status(self) -> Status:
        """Where this handle stands and how full its context is."""
        self._handle.store.refresh()
        return view.status.status(self._handle)

    def log(self, rev: str | Commit | Sequence[str | Commit] = "HEAD", *, limit: int | None = None,
            all: bool = False, grep: str | None = None, role: str | None = None,
            order: str = "topo") -> Iterator[Commit]:  # fmt: skip
        """Commits from a revision back, each once and children before parents; nothing on a branch without commits.

        ``rev`` may be a range ("A..B", "A...B"), or a list of revisions of which "^A" leaves out A and what is behind
        it; ``all`` adds every branch, every tag and HEAD. ``grep`` is a regular expression on the commit message,
        ``role`` that of the author or of a message; ``limit`` counts what is left. ``order`` is "topo", which keeps
        lines of history together, or "date".
        """
        self._handle.store.refresh()
        return view.history.log(self._handle, rev, limit=limit, all=all, grep=grep, role=role, order=order)

    def graph(self, rev: str | Commit | Sequence[str | Commit] = "HEAD", *, limit: int | None = None,
              all: bool = False, grep: str | None = None, role: str | None = None,
              order: str = "topo") -> Iterator[tuple[Row, Commit]]:  # fmt: skip
        """What ``log`` gives, each commit with the lines of history that are drawn beside it."""
        self._handle.store.refresh()
        return view.graph.log(self._handle, rev, limit=limit, all=all, grep=grep, role=role, order=order)

    def get(self, rev: str | Commit) -> Commit:
        """One commit, named as in git: id, prefix, branch, tag, ``HEAD~2``, ``main@{1}``, ``@{noon}``, ``:/text``."""
        return self._handle.commit(self._resolve(rev))

    def diff(self, old: str | Commit | None = None, new: str | Commit = "HEAD") -> Diff:
        """What became of each item from ``old`` (the first parent of ``new``) to ``new``, with the cache receipt."""
        after = self._resolve(new)
        before = view.diff.parent(self._handle, after) if old is None else self._resolve(old)
        return view.diff.diff(self._handle, before, after)

    def range_diff(self, old: str | Commit, new: str | Commit, *, base: str | Commit | None = None) -> tuple[Fate, ...]:
        """What became of the commits of one range in another: kept, changed, dropped or new.

        A revision without dots is the range from ``base`` to it; that is by default what both have in common.
        """
        self._handle.store.refresh()
        return view.range_diff.range_diff(self._handle, old, new, base=base)

    def receipt(self, rev: str | Commit = "HEAD", *, since: str | Commit | None = None) -> Receipt:
        """What going from ``since`` (the first parent of ``rev``) to ``rev`` means for a provider's prompt cache.

        That is told against the last context which was sent before: of the last commit with reported usage.
        """
        new = self.get(rev)
        old = view.diff.parent(self._handle, new.id) if since is None else self._resolve(since)
        return view.receipt.moved(self._handle, self._handle.commit(old) if old else None, new)

    def forecast(self, items: Sequence[Item]) -> Receipt:
        """What it would mean for a prompt cache that the context becomes ``items``. Nothing is written."""
        head = self._head()
        return view.receipt.forecast(self._handle, self._handle.commit(head) if head else None, items)

    def bisect(self, good: str | Commit | Sequence[str | Commit], bad: str | Commit,
               check: Callable[[Context], Any], *, items: bool = False) -> Bisected:  # fmt: skip
        """The first commit between ``good`` (one or several) and ``bad`` whose context fails ``check``, by halves.

        ``check`` gets a Context and says True for good, False for bad, None when that cannot be said. For n commits in
        a line it is asked at most ⌈log2 n⌉ times. With ``items`` the first item of the bad context is looked for with
        which it fails: asked about are beginnings of that context.
        """
        return ops.bisect.bisect(self._handle, good, bad, check, items=items)

    def conflicts(self, rev: str | Commit = "HEAD") -> tuple[Conflict, ...]:
        """The conflicts that a merge put off (action "defer") and that are in the context at a revision."""
        head = self._head() if rev in ("HEAD", "@") else self._resolve(rev)
        return ops.resolve.conflicts(self._handle, head)

    def peek(self, compress: str | Item | Commit, *, only: str | Item | None = None) -> Peek:
        """The originals of a compress, named as for ``expand``, without bringing them back."""
        self._handle.store.refresh()
        return ops.expand.peek(self._handle, compress, only=only)

    def compressions(self, rev: str | Commit = "HEAD") -> tuple[Compression, ...]:
        """The compresses whose originals lie in the archive at a revision."""
        head = self._head() if rev in ("HEAD", "@") else self._resolve(rev)
        commit = self._handle.commit(head) if head else None
        if commit is None or not self._handle.snapshots.archived(commit.tree):
            return ()
        return ops.expand.compressions(self._handle, commit)

    def search(self, text: str, *, rev: str | Commit = "HEAD", regex: bool = False, case: bool = False,
               live: bool = False, limit: int | None = None,
               progress: Callable[[int, int], None] | None = None) -> Iterator[Hit]:  # fmt: skip
        """The messages that say ``text``, newest first: of the context, of the archive, and what was edited away or
        dropped in the history behind ``rev``; each with the route by which it came. ``live`` is the context alone.

        ``text`` is taken to the letter, or as a regular expression with ``regex``; upper and lower case are one unless
        ``case``. Other agents and branches are asked by ``Session.search``. What no question has read yet is read
        first: ``progress`` is called with (done, total) for its commits, then from 0 again for its messages.
        """
        how = view.search.ways(text, regex=regex, case=case, live=live, limit=limit)
        return view.search.here(self._handle, rev, how, progress=progress)

    def blame(self, item: str | Item | Commit, *, rev: str | Commit = "HEAD",
              progress: Callable[[int, int], None] | None = None) -> Blame:  # fmt: skip
        """Where an item came from: what was done to it, newest first, through edits, merges, compressions and agents.

        The item may be gone from the context. NotFoundError when it never was in the history behind ``rev``.
        ``progress`` is as for ``search``, of commits alone.
        """
        return view.blame.blame(self._handle, item, rev=rev, progress=progress)

    def agents(self) -> tuple[Agent, ...]:
        """All sub-agents of the trace, each behind the one that spawned it."""
        self._handle.store.refresh()
        return view.agent_tree.agents_of(self._handle)

    def agent_tips(self) -> Mapping[str, str]:
        """Where each sub-agent of the trace stands, by name: quicker than ``agents``, and no more than that."""
        self._handle.store.refresh()
        return view.agents.tips(self._handle)

    def resumption(self) -> Resumption:
        """Where to go on: the last commit, what was interrupted, which tool calls wait for their results."""
        return ops.resumption.resumption(self._handle)

    @property
    def name(self) -> str:
        """The agent whose repository this is; "" for the trace itself."""
        return self._handle.namespace

    def branches(self) -> tuple[Branch, ...]:
        """All branches, by name."""
        self._handle.store.refresh()
        return ops.branches.branches(self._handle)

    def tags(self) -> tuple[Tag, ...]:
        """All tags, by name."""
        self._handle.store.refresh()
        return ops.tags.tags(self._handle)

    def operations(self, limit: int | None = None) -> Iterator[Operation]:
        """What was done to this trace, newest first."""
        return view.operations.operations(self._handle, limit=limit)

    def config(self, key: str) -> str | None:
        """What git's configuration says of ``trace.<key>``: "budget" the trace's own, else the user's; "model" the
        user's alone."""
        return ops.config.config(self._handle, key)

    def export(self, rev: str | Commit = "HEAD", *, format: str = "openai") -> str:
        """The context at a revision as a transcript in one of the import formats."""
        return ops.export.export(self._handle, self._resolve(rev), format)

    def verify(self) -> tuple[Finding, ...]:
        """Everything that is wrong with this trace; nothing when all is well."""
        self._handle.store.refresh()
        return ops.verify.verify(self._handle)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    def _head(self) -> str | None:
        self._handle.store.refresh()
        return self._handle.head()

    def _resolve(self, rev: str | Commit) -> str:
        self._handle.store.refresh()
        return view.revisions.resolve(self._handle, rev)
