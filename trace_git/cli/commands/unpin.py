"""``trace unpin``: release pinned items."""

from __future__ import annotations

import click

from .. import changes, opening, options


@click.command("unpin")
@click.argument("pinned", metavar="ITEM...", nargs=-1, required=True)
@options.as_json
def command(pinned: tuple[str, ...], as_json: bool) -> None:
    """Release each pinned ITEM, with its tool group.

    \b
    Examples:
      trace unpin 3f2a91bc
    """
    with opening.opened() as repo:
        made = changes.each(repo, pinned, repo.unpin)
        changes.report(repo, made, as_json=as_json, nothing="not pinned; nothing changed")
