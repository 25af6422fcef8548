"""``trace knew``: what an agent had in its context, now or then, and what another one had not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from ...answers import Difference
from ...model import Context, Item
from ...session import Session
from .. import exits, hits, messages, opening, options, screen, shapes


@click.command("knew", short_help="List what an agent knew at a moment.")
@click.argument("agent", metavar="[AGENT]", required=False)
@click.option("--at", "moment", metavar="REV|TIME", help="At a commit of anybody's, or a time; now by default.")
@click.option("--not", "other", metavar="OTHER", help="Only what agent OTHER did not know then.")
@options.as_json
@click.pass_context
def command(ctx: click.Context, agent: str | None, moment: str | None, other: str | None, as_json: bool) -> None:
    """List what AGENT, or whoever is here, knew: the items of its context. "" is the trace itself.

    At a commit of another agent means: as far as anything had led there, through spawns and collapses; clocks are not
    asked. With --not, items that OTHER had, or that said the same word for word, are left out, and those that both had
    in different words are marked with a ~; exit code 1 when nothing is left.

    \b
    Examples:
      trace knew researcher
      trace knew researcher --at "10 minutes ago"
      trace knew researcher --not "" --at main~2
    """
    with opening.opened() as repo:
        session, name = Session({"": repo}), repo.name if agent is None else agent
        if other is None:
            _tell(session.at(moment, agent=name), as_json=as_json)
            return
        found = session.difference(name, other, at=moment)
        if as_json:
            screen.emit(knew=found.knew.commit, lacked=found.lacked.commit,
                        items=[shapes.item(one) for one in found.items],
                        changed=[{"knew": shapes.item(one), "lacked": shapes.item(two)}
                                 for one, two in found.changed])  # fmt: skip
        elif not found:
            screen.note(f"nothing that {hits.agent(other)} did not know")
        else:
            screen.show(_differing(found), paged=True)
    if not found:
        ctx.exit(exits.NO)


def _tell(context: Context, *, as_json: bool) -> None:
    if as_json:
        screen.emit(commit=context.commit, items=[shapes.item(one) for one in context.items])
    elif not context.items:
        screen.note("nothing")
    else:
        screen.show(_lines([(" ", one) for one in context.items]), paged=True)


def _differing(found: Difference) -> Iterator[str]:
    changed = {mine.id for mine, _ in found.changed}
    fresh = {one.id for one in found.items}
    marked = [("~" if one.id in changed else "+", one) for one in found.knew.items if one.id in changed | fresh]
    return _lines(marked)


def _lines(marked: Sequence[tuple[str, Item]]) -> Iterator[str]:
    """Mark, item, role, words; no mark where none has one."""
    ids = shapes.short_ids(one for _, one in marked)
    roles = max(len(one.role) for _, one in marked)
    for mark, one in marked:
        cells = [
            (mark.strip(), "yellow" if mark == "~" else "green"),
            (ids[one.id], "yellow"),
            (f"{one.role:<{roles}}", screen.ROLE_COLOURS.get(one.role)),
        ]
        yield screen.row(cells, messages.line(one.message))
