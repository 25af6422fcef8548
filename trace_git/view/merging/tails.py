"""What is new on each side of a merge and not in dispute: the items that a judge of their meaning compares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...model import Item
from .plan import Merging
from .sides import Side

_SAID = ("message", "collapse")  # a summary says nothing new, a conflict item what was put off


@dataclass(frozen=True)
class Tail:
    """The new items of one side, in order, each with its tool group whole. ``members`` maps an id to its group's."""

    items: tuple[Item, ...]
    members: Mapping[str, tuple[str, ...]]

    def closed(self, ids: Iterable[str]) -> tuple[Item, ...]:
        """The items named, with their tool groups, in order."""
        wanted = {member for one in ids for member in self.members[one]}
        return tuple([item for item in self.items if item.id in wanted])


def tails(merging: Merging) -> tuple[Tail, Tail]:
    """Ours and theirs."""
    disputed = {item for conflict in merging.conflicts for item in conflict.items}
    known = disputed | merging.base.states().keys() | merging.base.unknown
    ours, theirs = merging.ours, merging.theirs
    return (
        _tail(merging, ours, known | theirs.states().keys()),
        _tail(merging, theirs, known | ours.states().keys()),
    )


def _tail(merging: Merging, side: Side, known: set[str]) -> Tail:
    fresh = {item.id: item for item in merging.items(side) if item.id not in known and item.kind in _SAID}
    members = {one: tuple(merging.group(one)) for one in fresh}
    whole = {one: group for one, group in members.items() if fresh.keys() >= set(group)}
    return Tail(tuple([fresh[one] for one in whole]), whole)
