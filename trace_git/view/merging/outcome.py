"""What a merge gives, told: its items, its size, what of it a provider has cached. Only what differs is counted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from ...model import Commit, Item, Message, TokenCount
from ...results import Receipt
from ...store.snapshot import Entry
from .. import groups, receipt
from ..groups import Facts
from ..handle import Handle
from ..leaf import ESTIMATE
from ..tokens import PRIMING
from . import pairing
from .plan import Merging


class Outcome:
    """``entries`` are the live items that come out, as ``Side.entries`` are, but that stretches of theirs are whole:
    ``inside`` are the ids of what was left out there. ``fresh`` are messages, by blob id, that no tree has yet;
    ``ours`` is the commit that is merged into."""

    def __init__(
        self,
        handle: Handle,
        merging: Merging,
        ours: Commit,
        entries: Sequence[Entry],
        pins: Mapping[str, str],
        fresh: Mapping[str, Message],
        inside: Collection[str] = (),
    ) -> None:
        self._handle = handle
        self._merging = merging
        self._ours = ours
        self._before = merging.ours.entries
        self._after = entries
        self._pins = pins
        self._fresh = fresh
        self._inside = inside

    def faults(self) -> list[groups.Finding]:
        """What is wrong with its tool groups that was not wrong on one of the sides."""
        known = {fault for side in self._merging.pairings[1:] for fault in side.faults()}
        after = [one for one in self._after if one.place.item not in self._inside]
        found = pairing.faults(after, self._merging.pairings[1:], self._look)
        return [one for one in found if (one.kind, one.item) not in known]

    def _look(self, blob: str) -> Facts:
        return groups.facts(self._fresh[blob]) if blob in self._fresh else self._merging.look(blob)

    # -- items -----------------------------------------------------------------------------

    def brought(self) -> tuple[Item, ...]:
        """What ours does not have."""
        ours = {one.place.item for one in self._before}
        return self._items([one for one in self._after if one.place.item not in ours])

    def items(self) -> tuple[Item, ...]:
        """The whole context."""
        return self._items(self._every())

    def _items(self, entries: Iterable[Entry]) -> tuple[Item, ...]:
        fresh, pins, load = self._fresh, self._pins, self._handle.contexts.message
        return tuple([Item(item, role, blob, load, pinned=item in pins) if blob not in fresh
                      else Item.of(item, blob, fresh[blob]).with_pinned(item in pins)
                      for (_, role, item), blob in entries])  # fmt: skip

    def _every(self) -> Iterator[Entry]:
        """``entries`` with the stretches in between, which are as in ours."""
        known = {one.place.item for one in self._before}
        behind: dict[str, list[Entry]] = {}
        last = ""
        for one in self._handle.snapshots.entries(self._ours.tree):
            if one.place.item in known:
                last = one.place.item
            else:
                behind.setdefault(last, []).append(one)
        for one in self._after:
            yield one
            yield from behind.get(one.place.item, ())

    # -- sizes -----------------------------------------------------------------------------

    @cached_property
    def tokens(self) -> TokenCount | None:
        """What the merge adds; None when nobody counts."""
        counter = self._handle.counter
        if counter is None:
            return None
        if not self._after:  # with the last item goes what primes the answer
            total = self._handle.contexts.total(self._ours)
            return TokenCount(-total, exact=total.exact, counter=counter.name)
        before, after = ({one.place.item: one.blob for one in some} for some in (self._before, self._after))
        come = [blob for item, blob in after.items() if before.get(item) != blob]
        gone = [blob for item, blob in before.items() if after.get(item) != blob]
        sizes = self._sizes()
        for blob in {*come, *gone} - sizes.keys():
            sizes[blob] = self._count(blob)
        words = [sizes[blob] for blob in (*come, *gone)]
        added = sum([sizes[blob] & ~ESTIMATE for blob in come]) - sum([sizes[blob] & ~ESTIMATE for blob in gone])
        return TokenCount(added, exact=all(word < ESTIMATE for word in words), counter=counter.name)

    def _sizes(self) -> dict[str, int]:
        """The sizes of messages in folders that are known, by blob id, with the bit for an estimate."""
        sides = self._merging.ours, self._merging.theirs
        folders = [folder.oid for side in sides for folder in side.folders]
        folders += [oid for side in sides for stretch in side.stretches.values() for oid in stretch]
        known = map(self._handle.contexts.leaves.peek, folders)
        return dict([pair for leaf in known if leaf is not None for pair in leaf.words()])

    def _count(self, blob: str) -> int:
        counter = self._handle.counter
        assert counter is not None
        count: TokenCount = counter.known(blob) or counter.message(
            self._fresh.get(blob) or self._merging.message(blob), blob
        )
        return int(count) | (0 if count.exact else ESTIMATE)

    def receipt(self, tools: str | None) -> Receipt:
        """What it means for a prompt cache; ``tools`` is the blob id of the tool definitions that come out."""
        same = 0
        while same < min(len(self._before), len(self._after)) and self._before[same].blob == self._after[same].blob:
            same += 1
        present = receipt.of(self._handle, self._ours)
        added = int(self.tokens or 0)
        new = receipt.Next(
            present.tokens + added + (PRIMING if added and not present.tokens else 0),
            present.items + len(self._after) - len(self._before),
            self._handle.contexts.definitions(tools),
        )
        alike = self._place(self._before[same]) if same < len(self._before) else present.items
        return receipt.planned(self._handle, self._ours, alike, new, lambda: (one.blob for one in self._every()))

    def _place(self, entry: Entry) -> int:
        """How many items stand in front of one of ours."""
        ids, leaf = self._handle.snapshots.leaf_ids(self._ours.tree), self._handle.snapshots.leaf
        folder = bisect_right(ids, entry.place.key, key=lambda oid: leaf(oid)[0].place.key) - 1
        return sum(map(self._handle.contexts.leaves.size, ids[:folder])) + leaf(ids[folder]).index(entry)
