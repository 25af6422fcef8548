"""What becomes of each item: presence, blob and pin merged three-way, each by itself.

| ours / theirs against base | verdict |
|---|---|
| unchanged / anything, or the same change | taken once |
| edit / other edit | conflict: edit |
| edit or pin / dropped or archived | conflict: presence |
| pin / edit | conflict: pin |
| dropped / archived | conflict: presence |
| archived / archived by another compress | conflict: summary |
| added / added with other content | conflict: edit |
| added / added and dropped again | taken once |
| unpinned / edited | both changes |

The tool group is the unit for presence and for a pin: when one of its members is in dispute, all are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .sides import ABSENT, GONE, LIVE, Side, State

Unit = Callable[[str], Sequence[str]]
"""Item id → the ids of its tool group, or itself alone."""
_WHOLE = ("presence", "pin")  # kinds of dispute that are about a whole tool group, the first before the second


@dataclass
class Verdicts:
    """``states`` is what is settled; ``disputed`` are kinds of conflict with the item ids that each is about."""

    states: dict[str, State] = field(default_factory=dict)
    disputed: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)


def judge(base: Side, sides: Sequence[Mapping[str, State]], unit: Unit) -> Verdicts:
    """Merge all items. ``sides`` are the states of base, ours and theirs."""
    before, left, right = sides
    found = Verdicts()
    kinds: dict[str, str] = {}
    for item in {**left, **right, **before}:
        ours, theirs = left.get(item, ABSENT), right.get(item, ABSENT)
        old = None if item in base.unknown else before.get(item, ABSENT)
        settled = ours if theirs is old else merged(old, ours, theirs)  # the first is so of most: new on one side
        if isinstance(settled, State):
            found.states[item] = settled
        else:
            kinds[item] = settled
    if kinds:
        found.disputed = _grouped(kinds, unit, left, right)
        for _, members in found.disputed:
            for item in members:
                found.states.pop(item, None)
    return found


def merged(base: State | None, ours: State, theirs: State) -> State | str:
    """The state both sides lead to, or the kind of conflict. ``base`` is None when it is not known."""
    if ours == theirs or theirs == base:
        return ours
    if ours == base:
        return theirs
    if ours.archived and theirs.archived:
        return "summary"
    if base is None:
        return "presence" if ours.presence != theirs.presence else "edit" if ours.blob != theirs.blob else "pin"
    if base.presence == GONE:
        return _both_added(ours, theirs)
    if ours.presence != LIVE and theirs.presence != LIVE:
        return "presence"
    if ours.presence != theirs.presence:
        return _one_took_away(base, ours, theirs)
    return _both_live(base, ours, theirs)


def _both_added(ours: State, theirs: State) -> State | str:
    """An item that the base does not have: appended on both sides, and changed by one of them since, or both."""
    if ours.presence != theirs.presence:
        return "presence"
    if ours.blob != theirs.blob:
        return "edit"
    return ours._replace(pinned=True)


def _one_took_away(base: State, ours: State, theirs: State) -> State | str:
    kept, gone = (ours, theirs) if ours.presence == LIVE else (theirs, ours)
    if base.presence != LIVE:  # the other side brought it back, with or without a change
        return "presence"
    changed = kept.blob != base.blob or kept.pinned != base.pinned
    return "presence" if changed else gone


def _both_live(base: State, ours: State, theirs: State) -> State | str:
    edits = (ours.blob != base.blob, theirs.blob != base.blob)
    pins = (ours.pinned and not base.pinned, theirs.pinned and not base.pinned)
    if all(edits) and ours.blob != theirs.blob:
        return "edit"
    if ours.blob != theirs.blob and ((pins[0] and edits[1]) or (pins[1] and edits[0])):
        return "pin"
    blob = ours.blob if edits[0] else theirs.blob
    pinned = ours.pinned if ours.pinned != base.pinned else theirs.pinned
    return State(LIVE, blob, pinned)


def _grouped(
    kinds: Mapping[str, str], unit: Unit, left: Mapping[str, State], right: Mapping[str, State]
) -> list[tuple[str, tuple[str, ...]]]:
    """The disputes: one for each item, tool group or pair of compresses. No item is in two of them."""
    found: list[tuple[str, tuple[str, ...]]] = []
    taken: set[str] = set()
    for whole in _WHOLE:
        for item in [one for one, kind in kinds.items() if kind == whole]:
            members = [one for one in unit(item) if one not in taken]
            if item not in taken:
                found.append((whole, tuple(members)))
                taken.update(members)
    compresses: dict[tuple[str, str], list[str]] = {}
    for item, kind in kinds.items():
        if item in taken:
            continue
        if kind == "summary":
            compresses.setdefault((left[item].presence, right[item].presence), []).append(item)
        else:
            found.append((kind, (item,)))
    return [*found, *(("summary", tuple(items)) for items in compresses.values())]
