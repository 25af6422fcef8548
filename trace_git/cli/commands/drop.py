"""``trace drop``: take items out of the context; the history keeps them."""

from __future__ import annotations

from functools import partial

import click

from .. import changes, opening, options


@click.command("drop")
@click.argument("items", metavar="ITEM...", nargs=-1, required=True)
@click.option("-m", "--message", metavar="SUBJECT", help="The commit message; made from the item by default.")
@options.as_json
def command(items: tuple[str, ...], message: str | None, as_json: bool) -> None:
    """Take each ITEM out of the context.

    Its tool group goes with it. The history keeps both, and `trace undo` brings them back: several items
    are one operation.

    \b
    Examples:
      trace drop 3f2a91bc
      trace drop 3f2a 77c0 -m "Dead ends"
    """
    with opening.opened() as repo:
        made = changes.each(repo, items, partial(repo.drop, message=message))
        changes.report(repo, made, as_json=as_json, nothing="nothing changed")
    if not as_json:
        changes.aside("back: trace undo")
