"""A command that has commands below it, and says what was perhaps meant by a name that it has not."""

from __future__ import annotations

import click


class Group(click.Group):
    """A group whose refusal of an unknown name carries a hint."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None:
            raise _UnknownCommand(name, self.list_commands(ctx), ctx)
        return name, command, args[1:]


class _UnknownCommand(click.UsageError):
    """Its ``hint`` says what was perhaps meant."""

    def __init__(self, name: str, known: list[str], ctx: click.Context) -> None:
        import difflib  # costs start-up time, and is needed here only

        super().__init__(f"unknown command {name!r}", ctx)
        near = difflib.get_close_matches(name, known, 3, 0.6)
        self.hint = f"did you mean {' or '.join(near)}?" if near else None
