"""Writes cli.md from the help pages of the commands. Run ``python docs/make_cli.py`` after changing one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from trace_git.cli.app import app

PAGE = Path(__file__).with_name("cli.md")
WIDTH = 100

_HEAD = """\
# The command line

This page is generated from the help pages (`trace COMMAND --help`) by `docs/make_cli.py`. A tour is in
[quickstart.md](quickstart.md), the words are in [concepts.md](concepts.md).

Data goes to stdout, notes and errors to stderr; what changes something says in one line what it did. `--json`
prints one object with a `schema_version`, for an error too. Exit codes: 0 ok, 1 negative answer or conflict, 2 usage,
bad input or wrong state, 3 not found, 4 locked, 5 corrupt, 6 refused for safety or budget, 7 disk, 8 model,
130 interrupted.

| command | what it does |
|---|---|
"""


def page() -> str:
    """The whole page."""
    top = app.make_context("trace", [], resilient_parsing=True, terminal_width=WIDTH)
    contexts = [context for context in _below(top) if not context.command.hidden]
    return _HEAD + "".join(map(_row, contexts)) + "".join(map(_section, [top, *contexts]))


def _below(above: click.Context) -> Iterator[click.Context]:
    """A context for each command of a group, and for theirs."""
    group = above.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=above)
        yield context
        if isinstance(command, click.Group):
            yield from _below(context)


def _row(context: click.Context) -> str:
    path = context.command_path
    short = context.command.get_short_help_str(1000).replace("|", "\\|")
    return f"| [`{path}`](#{path.replace(' ', '-')}) | {short} |\n"


def _section(context: click.Context) -> str:
    return f"\n## {context.command_path}\n\n```text\n{context.get_help()}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
