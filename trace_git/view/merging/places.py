"""The order of a merged context: who stands behind whom. Order keys of different sides are never compared.

A ``line`` is a side's live items with the archived ones where they stood, be that behind a pin that was left out of a
compress; where the summary that stands for them was moved since, behind it. Items of the base that
are in the lines of both sides are the frame; they keep the order of the side that changed it, and where both did,
differently, it is a conflict. A new item follows its nearest predecessor on its own side that is in the frame, be that
archived by now; a new summary stands where the first item of the frame is that it stands for. What a side has behind
its last item of the frame is its tail: tails come last, ours before theirs. A result whose call both sides have goes
into its call's group.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set

from .sides import Side, ids

_START, _END = "", "end"  # what the first items follow, and what tails do


def line(side: Side, covered: Callable[[str], Sequence[str]], begins: Callable[[str], bool]) -> list[str]:
    """``covered`` gives the items that a summary stands for, in order, ``begins`` which of them stood apart from the
    one before. What nothing live stands for has no place."""
    live = ids(side.entries)
    aside = {one.place.item for under in side.archived.values() for one in under}
    aside.difference_update(live)  # masked items
    if not aside:
        return live
    found: list[str] = []
    above: dict[str, str] = {}  # archived item → the summary that stands for it
    for item in live:
        start = len(found)
        _unfold(item, aside, covered, found)
        for one in found[start:]:
            above.update((other, one) for other in covered(one) if other in aside and other not in above)
        aside.difference_update(found[start:])  # another summary may stand for it, too
    return _where_they_stood(side, found, above, begins) if side.folders else found


def _where_they_stood(
    side: Side, line: Sequence[str], above: Mapping[str, str], begins: Callable[[str], bool]
) -> list[str]:
    """A line by the keys of one tree. A summary has that of the first item it stands for, unless it was moved since.

    Of items that stood together the first has a place: what was said after a compress has keys like those of the
    others."""
    keys = {one.place.item: one.place.key for one in side.every()}
    first: dict[str, str] = {}
    for item, summary in above.items():
        first[summary] = min(first.get(summary, keys[item]), keys[item])
    where: dict[str, str] = {}
    last: dict[str, str] = {}  # summary → where the last of its items stands
    for item in line:
        over = above.get(item)
        if over is None:
            where[item] = keys[item]
            continue
        stayed = begins(item) and where[over] == keys[over] == first[over]
        where[item] = last[over] = keys[item] if stayed else last.get(over, where[over])
    return sorted(line, key=where.__getitem__)


def _unfold(item: str, aside: Collection[str], covered: Callable[[str], Sequence[str]], found: list[str]) -> None:
    """An item, and behind it what it stands for, what that stands for, and so on."""
    todo, met = [item], {item}
    while todo:
        one = todo.pop()
        found.append(one)
        below = [other for other in covered(one) if other in aside and other not in met]
        met.update(below)
        todo += reversed(below)


def skeleton(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> str | None:
    """Whose order the items have that all three know: "ours" or "theirs"; None when both changed it, differently."""
    both = frozenset(ours) & frozenset(theirs) & frozenset(base)
    before, one, other = ([item for item in order if item in both] for order in (base, ours, theirs))
    if other in (one, before):
        return "ours"
    return "theirs" if one == before else None


def woven(
    ours: Sequence[str],
    theirs: Sequence[str],
    *,
    placed: Collection[str],
    prefer: str,
    wanted: Set[str],
    behind: Sequence[Mapping[str, str]],
    covered: Callable[[str], Sequence[str]],
    aside: Set[str] = frozenset(),
) -> list[str]:
    """All ``wanted`` items in order, and among them, where they would stand, those ``aside`` and others of the frame.

    ``placed`` are the items of the base; ``prefer`` says whose order they have. ``behind`` maps, for each side, an item
    to the one right behind which it belongs, a result to its call or to the result before it. ``covered`` is as in
    ``line``.
    """
    both = frozenset(ours) & frozenset(theirs)
    frame = [item for item in (theirs if prefer == "theirs" else ours) if item in both and item in placed]
    stops = frozenset(frame)
    bound = [_bound(one, both, wanted) for one in behind]
    stands = [_stands_for(order, stops, wanted - both, covered) for order in (ours, theirs)]
    heads: dict[str, list[str]] = {}
    for summary, first in [pair for one in stands for pair in one.items()]:
        heads.setdefault(first, []).append(summary)
    every = wanted | aside
    left = _chains(ours, stops, every - bound[0].keys() - stands[0].keys())
    right = _chains(theirs, stops, every - bound[1].keys() - stands[1].keys() - both)  # what both added is ours
    children: dict[str, list[str]] = {}
    for one in bound:
        for item, target in one.items():
            children.setdefault(target, []).append(item)
    found: list[str] = []
    for anchor in (_START, *frame, _END):
        todo = [*right.get(anchor, ())[::-1], *left.get(anchor, ())[::-1]]
        todo += [anchor] if anchor in stops else []
        found += heads.get(anchor, ())
        while todo:
            item = todo.pop()
            found.append(item)
            todo += reversed(children.get(item, ()))
    return found


def _bound(behind: Mapping[str, str], both: Collection[str], wanted: Set[str]) -> dict[str, str]:
    """Those new items whose targets will stand there, in order. Where a target will not, what that followed is one."""
    found: dict[str, str] = {}
    for item, target in behind.items():
        while target in behind and target not in wanted:
            target = behind[target]
        if item in wanted and item not in both and (target in found or (target in both and target in wanted)):
            found[item] = target
    return found


def _stands_for(
    order: Sequence[str], stops: Collection[str], wanted: Set[str], covered: Callable[[str], Sequence[str]]
) -> dict[str, str]:
    """The new summaries of one side that stand for items of the frame, each with the first of these: its place."""
    found: dict[str, str] = {}
    every = frozenset(order)
    for summary in [item for item in order if item in wanted and covered(item)]:
        below: list[str] = []
        _unfold(summary, every, covered, below)
        first = next((item for item in below if item in stops), None)
        if first is not None:
            found[summary] = first
    return found


def _chains(order: Sequence[str], stops: Collection[str], wanted: Set[str]) -> dict[str, list[str]]:
    """Which new items of one side follow each item of the frame; what follows the last of them is the tail."""
    found: dict[str, list[str]] = {}
    anchor = _START
    for item in order:
        if item in stops:
            anchor = item
        elif item in wanted:
            found.setdefault(anchor, []).append(item)
    if anchor in found:
        found[_END] = found.pop(anchor)
    return found
