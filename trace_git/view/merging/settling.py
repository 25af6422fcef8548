"""What an answer makes of the items that a conflict is about: their states. Contents and new items are the verb's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...conflicts import Conflict, Resolution
from .sides import ABSENT, LIVE, State
from .verdicts import Unit


def settle(
    states: dict[str, State],
    conflict: Conflict,
    answer: Resolution,
    sides: Sequence[Mapping[str, State]],
    unit: Unit,
) -> None:
    """``sides`` are the states of ours and theirs, before the merge; ``states`` is what is settled so far."""
    if answer.action == "drop":
        _drop(states, conflict, unit)
    elif conflict.kind == "semantic":
        _one_speaks(states, conflict, answer)
    elif conflict.kind == "answer" and all(side.get(conflict.items[0], ABSENT).presence == LIVE for side in sides):
        _one_answers(states, conflict, answer, sides)
    else:
        _take(states, conflict, answer, sides)


def _drop(states: dict[str, State], conflict: Conflict, unit: Unit) -> None:
    """The items go, with their tool groups. What is pinned beside them holds its own: the group is broken then."""
    for item in conflict.items:
        for member in unit(item):
            if member in conflict.items or not states.get(member, ABSENT).pinned:
                states[member] = ABSENT


def _one_speaks(states: dict[str, State], conflict: Conflict, answer: Resolution) -> None:
    """The items of one side go, or of none. Replaced, or put off, ours stays."""
    gone = {"ours": conflict.theirs, "theirs": conflict.ours, "replace": conflict.theirs, "defer": conflict.theirs}
    for item in gone.get(answer.action, ()):
        states[item.id] = ABSENT


def _one_answers(
    states: dict[str, State], conflict: Conflict, answer: Resolution, sides: Sequence[Mapping[str, State]]
) -> None:
    """Of the results those go that the side which was taken does not have; all, when the call was dropped."""
    side = sides[1] if answer.action == "theirs" else sides[0]
    if states.get(conflict.items[0], ABSENT).presence != LIVE:
        side = {}
    for item in conflict.items[1:]:
        states[item] = side.get(item, ABSENT)


def _take(
    states: dict[str, State], conflict: Conflict, answer: Resolution, sides: Sequence[Mapping[str, State]]
) -> None:
    """The state that each item has on one side. What is to be replaced or put off lives, on whichever side it does."""
    side, other = (sides[1], sides[0]) if answer.action == "theirs" else sides
    for item in conflict.items:
        chosen, left = side.get(item, ABSENT), other.get(item, ABSENT)
        if answer.action in ("replace", "defer"):
            if chosen.presence != LIVE and left.presence == LIVE:
                chosen = left
            chosen = chosen._replace(pinned=chosen.pinned or left.pinned)  # until it is settled, the pin holds
        states[item] = chosen
