"""``trace blame``: where an item came from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from ...answers import Blame, Step
from ...errors import InvalidInputError, NotFoundError
from ...model import Commit, Item
from ...repo import Repo
from .. import changes, differences, hits, messages, opening, operations, options, screen, shapes
from ..progress import Progress

_COLOURS = {"added": "green", "edited": "yellow", "dropped": "red", "archived": "blue", "pinned": "yellow"}


@click.command("blame", short_help="Say where an item came from, newest first.")
@click.argument("item", metavar="ITEM")
@click.option("--rev", default="HEAD", metavar="REV", help="In the history behind REV; default HEAD.")
@click.option("--words", is_flag=True, help="Show what each edit changed, word by word.")
@options.as_json
def command(item: str, rev: str, words: bool, as_json: bool) -> None:
    """Say where ITEM came from: what was done to it, newest first, by whom, on which lines and in which agents.

    ITEM is an item's id, the beginning of it, or a commit that added it. It may be gone from the context: `trace
    search` finds what was ever said. Of a summary, and of the work of an agent, the items that it was made of follow.

    \b
    Examples:
      trace blame 3f2a91bc
      trace blame 3f2a --words
      trace blame HEAD --json
    """
    with opening.opened() as repo:
        with Progress(hits.READING) as progress:
            found = repo.blame(_meant(repo, item, rev), rev=rev, progress=progress)
        if as_json:
            screen.emit(**_shape(found))
        else:
            screen.show(_lines(found, words=words), paged=True)


def _meant(repo: Repo, word: str, rev: str) -> str | Item | Commit:
    """An item of the context by the beginning of its id, else a commit, else an item that is gone."""
    if changes.begins_one(repo.context(rev).items, word):
        return word
    try:
        return repo.get(word)
    except InvalidInputError:
        return word
    except NotFoundError:
        if any(sign in word for sign in "~^@/"):
            raise  # no beginning of an item's id can be meant
        return word


def _lines(found: Blame, *, words: bool) -> Iterator[str]:
    item = found.item
    role = (item.role, screen.ROLE_COLOURS.get(item.role))
    cells = [(item.id, "yellow"), role, (found.state, hits.STATES[found.state])]
    yield screen.row(cells, messages.line(item.message))
    agents = len({step.agent for step in found}) > 1 or found.steps[0].agent != ""
    wide = max(len(step.change) for step in found)
    for step in found:
        yield _step(step, wide, agents=agents)
        if words and step.change == "edited" and step.old and step.new:
            yield from differences.edited(step.old, step.new)
    if found.originals:
        whose = f", by {found.child.author.name}" if found.child is not None else ""
        yield screen.paint(f"made of{whose}:", "bold")
        ids = shapes.short_ids(found.originals)
        for one in found.originals:
            yield screen.row([("  " + ids[one.id], "yellow"), (one.role, screen.ROLE_COLOURS.get(one.role))],
                             messages.line(one.message))  # fmt: skip


def _step(step: Step, wide: int, *, agents: bool) -> str:
    source = f"from {hits.agent(step.source)}" if step.source is not None and step.source != step.agent else ""
    cells: list[tuple[str, str | None]] = [
        (step.commit.short_id, "yellow"),
        (f"{step.change:<{wide}}", _COLOURS.get(step.change, "cyan")),
        (screen.name(hits.agent(step.agent)) if agents else "", "bold"),
        (source, "cyan"),
        (screen.name(step.commit.author.name), "dim"),
        (operations.age(step.commit.timestamp), "dim"),
    ]
    return screen.row(cells, step.commit.subject)


def _shape(found: Blame) -> dict[str, Any]:
    return {
        "item": shapes.item(found.item),
        "state": found.state,
        "route": found.route,
        "source": found.source,
        "steps": [_step_shape(step) for step in found],
        "originals": [shapes.item(one) for one in found.originals],
        "child": found.child.id if found.child is not None else None,
    }


def _step_shape(step: Step) -> dict[str, Any]:
    author = step.commit.author
    return {
        "commit": step.commit.id,
        "verb": step.verb,
        "agent": step.agent,
        "author": {"name": author.name, "email": author.email},
        "timestamp": step.commit.timestamp,
        "change": step.change,
        "source": step.source,
        "old": step.old.message.to_dict() if step.old is not None else None,
        "new": step.new.message.to_dict() if step.new is not None else None,
        "words": differences.pieces(step.old, step.new) if step.old and step.new and step.change == "edited" else None,
    }
