"""``trace pin``: keep items verbatim, whatever rewrites the context."""

from __future__ import annotations

import click

from .. import changes, opening, options


@click.command("pin")
@click.argument("items", metavar="ITEM...", nargs=-1, required=True)
@options.as_json
def command(items: tuple[str, ...], as_json: bool) -> None:
    """Keep each ITEM verbatim, whatever rewrites the context.

    Its tool group is pinned with it. Several items are one operation: one `trace undo` releases them all.

    \b
    Examples:
      trace pin 3f2a91bc
      trace pin HEAD~2 HEAD
    """
    with opening.opened() as repo:
        made = changes.each(repo, items, repo.pin)
        changes.report(repo, made, as_json=as_json, nothing="pinned already; nothing changed")
