"""What a merge compares: two commits and what they have in common.

Several best common ancestors (a criss-cross) are merged into one virtual side first. What is in dispute between them is
a base of which nothing is known. It knows the order of the items that all of them have; where they differ in that, ours
stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...conflicts import Resolution
from ...store.snapshot import Entry
from ..descent import merge_bases
from ..handle import Handle
from . import folders
from .plan import Merging
from .sides import Side, ids

_DEEPEST = 40  # criss-crosses below criss-crosses; beyond, the first base stands for all


def compared(handle: Handle, ours: str, theirs: str, *, brief: bool = False) -> Merging | None:
    """The merge of two commits; None for unrelated histories.

    ``brief`` leaves out stretches of new items about which there is nothing to decide.
    """
    below = _Below(handle)
    found = below.bases(ours, theirs)
    if not found:
        return None
    commits = list(dict.fromkeys((*below.involved(found), ours, theirs)))
    sides = folders.read(handle, commits, brief=brief and len(commits) == 3)
    return Merging(handle, below.virtual(sides, found), sides[ours], sides[theirs])


def unrelated(handle: Handle, ours: str, theirs: str) -> Merging:
    """The merge of two histories that share nothing."""
    sides = folders.read(handle, [ours, theirs])
    return Merging(handle, Side(()), sides[ours], sides[theirs])


def replayed(handle: Handle, base: str | None, ours: str, theirs: str, *, also: Sequence[str] = ()) -> Merging:
    """What ``theirs`` did to ``base``, its parent or None for none, done to ``ours``: the merge of a replay.

    Items of ours in ``also`` are read whether they differ or not.
    """
    known = [base] if base is not None else []
    sides = folders.read(handle, list(dict.fromkeys((*known, theirs, ours))), also=also)
    return Merging(handle, sides[base] if base is not None else Side(()), sides[ours], sides[theirs])


class _Below:
    """The merge bases of a merge, and those of merging them."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._bases: dict[tuple[str, str], tuple[str, ...]] = {}
        self._virtual: dict[tuple[str, ...], Side] = {}

    def bases(self, one: str, other: str) -> tuple[str, ...]:
        if (one, other) not in self._bases:
            self._bases[one, other] = merge_bases(self._handle, one, other)
        return self._bases[one, other]

    def involved(self, commits: Sequence[str]) -> list[str]:
        """All commits that ``virtual`` reads."""
        found: dict[str, None] = {}
        todo, met, depth = {tuple(commits)}, {tuple(commits)}, 0
        while todo:
            found.update((commit, None) for some in todo for commit in (some if depth < _DEEPEST else some[:1]))
            below = {self.bases(some[0], other) for some in todo for other in some[1:]} if depth < _DEEPEST else set()
            todo = {some for some in below if some} - met
            met |= todo
            depth += 1
        return list(found)

    def virtual(self, sides: Mapping[str, Side], commits: tuple[str, ...], *, depth: int = 0) -> Side:
        """One side that stands for several merge bases; for none, an empty one."""
        if not commits:
            return Side(())
        if commits not in self._virtual:
            side = sides[commits[0]]
            for other in commits[1:] if depth < _DEEPEST else ():
                base = self.virtual(sides, self.bases(commits[0], other), depth=depth + 1)
                side = _merged(Merging(self._handle, base, side, sides[other], strict=True))
            self._virtual[commits] = side
        return self._virtual[commits]


def _merged(merging: Merging) -> Side:
    """Of two compresses of the same items neither stands, else a side that chose one would have dropped the other."""
    plan = merging.settled({one.id: Resolution("neither") for one in merging.conflicts if one.kind == "summary"})
    disputed = {item for one in merging.conflicts if one.kind != "order" for item in one.items}
    lines = [
        [item for item in ids(side.entries) if item not in side.unplaced] for side in (merging.ours, merging.theirs)
    ]
    placed = frozenset(lines[0]) & frozenset(lines[1])
    one, other = ([item for item in line if item in placed] for line in lines)
    entries = [Entry(plan.entries[item].place, plan.states[item].blob) for item in plan.order]
    return replace(
        merging.ours,
        entries=tuple(entries),
        pins=plan.pins,
        archived=plan.archived,
        tools=plan.tools,
        folders=(),
        unknown=merging.ours.unknown | disputed,
        unplaced=frozenset(plan.order) - placed,
        disordered=merging.ours.disordered or one != other,
    )
