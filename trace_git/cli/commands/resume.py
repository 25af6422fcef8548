"""``trace resume``: where to go on after a crash or a restart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from ...answers import Resumption
from .. import changes, opening, operations, options, screen, shapes


@click.command("resume", short_help="Say where to go on after a crash or a restart.")
@click.argument("agent", metavar="[NAME]", required=False)
@options.as_json
def command(agent: str | None, as_json: bool) -> None:
    """Say where agent NAME, or whoever is here, goes on: last commit, what was interrupted, open tool calls.

    Whatever a crash left half done is finished, or as if never begun, since the trace was opened; nothing else is
    changed.

    \b
    Examples:
      trace resume
      trace resume researcher --json
    """
    with opening.opened() as repo:
        if agent is None:
            found = repo.resumption()
        else:
            with repo.agent(agent) as other:
                found = other.resumption()
        if as_json:
            screen.emit(**_shape(found))
        else:
            screen.show(_lines(found))


def _shape(found: Resumption) -> dict[str, Any]:
    return {
        "agent": found.agent,
        "branch": found.branch,
        "commit": None if found.commit is None else shapes.commit(found.commit),
        "operation": None if found.operation is None else operations.operation(found.operation),
        "interrupted": list(found.interrupted),
        "calls": [{"item": one.item, "id": one.id, "name": one.name} for one in found.calls],
    }


def _lines(found: Resumption) -> Iterator[str]:
    whose = f"Agent {found.agent}" if found.agent else "The trace itself"
    where = f"on branch {found.branch}" if found.branch else "looking at a commit, on no branch"
    yield screen.paint(f"{whose}, {where}", "bold")
    if found.commit is None:
        yield "Last commit:    none yet"
    else:
        age = screen.paint(f", {operations.age(found.commit.timestamp)}", "dim")
        yield f"Last commit:    {changes.place(found.commit)}{age}"
    if found.operation is not None:
        told = f"{found.operation.number}: {operations.verb(found.operation)}"
        many = f", {found.operation.commits:,} records" if found.operation.commits > 1 else ""
        yield f"Last operation: {screen.paint(told + many)}"
    for text in found.interrupted:
        yield f"{screen.paint('Interrupted:', 'yellow')}    {screen.paint(text)}"
    for call in found.calls:
        told = screen.paint(f"{call.name} ({call.id}), item {call.item}")
        yield f"{screen.paint('Open call:', 'yellow')}      {told}"
