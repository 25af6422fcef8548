"""``trace import``: transcripts become commits, their forks branches, their sub-agents agents."""

from __future__ import annotations

from collections.abc import Sequence
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
    """Import transcripts, one commit a message.

    Forks become branches, sub-agents agents. The format is recognised by looking: Claude Code JSONL, OpenAI
    chat (a JSON list, an object with messages, or JSONL of these), Anthropic messages, SWE-agent .traj. The
    first conversation goes to the present branch when that is empty, every other one to a branch of its own.
    A sub-agent of Claude Code is spawned where it was called and collapsed where its answer came, with the
    files that lie beside the session.

    \b
    Examples:
      trace import session.jsonl
      trace import --format openai chats/*.json
    """
    made: list[dict[str, Any]] = []
    with opening.opened() as repo:
        for file in files:
            try:
                with Progress(file) as progress:
                    result = repo.import_file(file, format=format_, progress=progress)
            except KeyboardInterrupt:
                screen.warn(f"{file}: {text}" for text in repo.resumption().interrupted)
                raise
            screen.warn(f"{file}: {warning}" for warning in result.warnings)
            made.append({"file": file, **asdict(result)})
            if not as_json:
                screen.show(_lines(made[-1]))
    if as_json:
        screen.emit(imports=made)


def _lines(made: dict[str, Any]) -> list[str]:
    lines = [
        screen.paint(f"{made['file']}: {made['items']:,} messages ({made['format']})"),
        screen.paint(f"  on {_listed(made['branches'], 'branch', 'branches')}", "dim"),
    ]
    if made["agents"]:
        lines.append(screen.paint(f"  with {_listed(made['agents'], 'agent', 'agents')}", "dim"))
    return lines


def _listed(names: Sequence[str], one: str, several: str) -> str:
    """``branch main``, or ``5 branches: main, a, b and 2 more``."""
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{one} {listed}" if len(names) == 1 else f"{len(names)} {several}: {listed}"
