"""One side of a merge: what a commit's tree says of every item, live or archived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ...store.snapshot import Entry
from ..handle import Handle

LIVE = "live"
GONE = "gone"


class State(NamedTuple):
    """The attributes of an item but its place: presence (live, gone, or the id of the compress it is archived under),
    blob (40 hex, "" when gone), pinned."""

    presence: str
    blob: str
    pinned: bool


ABSENT = State(GONE, "", False)


@dataclass(frozen=True)
class Side:
    """``entries`` are the live items in order; ``archived`` the others, by compress id; ``tools`` the blob id of the
    tool definitions. ``unknown`` are items of which nothing is known: a virtual base had a conflict there."""

    entries: tuple[Entry, ...]
    pins: frozenset[str] = frozenset()
    archived: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    tools: str | None = None
    unknown: frozenset[str] = frozenset()

    def states(self) -> dict[str, State]:
        """Item id → state, for all items that are live or archived. An original of a masked item is not listed."""
        found: dict[str, State] = {}
        for under, entries in self.archived.items():
            found.update((one.place.item, State(under, one.blob, False)) for one in entries)
        for one in self.entries:
            found[one.place.item] = State(LIVE, one.blob, one.place.item in self.pins)
        return found


def read(handle: Handle, commit: str, *, skip: int = 0) -> Side:
    """What the tree of ``commit`` says, without the items in its first ``skip`` folders."""
    tree = handle.store.commit(commit).tree
    snapshots = handle.snapshots
    entries = [entry for leaf in snapshots.leaf_ids(tree)[skip:] for entry in snapshots.leaf(leaf)]
    return Side(tuple(entries), frozenset(snapshots.pins(tree)), snapshots.archived(tree), snapshots.tools(tree))


def ids(entries: Iterable[Entry]) -> list[str]:
    return [one.place.item for one in entries]
