"""What was found in histories, as lines and as JSON: for ``trace search``, ``who`` and ``blame``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from ..answers import Hit
from ..safe import safe_text
from . import screen, shapes

_SAMPLE = 100  # hits that decide how wide a column is
_BEFORE = 24  # columns in front of what was found
LEAST = 12  # columns that an excerpt gets, however narrow the terminal is
_ROUTE = 20  # columns that a route gets, at least
_PIPED = 160  # columns of an excerpt when nobody's terminal decides
_SPACE = re.compile(r"\s+")
STATES = {"live": "green", "archived": "blue", "edited": "yellow", "dropped": "red"}
READING = "reading the history"  # what the bar says while a first question reads it
HERE = "(trace)"  # stands for the trace itself where agents are named


def agent(name: str) -> str:
    """An agent as lines show it."""
    return name or HERE


def route(kind: str, source: str | None, agent_: str) -> str:
    """``inherited from researcher``; the source only where it is somebody else."""
    return f"{kind} from {agent(source)}" if source is not None and source != agent_ else kind


def lines(found: Iterable[Hit], *, agents: bool) -> Iterator[str]:
    """One line for each hit: commit, item, role, state, route, and the words around what was found."""
    source = iter(found)
    sample = list(islice(source, _SAMPLE))
    widths = [max(map(screen.columns, column)) for column in zip(*(_cells(one) for one in sample), strict=True)]
    for one in chain(sample, source):
        yield _line(one, widths, agents=agents)


def _cells(one: Hit) -> tuple[str, str, str, str]:
    who = f"{one.trace}/{one.agent}" if one.trace else agent(one.agent)
    way = route(one.route, one.source, one.agent)
    shown = screen.cut(way, max(_ROUTE, screen.width() // 4)) if screen.on_terminal() else safe_text(way)
    return screen.name(who), one.item.role, one.state, shown


def _line(one: Hit, widths: Sequence[int], *, agents: bool) -> str:
    shown = _cells(one)
    gaps = [" " * (width - screen.columns(text)) for text, width in zip(shown, widths, strict=True)]
    who, role, state = (text + gap for text, gap in zip(shown[:3], gaps, strict=False))
    cells = [
        (one.commit.short_id, "yellow"),
        (one.item.id[:8], "yellow"),
        (who if agents else "", "bold"),
        (role, screen.ROLE_COLOURS.get(one.item.role)),
        (state, STATES[one.state]),
        (shown[3], "dim" if one.route == "own" else "cyan"),
    ]
    used = sum(screen.columns(text) + 1 for text, _ in cells if text) + len(gaps[3])
    room = max(LEAST, screen.width() - used) if screen.on_terminal() else _PIPED
    return f"{screen.row(cells, '')}{gaps[3]} {excerpt(one, room)}"


def excerpt(one: Hit, room: int) -> str:
    """What was found, in red, and as many of the words around it as there is room for: most of it behind."""
    before, match, after = (
        safe_text(_SPACE.sub(" ", text))
        for text in (one.text[max(0, one.start - room) : one.start], one.text[one.start : one.stop],
                     one.text[one.stop : one.stop + room])
    )  # fmt: skip
    most = min(_BEFORE, room // 3)
    cut = screen.columns(before) > most or one.start > room
    while screen.columns(before) > most - 1:
        before = before[1:]
    before = f"…{before}" if cut else before
    match = screen.cut(match, max(1, room - screen.columns(before)))
    left = room - screen.columns(before) - screen.columns(match)
    after = screen.cut(after, left) if left > 0 else ""
    return f"{screen.paint(before)}{screen.paint(match, 'red')}{screen.paint(after)}".rstrip(" ")


def shape(one: Hit) -> dict[str, Any]:
    """A hit as JSON."""
    return {
        "agent": one.agent,
        **({"trace": one.trace} if one.trace else {}),
        "branch": one.branch,
        "commit": one.commit.id,
        "time": one.time,
        "route": one.route,
        "source": one.source,
        "state": one.state,
        "item": shapes.item(one.item),
        "text": one.text[one.start : one.stop],
    }
