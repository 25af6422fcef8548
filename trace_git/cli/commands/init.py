"""``trace init``: make a trace, or find that it is there already."""

from __future__ import annotations

import os

import click

from .. import opening, options, screen


@click.command("init")
@click.argument("folder", metavar="[DIR]", required=False)
@options.as_json
def command(folder: str | None, as_json: bool) -> None:
    """Make a trace: DIR itself, or ./.trace without DIR.

    A trace that is there already is left as it is.

    \b
    Examples:
      trace init
      trace init run.trace
    """
    folder = folder if folder is not None else os.environ.get("TRACE_GIT_DIR") or ".trace"
    there = os.path.exists(os.path.join(folder, "HEAD"))
    with opening.open_at(folder, create=True) as repo:
        screen.warn(repo.warnings)
        if as_json:
            screen.emit(path=str(repo.path), created=not there)
        else:
            screen.show([screen.paint(f"{'Already a trace' if there else 'Empty trace'}: {repo.path}")])
