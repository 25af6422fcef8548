"""``trace undo``: take back the last operation."""

from __future__ import annotations

import click

from .. import changes, opening, operations, options


@click.command("undo")
@options.as_json
def command(as_json: bool) -> None:
    """Take back the last operation.

    Every ref is where it was before. Again and again, back to the beginning; `trace redo` does again what
    was taken back, and `trace op log` shows what there is.

    \b
    Examples:
      trace undo
      trace undo --json
    """
    with opening.opened() as repo:
        operations.report("Undid", repo, repo.undo(), as_json=as_json)
    if not as_json:
        changes.aside("again: trace redo")
