"""Who commits: git's identity of this process, from the environment it is given and git's own config files.

The files are read as text: no `include` is followed, no program run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from ..model import Author
from . import files

DEFAULT = Author("trace-git", "trace-git@localhost")
_LINE = re.compile(r"""^\s*(name|email)\s*=\s*"?([^"#;\n]*)"?""", re.IGNORECASE)


def identity(environ: Mapping[str, str], folder: str) -> Author:
    """GIT_COMMITTER_NAME and _EMAIL, then ``[user]`` of the trace's and of the user's config; else the default."""
    found: dict[str, str] = {}
    for path in _config_files(environ, folder):
        found = {**_user_section(path), **found}
    name = environ.get("GIT_COMMITTER_NAME") or found.get("name") or DEFAULT.name
    email = environ.get("GIT_COMMITTER_EMAIL") or found.get("email") or DEFAULT.email
    return Author(name, email)


def _config_files(environ: Mapping[str, str], folder: str) -> list[str]:
    """Nearest first, as git reads them; the system's file is left to git."""
    paths = [os.path.join(folder, "config")]
    if "GIT_CONFIG_GLOBAL" in environ:
        return [*paths, environ["GIT_CONFIG_GLOBAL"]]
    home = environ.get("HOME")
    base = environ.get("XDG_CONFIG_HOME") or (os.path.join(home, ".config") if home else None)
    return [
        *paths,
        *([os.path.join(home, ".gitconfig")] if home else []),
        *([os.path.join(base, "git", "config")] if base else []),
    ]


def _user_section(path: str) -> dict[str, str]:
    """``name`` and ``email`` of the ``[user]`` section; nothing when the file cannot be read."""
    try:
        text = (files.read(path) or b"").decode("utf-8", "replace")
    except OSError:
        return {}
    found: dict[str, str] = {}
    inside = False
    for line in text.splitlines():
        if line.lstrip().startswith("["):
            inside = line.strip().lower().startswith("[user]")
        elif inside and (match := _LINE.match(line)):
            found[match[1].lower()] = match[2].strip()
    return found
