"""What verbs answer: differences, receipts, operations, findings. Frozen values, like the nouns of ``model``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .conflicts import Conflict, Resolution
from .model import Commit, Item, TokenCount


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
    """What a change means for a provider's prompt cache. All sizes are in tokens of the messages.

    ``before`` and ``after`` are the sizes of the two contexts, each a ``TokenCount`` where it was counted. ``kept`` is
    the prefix, of ``kept_items`` items, that the new one has in common with what is taken to have been sent: the
    context of the commit ``baseline``, of ``sent`` tokens. ``breaks_at`` is the id of the first item of that one which
    is not at its place in the new one, None when all of it stays in front. Other tool definitions (``tools_changed``)
    stand in front of all: then nothing is kept.

    ``model`` is who is taken to be asked next, ``rule`` what its provider caches, in words, ``cacheable`` what of
    ``kept`` it may read from its cache, at best. ``cost`` is by how many US dollars the next call is dearer than
    without the change (less than 0: cheaper). Each is None where it is not known; ``unknown`` says in words what
    cannot be.
    """

    before: int
    after: int
    kept: int
    kept_items: int
    breaks_at: str | None
    baseline: str | None = None
    sent: int = 0
    tools_changed: bool = False
    model: str | None = None
    rule: str | None = None
    cacheable: int | None = None
    cost: float | None = None
    unknown: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """The part of the next prompt that may come from the cache, 0 to 1; where no rule is known, that is as sent."""
        known = self.kept if self.cacheable is None else self.cacheable
        return min(known / self.after, 1.0) if self.after else 1.0


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


@dataclass(frozen=True, slots=True)
class RewriteResult:
    """What a rewriting verb did, or would do.

    ``commit`` is where the branch is now, None in a dry run that would make one. ``findings`` are what is worth
    knowing about it, ``receipt`` what it means for a prompt cache. In a dry run ``items`` is the context that would
    come of it, and ``sends`` are the questions that a model would be asked, each a list of messages, to the letter.
    ``conflicts`` are all that came up where commits were done again, ``resolutions`` how they were settled, by id.
    """

    commit: Commit | None
    findings: tuple[Finding, ...]
    receipt: Receipt
    items: tuple[Item, ...] = ()
    sends: tuple[list[dict[str, Any]], ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    resolutions: Mapping[str, Resolution] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a commit when its branch was rewritten: ``kind`` is "kept", "changed", "dropped" or "new".

    ``old`` and ``new`` are the commit in both ranges, None where it is not, with their numbers there from 1 on.
    ``changes`` are the items that came out otherwise, for a changed one.
    """

    kind: str
    old: Commit | None
    new: Commit | None
    old_number: int | None
    new_number: int | None
    changes: tuple[ItemChange, ...] = ()


@dataclass(frozen=True, slots=True)
class CompressedRun:
    """Adjacent items that a compress replaced, or would. ``items`` are their ids, and sizes are in tokens.

    ``strategy`` is "summarize", "manual", "mask" or "trim". ``stands`` are the ids of what stands there now: one
    summary, none where the summary of another run stands for it too, or the masked items themselves; empty in a plan.
    """

    items: tuple[str, ...]
    strategy: str
    tokens_before: int
    tokens_after: int
    stands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A later part of a range that would do: the context ends up as small, and more of its prefix stays cached.

    ``items`` are ids, to be given as the range, or ``range`` as one word; ``budget`` is what that range may then have.
    """

    items: tuple[str, ...]
    tokens: int
    budget: int
    receipt: Receipt

    @property
    def range(self) -> str:
        return f"{self.items[0]}:{self.items[-1]}"


@dataclass(frozen=True, slots=True)
class CompressResult:
    """What a compress did, or would do. ``commit`` is None in a dry run, and when there was nothing to do.

    ``id`` names the compress, None without one. ``summaries`` are the ids of what stands for originals now: summaries,
    and items that were masked or trimmed. ``tokens_before`` and ``tokens_after`` are those of the whole range, pinned
    items inside it included; in the plan of a summary that nobody wrote yet the latter is the most that it may have.
    ``strategy`` is what was used, None when nothing was to do; ``level`` is how deep the new summaries are, 1 for
    summaries of messages. ``sends`` are the questions that a model would be asked, to the letter.
    """

    id: str | None
    commit: Commit | None
    summaries: tuple[str, ...]
    tokens_before: TokenCount
    tokens_after: TokenCount
    findings: tuple[Finding, ...]
    receipt: Receipt
    strategy: str | None = None
    budget: int | None = None
    runs: tuple[CompressedRun, ...] = ()
    level: int = 0
    recommended: Recommendation | None = None
    sends: tuple[list[dict[str, Any]], ...] = ()

    def __bool__(self) -> bool:
        """Whether something was compressed."""
        return self.commit is not None


@dataclass(frozen=True, slots=True)
class Compression:
    """One compress of a context, as its archive has it. ``summaries`` are the ids of what stands for ``items``.

    ``live`` is whether it can be expanded now: a compress whose summaries were compressed again waits for that one.
    Sizes are in tokens; ``level`` is how deep its summaries are, 0 when items were masked or trimmed only.
    """

    id: str
    items: tuple[str, ...]
    summaries: tuple[str, ...]
    tokens_before: int
    tokens_after: int
    level: int
    live: bool


@dataclass(frozen=True, slots=True)
class Peek:
    """The originals of a compress, as they would come back: a sequence of items. ``id`` names the compress.

    ``stands`` are the ids of the summaries that would go, and of masked items that would get their content back.
    ``receipt`` is what expanding would mean for the prompt's cache.
    """

    id: str
    items: tuple[Item, ...]
    stands: tuple[str, ...]
    receipt: Receipt

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __getitem__(self, at: int) -> Item:
        return self.items[at]


@dataclass(frozen=True, slots=True)
class RedactResult:
    """What a redaction changed, or would change: numbers of commits and of versions of messages and other files.

    ``items`` are the ids of the items that were touched, in any commit; ``refs`` the refs that moved. ``remotes`` may
    still hold what was redacted, as may every clone and copy. ``findings`` names lost signatures and what else to know.
    """

    applied: bool
    commits: int
    items: tuple[str, ...]
    blobs: int
    refs: tuple[str, ...]
    remotes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """A keep ref whose time is over: the commit it kept, and the operation that had left it behind.

    ``time`` is in seconds since 1970; ``branches`` are the branches that had been at that commit.
    """

    ref: str
    commit: str
    operation: int
    verb: str
    time: float
    branches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GcResult:
    """What a gc removed, or would remove. Sizes are the bytes of all object files.

    ``removed`` counts objects; ``commits`` says how many stay, by reason ("reachable", "kept", "never", "pinned",
    "recent"), and how many go ("removed"). ``ended`` are the keep refs that end. In a dry run ``applied`` is False and
    ``bytes_after`` an estimate.
    """

    applied: bool
    removed: int
    commits: Mapping[str, int]
    ended: tuple[Ended, ...]
    bytes_before: int
    bytes_after: int
    packs_before: int
    packs_after: int
    findings: tuple[Finding, ...] = ()
