"""How long what a verb left behind is kept: which keep refs end, by the operation log and the clock.

| a keep ref of | stays |
|---|---|
| an operation of the last ``keep_last`` | always |
| a branch that ``never`` names | always |
| `reset --hard` | not at all |
| any other operation | for ``keep_days`` |

A clock may jump, and nothing may end early because of it. So a keep's age counts from the latest time that the log
had seen when it was made: a clock that was behind then makes nothing older. One that was ahead lets it stay longer;
``keep_days=0`` ends it all the same. A clock that is ahead now cannot be told from time that has passed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice

from ..safe import safe_number
from ..store.records import Entry
from ..store.refs import is_id
from ..view import operations
from ..view.handle import Handle
from . import keep

_DAY = 86_400.0
_AGENTS = "refs/namespaces/"


@dataclass(frozen=True)
class Policy:
    """See the module. ``never`` are patterns of branch names, an agent's as ``agents/<name>/<branch>``."""

    keep_days: float
    keep_last: int
    never: tuple[str, ...]

    def spares(self, ref: str) -> bool:
        """Whether a ref is a branch that nothing is ever taken from."""
        name = branch_name(ref)
        return name is not None and any(fnmatchcase(name, pattern) for pattern in self.never)


@dataclass(frozen=True)
class Kept:
    """A keep ref with where it came from: operation, verb, its time in seconds, and what the verb's note was.

    ``since`` is from when its age counts; ``branches`` are the refs that had been at its commit.
    """

    ref: str
    value: str
    operation: int
    verb: str
    time: float
    note: str
    since: float
    branches: tuple[str, ...] = ()


def branch_name(ref: str) -> str | None:
    """The short name of a branch, ``agents/<name>/<branch>`` for an agent's; None for any other ref."""
    if ref.startswith(_AGENTS):
        agent, _, rest = ref[len(_AGENTS) :].partition("/")
        return f"agents/{agent}/{rest[len(keep.HEADS) :]}" if rest.startswith(keep.HEADS) else None
    return ref[len(keep.HEADS) :] if ref.startswith(keep.HEADS) else None


def kept(handle: Handle, refs: Mapping[str, str], entries: Sequence[Entry]) -> list[Kept]:
    """The keep refs among ``refs``, oldest first; ``entries`` are all of the operation log, oldest first."""
    wanted = {ref: value for ref, value in refs.items() if ref.startswith(keep.KEEP)}
    made: dict[str, tuple[Entry, float]] = {}
    left: dict[str, list[str]] = {}
    latest = 0.0
    for entry in entries if wanted else ():
        latest = max(latest, entry.time / 1000)
        for move in entry.moves:
            if move.ref in wanted and move.new == wanted[move.ref]:
                made[move.ref] = entry, latest
            if move.old is not None and branch_name(move.ref) is not None:
                left.setdefault(move.old, []).append(move.ref)
    found = [_kept(handle, ref, value, made.get(ref), left.get(value, ())) for ref, value in wanted.items()]
    return sorted(found, key=lambda one: one.operation)


def _kept(handle: Handle, ref: str, value: str, made: tuple[Entry, float] | None, branches: Iterable[str]) -> Kept:
    names = tuple(dict.fromkeys(branches))
    if made is None:  # it came with a mirror of a trace: it is as old as its file
        number = ref[len(keep.KEEP) :].partition(".")[0]
        time = _file_time(handle, ref)
        return Kept(ref, value, safe_number(number) or 0, "unknown", time, "", time, names)
    entry, latest = made
    return Kept(ref, value, entry.op, entry.verb, entry.time / 1000, entry.note, latest, names)


def _file_time(handle: Handle, ref: str) -> float:
    folder = handle.store.folder
    paths = [os.path.join(folder, name) for name in (ref, "packed-refs")]
    return max([os.path.getmtime(path) for path in paths if os.path.exists(path)], default=float(handle.store.now()))


def ends(handle: Handle, keeps: Sequence[Kept], policy: Policy) -> list[Kept]:
    """Those of ``keeps`` whose time is over."""
    now = float(handle.store.now())
    last = (
        {one.number for one in islice(operations.operations(handle), policy.keep_last)} if policy.keep_last else set()
    )
    return [
        one
        for one in keeps
        if one.operation not in last
        and not any(map(policy.spares, one.branches))
        and (_is_hard(one) or not policy.keep_days or now - one.since >= policy.keep_days * _DAY)
    ]


def _is_hard(one: Kept) -> bool:
    return one.verb == "reset" and one.note == "hard"


def left_by(entries: Sequence[Entry], policy: Policy) -> set[str]:
    """Every commit at which a branch has been that nothing is taken from."""
    if not policy.never:
        return set()
    moves = (move for entry in entries for move in entry.moves if policy.spares(move.ref))
    return {value for move in moves for value in (move.old, move.new) if value is not None and is_id(value)}
