"""One side of a merge: what a commit's tree says of every item that matters, live or archived. Nothing is read here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ...store.snapshot import Entry

LIVE = "live/"  # with a slash, which no compress id has
GONE = "gone/"


class State(NamedTuple):
    """The attributes of an item but its place: presence (live, gone, or the ids of the compresses it is archived under,
    with a slash between: a masked item that was compressed has two), blob (40 hex, "" when gone), pinned."""

    presence: str
    blob: str
    pinned: bool

    @property
    def archived(self) -> bool:
        return self.presence not in (LIVE, GONE)

    @property
    def shelves(self) -> frozenset[str]:
        """The compresses it is archived under."""
        return frozenset(self.presence.split("/")) if self.archived else frozenset()


ABSENT = State(GONE, "", False)


class Folder(NamedTuple):
    """A folder of a side: its tree id, and which ``entries`` of the side are its."""

    oid: bytes
    start: int
    stop: int


@dataclass(frozen=True)
class Side:
    """``entries`` are the live items in order; ``archived`` the others, by compress id; ``pins`` item → blob id;
    ``tools`` the blob id of the tool definitions.

    Of a stretch of folders that is the same on all sides only the first and the last item are there, its ``ends``; of
    an archive that is the same, nothing. So it may be with a stretch that no other side knows: ``stretches`` has its
    folders, by its first item. ``folders`` are the others, none for a virtual side. ``unknown`` are items of
    which a virtual side knows nothing, because its sides were in conflict; ``unplaced`` those whose place it does not
    know, because only some of its sides have them; ``disordered`` says that these had the others in different orders.
    """

    entries: tuple[Entry, ...]
    pins: Mapping[str, str] = field(default_factory=dict)
    archived: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    tools: str | None = None
    ends: frozenset[str] = frozenset()
    stretches: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    folders: tuple[Folder, ...] = ()
    unknown: frozenset[str] = frozenset()
    unplaced: frozenset[str] = frozenset()
    disordered: bool = False

    def states(self) -> dict[str, State]:
        """Item id → state, for all items that are live or archived. An original of a masked item is not listed."""
        found: dict[str, State] = {}
        for under, entries in sorted(self.archived.items()):
            for one in entries:
                other = found.get(one.place.item)
                shelves = f"{other.presence}/{under}" if other is not None else under
                found[one.place.item] = State(shelves, one.blob, False)
        found.update([(place.item, State(LIVE, blob, place.item in self.pins)) for place, blob in self.entries])
        return found

    def every(self) -> list[Entry]:
        """All entries, archived ones first."""
        return [*(one for entries in self.archived.values() for one in entries), *self.entries]


def ids(entries: Iterable[Entry]) -> list[str]:
    return [one.place.item for one in entries]
