r"""The lines that ``log --graph`` draws beside commits, made from a stream of commits and their parents.

    *   a merge     a commit stands on the lane that waits for it, or on a new one to the right
    |\              what leads to its parents is drawn right below it
    | * its second parent
    * | its first
    |/              two lanes that wait for the same commit become one, the left one
    * where they parted

Nothing is looked ahead, so the first line costs nothing however long the history is. A lane is two characters wide.
Where lines cross, one passes under the others in two rows, ``| |_|/`` and ``|/| |``. Not done here: choosing and
ordering commits, and any text beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from ..model import Commit
from . import history
from .handle import Handle
from .revisions import Revision


class Node(NamedTuple):
    """A commit, its parents that may come later, and whether it is shown: the lines of one that is not lead through."""

    id: str
    parents: tuple[str, ...]
    shown: bool = True


class Row(NamedTuple):
    """What stands beside one commit; no string ends in a space.

    ``before`` are lines above the commit's own, ``mark`` stands in front of its text, ``after`` are the lines that lead
    to its parents, and ``rest`` stands in front of further text. With n lines of further text, line i may have
    ``after[i]`` in front while there is one, and ``rest`` from then on.
    """

    id: str
    before: tuple[str, ...]
    mark: str
    after: tuple[str, ...]
    rest: str


def rows(nodes: Iterable[Node]) -> Iterator[Row]:
    """One row for each node that is shown, children before parents. A parent that never comes leaves its lane open."""
    lanes = _Lanes()
    above: list[str] = []  # drawn by nodes that are not shown
    for node in nodes:
        if not node.shown:
            above += lanes.pass_by(node)
            continue
        before, mark, after = lanes.take(node)
        yield Row(node.id, (*above, *before), mark, tuple(after), lanes.straight())
        above = []


def log(
    handle: Handle,
    rev: Revision | Sequence[Revision] = "HEAD",
    *,
    limit: int | None = None,
    all: bool = False,
    grep: str | None = None,
    role: str | None = None,
    order: str = "topo",
) -> Iterator[tuple[Row, Commit]]:
    """What ``history.log`` gives, each commit with what stands beside it.

    No line leads to commits that are not in the range; through those that a filter leaves out lines go on.
    """
    history.check_limit(limit)
    matches = history.matcher(handle, grep=grep, role=role)
    steps = history.walk(handle, history.span(handle, rev, all=all), order=order)
    every = grep is None and role is None
    nodes = (Node(step.id, step.parents, every or matches(handle.commit(step.id))) for step in steps)
    return ((row, handle.commit(row.id)) for row in islice(rows(nodes), limit))


class _Lanes:
    """The ids that are waited for, from left to right, each once."""

    def __init__(self) -> None:
        self._lanes: list[str] = []
        self._ended = -1  # the last lane, when a commit without parents has just left it

    def straight(self) -> str:
        return _drawn({2 * lane: "|" for lane in range(len(self._lanes))})

    def take(self, node: Node) -> tuple[list[str], str, list[str]]:
        """Put a commit on its lane and let its parents be waited for: the lines before it, its own, those behind."""
        before: list[str] = []
        lanes, parents = self._lanes, list(dict.fromkeys(node.parents))
        if node.id not in lanes:
            if len(lanes) == self._ended:
                before.append(self.straight())  # else it would look like a child of what stands above
            lanes.append(node.id)
        at = lanes.index(node.id)
        if at < len(lanes) - 1:
            before += [self._widened(at, more) for more in range(len(parents) - 2)]
        mark = self._mark(at, max(len(parents) - 2, 0))
        after = [*self._fan(at, parents), *self._joined(parents)]
        self._ended = at if not parents and at == len(lanes) else -1
        return before, mark, after

    def pass_by(self, node: Node) -> list[str]:
        """Let the parents of a commit that is not shown be waited for in its place, if it was; the lines to them."""
        lanes, parents = self._lanes, list(dict.fromkeys(node.parents))
        if node.id not in lanes:
            return []
        at = lanes.index(node.id)
        lines = [self.straight()] if len(parents) > 1 else []  # as the commit's own line would, this keeps lines apart
        lines += self._fan(at, parents[:1])
        if not parents and at == len(lanes):
            self._ended = at
        for parent in parents[1:]:
            width = len(lanes)
            lines += self._fan(at, [lanes[at], parent])
            at += len(lanes) - width
        return lines + self._joined(parents)

    def _joined(self, parents: list[str]) -> list[str]:
        return [line for parent in parents for _ in range(self._lanes.count(parent) - 1) for line in self._join(parent)]

    def _mark(self, at: int, more: int) -> str:
        """The commit's own line; ``more`` dashes lead to its third parent and those behind it."""
        marks = {2 * lane + (2 * more if lane > at else 0): "|" for lane in range(len(self._lanes))}
        for place in range(2 * at + 1, 2 * (at + more)):
            marks[place] = "-"
        return _drawn({**marks, **({2 * (at + more): "."} if more else {}), 2 * at: "*"})

    def _widened(self, at: int, more: int) -> str:
        """Lanes right of ``at`` step one lane to the right, having stepped ``more`` before."""
        right = {2 * (lane + more) + 1: "\\" for lane in range(at + 1, len(self._lanes))}
        return _drawn({**{2 * lane: "|" for lane in range(at + 1)}, **right})

    def _fan(self, at: int, parents: list[str]) -> list[str]:
        """Lanes for the parents in place of the commit's, and the lines to them."""
        lanes = self._lanes
        if not parents:
            lanes.pop(at)
            return [self._shifted(at)] if at < len(lanes) else []
        if len(parents) == 2 and parents[1] in lanes:
            lanes[at] = parents[0]
            return self._reach(at, lanes.index(parents[1]))
        more = len(parents) - 1
        left = {2 * lane: "|" for lane in range(at + 1)}
        fan = {2 * (at + lane) + 1: "\\" for lane in range(more)}
        right = {2 * (lane + more - 1) + 1: "\\" for lane in range(at + 1, len(lanes))}
        lanes[at : at + 1] = parents
        return [_drawn({**left, **fan, **right})] if more else []

    def _shifted(self, at: int) -> str:
        """Lanes from ``at`` on have moved one lane to the left."""
        left = {2 * lane: "|" for lane in range(at)}
        return _drawn({**left, **{2 * lane + 1: "/" for lane in range(at, len(self._lanes))}})

    def _reach(self, at: int, other: int) -> list[str]:
        """A line from the lane ``at`` into another that is there already; both stay."""
        straight = {2 * lane: "|" for lane in range(len(self._lanes))}
        if other < at:
            return [*_under(straight, at, other), _drawn({**straight, 2 * other + 1: "/"})]
        if other == at + 1:
            return [_drawn({**straight, 2 * at + 1: "\\"})]
        under = {2 * lane + 1: "_" for lane in range(at + 1, other - 1)}
        return [_drawn({**straight, 2 * at + 1: "\\", **under}), _drawn({**straight, 2 * other - 1: "\\"})]

    def _join(self, parent: str) -> list[str]:
        """The second lane that waits for ``parent`` goes into the first, and those right of it close up."""
        lanes = self._lanes
        first = lanes.index(parent)
        second = lanes.index(parent, first + 1)
        left = {2 * lane: "|" for lane in range(second)}
        right = {2 * lane: "|" for lane in range(second + 1, len(lanes))}
        closing = {place - 1: "/" for place in right}
        del lanes[second]
        return [*_under({**left, **right}, second, first), _drawn({**left, 2 * first + 1: "/", **closing})]


def _under(straight: Mapping[int, str], source: int, target: int) -> list[str]:
    """The row in which a line passes under others on its way left; none when ``target`` is the next lane."""
    if source == target + 1:
        return []
    under = {2 * lane + 1: "_" for lane in range(target + 1, source - 1)}
    return [_drawn({**straight, **under, 2 * source - 1: "/"})]


def _drawn(marks: Mapping[int, str]) -> str:
    return "".join([marks.get(place, " ") for place in range(max(marks, default=-1) + 1)])
