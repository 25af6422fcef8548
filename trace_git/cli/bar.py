"""Who takes how much of the budget: the parts of a context, as one line and its legend.

Coloured blocks on a terminal; where colours or blocks are not to be had, the parts' letters. The ten-by-ten picture of
the same parts is in ``grid``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..safe import safe_text
from . import screen

_MAX_WIDTH = 100
_GROUPS = (  # label, the roles it stands for, letter, colour; in the order in which they are drawn
    ("system", ("system", "developer"), "s", "magenta"),
    ("pinned", ("pinned",), "p", "yellow"),
    ("user", ("user",), "u", "green"),
    ("assistant", ("assistant",), "a", "blue"),
    ("tool results", ("tool", "function"), "t", "cyan"),
    ("summaries", ("summary",), "m", "white"),
    ("conflicts", ("conflict",), "!", "red"),
)
_NAMED = {role for _, roles, _, _ in _GROUPS for role in roles}


class Part(NamedTuple):
    """A part of the window: its label, tokens, the letter it is drawn with, and its colour."""

    label: str
    tokens: int
    letter: str
    colour: str | None

    @property
    def sign(self) -> str:
        """One cell of it, as it stands in a legend."""
        return screen.paint("□" if self.label == "free" else "■", self.colour) if blocks() else self.letter


def blocks() -> bool:
    """Whether coloured blocks can be shown; else letters tell the parts apart."""
    return screen.coloured() and screen.fancy()


def parts(roles: Mapping[str, int], *, total: int, budget: int | None) -> list[Part]:
    """The parts that are there, and what is free. Without a budget, or above it, nothing is."""
    found = [Part(label, sum(roles.get(one, 0) for one in of), sign, colour) for label, of, sign, colour in _GROUPS]
    others = [Part(role, tokens, screen.paint(role[:1] or "?"), None) for role, tokens in roles.items()]
    found += [part for part in others if part.label not in _NAMED]
    return [*(part for part in found if part.tokens), *_free(max(0, (budget or 0) - total))]


def _free(tokens: int) -> Iterator[Part]:
    if tokens:
        yield Part("free", tokens, ".", "dim")


def lines(shown: Sequence[Part]) -> list[str]:
    """The bar and its legend, as wide as the terminal allows."""
    frame = ("", "") if blocks() else ("[", "]")
    room = max(1, min(_MAX_WIDTH, screen.width()) - len("".join(frame)))
    cells = share([part.tokens for part in shown], room)
    drawn = "".join(_run(part, length) for part, length in zip(shown, cells, strict=True))
    legend = [(f"{part.label} {part.tokens:,}", part) for part in shown]
    return [f"{frame[0]}{drawn}{frame[1]}", *_wrapped(legend)]


def _run(part: Part, length: int) -> str:
    sign = part.letter if not blocks() else "░" if part.label == "free" else "█"
    return screen.paint(sign * length, part.colour)


def _wrapped(legend: Sequence[tuple[str, Part]]) -> Iterator[str]:
    """The legend in as many lines as it needs."""
    line, taken = "", 0
    for text, part in legend:
        entry, size = f"{part.sign} {screen.paint(text)}", screen.columns(safe_text(text)) + 2
        if line and taken + 3 + size > screen.width():
            yield line
            line, taken = "", 0
        line, taken = (f"{line}   {entry}", taken + 3 + size) if line else (entry, size)
    yield line


def share(numbers: Sequence[int], room: int) -> list[int]:
    """``room`` cells dealt out by size: cut at rounded running sums, so that rounding never adds up."""
    whole = sum(numbers)
    ends, sum_ = [0], 0
    for number in numbers:
        sum_ += number
        ends.append(round(room * sum_ / whole) if whole else 0)
    return [right - left for left, right in pairwise(ends)]
