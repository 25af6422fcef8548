"""``trace budget``: how much of a limit the context takes; setting the limit."""

from __future__ import annotations

import click

from ...model import Status
from .. import exits, opening, options, screen, shapes


@click.command("budget", short_help="Say how far the context is from its limit.")
@click.argument("tokens", type=click.IntRange(min=1), metavar="[TOKENS]", required=False)
@click.option("--unset", is_flag=True, help="Forget the limit.")
@click.option("--check", is_flag=True, help="Exit with 1 when the context is above the limit.")
@options.as_json
@click.pass_context
def command(ctx: click.Context, tokens: int | None, unset: bool, check: bool, as_json: bool) -> None:
    """Say how far the context is from its limit; with TOKENS, set that first.

    The limit is kept in the trace's configuration, as `trace config budget` does. Without one it is the window of
    the model that spoke last. `trace compress` takes a range below a budget of its own; from Python, `repo.fit()`
    keeps a context within this one.

    \b
    Examples:
      trace budget
      trace budget 128000
      trace budget --check || trace compress --strategy mask
    """
    if unset and tokens is not None:
        raise click.UsageError("--unset takes no TOKENS")
    with opening.opened() as repo:
        if unset or tokens is not None:
            repo.set_config("budget", tokens)
        status = repo.status()
    size = status.tokens if status.reported is None else status.reported
    if as_json:
        left = None if status.budget is None else status.budget - size
        screen.emit(budget=status.budget, budget_from=status.budget_from, **shapes.count(size), left=left)
    else:
        screen.show([_line(status)])
    if check and status.budget is not None and size > status.budget:
        ctx.exit(exits.NO)


def _line(status: Status) -> str:
    size = status.tokens if status.reported is None else status.reported
    if status.budget is None:
        return f"{shapes.number(size)} tokens; there is no limit, `trace budget TOKENS` sets one"
    share, left = shapes.percent(size / status.budget), status.budget - int(size)
    rest = f"{left:,} left" if left >= 0 else screen.paint(f"{-left:,} too many", "red")
    text = f"{shapes.number(size)} of {status.budget:,} tokens ({share}), {rest}"
    return text if left >= 0 else f"{text}: `trace compress --dry-run` shows a way down"
