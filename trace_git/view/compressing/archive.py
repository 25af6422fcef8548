"""What lies in the archive of a tree: which compress put it there, what stands for it, how deep it is.

A summary names the items it stands for, and the digests of the versions it replaced; so does a masked item, which names
itself. A summary that was compressed again lies in the archive like any item, and its own originals stay where they
were: they are below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ...errors import AmbiguousRevisionError, NotFoundError, StateError
from ...model import Commit, Item, Message
from ...store.snapshot import Entry
from ..handle import Handle
from ..items import find

_SHORTEST = 4
SUMMARY_ROLE = "user"


@dataclass(frozen=True)
class Stand:
    """What stands for some originals of one compress. ``entry`` is a summary, or an item that was masked or trimmed.

    ``originals`` are in order; ``runs`` say how many of them stood together, one number a stretch. ``live`` is
    whether it is in the context, and not in the archive itself.
    """

    entry: Entry
    message: Message
    originals: tuple[Entry, ...]
    runs: tuple[int, ...]
    live: bool

    @property
    def id(self) -> str:
        return self.entry.place.item

    @property
    def is_summary(self) -> bool:
        return self.message.kind == "summary"

    @property
    def level(self) -> int:
        """1 for a summary of messages, 2 for one of such summaries, and so on."""
        return level(self.message)


@dataclass(frozen=True)
class _Claim:
    """An item, and what it names that lies in the archive, by compress."""

    entry: Entry
    message: Message
    lying: Mapping[str, tuple[Entry, ...]]
    live: bool

    @property
    def rank(self) -> tuple[int, int, bool]:
        """Whose claim comes first; of equal ones that of the item with the key of the first original."""
        most = max(self.lying.values(), key=len)
        return len(self.lying), -len(most), self.entry.place.key != most[0].place.key


class Archive:
    """The archive of a commit's tree."""

    def __init__(self, handle: Handle, commit: Commit) -> None:
        self.handle = handle
        self.commit = commit
        self.shelves = handle.snapshots.archived(commit.tree)

    def __bool__(self) -> bool:
        return bool(self.shelves)

    @cached_property
    def entries(self) -> Sequence[Entry]:
        """The live items."""
        return self.handle.snapshots.entries(self.commit.tree)

    @cached_property
    def stands(self) -> dict[str, tuple[Stand, ...]]:
        """Compress id → what stands for its originals, in order: summaries and masked items.

        What a summary of level 1 stands for are no summaries, so these messages need not be read.
        """
        claims: list[_Claim] = []
        plain: set[Entry] = set()
        todo = [(one, True) for one in self._live_ones()]
        rest = sorted({one for some in self._shelved.values() for _, one in some if self._may_stand(one)})
        met: set[Entry] = set()
        while todo or rest:
            one, live = todo.pop(0) if todo else (rest.pop(0), False)
            if one in met or (not live and one in plain):
                continue
            met.add(one)
            message = self.handle.contexts.message(one.blob)
            if lying := self._lying(one, message, live=live):
                claims.append(_Claim(one, message, lying, live))
                if message.kind == "summary" and (message.provenance or {}).get("level") == 1:
                    named = (entry for some in lying.values() for entry in some)
                    plain.update(entry for entry in named if len(self._shelved[entry.place.item]) == 1)
        return self._settled(claims)

    def _settled(self, claims: Sequence[_Claim]) -> dict[str, tuple[Stand, ...]]:
        """Each original belongs to one stand.

        A merge may have brought items back of which a summary still tells; when these are compressed again, two tell
        of them. The one that can be of no other compress has them, or else the one that names more of them, or stands
        in their place. A copy, which a merge made of two edits of a summary, stands beside it for nothing of its own.
        """
        found: dict[str, list[tuple[int, Stand]]] = {under: [] for under in self.shelves}
        taken: set[tuple[str, Entry]] = set()
        for at, one in sorted(enumerate(claims), key=lambda claim: claim[1].rank):
            left = {under: tuple([entry for entry in some if (under, entry) not in taken])
                    for under, some in one.lying.items()}  # fmt: skip
            under = max(left, key=lambda under: len(left[under]))
            if left[under] or any(one.message.provenance == stand.message.provenance for _, stand in found[under]):
                taken.update((under, entry) for entry in left[under])
                stand = Stand(one.entry, one.message, left[under], runs(one.message), one.live)
                found[under].append((at, stand))
        in_order = (sorted(some, key=lambda stand: stand[0]) for some in found.values())
        return {under: tuple([stand for _, stand in some]) for under, some in zip(found, in_order, strict=True)}

    def _may_stand(self, archived: Entry) -> bool:
        return archived.place.role == SUMMARY_ROLE or len(self._shelved[archived.place.item]) > 1

    @cached_property
    def _shelved(self) -> dict[str, list[tuple[str, Entry]]]:
        """Item id → where it lies, and as what. Twice only when it was masked before it was compressed again."""
        found: dict[str, list[tuple[str, Entry]]] = {}
        for under, entries in self.shelves.items():
            for one in entries:
                found.setdefault(one.place.item, []).append((under, one))
        return found

    def _live_ones(self) -> list[Entry]:
        """Live items that may stand for archived ones; messages are read of no others."""
        if not self.shelves:
            return []
        leaves = self.handle.contexts.leaves.of(self.handle.snapshots.leaf_ids(self.commit.tree))
        parts = (part for leaf in leaves for part in leaf.part_of_each())
        return [one for one, part in zip(self.entries, parts, strict=True)
                if part == "summary" or one.place.item in self._shelved]  # fmt: skip

    def _lying(self, stand: Entry, message: Message, *, live: bool) -> dict[str, tuple[Entry, ...]]:
        """Where that lies what an item names, by compress; not the one that put the item itself aside.

        A merge may have brought some of a summary's items back, and one of these may be masked: its original is not
        the summary's.
        """
        made = message.provenance or {}
        digests = dict(zip(made.get("items", ()), made.get("digests", ()), strict=False))
        above = "" if live else self.above(stand)
        found: dict[str, list[Entry]] = {}
        for item in made.get("items", ()):
            if item in self._living and item != stand.place.item:
                continue
            lying = [one for one in self._shelved.get(item, ()) if one[1] != stand and one[0] != above]
            exact = [one for one in lying if one[1].blob == digests.get(item)] or lying
            for under, one in exact[:1]:
                found.setdefault(under, []).append(one)
        return {under: tuple(some) for under, some in found.items()}

    @cached_property
    def _living(self) -> frozenset[str]:
        return frozenset([one.place.item for one in self.entries])

    def item(self, entry: Entry) -> Item:
        return self.handle.contexts.item(entry, pinned=False)

    def stands_alone(self, under: str) -> tuple[Entry, ...]:
        """Originals of a compress that nothing stands for any more, as a merge by stock git may leave behind."""
        known = {one for stand in self.stands[under] for one in stand.originals}
        return tuple([one for one in self.shelves[under] if one not in known])

    def above(self, entry: Entry) -> str:
        """The compress that put an archived entry aside."""
        return next((under for under, one in self._shelved.get(entry.place.item, ()) if one == entry), "")

    def below(self, items: Iterable[str]) -> list[tuple[str, tuple[Entry, ...]]]:
        """What lies in the archive because of live ``items``, by compress: their originals, what is below those…"""
        wanted = set(items)
        by_entry = {stand.entry: (under, stand) for under, some in self.stands.items() for stand in some}
        todo = [one for one in by_entry if one.place.item in wanted and by_entry[one][1].live]
        found: list[tuple[str, tuple[Entry, ...]]] = []
        while todo:
            under, stand = by_entry[todo.pop()]
            found.append((under, stand.originals))
            todo += [one for one in stand.originals if one in by_entry]
        return found

    # -- names -----------------------------------------------------------------------------

    def compress_of(self, wanted: str | Item | Commit) -> str:
        """The compress that is meant: its id, its commit, one of its summaries or masked items, or of its originals.

        Ids may be cut short. NotFoundError, AmbiguousRevisionError.
        """
        if isinstance(wanted, Commit):
            return self._of_commit(wanted)
        word = wanted.id if isinstance(wanted, Item) else wanted
        if isinstance(word, str) and len(word) >= _SHORTEST:
            found = {under for under in self.shelves if under.startswith(word)}
            found = found or {under for under, some in self.stands.items() for one in some
                              if one.live and one.id.startswith(word)}  # fmt: skip
            found = found or {self._top(word)} - {""}
            if len(found) > 1:
                raise AmbiguousRevisionError(f"{word!r} means {len(found)} compresses", candidates=sorted(found),
                                             hint="one of: " + " ".join(sorted(found)))  # fmt: skip
            if found:
                return found.pop()
        raise NotFoundError(f"{word!r} is no compress, summary or masked item of this context",
                            hint="`trace expand` without a name lists them")  # fmt: skip

    def _top(self, word: str) -> str:
        """The compress that put an item aside last; "" when none did."""
        holding = [(under, one) for under, some in self.shelves.items() for one in some
                   if one.place.item.startswith(word)]  # fmt: skip
        below = {one for some in self.stands.values() for stand in some for one in stand.originals
                 if stand.id.startswith(word) and not stand.is_summary}  # fmt: skip
        return next((under for under, one in holding if one not in below), "")

    def _of_commit(self, commit: Commit) -> str:
        here = set(self.shelves)
        made = self._made(commit)
        if len(made & here) == 1:
            return (made & here).pop()
        if made & here:
            raise AmbiguousRevisionError(
                f"commit {commit.short_id} brought {len(made & here)} compresses",
                candidates=sorted(made & here),
                hint="one of: " + " ".join(sorted(made & here)),
            )
        if made:
            raise NotFoundError(f"what commit {commit.short_id} compressed is not compressed here any more")
        raise NotFoundError(f"commit {commit.short_id} compressed nothing",
                            hint="`trace expand` without a name lists what did")  # fmt: skip

    def _made(self, commit: Commit) -> set[str]:
        """The compresses that a commit has and its parents have not; where a shallow clone ends, the one it names."""
        try:
            parents = [set(self.handle.snapshots.archived(self.handle.commit(one).tree)) for one in commit.parents]
        except StateError:
            if commit.op != "compress":
                raise
            return {*commit.trailers.get("Trace-Compress", "").split()[:1]}
        return set(self.handle.snapshots.archived(commit.tree)) - set().union(*parents)

    def find(self, items: Sequence[Item], wanted: str | Item | Commit) -> Item:
        """The live item that is meant, see ``view.items.find``; StateError for one that is archived."""
        try:
            return find(items, wanted)
        except NotFoundError:
            word = wanted.id if isinstance(wanted, Item) else wanted
            if isinstance(word, str) and (under := self._top(word)):
                raise StateError(f"item {word} is archived: compress {under} stands for it",
                                 hint=f"expand it first: trace expand {under[:8]}") from None  # fmt: skip
            raise

    def check_unmasked(self, item: str) -> None:
        """StateError when a live item is masked or trimmed: an edit would be of the stub, and lost with it."""
        for under, entries in self.shelves.items():
            if any(one.place.item == item for one in entries):
                raise StateError(f"item {item} was shortened by compress {under}, so it cannot be edited",
                                 hint=f"expand it first: trace expand {item[:8]} --only {item[:8]}")  # fmt: skip


def runs(message: Message) -> tuple[int, ...]:
    made = message.provenance or {}
    found = made.get("runs")
    whole = len(made.get("items", ()))
    fits = (
        isinstance(found, list | tuple) and all(type(one) is int and one > 0 for one in found) and sum(found) == whole
    )
    return tuple(found) if found and fits else (whole,)


def level(message: Message) -> int:
    """How many summaries deep a summary is; 0 for what is none."""
    found = (message.provenance or {}).get("level", 1) if message.kind == "summary" else 0
    return found if isinstance(found, int) else 1


def level_above(messages: Iterable[Message]) -> int:
    """The level of a summary of these."""
    return 1 + max(map(level, messages), default=0)
