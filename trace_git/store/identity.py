"""Who commits: git's identity of this process, from the environment it is given and git's own config files.

The files are read by ``gitconfig``: no `include` is followed, no program run.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..model import Author
from . import gitconfig

DEFAULT = Author("trace-git", "trace-git@localhost")


def identity(environ: Mapping[str, str], folder: str) -> Author:
    """GIT_COMMITTER_NAME and _EMAIL, then ``[user]`` of the trace's and of the user's config; else the default."""
    found: dict[str, str] = {}
    for path in gitconfig.config_files(environ, folder):
        found = {**gitconfig.section_of(path, "user"), **found}
    name = environ.get("GIT_COMMITTER_NAME") or found.get("name") or DEFAULT.name
    email = environ.get("GIT_COMMITTER_EMAIL") or found.get("email") or DEFAULT.email
    return Author(name, email)
