"""``trace setup-git``: let stock git show messages as text."""

from __future__ import annotations

import os
import shlex
import shutil
import sys

import click

from ...ops import setup_git
from ...repo import Repo
from .. import options, screen


@click.command("setup-git", short_help="Let git show messages as text: log -p, diff, blame.")
@click.option("--global", "for_user", is_flag=True, help="Write the user's configuration: for all clones of traces.")
@options.as_json
def command(for_user: bool, as_json: bool) -> None:
    """Let `git log -p`, `git show`, `git diff` and `git blame` show messages as text.

    Works in a trace and in a clone of one, bare or not: it sets git's text converter to `trace textconv`, shows
    pins and agents in `git log`, and keeps `git merge` from moving messages between folders. Safe to repeat.

    \b
    Examples:
      trace setup-git
      trace -C clone setup-git
      trace setup-git --global
    """
    program = _program()
    if for_user:
        done = setup_git.setup_user(os.environ, command=program)
    else:
        done = setup_git.setup(os.fspath(Repo.find(os.environ.get("TRACE_GIT_DIR") or ".")), command=program)
    if as_json:
        screen.emit(set=dict(done))
    else:
        screen.show([screen.paint(f"set {name} = {value}") for name, value in done] or ["all was set already"])


def _program() -> str:
    """What git is to call: our script by its name when that is what a shell finds, else this interpreter."""
    ours = os.path.realpath(os.path.dirname(sys.executable))
    for name in ("trace", "trace-git"):  # some systems ship another `trace`
        found = shutil.which(name)
        if found and os.path.dirname(os.path.realpath(found)) == ours:
            return f"{name} textconv"
    return f"{shlex.quote(sys.executable)} -m trace_git textconv"
