"""All commits of a trace as numbers, and histories in them: what is behind a commit, and since when.

The history of an agent is a line, its commits by first parent, and what merges brought in from the side. Each commit
stands at a position of the line: its own, or that of the merge with which it came. So "since when" has one answer, and
no clock is asked.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...store.textindex import BEGAN, CAME, SHELVED, TOOK, UNSHELVED, WENT, Known, Row, TextIndex

LIVE, ARCHIVED, EDITED, DROPPED = "live", "archived", "edited", "dropped"
_REMEMBERED = 4_000_000  # commits in histories: some 300 MB at most, and usually all agents of a trace


@dataclass(frozen=True)
class History:
    """What is behind the last commit of ``line``, which begins with the oldest. ``spawn`` is where its agent began.

    ``where`` maps a commit to its position, ``beside`` a position to the commits that a merge brought there. ``spawns``
    are the positions at which any agent began, with names: a fast-forward to an agent's work brings its beginning.
    """

    agent: str
    line: tuple[int, ...]
    where: dict[int, int]
    beside: dict[int, list[int]]
    spawns: tuple[tuple[int, str], ...]
    spawn: int

    def on_line(self, commit: int) -> bool:
        at = self.where.get(commit)
        return at is not None and self.line[at] == commit

    def present(self, rows: Iterable[Row], upto: int | None = None) -> str | None:
        """Whether a version, with these changes, is LIVE, ARCHIVED or neither; at a position, else at the end."""
        last = {LIVE: (-1, 0), ARCHIVED: (-1, 0)}
        for row in rows:
            at = self.where.get(row.commit, -1)
            place = LIVE if row.what in (CAME, WENT) else ARCHIVED if row.what in (SHELVED, UNSHELVED) else None
            if place is None or at < 0 or self.line[at] != row.commit or (upto is not None and at > upto):
                continue
            last[place] = max(last[place], (at, row.what))
        return LIVE if last[LIVE][1] == CAME else ARCHIVED if last[ARCHIVED][1] == SHELVED else None


@dataclass(frozen=True)
class Entered:
    """When a version came into a history: at ``position``; ``key`` orders what came at the same, the newest highest.

    ``inherited`` says that it was there when the agent began.
    """

    position: int
    key: tuple[int, ...]
    inherited: bool


class Ground:
    """The commits that an index knows, read as far as they are new. Another index has another ground."""

    def __init__(self, index: TextIndex) -> None:
        self.index = index.id
        self._mutex = threading.RLock()
        self.commits: list[Known | None] = [None]  # by number; numbers begin at 1
        self.age: list[int] = [0]  # how many commits there are at most from a root to it
        self.owner: list[str] = [""]  # the agent whose beginning is nearest behind it, by first parents
        self._histories: dict[tuple[str, int], History] = {}
        self._reached: tuple[object, frozenset[int]] = (None, frozenset())

    def refresh(self, index: TextIndex) -> None:
        """Read the commits that are new to the index."""
        with self._mutex:
            for one in index.commits(len(self.commits) - 1):
                while len(self.commits) < one.n:  # a number that nobody has
                    self._put(Known(len(self.commits), (), 0, None, None))
                self._put(one)

    def _put(self, one: Known) -> None:
        self.commits.append(one)
        self.age.append(1 + max((self.age[parent] for parent in one.parents), default=0))
        above = self.owner[one.parents[0]] if one.parents else ""
        self.owner.append(one.agent or "" if one.mark == BEGAN else above)

    def of(self, number: int) -> Known:
        found = self.commits[number]
        assert found is not None
        return found

    def parent(self, number: int) -> int | None:
        """The first parent."""
        return next(iter(self.of(number).parents), None)

    def began(self, number: int) -> int | None:
        """The nearest commit behind this one, by first parents and itself included, at which its owner began."""
        commit: int | None = number
        while commit is not None and self.of(commit).mark != BEGAN:
            commit = self.parent(commit)
        return commit

    # -- histories -------------------------------------------------------------------------

    def history(self, agent: str, tip: int) -> History:
        """The history of an agent that stands at a commit."""
        with self._mutex:
            found = self._histories.get((agent, tip))
            if found is None:
                found = self._made(agent, tip)
                self._histories[agent, tip] = found
                while (
                    len(self._histories) > 1 and sum(len(one.where) for one in self._histories.values()) > _REMEMBERED
                ):
                    del self._histories[next(iter(self._histories))]
            return found

    def _made(self, agent: str, tip: int) -> History:
        new: list[int] = []
        commit: int | None = tip
        known: History | None = None
        while commit is not None and known is None:
            known = self._histories.pop((agent, commit), None)  # it went on, and is seldom asked for again
            if known is None:
                new.append(commit)
                commit = self.parent(commit)
        line = (*(known.line if known else ()), *reversed(new))
        where = dict(known.where) if known else {}
        beside = dict(known.beside) if known else {}
        start = len(line) - len(new)
        where.update({commit: at for at, commit in enumerate(line[start:], start)})
        for at in range(start, len(line)):
            todo = list(self.of(line[at]).parents[1:])
            while todo:
                one = todo.pop()
                if one not in where:
                    where[one] = at
                    beside.setdefault(at, []).append(one)
                    todo += self.of(one).parents
        spawns = list(known.spawns) if known else []
        spawns += [(at, self.of(line[at]).agent or "") for at in range(start, len(line))
                   if self.of(line[at]).mark == BEGAN]  # fmt: skip
        spawn = max((at for at, name in spawns if name == agent), default=-1) if agent else -1
        return History(agent, line, where, beside, tuple(spawns), spawn)

    def entered(self, history: History, rows: Sequence[Row]) -> Entered | None:
        """When one version of an item, with all its changes, came into a history; None when it never did.

        What was gone before an agent began is not known to it, although it is behind it.
        """
        came = [(at, row) for row in rows if row.what in (CAME, SHELVED)
                and (at := history.where.get(row.commit)) is not None]  # fmt: skip
        inherited = history.spawn >= 0 and history.present(rows, history.spawn) is not None
        if inherited:
            position, late = history.spawn, [one for one in came if one[0] <= history.spawn]
        else:
            later = [one for one in came if one[0] > history.spawn]
            position = min((at for at, _ in later), default=-1)
            late = [one for one in later if one[0] == position]
        if not late:
            return None
        key = max((at, history.line[at] == row.commit, self.age[row.commit], row.at) for at, row in late)
        return Entered(position, key, inherited)

    # -- what refs lead to -----------------------------------------------------------------

    def reached(self, tips: Iterable[int]) -> frozenset[int]:
        """All commits behind ``tips``, through agents that were taken back and to where they were spawned."""
        wanted = frozenset(tips)
        known, reached = self._reached
        if known != wanted:
            found, todo = set(wanted), list(wanted)
            while todo:
                one = self.of(todo.pop())
                above = [*one.parents, *((one.tip,) if one.tip is not None else ())]
                todo += [parent for parent in above if parent not in found]
                found.update(above)
            reached = frozenset(found)
            self._reached = wanted, reached
        return reached

    def taken(self, commits: Iterable[int]) -> list[tuple[str, int]]:
        """Name and tip of the agents that these commits took back."""
        found = [self.of(number) for number in commits]
        return [(one.agent or "", one.tip) for one in found if one.mark == TOOK and one.tip is not None]
