"""``trace op``: the log of operations, the record that undo and redo read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

import click

from ...errors import NotFoundError
from ...repo import Repo
from ...results import Operation
from .. import opening, operations, options, screen, shapes
from ..groups import Group

_SAMPLE = 200  # operations that decide how wide a column is


@click.group("op", cls=Group, invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Look at what changed this trace, and when.

    Every command that changes something is one operation, which `trace undo` takes back.

    \b
    Examples:
      trace op log -n 5
      trace op show 12
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(log, limit=None, as_json=False)


@command.command("log", short_help="List the operations, newest first.")
@click.option("-n", "--limit", type=click.IntRange(min=0), metavar="N", help="Show at most N operations.")
@options.as_json
def log(limit: int | None, as_json: bool) -> None:
    """List the operations, newest first: number, age, verb, and what moved where.

    What was undone is marked.

    \b
    Examples:
      trace op log
      trace op log -n 5 --json
    """
    with opening.opened() as repo:
        found = repo.operations(limit=limit)
        if as_json:
            screen.emit(operations=[operations.operation(one) for one in found])
            return
        first = next(found, None)
        if first is None:
            screen.note("nothing to show" if limit == 0 else "no operations yet")
            return
        screen.show(_table(chain([first], found)), paged=True)


@command.command("show", short_help="Show one operation, and every ref that it moved.")
@click.argument("number", metavar="N", type=click.IntRange(min=0))
@options.as_json
def show(number: int, as_json: bool) -> None:
    """Show operation N: when, which verb, and every ref that it moved.

    \b
    Examples:
      trace op show 12
    """
    with opening.opened() as repo:
        found = _find(repo, number)
        if as_json:
            screen.emit(operation=operations.operation(found))
            return
        screen.show(_page(found), paged=True)


def _find(repo: Repo, number: int) -> Operation:
    newest = None
    for one in repo.operations():
        newest = newest or one.number
        if one.number == number:
            return one
        if one.number < number:
            break
    hint = f"the newest is {newest}; `trace op log` lists them" if newest else "nothing has changed this trace yet"
    raise NotFoundError(f"no operation {number}", hint=hint)


def _page(found: Operation) -> Iterator[str]:
    yield screen.paint(f"operation {found.number}", "yellow")
    facts = {"Verb": operations.verb(found), "Date": shapes.when(int(found.time))}
    if found.commits > 1:
        facts["Records"] = f"{found.commits:,}"
    if any(found.agents):
        facts["Agents"] = ", ".join(one or "the trace itself" for one in found.agents)
    if found.undone:
        facts["State"] = "undone"
    if found.note:
        facts["Note"] = found.note
    for key, text in facts.items():
        yield f"{key + ':':<8} {screen.paint(text)}"
    yield ""
    yield from operations.table(operations.moves(found.moves, all=True))


def _table(found: Iterable[Operation]) -> Iterator[str]:
    source = iter(found)
    sample = list(islice(source, _SAMPLE))
    widths = [max(map(screen.columns, column)) for column in zip(*map(_cells, sample), strict=True)]
    room = screen.width() if screen.on_terminal() else None
    for one in chain(sample, source):
        number, age, verb, mark = _cells(one)
        state = f"  {mark:<{widths[3]}}" if widths[3] else ""
        head, rest = f"{number:>{widths[0]}}", f"  {age:<{widths[1]}}  {verb:<{widths[2]}}{state}  "
        moved = _moved(one)
        if room is not None:
            moved = screen.cut(moved, max(20, room - len(head + rest)))
        text = (rest + moved).rstrip()
        yield screen.paint(head + text, "dim") if one.undone else screen.paint(head, "yellow") + screen.paint(text)


def _cells(one: Operation) -> tuple[str, str, str, str]:
    return str(one.number), operations.age(one.time), screen.cut(operations.verb(one), 30), "undone" * one.undone


def _moved(one: Operation) -> str:
    rows = operations.moves(one.moves)
    if not rows:
        return ""
    name, old, new = rows[0]
    more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
    return f"{name} {old} → {new}{more}"
