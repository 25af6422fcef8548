"""Operations of the log as JSON and as words: what moved, where from, where to, and how long ago."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import time as now
from typing import Any

from ..repo import Repo
from ..results import Operation
from . import screen, shapes

_AGES = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_OLD = 14 * 86_400  # seconds; from here on a date says more than an age
_SPACES = "refs/namespaces/"
_PLACES = {"refs/heads/": "", "refs/tags/": "tag ", "refs/trace/pins/": "pin ", "refs/trace/keep/": "keep "}


def operation(found: Operation) -> dict[str, Any]:
    """An operation as JSON."""
    return {
        "number": found.number,
        "time": found.time,
        "verb": found.verb,
        "agents": list(found.agents),
        "moves": {ref: {"old": old, "new": new} for ref, (old, new) in found.moves.items()},
        "note": found.note,
        "undoes": found.undoes,
        "undone": found.undone,
        "commits": found.commits,
    }


def ref_name(ref: str) -> str:
    """A ref as a person says it: ``main``, ``tag v1``, ``pin 1a2b3c4d``, and of an agent ``researcher: main``."""
    if ref.startswith(_SPACES):
        agent, _, rest = ref.removeprefix(_SPACES).partition("/")
        return f"{agent}: {ref_name(rest)}"
    place = next((place for place in _PLACES if ref.startswith(place)), None)
    if place is None:
        return ref
    name = ref.removeprefix(place)
    return _PLACES[place] + (name[:8] if place == "refs/trace/pins/" else name)


def value(found: str | None) -> str:
    """What a ref points to: eight digits, a branch, or nothing."""
    if found is None:
        return "(none)"
    return ref_name(found[5:]) if found.startswith("ref: ") else found[:8]


def verb(found: Operation) -> str:
    """``edit``, or ``undo 12`` with the number of what it undid."""
    return found.verb if found.undoes is None else f"{found.verb} {found.undoes}"


def moves(moved: Mapping[str, tuple[str | None, str | None]], *, all: bool = False) -> list[tuple[str, str, str]]:
    """Name, old and new value of each ref that moved; those that only keep old tips alive with ``all``."""
    seen = [(ref, *pair) for ref, pair in moved.items() if all or not ref.startswith("refs/trace/keep/")]
    return [(ref_name(ref), value(old), value(new)) for ref, old, new in seen]


def table(rows: Iterable[tuple[str, str, str]]) -> list[str]:
    """Moves as lines, names in a column."""
    rows = [(screen.name(name), old, new) for name, old, new in rows]
    room = max((screen.columns(name) for name, _, _ in rows), default=0)
    lines = []
    for shown, old, new in rows:
        gap = " " * (room - screen.columns(shown))
        lines.append(f"  {screen.paint(shown, 'green')}{gap}  {screen.paint(old)} → {screen.paint(new, 'yellow')}")
    return lines


def age(timestamp: float) -> str:
    """How long ago; the date when that was long ago, or lies ahead."""
    gone = now() - timestamp
    if not 0 <= gone < _OLD:
        return shapes.when(int(timestamp))[:16]
    if gone < 1:
        return "just now"
    name, seconds = next((name, size) for name, size in _AGES if gone >= size)
    number = int(gone // seconds)
    return f"{number} {name}{'' if number == 1 else 's'} ago"


def report(said: str, repo: Repo, made: Operation, *, as_json: bool) -> None:
    """What ``undo`` or ``redo`` did: the operation it was about, and what moved."""
    if as_json:
        screen.emit(operation=operation(made))
        return
    about = next((one for one in repo.operations() if one.number == made.undoes), made)
    screen.show(
        [f"{said} {about.number}: {screen.paint(about.verb, 'bold')}, {age(about.time)}", *table(moves(made.moves))]
    )
