"""``trace drop``: take items out of the context; the history keeps them."""

from __future__ import annotations

from functools import partial

import click

from .. import changes, dry_runs, opening, options


@click.command("drop")
@click.argument("items", metavar="ITEM...", nargs=-1, required=True)
@click.option("-m", "--message", metavar="SUBJECT", help="The commit message; made from the item by default.")
@options.dry_run
@options.as_json
def command(items: tuple[str, ...], message: str | None, dry_run: bool, as_json: bool) -> None:
    """Take each ITEM out of the context.

    Its tool group goes with it. The history keeps both, and `trace undo` brings them back: several items
    are one operation. With --dry-run nothing is dropped: it says what would go, and what that would mean for the
    provider's cache.

    \b
    Examples:
      trace drop 3f2a91bc
      trace drop 3f2a 77c0 -m "Dead ends"
      trace drop 3f2a --dry-run
    """
    with opening.opened() as repo:
        if dry_run:
            named = [changes.item(repo, word) for word in items]
            dry_runs.show(
                repo, [repo.drop(one, message=message, dry_run=True) for one in named], "drop from", as_json=as_json
            )
            return
        before = repo.get("HEAD").id
        made = changes.each(repo, items, partial(repo.drop, message=message))
        changes.report(repo, made, as_json=as_json, nothing="nothing changed", since=before)
    if not as_json:
        changes.aside("back: trace undo")
