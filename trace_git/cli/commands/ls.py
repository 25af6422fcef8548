"""``trace ls``: the items of a context, one a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import click

from ...model import ROLES, Item, TokenCount
from .. import messages, opening, options, screen, shapes


@click.command("ls")
@options.revision
@click.option("--role", type=click.Choice(ROLES), help="Only items of this role.")
@click.option("--pinned", is_flag=True, help="Only pinned items.")
@click.option("--long", is_flag=True, help="Item ids in full, and the kind of each.")
@options.at_op
@options.as_json
def command(rev: str, role: str | None, pinned: bool, long: bool, at_op: int | None, as_json: bool) -> None:
    """List the items of the context of REV, in order.

    Each line: item id, role, tokens (~ is an estimate), a mark when it is pinned, first words. The id, or
    the beginning of it, is what edit, pin, drop and show take.

    \b
    Examples:
      trace ls
      trace ls HEAD~3 --role tool
      trace ls --pinned --json
    """
    with opening.opened(at_op=at_op) as repo:
        context = repo.context(rev)
        ids = {item.id: item.id for item in context.items} if long else shapes.short_ids(context.items)
        wanted = [one for one in context.items if role in (None, one.role) and (one.pinned or not pinned)]
        counted = [(item, repo.count(item)) for item in wanted]
        if as_json:
            screen.emit(commit=context.commit, items=[_shape(item, tokens) for item, tokens in counted])
        elif not wanted:
            screen.note(
                "no commits yet" if context.commit is None else "no such items" if context.items else "no items"
            )
        else:
            screen.show(_table(counted, ids, long=long), paged=True)


def _shape(item: Item, tokens: TokenCount | None) -> dict[str, object]:
    return {**shapes.item(item), **shapes.count(tokens)}


def _table(counted: Sequence[tuple[Item, TokenCount | None]], ids: Mapping[str, str], *, long: bool) -> Iterator[str]:
    roles = max(len(item.role) for item, _ in counted)
    numbers = max(len(shapes.number(tokens)) for _, tokens in counted)
    marks = any(item.pinned for item, _ in counted)
    for item, tokens in counted:
        cells = [
            (ids[item.id], "yellow"),
            (f"{item.role:<{roles}}", screen.ROLE_COLOURS.get(item.role)),
            (f"{item.kind:<8}" if long else "", None),
            (f"{shapes.number(tokens):>{numbers}}", None),
            ((screen.pin() if item.pinned else " ") if marks else "", "yellow"),
        ]
        yield screen.row(cells, messages.words(item.message) if long else messages.line(item.message))
