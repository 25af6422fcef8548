"""The command ``trace``: global options, and the table of commands, each loaded when it is called.

What a command does is in ``commands/``, one file each.
"""

from __future__ import annotations

import importlib
import os

import click

from .. import __version__
from ..errors import NotFoundError
from . import screen
from .groups import Group

COMMANDS = {
    "init": "init",
    "import": "import_",
    "commit": "commit",
    "status": "status",
    "log": "log",
    "show": "show",
    "ls": "ls",
    "diff": "diff",
    "edit": "edit",
    "pin": "pin",
    "unpin": "unpin",
    "drop": "drop",
    "compress": "compress",
    "expand": "expand",
    "budget": "budget",
    "reset": "reset",
    "checkout": "checkout",
    "switch": "switch",
    "branch": "branch",
    "merge": "merge",
    "rebase": "rebase",
    "cherry-pick": "cherry_pick",
    "range-diff": "range_diff",
    "reorder": "reorder",
    "conflicts": "conflicts",
    "resolve": "resolve",
    "spawn": "spawn",
    "collapse": "collapse",
    "agents": "agents",
    "resume": "resume",
    "search": "search",
    "blame": "blame",
    "who": "who",
    "knew": "knew",
    "bisect": "bisect",
    "tag": "tag",
    "undo": "undo",
    "redo": "redo",
    "op": "op",
    "materialize": "materialize",
    "export": "export",
    "config": "config",
    "gc": "gc",
    "redact": "redact",
    "fsck": "fsck",
    "setup-git": "setup_git",
    "textconv": "textconv",
    "completion": "completion",
}  # name → module


class _Lazy(Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f".commands.{COMMANDS[cmd_name]}", __package__)
        command: click.Command = module.command
        return command


@click.group(
    cls=_Lazy,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("-C", "folders", metavar="DIR", multiple=True, help="Work as if started in DIR.")
@click.option("--agent", metavar="NAME", help="Work in the repository of this agent (see `trace agents`).")
@click.option("--no-pager", is_flag=True, help="Show long output without a pager.")
@click.version_option(__version__, "--version", prog_name="trace", message="%(prog)s %(version)s")
@click.pass_context
def app(ctx: click.Context, folders: tuple[str, ...], agent: str | None, no_pager: bool) -> None:
    """Git for the context window of an LLM.

    A trace is a bare git repository; commands find it upwards from here, as a .trace folder or as the
    folder they are in, or where TRACE_GIT_DIR says. With --agent, or TRACE_GIT_AGENT, each command works in
    the repository of that agent; --agent "" is the trace itself.
    """
    for folder in folders:
        try:
            os.chdir(folder)
        except OSError as error:
            raise NotFoundError(f"cannot work in {folder!r}: {error.strerror}") from error
    if no_pager:
        screen.no_pager()
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
