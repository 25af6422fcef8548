"""One context as a compress looks at it: sizes, roles and tool groups, from what is known of whole folders.

Planning for ten thousand items has to be cheap, so messages are read only where a folder is cut: where some of its
items are in question and others are not. All else is known of the folder (see ``view.leaf``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from itertools import accumulate

from ...model import Commit, Item, TokenCount
from ...store.snapshot import Entry
from .. import deferred, groups, reports
from ..handle import Handle
from ..leaf import Leaf


class Sight:
    """The context of ``commit``. Items are named by their places in it, from 0."""

    def __init__(self, handle: Handle, commit: Commit) -> None:
        self.handle = handle
        self.commit = commit
        self._oids = handle.snapshots.leaf_ids(commit.tree)
        self._leaves = handle.contexts.leaves.of(self._oids)
        self._starts = [0, *accumulate(leaf.size for leaf in self._leaves)]
        self.entries: Sequence[Entry] = handle.snapshots.entries(commit.tree)
        self.size = len(self.entries)

    @cached_property
    def items(self) -> tuple[Item, ...]:
        return self.handle.contexts.items(self.commit.tree)

    @cached_property
    def places(self) -> dict[str, int]:
        """Item id → place."""
        return {entry.place.item: at for at, entry in enumerate(self.entries)}

    @cached_property
    def counts(self) -> list[int]:
        """The tokens of each item; all 0 without a tokenizer."""
        return [count for leaf in self._leaves for count in leaf.tokens_of_each()]

    @cached_property
    def sums(self) -> list[int]:
        """The tokens of all items before each place, and of all."""
        return [0, *accumulate(self.counts)]

    @cached_property
    def total(self) -> TokenCount:
        """The size of the context as a prompt; 0 without a tokenizer."""
        counter = self.handle.counter
        return self.handle.contexts.total(self.commit) if counter is not None else TokenCount(0)

    @cached_property
    def prompt(self) -> TokenCount:
        """The same, anchored on what an API reported last, where one did: what a model's window has to hold."""
        report = reports.last(self.handle, self.commit)
        return reports.anchored(self.handle, self.commit, report) or self.total

    def above(self, limit: int) -> int:
        """The size from which to go down to a limit, when the prompt is above it. A report may be of less than is
        counted here, and does not hold any more when all of it went: so it goes by the larger one."""
        prompt = int(self.prompt)
        return max(prompt, int(self.total)) if prompt > limit else prompt

    @cached_property
    def exact(self) -> bool:
        return all(leaf.exact for leaf in self._leaves)

    def tokens(self, places: Iterable[int]) -> int:
        """The tokens of some items."""
        return sum(map(self.counts.__getitem__, places))

    @cached_property
    def pinned(self) -> frozenset[int]:
        pins = self.handle.snapshots.pins(self.commit.tree)
        return frozenset(self.places[item] for item in pins if item in self.places) if pins else frozenset()

    @cached_property
    def results(self) -> tuple[int, ...]:
        """The places of the items that hold what a tool gave."""
        found = (start + at for start, leaf in self._each() for at in leaf.results)
        return tuple([at for at in found if not self._is_task(at)])

    def _is_task(self, at: int) -> bool:
        """SWE-agent calls the task an observation too; but no turn of the model stands before it."""
        if self.role(at) != "user" or (at and self.role(at - 1) == "assistant"):
            return False
        return not self.items[at].message.answers

    @cached_property
    def unsettled(self) -> frozenset[int]:
        """The places of conflicts that a merge put off."""
        held = [(start, leaf) for start, leaf in self._each() if deferred.KIND in leaf.parts]
        return frozenset(
            start + at for start, leaf in held for at, part in enumerate(leaf.part_of_each()) if part == deferred.KIND
        )

    @cached_property
    def _outputs(self) -> frozenset[int]:
        return frozenset(self.results)

    def is_output(self, at: int) -> bool:
        """Whether an item holds what a tool gave."""
        return at in self._outputs

    def role(self, at: int) -> str:
        return self.entries[at].place.role

    def groups(self, cut: Collection[int]) -> groups.Groups:
        """The tool groups of which some items, and not all, may be in ``cut``; of others what reaches over folders."""
        known: list[tuple[int, groups.Facts]] = []
        chosen = sorted(cut)
        at = 0
        for number, (start, leaf) in enumerate(self._each()):
            stop, first = start + leaf.size, at
            while at < len(chosen) and chosen[at] < stop:
                at += 1
            if 0 < at - first < leaf.size:
                looks = self.handle.contexts.leaves.looks(self._oids[number])
                known += [(start + place, look.facts) for place, look in enumerate(looks) if any(look.facts)]
            else:
                known += [(start + place, facts) for place, facts in leaf.loose]
        return groups.pair(known, self.size)

    def group_start(self, at: int) -> int:
        """The first place of the tool group that an item is in, or its own."""
        which = bisect_right(self._starts, at) - 1
        first = self._starts[which]
        inside = range(first, first + 1) if self._leaves[which].size > 1 else ()  # any cut has the folder read
        group = self.groups(inside).of(at)
        return group.items[0] if group else at

    def _each(self) -> Iterable[tuple[int, Leaf]]:
        return zip(self._starts, self._leaves, strict=False)
