"""``trace agents``: the tree of agents, and the end of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from ...answers import Agent
from ...errors import TraceError
from ...model import TokenCount
from ...repo import Repo
from ...safe import safe_text
from .. import changes, opening, operations, options, screen, shapes

_COLOURS = {"running": "green", "collapsed": "blue", "abandoned": "dim", "damaged": "red"}
_LEAST = 20  # columns that a name gets, with the lines that lead to it
_ROOT = "(trace)"

Cells = tuple[str, str, str, str]  # name, state, tokens, age


@click.command("agents", short_help="Show all agents, or delete one.")
@click.option("--delete", "agent", metavar="NAME", help="Delete this agent, if its work was taken back.")
@click.option("--force", is_flag=True, help="Delete it whatever work it has.")
@options.as_json
def command(agent: str | None, force: bool, as_json: bool) -> None:
    """Show all agents of the trace: name, state, tokens of the context, last activity, purpose.

    An agent stands below the one that spawned it, and all of them below the trace itself. It is running, collapsed
    (all of its work was taken back) or abandoned (deleted before that; what it did is kept for as long as
    `trace undo` can bring it back).

    \b
    Examples:
      trace agents
      trace agents --json
      trace agents --delete researcher
    """
    if force and agent is None:
        raise click.UsageError("--force is for --delete NAME")
    with opening.opened() as repo:
        if agent is not None:
            _delete(repo, agent, force=force, as_json=as_json)
            return
        found = repo.agents()
        if as_json:
            screen.emit(here=repo.name, agents=[shapes.agent(one) for one in found])
        elif not found:
            screen.note("no agents; `trace spawn NAME` begins one")
        else:
            screen.show(_tree(found, repo.name, _root(repo)), paged=True)


def _delete(repo: Repo, name: str, *, force: bool, as_json: bool) -> None:
    tip = repo.agent_tips().get(name)
    repo.delete_agent(name, force=force)
    if as_json:
        screen.emit(deleted={"name": name, "commit": tip})
        return
    screen.show([screen.paint(f"Deleted agent {name}{f', which was at {tip[:8]}' if tip else ''}")])
    changes.aside("back: trace undo")


def _root(repo: Repo) -> Cells:
    """The trace itself, from which all begin. It is nobody's, so it has no state."""
    with repo.agent("") as top:
        try:
            last = top.get("HEAD")
        except TraceError:  # no commit any more, or a damaged one: the agents can be shown all the same
            return _ROOT, "", "-", ""
        return _ROOT, "", _size(last.context_tokens), operations.age(last.timestamp)


def _tree(found: Sequence[Agent], here: str, root: Cells) -> Iterator[str]:
    """One line an agent below that of the trace itself; a ``*`` stands before the one whose repository this is."""
    most = max(_LEAST, screen.width() // 4) if screen.on_terminal() else None
    drawn = list(_drawn(found, ""))
    rows = [root, *(_cells(lines + one.name, one, most) for lines, one in drawn)]
    names, states, tokens, ages = (list(map(screen.columns, column)) for column in zip(*rows, strict=True))
    for (name, state, size, age), one in zip(rows, [None, *(one for _, one in drawn)], strict=True):
        mark = "*" if (one.name if one else "") == here else " "
        cells: list[tuple[str, str | None]] = [
            (f"{mark} {name}{' ' * (max(names) - screen.columns(name))}", None),
            (f"{state:<{max(states)}}", _COLOURS.get(one.state if one else "")),
            (f"{size:>{max(tokens)}}", None),
            (f"{age:<{max(ages)}}", "dim"),
        ]
        yield screen.row(cells, one.purpose.partition("\n")[0] if one else "")


def _cells(name: str, one: Agent, most: int | None) -> Cells:
    """Name (of at most so many columns), state, tokens and age."""
    state = f"{one.state} (deleted)" if one.deleted and one.state != "abandoned" else one.state
    return screen.cut(name, most) if most else safe_text(name), state, _size(one.tokens), operations.age(one.activity)


def _size(tokens: TokenCount | None) -> str:
    return "-" if tokens is None else f"{shapes.number(tokens)} tokens"


def _drawn(found: Sequence[Agent], parent: str, before: str = "") -> Iterator[tuple[str, Agent]]:
    """Each agent with the lines that lead to it. One whose parent is not there stands at the top."""
    names = {one.name for one in found}
    mine = [one for one in found if one.parent == parent or (not parent and one.parent not in names)]
    bars = ("├─ ", "└─ ", "│  ") if screen.fancy() else ("|- ", "`- ", "|  ")
    for one in mine:
        last = one is mine[-1]
        others = [other for other in found if other is not one]
        yield before + bars[last], one
        yield from _drawn(others, one.name, before + ("   " if last else bars[2]))
