"""The tool groups of the sides of a merge, and of what comes out, without reading messages that nobody needs.

What a folder settles in itself (a call and its result) takes no part in what happens between the sides, unless some of
its items are new there and others are not: then an old call may have a new result. Of all other folders only what they
leave open is known, and that is remembered by folder: see ``view.leaves``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from ...store.snapshot import Entry
from .. import groups
from ..groups import Facts
from ..leaf import Leaf
from ..leaves import Leaves
from .sides import Folder, Side

Look = Callable[[str], Facts]
"""Blob id → what its message calls and answers."""


class Result(NamedTuple):
    """An item that answers a call: which call (item, number), and after which item of its group it comes."""

    item: str
    call: tuple[str, int]
    behind: str
    adjacent: bool


class Pairing:
    """The pairing of one side. ``others`` are the items of the base and of the other side."""

    def __init__(self, side: Side, others: Sequence[Collection[str]], leaves: Leaves, look: Look) -> None:
        self._look = look
        self.entries, self.ends = side.entries, side.ends
        self.items = [one.place.item for one in side.entries]
        self.plain: list[tuple[Folder, Leaf]] = []  # folders of which only the open ends are looked at
        self._mixed: list[tuple[Folder, Leaf]] = []
        known = frozenset().union(*others)
        for folder, leaf in zip(side.folders, leaves.of([folder.oid for folder in side.folders]), strict=True):
            old = sum([item in known for item in self.items[folder.start : folder.stop]])
            (self.plain if old in (0, leaf.size) else self._mixed).append((folder, leaf))

    @cached_property
    def seen(self) -> dict[str, Facts]:
        """Blob id → facts of the items in folders that are not plain."""
        found: dict[str, Facts] = {}
        for folder, leaf in self._mixed:
            facts = leaf.facts()
            inside = self.entries[folder.start : folder.stop]
            found.update([(one.blob, facts.get(at, groups.NOTHING)) for at, one in enumerate(inside)])
        return found

    @cached_property
    def paired(self) -> groups.Groups:
        """The pairing of all items but those that are settled in a plain folder."""
        settled: set[int] = set()
        known: dict[int, Facts] = {}
        for folder, leaf in self.plain:
            settled.update(range(folder.start, folder.stop))
            known.update((folder.start + at, facts) for at, facts in leaf.loose)
        for at, one in enumerate(self.entries):
            if at not in settled and one.place.item not in self.ends:
                known[at] = self.seen.get(one.blob) or self._look(one.blob)
        return groups.pair([(at, known[at]) for at in sorted(known) if any(known[at])], len(self.items))

    @cached_property
    def whole(self) -> groups.Groups:
        """The pairing of all items."""
        known = [(at, self._look(one.blob)) for at, one in enumerate(self.entries)]
        return groups.pair([(at, facts) for at, facts in known if any(facts)], len(self.items))

    def groups(self) -> Iterator[list[str]]:
        """The items of every tool group."""
        for group in self.whole.all():
            yield [self.items[at] for at in group.items]

    def results(self) -> Iterator[Result]:
        """The results that are in the pairing, in order."""
        last: dict[int, int] = {}  # item with a call → the last item of its group so far
        for answer in self.paired.answers:
            if answer.call is None:
                continue
            before = last.get(answer.call.at, answer.call.at)
            call = (self.items[answer.call.at], answer.call.position)
            if before != answer.at:
                yield Result(self.items[answer.at], call, self.items[before], before == answer.at - 1)
            else:  # one item with several results
                yield Result(self.items[answer.at], call, self.items[answer.call.at], True)
            last[answer.call.at] = answer.at

    def faults(self) -> set[tuple[str, str]]:
        """What is wrong on this side already: kind and item."""
        found = {(fault.kind, self.items[fault.at]) for fault in _faults(self.paired)}
        for folder, leaf in self.plain:
            found.update(("interleaved", self.items[folder.start + at]) for at in leaf.between)
        return found


def faults(entries: Sequence[Entry], sides: Sequence[Pairing], look: Look) -> list[groups.Finding]:
    """What is wrong with the tool groups of a merged context."""
    places = {one.place.item: at for at, one in enumerate(entries)}
    known: dict[int, Facts] = {}
    for side in sides:
        for folder, leaf in side.plain:
            known.update(_together(side.entries[folder.start : folder.stop], leaf, places, entries, look))
    ends = frozenset().union(*(side.ends for side in sides))
    seen = {blob: facts for side in sides for blob, facts in side.seen.items()}
    for at, one in enumerate(entries):
        if at not in known:
            known[at] = groups.NOTHING if one.place.item in ends else seen.get(one.blob) or look(one.blob)
    paired = groups.pair([(at, known[at]) for at in sorted(known) if any(known[at])], len(entries))
    return [fault.told(entries[fault.at].place.item) for fault in groups.in_order(_faults(paired))]


def _together(
    mine: Sequence[Entry], leaf: Leaf, places: Mapping[str, int], entries: Sequence[Entry], look: Look
) -> dict[int, Facts]:
    """Facts of a plain folder whose items still stand together, what was edited aside; none when they do not, or an
    edited one calls or answers."""
    start = places.get(mine[0].place.item, len(entries))
    there = entries[start : start + len(mine)]
    if [one.place.item for one in there] != [one.place.item for one in mine]:
        return {}
    found = {**dict.fromkeys(range(start, start + len(mine)), groups.NOTHING),
             **{start + at: facts for at, facts in leaf.loose}}  # fmt: skip
    for one, other in zip(mine, there, strict=True):
        if one.blob != other.blob and (any(look(one.blob)) or any(look(other.blob))):
            return {}
    return found


def _faults(paired: groups.Groups) -> list[groups.Fault]:
    return [*groups.dangling(paired), *groups.between(paired)]
