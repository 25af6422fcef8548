"""The order of a merged context: who stands behind whom.

Items that both sides have keep the order of the side that changed it; where both did, differently, it is a conflict.
A new item follows what it followed on its own side: its nearest predecessor that is still there, or the summary that
stands for that one. Behind the same predecessor come first results of a call that stands there, then ours, then theirs.
Order keys are never compared.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

_START = ""  # what the first items follow


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
    wanted: Collection[str],
    stands_for: Mapping[str, str],
    answers: Callable[[str, str], bool],
) -> list[str]:
    """All ``wanted`` items in order: ``frame``, and what only one side has, where it belongs.

    ``stands_for`` maps an item that was archived to its summary. ``answers(item, place)`` says that an item is a result
    of a call that the frame has at that place, or in the tool group that ends there.
    """
    present = set(frame)
    left = _behind(ours, present, wanted, stands_for)
    present_later = present | {item for items in left.values() for item in items}
    right = _behind(theirs, present, wanted, stands_for, but=present_later - present)
    order: list[str] = []
    for anchor in (_START, *frame):
        if anchor:
            order.append(anchor)
        new = [*left.get(anchor, ()), *right.get(anchor, ())]
        results = [item for item in new if answers(item, anchor)] if anchor else []
        order += results
        order += [item for item in new if item not in results] if results else new
    return order


def _behind(
    order: Sequence[str],
    present: Collection[str],
    wanted: Collection[str],
    stands_for: Mapping[str, str],
    *,
    but: Collection[str] = (),
) -> dict[str, list[str]]:
    """Which items of one side follow each item of the frame."""
    found: dict[str, list[str]] = {}
    anchor = _START
    for item in order:
        place = stands_for.get(item, item)
        if place in present:
            anchor = place
        elif item in wanted and item not in but:
            found.setdefault(anchor, []).append(item)
    return found
