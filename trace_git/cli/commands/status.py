"""``trace status``: where we are and how full the context is."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from ...model import Status
from .. import bar, opening, options, screen, shapes


@click.command("status")
@click.option("--budget", type=click.IntRange(min=1), metavar="TOKENS", help="Tokens there are (TRACE_GIT_BUDGET).")
@options.as_json
def command(budget: int | None, as_json: bool) -> None:
    """Show branch, items and tokens against the budget, with a bar by role."""
    with opening.opened(budget=budget) as repo:
        status = repo.status()
        if as_json:
            screen.emit(**_shape(status))
            return
    screen.show(_lines(status))


def _shape(status: Status) -> dict[str, Any]:
    return {**asdict(status), **shapes.count(status.tokens)}


def _lines(status: Status) -> list[str]:
    where = f"On branch {status.branch}" if status.branch else "Looking at a commit, on no branch"
    lines = [screen.paint(f"{where} at {status.head[:8]}" if status.head else f"{where}, no commits yet", "bold")]
    items = f"{status.items:,} item{'' if status.items == 1 else 's'}"
    pinned = f", {status.pinned:,} pinned" if status.pinned else ""
    lines.append(f"{items}{pinned}, {_tokens(status)}")
    if status.roles:
        lines += ["", *bar.lines(status.roles, total=int(status.tokens), budget=status.budget)]
    if status.reported is not None:
        lines += ["", f"By the last API report: {shapes.number(status.reported)} tokens"]
    if status.warnings:
        lines += ["", *(f"{screen.paint('warning:', 'yellow')} {screen.paint(text)}" for text in status.warnings)]
    return lines


def _tokens(status: Status) -> str:
    counted = shapes.number(status.tokens)
    if status.budget is None:
        return f"{counted} tokens"
    text = f"{counted} of {status.budget:,} tokens ({status.tokens / status.budget:.0%})"
    return screen.paint(text, "red") if status.tokens > status.budget else text
