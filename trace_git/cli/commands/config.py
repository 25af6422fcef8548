"""``trace config``: what a trace keeps about itself, for everyone who opens it; and what the user keeps for all."""

from __future__ import annotations

import os

import click

from ... import ops
from ...ops.config import KEYS
from .. import exits, opening, options, screen


@click.command("config")
@click.argument("key", metavar="[KEY]", required=False)
@click.argument("value", metavar="[VALUE]", required=False)
@click.option("--global", "user", is_flag=True, help="In your own git configuration, for all traces.")
@click.option("--unset", is_flag=True, help="Forget the value.")
@click.option("--list", "list_", is_flag=True, help="List all keys that are set.")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context, key: str | None, value: str | None, user: bool, unset: bool, list_: bool, as_json: bool
) -> None:
    """Show or set what the trace keeps about itself.

    With --global it is what you keep, in your own git configuration, for all traces. The KEYs are budget, the
    number of tokens that `trace status` measures against, and model, the one that --llm asks when it names none.
    The option --budget and TRACE_GIT_BUDGET go before the first, TRACE_GIT_MODEL before the second. A model is
    set with --global only: a trace, which others may get, chooses none.

    \b
    Examples:
      trace config budget 128000
      trace config budget --unset
      trace config --global model openai/gpt-4o
      trace config --list
    """
    _check(key, value, unset=unset, all_=list_)
    names = [key] if key else KEYS
    changes = unset or value is not None
    found = _users(names, value, changes=changes) if user else _trace(names, value, changes=changes)
    _show(key, found, changed=changes, as_json=as_json)
    if key and not unset and found[key] is None:
        screen.note(f"{key} is not set")
        ctx.exit(exits.NO)


def _users(names: list[str] | tuple[str, ...], value: str | None, *, changes: bool) -> dict[str, str | None]:
    if changes:
        ops.config.set_users(os.environ, names[0], value)
    return {name: ops.config.users(os.environ, name) for name in names}


def _trace(names: list[str] | tuple[str, ...], value: str | None, *, changes: bool) -> dict[str, str | None]:
    with opening.opened() as repo:
        if changes:
            repo.set_config(names[0], value)
        return {name: repo.config(name) for name in names}


def _show(key: str | None, found: dict[str, str | None], *, changed: bool, as_json: bool) -> None:
    if as_json:
        screen.emit(config=found)
    elif key is None:
        lines = [screen.paint(f"{name}={set_}") for name, set_ in found.items() if set_ is not None]
        screen.show(lines)
        if not lines:
            screen.note(f"nothing is set; there is {', '.join(KEYS)}")
    elif changed:
        screen.show([_said(key, found[key])])
    elif found[key] is not None:
        screen.show([screen.paint(str(found[key]))])


def _check(key: str | None, value: str | None, *, unset: bool, all_: bool) -> None:
    if key is None and unset:
        raise click.UsageError(f"which KEY? One of {', '.join(KEYS)}")
    if all_ and key is not None:
        raise click.UsageError("--list lists all keys: leave KEY out")
    if unset and value is not None:
        raise click.UsageError("--unset takes no VALUE")


def _said(key: str, value: object) -> str:
    return screen.paint(f"{key} is not set any more" if value is None else f"{key} is {value} now")
