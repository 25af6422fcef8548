"""``trace import``: transcripts become commits, their forks branches."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from .. import opening, options, screen
from ..progress import Progress


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--format", "format_", metavar="NAME", help="The format of FILE, when looking at it is not enough.")
@options.as_json
def command(files: tuple[str, ...], format_: str | None, as_json: bool) -> None:
    """Import transcripts: one commit a message, forks as branches.

    The format is recognised by looking: Claude Code JSONL, OpenAI chat (a JSON list, an object with
    messages, or JSONL of these), Anthropic messages, SWE-agent .traj. The first conversation goes to the
    present branch when that is empty, every other one to a branch of its own.

    \b
    Examples:
      trace import session.jsonl
      trace import --format openai chats/*.json
    """
    made: list[dict[str, Any]] = []
    with opening.opened() as repo:
        for file in files:
            with Progress(file) as progress:
                result = repo.import_file(file, format=format_, progress=progress)
            screen.warn(f"{file}: {warning}" for warning in result.warnings)
            made.append({"file": file, **asdict(result)})
            if not as_json:
                screen.show(_lines(made[-1]))
    if as_json:
        screen.emit(imports=made)


def _lines(made: dict[str, Any]) -> list[str]:
    names = made["branches"]
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    where = f"branch {listed}" if len(names) == 1 else f"{len(names)} branches: {listed}"
    return [
        screen.paint(f"{made['file']}: {made['items']:,} messages ({made['format']})"),
        screen.paint(f"  on {where}", "dim"),
    ]
