"""The status bar: one line that shows which role takes how much of the budget, and its legend.

Coloured blocks on a terminal; where colours or blocks are not to be had, the roles' letters.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import pairwise

from . import screen

_MAX_WIDTH = 78
_LETTERS = {"developer": "d", "function": "f", "pinned": "p", "summary": "m"}  # others: their first letter


def lines(roles: Mapping[str, int], *, total: int, budget: int | None) -> list[str]:
    """The bar and its legend. Without a budget, or above it, the whole bar is what is there."""
    known = [role for role in screen.ROLE_COLOURS if roles.get(role)]
    parts = [(role, roles[role]) for role in [*known, *(role for role in roles if role not in screen.ROLE_COLOURS)]]
    rest = max(0, (budget or 0) - total)
    room = max(1, min(_MAX_WIDTH, screen.width()) - 2)
    cells = _share([number for _, number in parts], room, sum(number for _, number in parts) + rest)
    drawn = "".join(_cell(role, length) for (role, _), length in zip(parts, cells, strict=True))
    legend = "  ".join(
        f"{screen.paint(_sign(role), screen.ROLE_COLOURS.get(role))} {role} {number:,}" for role, number in parts
    )
    return [f"[{drawn}{'.' * (room - sum(cells))}]", legend]


def _share(numbers: list[int], room: int, whole: int) -> list[int]:
    """Columns for each number: cut at rounded running sums, so that rounding never adds up."""
    ends, sum_ = [0], 0
    for number in numbers:
        sum_ += number
        ends.append(round(room * sum_ / whole) if whole else 0)
    return [right - left for left, right in pairwise(ends)]


def _cell(role: str, length: int) -> str:
    return screen.paint(_sign(role) * length, screen.ROLE_COLOURS.get(role))


def _sign(role: str) -> str:
    if screen.coloured() and "utf" in (sys.stdout.encoding or "").lower():
        return "█"
    return _LETTERS.get(role, role[:1])
