"""``trace redo``: do again what was undone last."""

from __future__ import annotations

import click

from .. import changes, opening, operations, options


@click.command("redo")
@options.as_json
def command(as_json: bool) -> None:
    """Do again what `trace undo` took back last.

    \b
    Examples:
      trace redo
    """
    with opening.opened() as repo:
        operations.report("Did again", repo, repo.redo(), as_json=as_json)
    if not as_json:
        changes.aside("back: trace undo")
