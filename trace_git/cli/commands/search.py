"""``trace search``: where a text was said."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import click

from ...answers import Hit
from ...session import Session
from .. import exits, hits, opening, options, screen
from ..progress import Progress


@click.command("search", short_help="Find what was said, and say how it got here.")
@click.argument("text", metavar="TEXT")
@click.option("--agent", metavar="NAME", help="Of this agent, on all its branches.")
@click.option("--all-agents", "everybody", is_flag=True, help="Of all agents and branches, the trace itself included.")
@click.option("--live", is_flag=True, help="Only what is in the context now.")
@click.option("-E", "--regex", is_flag=True, help="TEXT is a regular expression.")
@click.option("--case", is_flag=True, help="Upper and lower case differ.")
@click.option("-n", "--limit", type=click.IntRange(min=0), metavar="N", help="Show at most N.")
@options.at_op
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    text: str,
    agent: str | None,
    everybody: bool,
    live: bool,
    regex: bool,
    case: bool,
    limit: int | None,
    at_op: int | None,
    as_json: bool,
) -> None:
    """Find the messages that say TEXT, in the context and in the history behind it, newest first.

    TEXT is taken to the letter; upper and lower case are one. Each line: the commit with which the message came, item,
    role, state (live, archived, edited away, dropped), by which route it came, and the words around TEXT. Text,
    thinking and tool calls are looked through. Exit code 1 when nothing is found.

    \b
    Examples:
      trace search jwt
      trace search "use rest" --all-agents
      trace search -E "time ?out" -n 5
      trace search jwt --live --json
    """
    if agent is not None and everybody:
        raise click.UsageError("--agent and --all-agents exclude each other")
    wanted: dict[str, Any] = {"live": live, "regex": regex, "case": case, "limit": limit}
    with opening.opened(at_op=at_op) as repo:
        found: Iterator[Hit]
        with Progress(hits.READING) as progress:
            if agent is None and not everybody:
                found = repo.search(text, progress=progress, **wanted)
            else:
                found = Session({"": repo}).search(text, agent=agent, progress=progress, **wanted)
        first = next(found, None)
        found = chain([first], found) if first is not None else iter(())
        if as_json:
            screen.emit(hits=[hits.shape(one) for one in found])
        elif first is None:
            screen.note("nothing found")
        else:
            screen.show(hits.lines(found, agents=agent is not None or everybody), paged=True)
    if first is None:
        ctx.exit(exits.NO)
