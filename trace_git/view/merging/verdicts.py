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

The tool group is the unit for presence: when one of its members is in dispute, all are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .sides import ABSENT, GONE, LIVE, Side, State


@dataclass
class Verdicts:
    """``states`` is what is settled; ``disputed`` maps a kind of conflict to groups of item ids."""

    states: dict[str, State] = field(default_factory=dict)
    disputed: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)


def judge(base: Side, ours: Side, theirs: Side, groups: Iterable[Sequence[str]]) -> Verdicts:
    """Merge all items of the three sides. ``groups`` are the ids of each tool group of the base."""
    before, left, right = base.states(), ours.states(), theirs.states()
    found = Verdicts()
    kinds: dict[str, str] = {}
    for item in {**left, **right, **before}:
        old = None if item in base.unknown else before.get(item, ABSENT)
        one, other = left.get(item, ABSENT), right.get(item, ABSENT)
        settled = merged(old, one, other)
        if isinstance(settled, State):
            found.states[item] = settled
        else:
            kinds[item] = settled
    found.disputed = _grouped(kinds, groups, before, left, right)
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
    if base is None:
        return "presence" if ours.presence != theirs.presence else "edit" if ours.blob != theirs.blob else "pin"
    if base.presence == GONE:
        return _both_added(ours, theirs)
    if ours.presence != LIVE and theirs.presence != LIVE:
        return "presence" if GONE in (ours.presence, theirs.presence) else "summary"
    if ours.presence != theirs.presence:
        return _one_took_away(base, ours, theirs)
    return _both_live(base, ours, theirs)


def _both_added(ours: State, theirs: State) -> State | str:
    if GONE in (ours.presence, theirs.presence):
        return ours if theirs.presence == GONE else theirs
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
    kinds: Mapping[str, str],
    groups: Iterable[Sequence[str]],
    before: Mapping[str, State],
    left: Mapping[str, State],
    right: Mapping[str, State],
) -> list[tuple[str, tuple[str, ...]]]:
    """The disputes, one for each item or, where presence is in dispute, for each tool group or pair of compresses."""
    member_of = {item: tuple(group) for group in groups for item in group}
    found: dict[tuple[str, tuple[str, ...]], None] = {}
    summaries: dict[tuple[str, str], list[str]] = {}
    for item, kind in kinds.items():
        if kind == "summary":
            summaries.setdefault((left[item].presence, right[item].presence), []).append(item)
        elif kind == "presence" and item in member_of:
            found[kind, member_of[item]] = None
        else:
            found[kind, (item,)] = None
    whole = {item for kind, members in found if kind == "presence" for item in members}
    disputes = [one for one in found if one[0] == "presence" or one[1][0] not in whole]
    return [*disputes, *(("summary", tuple(items)) for items in summaries.values())]
