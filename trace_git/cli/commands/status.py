"""``trace status``: where we are and how full the context is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ...model import Status, TokenCount
from ...ops import bisecting_state, merging_state
from ...ops.merging_state import REPLAY, Begun
from ...repo import Repo
from .. import bar, opening, options, screen, shapes

if TYPE_CHECKING:
    from ...ops import replay_state


@click.command("status")
@click.option("--budget", type=click.IntRange(min=1), metavar="TOKENS", help="Tokens there are (TRACE_GIT_BUDGET).")
@click.option("--grid", is_flag=True, help="Draw the window as ten by ten cells.")
@options.at_op
@options.as_json
def command(budget: int | None, grid: bool, at_op: int | None, as_json: bool) -> None:
    """Show the branch, and what fills the context.

    The bar shows how much of the budget each role takes. The budget is what --budget says, else
    TRACE_GIT_BUDGET, else `trace config budget`, else the window of the model that spoke last. A ~ marks an
    estimate.

    \b
    Examples:
      trace status
      trace status --grid
      trace status --budget 8000 --json
    """
    with opening.opened(budget=budget, at_op=at_op) as repo:
        status = repo.status()
        begun = merging_state.read(status.path) if at_op is None else None
        replay = _replay(repo, status.path) if at_op is None else None
        bisecting = at_op is None and bisecting_state.there(status.path, status.agent)
        found = repo.compressions()
    if as_json:
        screen.emit(**_shape(status), merge=None if begun is None else begun.shape(),
                    replay=None if replay is None else replay.shape(),
                    compressions=[shapes.compression(one) for one in found])  # fmt: skip
    else:
        facts = _facts(status, begun, replay, shapes.put_aside(found), bisecting=bisecting)
        screen.show([*facts, *_picture(status, grid=grid), *_warnings(status)])


def _shape(status: Status) -> dict[str, Any]:
    exact = None if status.reported is None else status.reported.exact
    return {**asdict(status), **shapes.count(status.tokens), "reported_exact": exact}


def _replay(repo: Repo, folder: str) -> replay_state.Begun | None:
    """The rebase or cherry-pick that is open, if any; most often there is no file of one to be read."""
    return repo.open_replay.read() if os.path.exists(os.path.join(folder, REPLAY)) else None


def _facts(
    status: Status, begun: Begun | None, replay: replay_state.Begun | None, compressed: str, *, bisecting: bool
) -> Iterator[str]:
    at = screen.paint(status.head[:8], "yellow") if status.head else ""
    whose = f" of agent {status.agent}" if status.agent else ""
    if status.branch:
        yield screen.paint(f"On branch {status.branch}{whose}", "bold") + (f" at {at}" if at else ", no commits yet")
    else:
        yield f"{screen.paint('Looking at', 'bold')} {at}, on no branch{whose}"
    if bisecting:
        yield screen.paint("Bisecting: `trace bisect log` says what is known, `trace bisect reset` ends it", "yellow")
    if begun is not None:
        yield screen.paint(f"Merging {begun.name} into {begun.into}: `trace conflicts` says what is left", "yellow")
    if replay is not None:
        from .. import merging

        left = f"{replay.left} commit{'' if replay.left == 1 else 's'} left"
        next = "`trace conflicts` says what" if replay.why == "conflict" else f"`{merging.command(replay)}` goes on"
        yield screen.paint(f"{merging.called(replay)}, {left}: {next}", "yellow")
    yield ""
    yield _fact("Items", f"{status.items:,}" + (f", {status.pinned:,} pinned" if status.pinned else ""))
    yield _fact("Tokens", _fill(status.tokens, status.budget, _counted(status.tokens)))
    if status.tools:
        yield _fact("Tools", f"{shapes.number(status.tools)} more" + screen.paint(", for their definitions", "dim"))
    if status.reported is not None:
        counted = "by the API" if status.reported.exact else "by the API, estimated since"
        yield _fact("Reported", _fill(status.reported, status.budget, counted))
    if compressed:
        yield _fact("Archive", compressed)
    yield _fact("Budget", _budget(status))


def _fact(name: str, value: str) -> str:
    return f"{name + ':':<10}{value}"


def _fill(tokens: TokenCount, budget: int | None, counted: str) -> str:
    """The number against the budget, red above it, and who counted."""
    if budget is None:
        text, over = shapes.number(tokens), False
    else:
        text, over = f"{shapes.number(tokens)} of {budget:,} ({shapes.percent(tokens / budget)})", tokens > budget
    return screen.paint(text, "red" if over else None) + screen.paint(f", {counted}" if counted else "", "dim")


def _counted(tokens: TokenCount) -> str:
    if not tokens.counter:
        return "not counted: there is no tokenizer"
    return f"{'counted' if tokens.exact else 'estimated'} with {tokens.counter}"


def _budget(status: Status) -> str:
    if status.budget is None:
        return "none" + screen.paint(", `trace config budget TOKENS` sets one", "dim")
    sources = {
        "given": "as given",
        "spawn": "from its spawn",
        "config": "from `trace config budget`",
        "model": f"the window of {status.model}",
    }
    source = sources.get(status.budget_from or "", "")
    return f"{status.budget:,}" + screen.paint(f", {source}" if source else "", "dim")


def _picture(status: Status, *, grid: bool) -> list[str]:
    shown = bar.parts(status.roles, total=int(status.tokens), budget=status.budget)
    if not shown:
        return []
    if not grid:
        return ["", *bar.lines(shown)]
    from .. import grid as picture

    return ["", *picture.lines(shown, status.budget)]


def _warnings(status: Status) -> list[str]:
    if not status.warnings:
        return []
    return ["", *(f"{screen.paint('warning:', 'yellow')} {screen.paint(text)}" for text in status.warnings)]
