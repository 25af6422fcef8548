"""``trace who``: which agents know a text, and how each came to know it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from ...answers import Hit
from ...session import Session
from .. import exits, hits, opening, operations, options, screen
from ..progress import Progress


@click.command("who", short_help="Say which agents know a text, and by which route.")
@click.argument("text", metavar="TEXT")
@click.argument("traces", metavar="[TRACE]...", nargs=-1)
@click.option("--live", is_flag=True, help="Only who has it in the context now.")
@click.option("-E", "--regex", is_flag=True, help="TEXT is a regular expression.")
@click.option("--case", is_flag=True, help="Upper and lower case differ.")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context, text: str, traces: tuple[str, ...], live: bool, regex: bool, case: bool, as_json: bool
) -> None:
    """Say who knows TEXT, since when, and by which route it came to each.

    Looked through are all agents of this trace, or of each TRACE: the trace itself, agents, and those that are gone.
    A route is: own, inherited (when it was spawned), collapsed (from an agent), merged, cherry-picked, imported,
    summarised. Exit code 1 when nobody knows it.

    \b
    Examples:
      trace who "use rest"
      trace who -E "tokens? expire" --live
      trace who jwt first.trace second.trace
    """
    with _session(traces) as session:
        with Progress(hits.READING) as progress:
            asked = session.search(text, live=live, regex=regex, case=case, progress=progress)
        found = list(asked)
    knowing = sorted({(one.trace, one.agent) for one in found})  # the trace itself before its agents
    by_agent = [[one for one in found if (one.trace, one.agent) == who] for who in knowing]
    if as_json:
        screen.emit(agents=[{"agent": some[0].agent, "trace": some[0].trace or None,
                             "hits": [hits.shape(one) for one in some]} for some in by_agent])  # fmt: skip
    elif not found:
        screen.note("nobody knows it")
    else:
        screen.show((line for some in by_agent for line in _lines(some)), paged=True)
    if not found:
        ctx.exit(exits.NO)


@contextmanager
def _session(traces: Sequence[str]) -> Iterator[Session]:
    if not traces:
        with opening.opened() as repo:
            yield Session({"": repo})
        return
    with Session.open(traces, tokenizer=None) as session:
        yield session


def _lines(found: Sequence[Hit]) -> Iterator[str]:
    """An agent, and below it each message with its route and its time."""
    first = found[0]
    who = f"{first.trace}/{first.agent}" if first.trace else hits.agent(first.agent)
    yield screen.paint(screen.name(who), "bold")
    for one in found:
        way = hits.route(one.route, one.source, one.agent)
        cells: list[tuple[str, str | None]] = [
            ("  " + one.item.id[:8], "yellow"),
            (screen.name(way), "cyan"),
            (f"in {one.commit.short_id},", "dim"),
            (operations.age(one.time) + ("" if one.state == "live" else ","), "dim"),
            (one.state if one.state != "live" else "", hits.STATES[one.state]),
        ]
        head = screen.row(cells, "")
        used = sum(screen.columns(text) + 1 for text, _ in cells if text)
        room = max(hits.LEAST, screen.width() - used - 1) if screen.on_terminal() else 160
        yield f"{head}: {hits.excerpt(one, room)}"
