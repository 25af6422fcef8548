"""``trace config``: what a trace keeps about itself, for everyone who opens it."""

from __future__ import annotations

import click

from ...ops.config import KEYS
from .. import exits, opening, options, screen


@click.command("config")
@click.argument("key", metavar="[KEY]", required=False)
@click.argument("value", metavar="[VALUE]", required=False)
@click.option("--unset", is_flag=True, help="Forget the value.")
@click.option("--list", "list_", is_flag=True, help="List all keys that are set.")
@options.as_json
@click.pass_context
def command(ctx: click.Context, key: str | None, value: str | None, unset: bool, list_: bool, as_json: bool) -> None:
    """Show or set what the trace keeps about itself.

    The one KEY there is: budget, the number of tokens that `trace status` measures against. The option
    --budget and TRACE_GIT_BUDGET go before it.

    \b
    Examples:
      trace config budget 128000
      trace config budget
      trace config budget --unset
      trace config --list
    """
    _check(key, value, unset=unset, all_=list_)
    with opening.opened() as repo:
        if unset or value is not None:
            repo.set_config(str(key), value)
        found = {name: repo.config(name) for name in ([key] if key else KEYS)}
    if as_json:
        screen.emit(config=found)
    elif key is None:
        lines = [screen.paint(f"{name}={set_}") for name, set_ in found.items() if set_ is not None]
        screen.show(lines)
        if not lines:
            screen.note(f"nothing is set; there is {', '.join(KEYS)}")
    elif unset or value is not None:
        screen.show([_said(key, found[key])])
    elif found[key] is not None:
        screen.show([screen.paint(str(found[key]))])
    if key and not unset and found[key] is None:
        screen.note(f"{key} is not set")
        ctx.exit(exits.NO)


def _check(key: str | None, value: str | None, *, unset: bool, all_: bool) -> None:
    if key is None and unset:
        raise click.UsageError(f"which KEY? One of {', '.join(KEYS)}")
    if all_ and key is not None:
        raise click.UsageError("--list lists all keys: leave KEY out")
    if unset and value is not None:
        raise click.UsageError("--unset takes no VALUE")


def _said(key: str, value: object) -> str:
    return screen.paint(f"{key} is not set any more" if value is None else f"{key} is {value} now")
