"""``trace export``: the context as a transcript file that ``trace import``, or another program, reads."""

from __future__ import annotations

import click

from .. import opening, options, screen


@click.command("export")
@options.revision
@click.option("--format", "format_", default="openai", show_default=True, metavar="NAME", help="The format.")
@options.at_op
@options.as_json
@options.output
def command(rev: str, format_: str, at_op: int | None, as_json: bool, output: str | None) -> None:
    """Print the context of REV as a transcript.

    A pipe or file gets the exact bytes, a terminal safe text.

    \b
    Examples:
      trace export -o chat.json
      trace export HEAD~3 --format anthropic
    """
    with opening.opened(at_op=at_op) as repo:
        text = repo.export(rev, format=format_)
        if as_json:
            screen.emit(commit=repo.get(rev).id, format=format_, text=text)
        else:
            screen.exact(text, output)
