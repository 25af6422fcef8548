"""What a merge gives, told: its items, its size, what of it a provider has cached. Only what differs is counted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from ...model import Commit, Item, Message, TokenCount
from ...results import Receipt
from ...store.snapshot import Entry
from .. import groups
from ..groups import Facts
from ..handle import Handle
from ..tokens import PRIMING
from . import pairing
from .plan import Merging


class Outcome:
    """``entries`` are the live items that come out, as ``Side.entries`` are; ``fresh`` are messages, by blob id, that
    no tree has yet; ``ours`` is the commit that is merged into."""

    def __init__(
        self,
        handle: Handle,
        merging: Merging,
        ours: Commit,
        entries: Sequence[Entry],
        pins: Mapping[str, str],
        fresh: Mapping[str, Message],
    ) -> None:
        self._handle = handle
        self._merging = merging
        self._ours = ours
        self._before = merging.ours.entries
        self._after = entries
        self._pins = pins
        self._fresh = fresh

    def faults(self) -> list[groups.Finding]:
        """What is wrong with its tool groups that was not wrong on one of the sides."""
        known = {fault for side in self._merging.pairings[1:] for fault in side.faults()}
        found = pairing.faults(self._after, self._merging.pairings[1:], self._look)
        return [one for one in found if (one.kind, one.item) not in known]

    def _look(self, blob: str) -> Facts:
        return groups.facts(self._fresh[blob]) if blob in self._fresh else self._merging.look(blob)

    # -- items -----------------------------------------------------------------------------

    def brought(self) -> tuple[Item, ...]:
        """What ours does not have."""
        ours = {one.place.item for one in self._before}
        return tuple([self._item(one) for one in self._after if one.place.item not in ours])

    def items(self) -> tuple[Item, ...]:
        """The whole context."""
        return tuple([self._item(one) for one in self._every()])

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

    def _item(self, one: Entry) -> Item:
        pinned = one.place.item in self._pins
        if one.blob in self._fresh:
            return Item.of(one.place.item, one.blob, self._fresh[one.blob]).with_pinned(pinned)
        return self._handle.contexts.item(one, pinned=pinned)

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
        come = [self._count(blob) for item, blob in after.items() if before.get(item) != blob]
        gone = [self._count(blob) for item, blob in before.items() if after.get(item) != blob]
        exact = all(one.exact for one in (*come, *gone))
        return TokenCount(sum(come) - sum(gone), exact=exact, counter=counter.name)

    def _count(self, blob: str) -> TokenCount:
        counter = self._handle.counter
        assert counter is not None
        known = counter.known(blob)
        if known is None:
            known = counter.message(self._fresh.get(blob) or self._merging.message(blob), blob)
        return known

    def receipt(self) -> Receipt:
        kept, same = 0, 0
        while same < min(len(self._before), len(self._after)) and self._before[same].blob == self._after[same].blob:
            same += 1
        total = int(self._handle.contexts.total(self._ours)) if self._handle.counter is not None else 0
        added = int(self.tokens or 0)
        after = total + added + (PRIMING if added and not total else 0)
        leaves = self._handle.contexts.leaves
        ids = self._handle.snapshots.leaf_ids(self._ours.tree)
        if same == len(self._before):
            return Receipt(total, after, total, sum(map(leaves.size, ids)), None)
        breaks = self._before[same]
        folder, at = self._place(ids, breaks)
        kept = sum(leaves.size(oid) for oid in ids[:folder]) + at
        return Receipt(total, after, self._kept(ids, folder, at, total), kept, breaks.place.item)

    def _place(self, ids: Sequence[bytes], entry: Entry) -> tuple[int, int]:
        """The folder of one of ours' items, and where in it."""
        leaf = self._handle.snapshots.leaf
        folder = bisect_right(ids, entry.place.key, key=lambda oid: leaf(oid)[0].place.key) - 1
        return folder, leaf(ids[folder]).index(entry)

    def _kept(self, ids: Sequence[bytes], folder: int, at: int, total: int) -> int:
        """The tokens of ours before an item, counted from the nearer end."""
        if self._handle.counter is None:
            return 0
        leaves, entries = self._handle.contexts.leaves, self._handle.snapshots.leaf(ids[folder])
        if folder * 2 < len(ids):
            return sum(map(leaves.tokens, ids[:folder])) + sum(leaves.count(one.blob) for one in entries[:at])
        gone = sum(map(leaves.tokens, ids[folder + 1 :])) + sum(leaves.count(one.blob) for one in entries[at:])
        return max(total - gone - PRIMING, 0)
