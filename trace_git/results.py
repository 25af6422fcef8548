"""What verbs answer: differences, receipts, operations, findings. Frozen values, like the nouns of ``model``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .conflicts import Conflict, Resolution
from .model import Commit, Context, Item, TokenCount


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a verb noticed: ``kind`` is a word to sort by, ``name`` the thing's, ``text`` one line.

    ``items`` are the ids it is about; ``severity`` is "error", "warning", or "note" for what is no fault.
    """

    kind: str
    name: str
    text: str
    items: tuple[str, ...] = ()
    severity: str = "error"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a change means for a provider's prompt cache. All sizes are in tokens.

    ``before`` and ``after`` are the sizes of the two contexts, each a ``TokenCount`` where it was counted; ``kept`` is
    that of their longest common prefix, which has ``kept_items`` items; ``breaks_at`` is the id of the first item of
    the old one that is not at its place in the new one, None when all of the old one stays in front.
    """

    before: int
    after: int
    kept: int
    kept_items: int
    breaks_at: str | None

    @property
    def share(self) -> float:
        """The part of ``before`` that stays a prefix, 0 to 1."""
        return self.kept / self.before if self.before else 1.0


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What became of one item. ``kinds`` has one or more of added, removed, edited, moved, pinned, unpinned.

    ``old`` and ``new`` are the item in both contexts, None where it is not; ``tokens`` is the difference in size,
    as a ``TokenCount`` that knows whether it is exact.
    """

    kinds: tuple[str, ...]
    old: Item | None
    new: Item | None
    tokens: int

    @property
    def item(self) -> Item:
        found = self.new or self.old
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Diff:
    """Two contexts compared. ``old`` and ``new`` are commit ids, None for an empty context.

    ``changes`` come in the order of the new context, a removed item where it stood. ``tools_changed`` is about the
    tool definitions. Sizes are in tokens.
    """

    old: str | None
    new: str | None
    changes: tuple[ItemChange, ...]
    tools_changed: bool
    receipt: Receipt

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.changes) or self.tools_changed


@dataclass(frozen=True, slots=True)
class Operation:
    """One entry of the operation log. ``time`` is in seconds since 1970.

    ``moves`` maps a ref to (old value, new value): 40 hex, ``ref: name`` for a symbolic ref, None for absent.
    ``undoes`` is the number of the operation that this one took back or did again; ``undone`` says that it is
    taken back itself.
    """

    number: int
    time: float
    verb: str
    moves: Mapping[str, tuple[str | None, str | None]]
    agents: tuple[str, ...] = ("",)
    note: str = ""
    undoes: int | None = None
    undone: bool = False
    commits: int = field(default=1)


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag: its short name and the commit it leads to."""

    name: str
    commit: str


@dataclass(frozen=True, slots=True)
class Agent:
    """A sub-agent of a trace. ``parent`` is the agent that spawned it, "" the trace itself.

    ``context`` is "full", "empty" or "items"; ``state`` "running", "collapsed" (its parent took all of its work back),
    "abandoned" (deleted before that) or "damaged"; ``deleted`` says that it has no refs any more. ``activity`` is when
    it committed last, in seconds since 1970; ``tip`` the commit it stands at and ``spawned`` its spawn commit, "" when
    its history does not begin with one. ``tokens`` is the size of its context.
    """

    name: str
    parent: str
    purpose: str
    context: str
    budget: int | None
    state: str
    tokens: TokenCount | None
    activity: float
    tip: str
    spawned: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A tool call that waits for its result: the item that makes it, its id (None in a legacy format), its name."""

    item: str
    id: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A message in which a text was found, as one agent knows it.

    ``commit`` is the one with which it entered the agent's history, by ``route``: "own", "inherited" when it was
    spawned, "collapsed" from another agent, "merged", "cherry-picked", "imported", or "summarised" by a compress.
    ``source`` is the agent it came from, where it came from one. ``state`` is "live" (in the context), "archived",
    "edited" (the item says something else now) or "dropped". ``branch`` is None for a commit that no branch is at.
    ``item`` is the version that was found; ``text[start:stop]`` is what was looked for in what that says. ``trace`` is
    the trace's name in a session of several.
    """

    agent: str
    branch: str | None
    item: Item
    commit: Commit
    route: str
    source: str | None
    state: str
    text: str
    start: int
    stop: int
    trace: str = ""

    @property
    def time(self) -> int:
        """When it entered, in seconds since 1970, by the clock of whoever committed."""
        return self.commit.timestamp


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done to an item. ``verb`` is that of the commit, ``agent`` whose commit it is.

    ``change`` says what became of the item: "added", "edited", "dropped", "archived", "expanded", "pinned",
    "unpinned", "moved", or by which route it came: "inherited", "collapsed", "merged", "cherry-picked"; ``source`` is
    the agent it came from then. ``old`` and ``new`` are its versions before and after, None where it was not there.
    """

    commit: Commit
    agent: str
    change: str
    old: Item | None
    new: Item | None
    source: str | None = None

    @property
    def verb(self) -> str:
        return self.commit.op


