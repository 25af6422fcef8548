"""What questions answer: agents, where work goes on, who knew what, where something began. Frozen values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .model import Commit, Context, Item, TokenCount
from .results import Operation


@dataclass(frozen=True, slots=True)
class Agent:
    """A sub-agent of a trace. ``parent`` is the agent that spawned it, "" the trace itself.

    ``context`` is "full", "empty" or "items"; ``state`` "running", "collapsed" (its parent took all of its work back),
    "abandoned" (deleted before that) or "damaged"; ``deleted`` says that it has no refs any more. ``activity`` is when
    it committed last, in seconds since 1970; ``tip`` the commit it stands at and ``spawned`` its spawn commit, "" when
    its history does not begin with one. ``tokens`` is the size of its context. ``trace`` is the trace's name in a
    session of several.
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
    trace: str = ""


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
