"""setup-git: tell stock git how to show a trace, in the trace itself, in a clone of one, or for a user's every clone.

Only git's own configuration and attributes are written. ``trace init`` leaves the text converter out: git refuses to
show any change at all when it cannot find that program, so who sets it must have one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from ..errors import NotFoundError
from ..store import files, gitconfig, layout

COMMAND = "trace textconv"
_ON = ("true", "yes", "on", "1")


def setup(folder: str, *, command: str = COMMAND) -> tuple[tuple[str, str], ...]:
    """Set up the git directory ``folder``. What was changed, as (setting, value); nothing when all was as it should."""
    config = os.path.join(folder, "config")
    wanted = {
        ("diff.trace", "textconv"): command,
        ("log", "initialDecorationSet"): "all",
        ("merge", "directoryRenames"): "false",
    }
    done = _put(config, wanted)
    attributes = _attributes(folder)
    return (*done, ("info/attributes", attributes)) if attributes else done


def setup_user(environ: Mapping[str, str], *, command: str = COMMAND) -> tuple[tuple[str, str], ...]:
    """Set the text converter in the user's own configuration: it is used where a tree asks for it, and nowhere else."""
    paths = gitconfig.config_files(environ, "")[1:]
    if not paths:
        raise NotFoundError("there is no home folder for git's configuration", hint="set HOME")
    path = next((path for path in paths if os.path.exists(path)), paths[0])
    return _put(path, {("diff.trace", "textconv"): command})


def _put(path: str, wanted: Mapping[tuple[str, str], str]) -> tuple[tuple[str, str], ...]:
    done: list[tuple[str, str]] = []
    for (section, name), value in wanted.items():
        if gitconfig.section_of(path, section).get(name.lower()) != value:
            gitconfig.put(path, section, name, value)
            done.append((f"{section}.{name}", value))
    if gitconfig.section_of(path, "diff.trace").get("cachetextconv", "").lower() in _ON:
        gitconfig.put(path, "diff.trace", "cachetextconv", None)  # it keeps a ref of its own in the trace
        done.append(("diff.trace.cachetextconv", "false"))
    return tuple(done)


def _attributes(folder: str) -> str:
    """Add the lines of ``.gitattributes`` that are missing, for commands that look at no tree; those that were."""
    path = os.path.join(folder, "info", "attributes")
    present = files.read(path) or b""
    missing = [line for line in layout.ATTRIBUTES.splitlines() if line not in present.splitlines()]
    if missing:
        above = present if not present or present.endswith(b"\n") else present + b"\n"
        with files.storing(f"{path} cannot be written"):
            files.make_folders(os.path.dirname(path))
            files.replace(path, above + b"\n".join(missing) + b"\n", scratch=path + ".new")
    return b", ".join(missing).decode()
