"""Finding where something went wrong, by halves: the first commit, or the first item, after which a check fails.

Suspects form a graph: each knows those right before it. Asked about is the one that tells most: half of those that are
left are behind it. So ⌈log2 n⌉ answers are enough for n suspects in a line, and in a history with merges about as many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import InvalidInputError
from . import ancestry, lanes
from .handle import Handle

GOOD, BAD, SKIP = "good", "bad", "skip"


@dataclass
class Bisection:
    """``before`` maps every suspect to those right before it, each after them. The last of all is known to be bad.

    Tell it answers; ``left`` are the suspects that may be the first bad one, in order, and ``next`` the one to ask
    about, None when there is nothing left to ask.
    """

    before: Mapping[str, Sequence[str]]
    skipped: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._order = list(self.before)
        self._numbers = {one: at for at, one in enumerate(self._order)}
        self._runs: list[int] = []  # where the run of each begins, in which one has the one in front of it before it
        self._bases: dict[int, int] = {}  # what is behind the first of a run, a bit each
        for at, one in enumerate(self._order):
            above = [self._numbers[other] for other in self.before[one] if other in self._numbers]
            if above == [at - 1]:
                self._runs.append(self._runs[-1])
                continue
            bits = 0
            for other in above:
                bits |= self._behind(other)
            self._runs.append(at)
            self._bases[at] = bits
        self._left = self._behind(len(self._order) - 1) if self._order else 0

    def _behind(self, at: int) -> int:
        """A suspect and all that is behind it, a bit each."""
        start = self._runs[at]
        return self._bases[start] | ((1 << at + 1) - (1 << start))

    def tell(self, suspect: str, answer: str) -> None:
        """What was found out about one of the suspects; about anything else nothing is concluded."""
        at = self._numbers.get(suspect)
        if answer == SKIP:
            self.skipped.add(suspect)
        elif at is not None:
            self._left &= self._behind(at) if answer == BAD else ~self._behind(at)

    @property
    def left(self) -> list[str]:
        return [self._order[at] for at, is_left in enumerate(self._flags()) if is_left]

    @property
    def next(self) -> str | None:
        total = self._left.bit_count()
        best, most, behind = None, 0, 0
        for at, is_left in enumerate(self._flags()):
            if self._runs[at] == at:
                behind = (self._bases[at] & self._left).bit_count()
            if not is_left:
                continue
            behind += 1
            tells = min(behind, total - behind)
            if tells > most and self._order[at] not in self.skipped:
                best, most = self._order[at], tells
        return best

    def _flags(self) -> Iterator[bool]:
        """Of each suspect, whether it is left."""
        return (flag == "1" for flag in reversed(f"{self._left:b}"))

    @property
    def steps(self) -> int:
        """About how many answers are still needed."""
        return max(self._left.bit_count() - 1, 0).bit_length()

    @property
    def found(self) -> tuple[str, ...]:
        """The first bad one; several where only skipped ones are left; none while there is something to ask."""
        return () if self.next is not None else tuple(self.left)


def commits(handle: Handle, good: Sequence[str], bad: str) -> dict[str, tuple[str, ...]]:
    """The commits that are behind ``bad`` and not behind one of ``good``, each after its parents, with these.

    Of an agent's work that was taken back the context has one item: what the agent had is another context.
    """
    for one in good:
        if not ancestry.is_ancestor(handle, one, bad):
            raise InvalidInputError(
                f"{one[:8]}, which is good, is not behind {bad[:8]}, which is bad",
                field="good",
                hint="give a good commit of the same history: `trace log` lists it",
            )
    known, todo = set(good), list(good)
    while todo:
        fresh = [one for one in lanes.line(handle, todo.pop()) if one not in known]
        known.update(fresh)
        todo += fresh
    found: dict[str, tuple[str, ...]] = {}
    todo = [bad]
    while todo:  # parents first, without recursion
        commit = todo[-1]
        if commit in found or commit in known:
            todo.pop()
            continue
        parents = lanes.line(handle, commit)
        waiting = [one for one in parents if one not in found and one not in known]
        if waiting:
            todo += reversed(waiting)
        else:
            found[todo.pop()] = parents
    return found