@dataclass(frozen=True, slots=True)
class Blame:
    """Where an item came from: its ``steps``, newest first, as iterating gives them too.

    ``item`` is its present version, or the last one it had; for ``route``, ``source`` and ``state`` see ``Hit``.
    ``originals`` are what a summary stands for, or the items of an agent that were collapsed into it; that agent as it
    was is what ``Repo.child(blame.child)`` opens.
    """

    item: Item
    state: str
    route: str
    source: str | None
    steps: tuple[Step, ...]
    originals: tuple[Item, ...] = ()
    child: Commit | None = None

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)


@dataclass(frozen=True, slots=True)
class Difference:
    """What one agent knew and another did not. ``knew`` and ``lacked`` are the two contexts that are compared.

    ``items`` are those that the other had neither by id nor, under another id, word for word; ``changed`` those that
    both had in different words: (the one's, the other's).
    """

    knew: Context
    lacked: Context
    items: tuple[Item, ...]
    changed: tuple[tuple[Item, Item], ...]

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.items or self.changed)


@dataclass(frozen=True, slots=True)
class Resumption:
    """Where an agent is when work goes on: ``commit`` is its last acknowledged one, None before the first.

    ``operation`` is the last one of this agent that is not undone. ``interrupted`` says, one line each, what a crash or
    somebody who went away left open, and how to go on. ``calls`` wait for their results.
    """

    agent: str
    branch: str | None
    commit: Commit | None
    operation: Operation | None
    interrupted: tuple[str, ...]
    calls: tuple[OpenCall, ...]


@dataclass(frozen=True, slots=True)
class Bisected:
    """Where a check begins to fail: ``commit``, or ``item`` when items were looked for.

    None where skipped ones make it impossible to say; then it is one of ``commits`` or ``items``, in order. ``tested``
    are the ids that were asked about with the answers ("good", "bad", "skip"), in order.
    """

    commit: Commit | None = None
    item: Item | None = None
    commits: tuple[Commit, ...] = ()
    items: tuple[Item, ...] = ()
    tested: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What a merge did, or would do. ``kind`` is "up-to-date", "fast-forward" or "merge".

    ``commit`` is where the branch is now, None in a dry run that would make one. ``conflicts`` are all that came up,
    ``resolutions`` how each was settled, by conflict id; ``brought`` are the items that came from the other side.
    In a dry run ``items`` is the context that would come of it, and ``sends`` are the questions that a model would be
    asked, each a list of messages, to the letter.
    """

    kind: str
    commit: Commit | None
    conflicts: tuple[Conflict, ...]
    findings: tuple[Finding, ...]
    receipt: Receipt
    resolutions: Mapping[str, Resolution] = field(default_factory=dict)
    brought: tuple[Item, ...] = ()
    items: tuple[Item, ...] = ()
    sends: tuple[list[dict[str, Any]], ...] = ()
