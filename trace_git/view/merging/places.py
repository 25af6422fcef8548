"""The order of a merged context: who stands behind whom.

Items that both sides have keep the order of the side that changed it; where both did, differently, it is a conflict.
A new item follows what it followed on its own side: its nearest predecessor that is still there, or the summary that
stands for that one. Behind the same predecessor come first results of a call that stands there, then ours, then theirs;
the tails of both sides, the usual case, come last. Order keys are never compared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set

_START, _END = "", "end"  # what the first items follow, and what tails do


def skeleton(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str], *, prefer: str | None
) -> list[str] | None:
    """The order of the items that both sides have; None when both changed it and ``prefer`` names no side.

    ``base`` may be of several bases merged: items it does not have are in ours' order.
    """
    both = frozenset(ours) & frozenset(theirs)
    known = both & frozenset(base)
    before, one, other = (_only(order, known) for order in (base, ours, theirs))
    if one == other or other == before or prefer == "ours":
        return _only(ours, both)
    if one != before and prefer != "theirs":
        return None
    return _only(theirs, both)


def _only(order: Sequence[str], wanted: Collection[str]) -> list[str]:
    return [item for item in order if item in wanted]


def woven(
    frame: Sequence[str],
    ours: Sequence[str],
    theirs: Sequence[str],
    *,
    wanted: Set[str],
    stands_for: Mapping[str, str],
    results: Mapping[str, str],
) -> list[str]:
    """All ``wanted`` items in order: ``frame``, and what only one side has, where it belongs.

    What a side has behind its last item of the frame is its tail: tails come last, ours before theirs. ``stands_for``
    maps an item that was archived to its summary; ``results`` an item that answers a call of the frame to the item
    behind which it belongs, the last of its tool group.
    """
    present = frozenset(frame)
    left = _behind(ours, present, wanted, stands_for)
    taken = {item for items in left.values() for item in items}
    right = _behind(theirs, present, wanted - taken, stands_for)
    order: list[str] = []
    for anchor in (_START, *frame, _END):
        if anchor in present:
            order.append(anchor)
            order += [item for item, place in results.items() if place == anchor and item in wanted]
        order += [item for item in (*left.get(anchor, ()), *right.get(anchor, ())) if item not in results]
    return order


def _behind(
    order: Sequence[str], present: Collection[str], wanted: Collection[str], stands_for: Mapping[str, str]
) -> dict[str, list[str]]:
    """Which items of one side follow each item of the frame; what follows the last of them is the tail."""
    found: dict[str, list[str]] = {}
    anchor = _START
    for item in order:
        place = stands_for.get(item, item)
        if place in present:
            anchor = place
        elif item in wanted:
            found.setdefault(anchor, []).append(item)
    if anchor in found:
        found[_END] = found.pop(anchor)
    return found
