"""A merge, computed: what stands in the result, in which order, and what is in dispute. Nothing here writes.

The plan is made in two steps. ``Merging`` compares three sides and lists the conflicts; ``settled`` takes resolutions
and gives the ``Plan``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ...conflicts import TOOLS, Conflict, Resolution
from ...model import Item, Message
from ...store import codec
from ...store.snapshot import Entry
from ..groups import Facts, pair
from ..handle import Handle
from . import places
from .compresses import Compresses
from .pairing import Pairing
from .settling import settle
from .sides import LIVE, Side, State, ids
from .verdicts import Verdicts, judge

OURS, BOTH = Resolution("ours"), Resolution("both")


@dataclass(frozen=True)
class Plan:
    """What a merge gives, but for stretches of items that are the same on all sides.

    ``order`` are the live items; ``line`` the same, with archived ones where they would stand; ``states`` all items of
    the sides; ``entries`` where to find each; ``pins`` every pinned item, with the blob it is pinned as where that is
    known; ``archived`` by compress id what differs between the sides; ``tools`` a blob id.

    ``actions`` are resolutions that need new content or a new item: conflict and answer, for the verb to carry out.
    """

    order: tuple[str, ...]
    line: tuple[str, ...]
    states: Mapping[str, State]
    entries: Mapping[str, Entry]
    pins: Mapping[str, str]
    archived: Mapping[str, tuple[Entry, ...]]
    tools: str | None
    actions: tuple[tuple[Conflict, Resolution], ...] = ()
    unresolved: tuple[Conflict, ...] = ()


@dataclass
class Merging:
    """Three sides compared. ``base`` may be of several merge bases merged, or empty. Two compresses that say the same
    are one, unless ``strict``."""

    handle: Handle
    base: Side
    ours: Side
    theirs: Side
    strict: bool = False
    _verdicts: Verdicts = field(init=False)

    def __post_init__(self) -> None:
        self._sides = (self.base, self.ours, self.theirs)
        self._states = tuple(side.states() for side in self._sides)
        self._messages: dict[str, Message] = {}
        base, ours, theirs = self._states
        leaves = self.handle.contexts.leaves
        self.pairings = tuple(Pairing(side, (base, other), leaves, self.look)
                              for side, other in zip(self._sides, (base, theirs, ours), strict=True))  # fmt: skip
        self._verdicts = judge(self.base, self._states, self.group)
        self._compresses = Compresses(self._sides, self._states, self.message)
        if not self.strict:
            self._compresses.agree(self._verdicts)

    # -- reading ---------------------------------------------------------------------------

    def message(self, blob: str) -> Message:
        found = self._messages.get(blob)
        if found is None:
            found = self._messages[blob] = self.handle.contexts.message(blob)
        return found

    def look(self, blob: str) -> Facts:
        """What a message calls and answers."""
        return self.handle.contexts.leaves.facts(blob)

    def items(self, side: Side) -> tuple[Item, ...]:
        """The live items of a side, but for stretches that are the same on all."""
        return self._items(side, side.entries)

    def _items(self, side: Side, entries: Sequence[Entry]) -> tuple[Item, ...]:
        return tuple([Item(item, role, blob, self.message, pinned=item in side.pins)
                      for (_, role, item), blob in entries])  # fmt: skip

    @cached_property
    def _units(self) -> dict[str, list[str]]:
        """Item → its tool group, as all sides together see it."""
        found: dict[str, list[str]] = {}
        live = (group for pairing in self.pairings for group in pairing.groups())
        for group in (*live, *self._put_aside()):
            parts = {id(found[item]): found[item] for item in group if item in found}
            unit = list(dict.fromkeys([*(item for part in parts.values() for item in part), *group]))
            found.update(dict.fromkeys(unit, unit))
        return found

    def _put_aside(self) -> Iterator[list[str]]:
        """The tool groups in the archives: what is torn apart there comes back torn."""
        for side in self._sides:
            for entries in map(sorted, side.archived.values()):
                known = [(at, self.look(one.blob)) for at, one in enumerate(entries)]
                paired = pair([one for one in known if any(one[1])], len(entries))
                yield from ([entries[at].place.item for at in group.items] for group in paired.all())

    def group(self, item: str) -> Sequence[str]:
        """The ids of the tool group of an item, or itself alone."""
        return self._units.get(item, (item,))

    def covered(self, item: str) -> Sequence[str]:
        """The items that a summary stands for."""
        return self._compresses.covered(item)

    # -- conflicts -------------------------------------------------------------------------

    @cached_property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Everything that is in dispute, in the order of ours."""
        found = [self._conflict(kind, items) for kind, items in self._verdicts.disputed]
        found += self._answers
        if self._prefer is None:
            found.append(self._order())
        if (tools := self._tools()) is not None:
            found.append(tools)
        rank = {item: at for at, item in enumerate([*ids(self.ours.entries), *ids(self.theirs.entries)])}
        return tuple(sorted(found, key=lambda one: rank.get(one.items[0], len(rank))))

    def _conflict(self, kind: str, items: Sequence[str]) -> Conflict:
        base = self._versions(0, items)
        if kind == "summary":  # the originals are the same: what differs is what stands for them
            ours, theirs = (self._versions(side, self._compresses.shown(side, items)) for side in (1, 2))
        else:
            ours, theirs = (self._items(side, [live[item] for item in items if item in live])
                            for side, live in zip(self._sides[1:], self._live[1:], strict=True))  # fmt: skip
        if kind != "presence":
            return Conflict(kind, tuple(items), base, ours, theirs, _TEXTS[kind])
        aside = tuple(name for name, states in zip(("ours", "theirs"), self._states[1:], strict=True)
                      if any(states[item].archived for item in items if item in states))  # fmt: skip
        took = "compressed" if aside and (ours or theirs) else "dropped"
        did = "changed or pinned" if ours or theirs else "compressed"
        return Conflict(kind, tuple(items), base, ours, theirs, f"one side {took} it, the other {did} it", aside)

    @cached_property
    def _live(self) -> list[dict[str, Entry]]:
        return [{one.place.item: one for one in side.entries} for side in self._sides]

    def _versions(self, number: int, items: Sequence[str]) -> tuple[Item, ...]:
        """Items of a side, live or archived."""
        side = self._sides[number]
        found = {one.place.item: one for under in side.archived.values() for one in under} | self._live[number]
        return self._items(side, [found[item] for item in items if item in found])

    @cached_property
    def _prefer(self) -> str | None:
        """Whose order stands; None when that is in dispute."""
        if self.base.disordered:
            return "ours"
        base, ours, theirs = self._lines
        placed = [item for item in base if item not in self.base.unplaced]
        live = (ids(side.entries) for side in self._sides)
        return places.skeleton(placed, ours, theirs) or places.skeleton(*live)

    @cached_property
    def _lines(self) -> list[list[str]]:
        """All items of each side in order; with a summary that was moved, what it stands for has moved."""
        return [places.line(side, self._compresses.covered, self._compresses.begins) for side in self._sides]

    def _order(self) -> Conflict:
        orders = [ids(side.entries) for side in self._sides]
        both = frozenset(orders[0]).intersection(*orders[1:]) - self.base.unplaced
        lines = [[item for item in order if item in both] for order in orders]
        moved = frozenset(item for item, *others in zip(*lines, strict=True) if any(one != item for one in others))
        base, ours, theirs = (
            self._items(side, [one for one in side.entries if one.place.item in moved]) for side in self._sides
        )
        return Conflict("order", tuple(item.id for item in ours), base, ours, theirs, _TEXTS["order"])

    def _tools(self) -> Conflict | None:
        blobs = [side.tools for side in self._sides]
        if blobs[1] == blobs[2] or (blobs[0] in blobs[1:] and TOOLS not in self.base.unknown):
            return None
        base, ours, theirs = ((Item(TOOLS, TOOLS, blob, self._definitions),) if blob else () for blob in blobs)
        return Conflict("edit", (TOOLS,), base, ours, theirs, "both sides set other tool definitions")

    def _definitions(self, blob: str) -> Message:
        """Tool definitions as a message to read: JSON."""
        import json  # costs start-up time

        found = codec.decode_tools(self.handle.store.blob(blob), blob_id=blob)
        return Message(TOOLS, {"role": TOOLS, "content": json.dumps(found, ensure_ascii=False, indent=2)})

    @cached_property
    def _answers(self) -> list[Conflict]:
        """Two results for one call, and results of a call that the other side took away."""
        before = self._states[0]
        new = [self._new_results(pairing) for pairing in self.pairings[1:]]
        disputed: dict[str, list[str]] = {}  # item with a call → results, or its whole group
        whole = {item for kind, items in self._verdicts.disputed if kind != "edit" for item in items}
        for call in dict.fromkeys((*new[0], *new[1])):
            item = call[0]
            if item in whole or not (item in before or all(item in side for side in self._states[1:])):
                continue  # in dispute with its group already, or a call of one side alone
            mine, other = (found.get(call, []) for found in new)
            state = self._verdicts.states.get(item)
            if state is not None and state.presence != LIVE:
                disputed.setdefault(item, []).extend([one for one in self.group(item) if one != item])
            elif mine and other and set(mine) != set(other):
                disputed.setdefault(item, []).extend([*mine, *other])
        return [self._conflict("answer", tuple(dict.fromkeys((call, *items)))) for call, items in disputed.items()]

    def _new_results(self, pairing: Pairing) -> dict[tuple[str, int], list[str]]:
        """Call (item, number) → results that the base does not have."""
        found: dict[tuple[str, int], list[str]] = {}
        for result in pairing.results():
            if result.item not in self._states[0]:
                found.setdefault(result.call, []).append(result.item)
        return found

    # -- settling --------------------------------------------------------------------------

    def settled(self, resolutions: Mapping[str, Resolution], judged: Sequence[Conflict] = ()) -> Plan:
        """The result under ``resolutions`` (conflict id → answer). What has none is ``unresolved``; then the rest says
        only what would stand if ours were taken, and all that is new. ``judged`` are conflicts not of structure."""
        every = (*self.conflicts, *judged)
        answers = [(one, resolutions.get(one.id, BOTH if one.kind == "semantic" else OURS)) for one in every]
        states = dict(self._verdicts.states)
        prefer, tools = self._prefer or "ours", self._merged_tools()
        for conflict, answer in answers:
            if conflict.kind == "order":
                prefer = answer.action
            elif conflict.items == (TOOLS,):
                tools = (self.theirs if answer.action == "theirs" else self.ours).tools
            else:
                settle(states, conflict, answer, self._states[1:], self.group)
                if conflict.kind != "summary":
                    self._compresses.follow(states, conflict.items)
        self._compresses.give_way(states, answers)
        self._compresses.lapse(states)
        line = self._line(states, prefer)
        pins = self._pins(states)
        archived = self._compresses.archived(states)
        kept = {one.place.item for under in archived.values() for one in under}
        live = {item for item, state in states.items() if state.presence == LIVE}
        return Plan(
            order=tuple([item for item in line if item in live]),
            line=tuple([item for item in line if item in live or item in kept]),
            states=states,
            entries=self._entries(states),
            pins=pins,
            archived=archived,
            tools=tools,
            actions=tuple([one for one in answers if one[1].action in ("both", "replace", "defer")]),
            unresolved=tuple([one for one in every if one.id not in resolutions]),
        )

    def _merged_tools(self) -> str | None:
        """What stands when there is no conflict, or none is settled."""
        return self.theirs.tools if self.ours.tools == self.base.tools else self.ours.tools

    def _line(self, states: Mapping[str, State], prefer: str) -> list[str]:
        behind: tuple[dict[str, str], dict[str, str]] = ({}, {})
        for found, pairing in zip(behind, self.pairings[1:], strict=True):
            for one in pairing.results():
                if one.adjacent or found is behind[1]:
                    found.setdefault(one.item, one.behind)
        return places.woven(
            *self._lines[1:],
            placed=self._states[0].keys(),
            prefer=prefer,
            wanted={item for item, state in states.items() if state.presence == LIVE},
            aside={item for item, state in states.items() if state.archived},
            behind=behind,
            covered=self._compresses.covered,
        )

    def _pins(self, states: Mapping[str, State]) -> dict[str, str]:
        """Every pin: of items that are looked at as their states say, of others merged three-way here."""
        base, ours, theirs = (side.pins for side in self._sides)
        merged = (ours.keys() & theirs.keys()) | ((ours.keys() | theirs.keys()) - base.keys())
        found = {item: ours.get(item) or theirs[item] for item in merged - states.keys()}
        live = {item: state.blob for item, state in states.items() if state.pinned and state.presence == LIVE}
        return {**found, **live}

    def _entries(self, states: Mapping[str, State]) -> dict[str, Entry]:
        """A version of each item: the one its state names, else any."""
        archived = {one.place.item: one for side in self._sides for under in side.archived.values() for one in under}
        base, ours, theirs = self._live
        found = archived | base | theirs | ours
        for item, state in states.items():
            if found[item].blob != state.blob and state.blob:
                versions = (live[item] for live in self._live if item in live)
                found[item] = next((one for one in versions if one.blob == state.blob), found[item])
        return found


_TEXTS = {
    "edit": "both sides changed its content",
    "pin": "one side pinned it, the other changed its content",
    "order": "both sides moved items, differently",
    "answer": "the sides do not agree on the result of a call",
    "summary": "both sides compressed the same items, differently",
}
