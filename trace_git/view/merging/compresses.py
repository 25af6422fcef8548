"""What compresses of both sides make of the same items: which summaries stand, which give way, what is archived.

A compress is known by its id, the folder of its originals in the archive; its summaries name their originals in their
provenance. One that gives way is as if it had not been: its summaries go, and what it alone covered lives again. Of a
masked item the original lies in the archive while a shorter version is live; when that is compressed in turn, the item
lies there twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import cached_property
from itertools import accumulate

from ...conflicts import Conflict, Resolution
from ...model import Message
from ...store.snapshot import Entry
from .. import deferred
from ..compressing.archive import runs
from .sides import ABSENT, GONE, LIVE, Side, State
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
        self._begins: set[str] = set()

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
                message = deferred.shown(self._message(one.blob))
                if message.kind == "summary":
                    items = found[one.place.item] = tuple(map(str, (message.provenance or {}).get("items", ())))
                    self._begins.update(items[at] for at in accumulate(runs(message)[:-1]))
        return found

    def begins(self, item: str) -> bool:
        """Whether something stood between an item and the one before that its summary stands for."""
        return bool(self._covers) and item in self._begins

    def covered(self, item: str) -> tuple[str, ...]:
        return self._covers.get(item, ())

    def shown(self, side: int, items: Iterable[str]) -> list[str]:
        """The live summaries that a side has instead of ``items`` in dispute: theirs, or what these were compressed
        into."""
        todo = self._standing(side, self._own(side, items))
        found = dict.fromkeys(todo)
        while todo:
            above = self._standing(side, self._states[side][todo.pop()].shelves)
            todo += [one for one in above if one not in found]
            found.update(dict.fromkeys(above))
        return [one for one in found if self._states[side][one].presence == LIVE]

    def _standing(self, side: int, compresses: Set[str]) -> list[str]:
        """The summaries of some compresses on a side, in order."""
        return [one for one in self._covers if compresses & self._of(side, one)]

    def _of(self, side: int, summary: str) -> frozenset[str]:
        """The compress that a summary is of, as a side has it. It is the one under which all lie that it stands for;
        an item that was masked before lies under another as well."""
        states = self._states[side]
        covered = self.covered(summary) if summary in states else ()
        shelves = [states[one].shelves for one in covered if states.get(one, ABSENT).archived]
        return frozenset.intersection(*shelves) or shelves[0].union(*shelves) if shelves else frozenset()

    def _own(self, side: int, items: Iterable[str]) -> frozenset[str]:
        """The compresses that put items aside on a side, and not on the other."""
        here, there = ([self._states[one].get(item, ABSENT).shelves for item in items] for one in (side, 3 - side))
        return frozenset().union(*here) - frozenset().union(*there)

    # -- agreeing --------------------------------------------------------------------------

    def agree(self, verdicts: Verdicts) -> None:
        """Two compresses of the same items with the same text are no dispute: theirs gives way, unless its summaries
        were pinned or compressed again since; then ours does, unless that is so of its own."""
        for dispute in [one for one in verdicts.disputed if one[0] == "summary"]:
            own = {side: self._own(side, dispute[1]) for side in (1, 2)}
            if self._content(1, own[1]) != self._content(2, own[2]):
                continue
            loser = next((side for side in (2, 1) if self._untouched(side, own[side])), None)
            if loser is not None:
                verdicts.disputed.remove(dispute)
                verdicts.states.update((item, self._states[3 - loser][item]) for item in dispute[1])
                self._agreed |= own[loser]

    def _untouched(self, side: int, compresses: Set[str]) -> bool:
        """Whether nothing was done with the summaries of some compresses."""
        states = [self._states[side][one] for one in self._standing(side, compresses)]
        return all(state.presence == LIVE and not state.pinned for state in states)

    def _content(self, side: int, compresses: Set[str]) -> tuple[frozenset[str], list[tuple[str, str]]]:
        """What compresses cover, and what they say instead."""
        items = frozenset(item for item, state in self._states[side].items() if compresses & state.shelves)
        blobs = {one.place.item: one.blob for one in self._sides[side].every()}
        said = [self._message(blobs[one]) for one in self._standing(side, compresses)]
        return items, [(message.role, message.text) for message in said]

    # -- giving way ------------------------------------------------------------------------

    def give_way(self, states: dict[str, State], answers: Iterable[tuple[Conflict, Resolution]]) -> None:
        """Take the compresses that lost a conflict out of ``states``, and whatever compressed their summaries again.
        Where neither side was taken, those of both."""
        lost = set(self._agreed)
        for conflict, answer in answers:
            if conflict.kind == "summary":
                losers = {"ours": (2,), "theirs": (1,)}.get(answer.action, (1, 2))
                lost.update(*(self._own(side, conflict.items) for side in losers))
        if not lost:
            return
        gone = self._lose(lost)
        for item, state in states.items():
            if lost & state.shelves:
                states[item] = self._alive(item, lost)
        states.update(dict.fromkeys(gone & states.keys(), ABSENT))

    def _lose(self, lost: set[str]) -> set[str]:
        """The summaries that go; ``lost`` grows by the compresses that archived one of them."""
        gone: set[str] = set()
        while True:
            more = {item for item in self._covers if item not in self._states[0] and self._lapses(item, lost)}
            above = frozenset().union(
                *(self._states[side].get(item, ABSENT).shelves for side in (1, 2) for item in more)
            )
            if more <= gone and above <= lost:
                return gone
            gone |= more
            lost |= above

    def _lapses(self, summary: str, lost: set[str]) -> bool:
        """Whether a summary is of a lost compress on each side that has it."""
        sides = [side for side in (1, 2) if summary in self._states[side]]
        return bool(sides) and all(self._of(side, summary) & lost for side in sides)

    def _alive(self, item: str, lost: Set[str]) -> State:
        """An item that comes live again: as a side has it live, or as it was archived."""
        sides = (self._states[side].get(item, ABSENT) for side in (1, 2))
        put_aside = (one.blob for side in (1, 2) for under, entries in self._sides[side].archived.items()
                     if under in lost for one in entries if one.place.item == item)  # fmt: skip
        return next((one for one in sides if one.presence == LIVE), None) or State(LIVE, next(put_aside), False)

    def lapse(self, states: dict[str, State]) -> None:
        """A summary goes when nothing that it stood for is put aside any more, as all was taken from the other side;
        not one that is pinned."""
        todo = {summary: frozenset().union(*(self._of(side, summary) for side in (1, 2))) for summary in self._covers}
        more = True
        while more:
            more = False
            for summary, compress in todo.items():
                state = states.get(summary, ABSENT)
                there = state.presence != GONE and not state.pinned and compress
                if there and not any(states.get(one, ABSENT).shelves & compress for one in self.covered(summary)):
                    states[summary], more = ABSENT, True

    # -- following -------------------------------------------------------------------------

    def follow(self, states: dict[str, State], items: Iterable[str]) -> None:
        """What a summary of ``items`` stands for is archived while that is there, and goes with it.

        So it is with what the other side dropped with the summary, or brought back and left as it was.
        """
        todo = [(item, one) for item in items for one in self.covered(item)]
        for summary, item in todo:
            compress = frozenset().union(*(self._of(side, summary) for side in (1, 2)))
            state = states.get(item, ABSENT)
            sides = (self._states[side].get(item, ABSENT) for side in (1, 2))
            aside = next((one for one in sides if one.shelves & compress), None)
            if aside is None or state.pinned:
                continue
            if states.get(summary, ABSENT).presence == GONE:
                states[item] = ABSENT if state.shelves & compress else state
            elif state.blob in ("", aside.blob):
                states[item] = aside
            todo += [(item, one) for one in self.covered(item)]

    # -- the archive -----------------------------------------------------------------------

    def archived(self, states: Mapping[str, State]) -> dict[str, tuple[Entry, ...]]:
        """What lies in the archive by compress id: each item where its state says, or beside its masked version."""
        found: dict[str, dict[str, Entry]] = {}
        masked: dict[str, int] = {}  # item → the side whose originals are kept
        for side in (1, 2):
            for under, entries in self._sides[side].archived.items():
                for one in entries:
                    item = one.place.item
                    state = states.get(item, ABSENT)
                    masks = self._masks(side, item, state, one) and masked.setdefault(item, side) == side
                    if masks or under in state.shelves:
                        found.setdefault(under, {}).setdefault(item, one)
        return {under: tuple(sorted(entries.values())) for under, entries in found.items()}

    def _masks(self, side: int, item: str, state: State, original: Entry) -> bool:
        """Whether the version that is live is the one with which this side masked the original; it may have compressed
        that since, and the compress gave way."""
        own = self._states[side].get(item, ABSENT)
        if state.presence != LIVE or state.blob == original.blob:
            return False
        if len(own.shelves) > 1:
            return original.blob in (self._message(state.blob).provenance or {}).get("digests", ())
        return own.blob == state.blob
