"""A merge, computed: what stands in the result, in which order, and what is in dispute. Nothing here writes.

The plan is made in two steps. ``Merging`` compares three sides and lists the conflicts; ``settled`` takes resolutions
and gives the ``Plan``. Folders of items that all sides share at the beginning are left out of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ...conflicts import TOOLS, Conflict, Resolution
from ...model import Item
from ...store.snapshot import Entry
from .. import groups
from ..handle import Handle
from . import places
from .sides import ABSENT, GONE, LIVE, Side, State, ids
from .verdicts import Verdicts, judge


@dataclass(frozen=True)
class Plan:
    """What a merge gives. ``order`` are the live items behind the shared beginning; ``states`` all items of the sides;
    ``entries`` where to find a version of each; ``pins`` every pinned item; ``tools`` a blob id.

    ``actions`` are resolutions that need new content or a new item: conflict and answer, for the verb to carry out.
    """

    order: tuple[str, ...]
    states: Mapping[str, State]
    entries: Mapping[str, Entry]
    pins: frozenset[str]
    tools: str | None
    actions: tuple[tuple[Conflict, Resolution], ...] = ()
    unresolved: tuple[Conflict, ...] = ()


@dataclass
class Merging:
    """Three sides compared. ``base`` may be of several merge bases merged, or empty."""

    handle: Handle
    base: Side
    ours: Side
    theirs: Side
    _verdicts: Verdicts = field(init=False)

    def __post_init__(self) -> None:
        self._sides = (self.base, self.ours, self.theirs)
        self._states = tuple(side.states() for side in self._sides)
        self._verdicts = judge(*self._sides, self._groups(self.base))

    def _groups(self, side: Side) -> list[tuple[str, ...]]:
        return [tuple(side.entries[at].place.item for at in group.items) for group in self._paired(side).all()]

    def _paired(self, side: Side) -> groups.Groups:
        return groups.groups(self._items(side, side.entries))

    def _items(self, side: Side, entries: Sequence[Entry]) -> tuple[Item, ...]:
        contexts = self.handle.contexts
        return tuple([contexts.item(one, pinned=one.place.item in side.pins) for one in entries])

    def items(self, side: Side) -> tuple[Item, ...]:
        """The live items of a side behind the shared beginning."""
        return self._items(side, side.entries)

    # -- conflicts -------------------------------------------------------------------------

    @cached_property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Everything that is in dispute, in the order of ours."""
        found = [self._conflict(kind, items) for kind, items in self._verdicts.disputed]
        found += self._answers
        if self._frame(None) is None:
            found.append(self._order())
        if (tools := self._tools()) is not None:
            found.append(tools)
        rank = {item: at for at, item in enumerate([*ids(self.ours.entries), *ids(self.theirs.entries)])}
        return tuple(sorted(found, key=lambda one: rank.get(one.items[0], len(rank))))

    def _conflict(self, kind: str, items: Sequence[str]) -> Conflict:
        base, ours, theirs = (self._versions(side, items) for side in self._sides)
        return Conflict(kind, tuple(items), base, ours, theirs, _TEXTS[kind])

    def _versions(self, side: Side, items: Sequence[str]) -> tuple[Item, ...]:
        entries = {one.place.item: one for under in side.archived.values() for one in under}
        entries.update((one.place.item, one) for one in side.entries)
        return self._items(side, [entries[item] for item in items if item in entries])

    def _order(self) -> Conflict:
        orders = [ids(side.entries) for side in self._sides]
        both = frozenset(orders[0]).intersection(*orders[1:])
        lines = [[item for item in order if item in both] for order in orders]
        moved = frozenset(item for item, *others in zip(*lines, strict=True) if any(one != item for one in others))
        base, ours, theirs = (
            self._items(side, [one for one in side.entries if one.place.item in moved]) for side in self._sides
        )
        return Conflict("order", tuple(item.id for item in ours), base, ours, theirs, _TEXTS["order"])

    def _tools(self) -> Conflict | None:
        blobs = [side.tools for side in self._sides]
        if blobs[1] == blobs[2] or blobs[0] in blobs[1:]:
            return None
        load = self.handle.contexts.message
        base, ours, theirs = ((Item(TOOLS, TOOLS, blob, load),) if blob else () for blob in blobs)
        return Conflict("edit", (TOOLS,), base, ours, theirs, "both sides set other tool definitions")

    @cached_property
    def _answers(self) -> list[Conflict]:
        """Two results for one call, and results of a call that the other side took away."""
        before = frozenset(self._states[0])
        mine, others = (self._results(side) for side in (self.ours, self.theirs))
        found = []
        for call in [call for call in dict.fromkeys((*mine, *others)) if call in before]:
            new = [[item for item in answers.get(call, ()) if item not in before] for answers in (mine, others)]
            gone = self._verdicts.states.get(call, ABSENT).presence != LIVE and call in self._verdicts.states
            if (all(new) and set(new[0]) != set(new[1])) or (any(new) and gone):
                found.append(self._conflict("answer", tuple(dict.fromkeys([call, *new[0], *new[1]]))))
        return found

    def _results(self, side: Side) -> dict[str, list[str]]:
        """Item that calls → items with the results, in order."""
        found: dict[str, list[str]] = {}
        for answer in self._paired(side).answers:
            if answer.call is not None:
                call = side.entries[answer.call.at].place.item
                found.setdefault(call, []).append(side.entries[answer.at].place.item)
        return found

    def _frame(self, prefer: str | None) -> list[str] | None:
        base, ours, theirs = (ids(side.entries) for side in self._sides)
        return places.skeleton(base, ours, theirs, prefer=prefer)

    # -- settling --------------------------------------------------------------------------

    def settled(self, resolutions: Mapping[str, Resolution]) -> Plan:
        """The result under ``resolutions`` (conflict id → answer). What has none is ``unresolved``; then the rest says
        only what would stand if ours were taken."""
        states = dict(self._verdicts.states)
        prefer, tools = "ours", self._merged_tools(None)
        actions: list[tuple[Conflict, Resolution]] = []
        for conflict in self.conflicts:
            answer = resolutions.get(conflict.id, Resolution("ours"))
            if conflict.kind == "order":
                prefer = answer.action
            elif conflict.items == (TOOLS,):
                tools = self._merged_tools(answer.action)
            else:
                self._settle(states, conflict, answer)
            if answer.action in ("both", "replace", "defer"):
                actions.append((conflict, answer))
        order = self._woven(states, prefer)
        pins = self._pins(states)
        unresolved = tuple(one for one in self.conflicts if one.id not in resolutions)
        return Plan(tuple(order), states, self._entries(states), pins, tools, tuple(actions), unresolved)

    def _settle(self, states: dict[str, State], conflict: Conflict, answer: Resolution) -> None:
        side = 2 if answer.action == "theirs" else 1
        for item in conflict.items:
            chosen = self._states[side].get(item, ABSENT)
            other = self._states[3 - side].get(item, ABSENT)
            if answer.action == "drop":
                chosen = ABSENT
            elif answer.action in ("replace", "defer") and chosen.presence != LIVE:
                chosen = other if other.presence == LIVE else chosen
            states[item] = chosen
        if conflict.kind == "summary":
            self._give_way(states, conflict, loser=self._states[3 - side])
        if conflict.kind == "answer" and answer.action in ("ours", "theirs"):
            self._one_answer(states, conflict, self._states[side], self._states[3 - side])

    def _give_way(self, states: dict[str, State], conflict: Conflict, *, loser: Mapping[str, State]) -> None:
        """What only the losing compress covered comes live again, and its summaries go."""
        lost = {loser[item].presence for item in conflict.items if item in loser}
        for item, state in states.items():
            if state.presence in lost:
                states[item] = State(LIVE, state.blob, False)
        for item in self._summaries:
            if self._summaries[item] & lost:
                states[item] = ABSENT

    def _one_answer(
        self, states: dict[str, State], conflict: Conflict, winner: Mapping[str, State], loser: Mapping[str, State]
    ) -> None:
        for item in conflict.items[1:]:
            if item in loser and item not in winner:
                states[item] = ABSENT

    @cached_property
    def _summaries(self) -> dict[str, set[str]]:
        """New summary → the compresses it is of."""
        found: dict[str, set[str]] = {}
        for side, states in zip(self._sides[1:], self._states[1:], strict=True):
            fresh = [one for one in side.entries if one.place.item not in self._states[0]]
            for item in self._items(side, fresh):
                if item.kind == "summary":
                    found[item.id] = {states[one].presence for one in _covered(item) if one in states} - {LIVE, GONE}
        return found

    def _merged_tools(self, prefer: str | None) -> str | None:
        base, ours, theirs = (side.tools for side in self._sides)
        if prefer is None:
            return theirs if ours == base else ours
        return theirs if prefer == "theirs" else ours

    def _woven(self, states: Mapping[str, State], prefer: str) -> list[str]:
        wanted = {item for item, state in states.items() if state.presence == LIVE}
        frame = [item for item in self._frame(prefer) or () if item in wanted]
        return places.woven(
            frame,
            _with_archived(self.ours),
            _with_archived(self.theirs),
            wanted=wanted,
            stands_for=self._stands_for(wanted),
            results=self._belongs(frame),
        )

    def _belongs(self, frame: Sequence[str]) -> dict[str, str]:
        """New result of a call of the frame → the last item of that call's group in the frame."""
        calls = {item: call for side in (self.ours, self.theirs)
                 for call, found in self._results(side).items() for item in found}  # fmt: skip
        ends = {item: item for item in frame}
        for item in frame:
            if calls.get(item) in ends:
                ends[calls[item]] = item
        return {item: ends[call] for item, call in calls.items() if call in ends and item not in ends}

    def _stands_for(self, wanted: set[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for side in (self.ours, self.theirs):
            fresh = [one for one in side.entries if one.place.item in self._summaries and one.place.item in wanted]
            for item in self._items(side, fresh):
                found.update((one, item.id) for one in _covered(item) if one not in wanted)
        return found

    def _pins(self, states: Mapping[str, State]) -> frozenset[str]:
        """Every pin: of items behind the shared beginning as their states say, of others merged three-way here."""
        base, ours, theirs = (side.pins for side in self._sides)
        merged = (ours & theirs) | ((ours | theirs) - base)
        live = {item for item, state in states.items() if state.pinned and state.presence == LIVE}
        return frozenset((merged - states.keys()) | live)

    def _entries(self, states: Mapping[str, State]) -> dict[str, Entry]:
        """A version of each item: the one its state names."""
        found: dict[str, Entry] = {}
        for side in self._sides:
            for one in (*side.entries, *(one for under in side.archived.values() for one in under)):
                item = one.place.item
                if item not in found or (item in states and states[item].blob == one.blob):
                    found[item] = one
        return found


def _covered(summary: Item) -> list[str]:
    """The ids of the items that a summary stands for."""
    provenance = summary.message.provenance or {}
    return [str(one) for one in provenance.get("items", ())]


def _with_archived(side: Side) -> list[str]:
    """The items of a side in order, archived ones where they stood."""
    everything = [*side.entries, *(one for under in side.archived.values() for one in under)]
    return [one.place.item for one in sorted(everything, key=lambda one: one.place.key)]


_TEXTS = {
    "edit": "both sides changed its content",
    "presence": "one side took it away, the other changed or pinned it",
    "pin": "one side pinned it, the other changed its content",
    "order": "both sides moved items, differently",
    "answer": "the sides do not agree on the result of a call",
    "summary": "both sides compressed the same items, differently",
}
