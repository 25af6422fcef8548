"""What compresses of both sides make of the same items: which summaries stand, which give way, what is archived.

A compress is known by its id, the folder of its originals in the archive; its summaries name their originals in their
provenance. One that gives way is as if it had not been: its summaries go, and what it alone covered lives again. Of a
masked item the original lies in the archive while a shorter version is live.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

from ...conflicts import Conflict, Resolution
from ...model import Message
from ...store.snapshot import Entry
from .sides import ABSENT, LIVE, Side, State
from .verdicts import Verdicts


class Compresses:
    """``sides`` and ``states`` are base, ours, theirs."""

    def __init__(
        self, sides: Sequence[Side], states: Sequence[Mapping[str, State]], message: Callable[[str], Message]
    ) -> None:
        self._sides = sides
        self._states = states
        self._message = message
        self._agreed: set[str] = set()

    @cached_property
    def _covers(self) -> dict[str, tuple[str, ...]]:
        """Summary → the items it stands for. Nobody has summaries where nothing was archived."""
        found: dict[str, tuple[str, ...]] = {}
        if not any(side.archived for side in self._sides):
            return found
        for side in self._sides:
            for one in side.every():
                if one.place.item in side.ends or one.place.item in found:
                    continue
                message = self._message(one.blob)
                if message.kind == "summary":
                    found[one.place.item] = tuple(map(str, (message.provenance or {}).get("items", ())))
        return found

    def covered(self, item: str) -> tuple[str, ...]:
        return self._covers.get(item, ())

    def standing(self, side: int, items: Iterable[str]) -> list[str]:
        """The summaries that stand for ``items`` on a side, in order."""
        compresses = {self._states[side][item].presence for item in items if item in self._states[side]}
        return [one.place.item for one in self._sides[side].every()
                if compresses & self._of(side, one.place.item)]  # fmt: skip

    def _of(self, side: int, summary: str) -> set[str]:
        """The compresses that a summary is of, as a side has it."""
        states = self._states[side]
        return {states[one].presence for one in self.covered(summary) if states.get(one, ABSENT).archived}

    # -- agreeing --------------------------------------------------------------------------

    def agree(self, verdicts: Verdicts) -> None:
        """Two compresses of the same items with the same text are no dispute: theirs gives way, unless its summaries
        were pinned or compressed again since; then ours does, unless that is so of its own."""
        for dispute in [one for one in verdicts.disputed if one[0] == "summary"]:
            compresses = {side: self._states[side][dispute[1][0]].presence for side in (1, 2)}
            if self._content(1, compresses[1]) != self._content(2, compresses[2]):
                continue
            loser = next((side for side in (2, 1) if self._untouched(side, dispute[1])), None)
            if loser is not None:
                verdicts.disputed.remove(dispute)
                verdicts.states.update((item, self._states[3 - loser][item]) for item in dispute[1])
                self._agreed.add(compresses[loser])

    def _untouched(self, side: int, items: Iterable[str]) -> bool:
        """Whether nothing was done with the summaries of ``items``."""
        states = [self._states[side][one] for one in self.standing(side, items)]
        return all(state.presence == LIVE and not state.pinned for state in states)

    def _content(self, side: int, compress: str) -> tuple[frozenset[str], list[tuple[str, str]]]:
        """What a compress covers, and what it says instead."""
        items = frozenset(item for item, state in self._states[side].items() if state.presence == compress)
        blobs = {one.place.item: one.blob for one in self._sides[side].every()}
        said = [self._message(blobs[one]) for one in self.standing(side, items)]
        return items, [(message.role, message.text) for message in said]

    # -- giving way ------------------------------------------------------------------------

    def give_way(self, states: dict[str, State], answers: Iterable[tuple[Conflict, Resolution]]) -> None:
        """Take the compresses that lost a conflict out of ``states``, and whatever compressed their summaries again."""
        lost = set(self._agreed)
        for conflict, answer in answers:
            if conflict.kind == "summary":
                side = 1 if answer.action == "theirs" else 2
                lost.update(self._states[side][item].presence for item in conflict.items)
        if not lost:
            return
        gone = self._lose(lost)
        for item, state in states.items():
            if state.presence in lost:
                states[item] = self._alive(item, state)
        states.update(dict.fromkeys(gone & states.keys(), ABSENT))

    def _lose(self, lost: set[str]) -> set[str]:
        """The summaries that go; ``lost`` grows by the compresses that archived one of them."""
        gone: set[str] = set()
        while True:
            more = {item for item in self._covers if item not in self._states[0] and self._lapses(item, lost)}
            above = {state.presence for side in (1, 2) for item in more
                     if (state := self._states[side].get(item, ABSENT)).archived}  # fmt: skip
            if more <= gone and above <= lost:
                return gone
            gone |= more
            lost |= above

    def _lapses(self, summary: str, lost: set[str]) -> bool:
        """Whether a summary is of a lost compress on each side that has it."""
        sides = [side for side in (1, 2) if summary in self._states[side]]
        return bool(sides) and all(self._of(side, summary) & lost for side in sides)

    def _alive(self, item: str, state: State) -> State:
        """An item that comes live again: as a side has it live, or as it was archived."""
        sides = (self._states[side].get(item, ABSENT) for side in (1, 2))
        return next((one for one in sides if one.presence == LIVE), State(LIVE, state.blob, False))

    # -- the archive -----------------------------------------------------------------------

    def archived(self, states: Mapping[str, State]) -> dict[str, tuple[Entry, ...]]:
        """What lies in the archive by compress id: each item where its state says, or beside its masked version."""
        found: dict[str, dict[str, Entry]] = {}
        masked: dict[str, int] = {}
        for side in (1, 2):
            for under, entries in self._sides[side].archived.items():
                for one in entries:
                    item = one.place.item
                    state = states.get(item, ABSENT)
                    if state.presence == under:
                        found.setdefault(under, {}).setdefault(item, one)
                    elif masked.get(item, side) == side and self._masks(side, under, state, one):
                        masked[item] = side
                        found.setdefault(under, {})[item] = one
        return {under: tuple(sorted(entries.values())) for under, entries in found.items()}

    def _masks(self, side: int, under: str, state: State, original: Entry) -> bool:
        """Whether the version that there will be, live or archived, is the one with which this side masked the
        original."""
        item = original.place.item
        own = self._states[side].get(item, ABSENT)
        if state == ABSENT or own.blob != state.blob or own.blob == original.blob:
            return False
        return own.presence == state.presence == LIVE or (under, item) in self._sides[side].beneath
