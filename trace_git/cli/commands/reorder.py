"""``trace reorder``: the same items in another order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import click

from ...errors import InvalidInputError
from ...model import Item
from ...repo import Repo
from ...results import RewriteResult
from .. import changes, editor, opening, options, plans

_ID = re.compile(r"\b[0-9a-f]{4,16}\b")


@click.command("reorder")
@click.argument("order", metavar="ID... | move ITEM", nargs=-1, required=True)
@click.option("--before", metavar="ITEM", help="With move: put it in front of this item.")
@click.option("--after", metavar="ITEM", help="With move: put it behind this item.")
@options.dry_run
@plans.yes
@click.option("--force", is_flag=True, help="Do what only some providers refuse; never what breaks a tool group.")
@click.option("--llm", metavar="[MODEL]", is_flag=False, flag_value="", help="Let a model judge the new order.")
@click.option("-m", "--message", metavar="SUBJECT", help="The commit message; made from what moved by default.")
@options.as_json
def command(
    order: tuple[str, ...],
    before: str | None,
    after: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    **how: Any,
) -> None:
    """Put the items of the context in another order.

    Either name every item once, in the new order: an ID as `trace ls` shows it, or its beginning; - reads them
    from stdin, one at the beginning of each line, as `trace ls > order.txt` writes them. Or move one ITEM, with its
    tool group, before or behind another one. Ids, contents and pins stay; it is one commit on top.

    An order that tears a tool call from its results is refused. What else may go wrong is a warning: an item that
    refers to one which would come after it, another order of the user's turns, a system message or a pin at another
    place, the provider's cache. On a terminal you are asked whether to go on; a script must say --yes. With
    --llm a model judges too whether the order means something else: MODEL, else that of TRACE_GIT_MODEL or
    `trace config --global model`. --dry-run asks no model; with --json it says what would be sent, to the letter.

    \b
    Examples:
      trace reorder move 3f2a --after 77c0 --dry-run
      trace reorder move 3f2a --before 77c0 --yes
      trace reorder - --dry-run < order.txt
    """
    if order[0] == "move":
        if len(order) != 2 or (before is None) == (after is None):
            raise click.UsageError("move takes one ITEM, and --before or --after")
    elif before is not None or after is not None:
        raise click.UsageError("--before and --after are for `trace reorder move ITEM`")
    how["llm"] = how["llm"] or how["llm"] is not None
    with opening.opened() as repo, plans.explained(repo, as_json=as_json):
        verb: Callable[..., RewriteResult]
        if order[0] == "move":
            where = {"before": before, "after": after}
            beside: dict[str, Any] = {
                name: changes.item(repo, word) for name, word in where.items() if word is not None
            }
            verb = partial(repo.move, changes.item(repo, order[1]), **beside, **how)
        else:
            verb = partial(repo.reorder, _order(repo, order), **how)
        title = f"Would reorder {changes.branch(repo) or 'HEAD'}"
        if dry_run:
            plans.show(repo, verb(dry_run=True), title=title, as_json=as_json)
            return
        since = repo.get("HEAD").id
        result = verb(approve=partial(plans.settle, repo, title=title, yes=yes, as_json=as_json))
        plans.told(repo, result, since=since, as_json=as_json)


def _order(repo: Repo, words: Sequence[str]) -> list[str | Item]:
    """The items as they were named; an id that is not there stays as it is, to be named in the refusal."""
    if words == ("-",):
        lines = editor.piped(what="reorder", hint="give an id in each line: `trace ls` lists them").splitlines()
        found = [_ID.search(line) for line in lines if line.strip()]
        if None in found:
            bad = next(line for line, one in zip(filter(str.strip, lines), found, strict=True) if one is None)
            raise InvalidInputError(f"no id in the line {bad[:60]!r}", hint="give an id in each line")
        return [one[0] for one in found if one is not None]
    items = repo.context().items
    return [word if changes.begins_one(items, word) else _named(repo, word) for word in words]


def _named(repo: Repo, word: str) -> str | Item:
    """What a word means that begins no id: a revision that added an item, else the word itself."""
    return word if _ID.fullmatch(word) else changes.item(repo, word)
