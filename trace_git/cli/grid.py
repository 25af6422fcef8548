"""The window as a picture: ten by ten cells, each one percent of the budget, beside its legend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from . import bar, screen

_SIDE = 10
_ROOM = 2 * _SIDE - 1  # columns: a cell and a space, ten times
_GAP = "    "


def lines(shown: Sequence[bar.Part], budget: int | None = None) -> Iterator[str]:
    """Ten rows of ten cells, the legend at their right, or below where there is no room for it.

    Shares are of the budget; of all there is, when there is none or more than that.
    """
    cells = [part for part, size in zip(shown, bar.share([p.tokens for p in shown], _SIDE**2), strict=True)
             for _ in range(size)]  # fmt: skip
    rows = [" ".join(part.sign for part in cells[at : at + _SIDE]) for at in range(0, _SIDE**2, _SIDE)]
    legend, room = _legend(shown, max(budget or 0, sum(part.tokens for part in shown)))
    if _ROOM + len(_GAP) + room > screen.width() or len(legend) > _SIDE:
        yield from [*rows, "", *legend]
        return
    top = (_SIDE - len(legend)) // 2
    for number, row in enumerate(rows):
        beside = legend[number - top] if 0 <= number - top < len(legend) else ""
        yield f"{row}{_GAP}{beside}" if beside else row


def _legend(shown: Sequence[bar.Part], whole: int) -> tuple[list[str], int]:
    """Label, tokens and share of each part in columns, and how many columns that takes."""
    labels = [screen.cut(part.label, 20) for part in shown]
    wide = max(map(screen.columns, labels), default=0)
    long = max((len(f"{part.tokens:,}") for part in shown), default=0)
    made = []
    for label, part in zip(labels, shown, strict=True):
        gap = " " * (wide - screen.columns(label))
        share = f"{100 * part.tokens / whole:5.1f} %"
        made.append(f"{part.sign} {label}{gap}  {part.tokens:>{long},}  {screen.paint(share, 'dim')}")
    return made, 2 + wide + 2 + long + 2 + 7
