"""``trace log``: the history, one commit a line, with what each added and how full the context was after it."""

from __future__ import annotations

from itertools import chain
from typing import Any

import click

from ...model import ROLES
from .. import opening, options, screen
from ..history import History


class _Log(click.Command):
    """Takes -5 for -n 5, as git does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        takes = {name for one in self.params if isinstance(one, click.Option) and not one.is_flag for name in one.opts}
        given: list[str] = []
        for word in args:
            number = word.startswith("-") and word[1:].isdecimal() and "--" not in given
            value = bool(given) and given[-1] in takes
            given += ["-n", word[1:]] if number and not value else [word]
        return super().parse_args(ctx, given)


@click.command("log", cls=_Log)
@click.argument("revs", nargs=-1, metavar="[REV | A..B]...")
@click.option("-n", "--limit", type=click.IntRange(min=0), metavar="N", help="Show at most N commits; also -N.")
@click.option("--oneline", is_flag=True, help="Only id, refs and subject.")
@click.option("--graph", is_flag=True, help="Draw the lines of history at the left.")
@click.option("--all", "everything", is_flag=True, help="From every branch and tag.")
@click.option("--stat", is_flag=True, help="Name the items that each commit added, removed or changed.")
@click.option("--grep", metavar="TEXT", help="Only commits whose message has TEXT, a regular expression.")
@click.option("--role", type=click.Choice(ROLES), help="Only commits of this role.")
@options.at_op
@options.as_json
def command(
    revs: tuple[str, ...],
    limit: int | None,
    oneline: bool,
    graph: bool,
    everything: bool,
    stat: bool,
    grep: str | None,
    role: str | None,
    at_op: int | None,
    as_json: bool,
) -> None:
    """Show the history, newest first.

    The commits are those of REV (default HEAD), or those of B that are not in A. Each line: id, verb, role,
    tokens added, tokens of the context after it, a mark when what it brought is pinned, refs, subject. A ~
    marks an estimate.

    \b
    Examples:
      trace log -5
      trace log --graph --all --oneline
      trace log main..try-2 --stat
      trace log --role user --grep login
    """
    with opening.opened(at_op=at_op) as repo:
        start = revs[0] if len(revs) == 1 else list(revs) or "HEAD"
        wanted: dict[str, Any] = {"limit": limit, "all": everything, "grep": grep, "role": role}
        history = History(repo, oneline=oneline, stat=stat)
        if as_json:
            screen.emit(commits=[history.shape(one) for one in repo.log(start, **wanted)])
            return
        drawn = repo.graph(start, **wanted) if graph else ((None, commit) for commit in repo.log(start, **wanted))
        first = next(drawn, None)
        if first is None:
            screen.note("nothing to show" if repo.branches() else "no commits yet")
            return
        screen.show(history.lines(chain([first], drawn)), paged=True)
