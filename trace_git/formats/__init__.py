"""Transcripts of other programs: read into trees of messages, and written again.

The door to the importers (one module a format) and the exporters. Nothing here commits,
counts tokens or speaks to a provider; what a caller hands over in memory is read in ``given``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ..errors import InvalidInputError
from . import chat, claude_code, swe_agent
from .export import FORMATS, check_format, export, left_out
from .recognise import recognise
from .records import head
from .transcript import Conversation, Delegation, Transcript, Turn

__all__ = ["FORMATS", "Conversation", "Delegation", "Transcript", "Turn", "export", "left_out", "read", "recognise"]


def read(
    path: str | os.PathLike[str],
    format: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Transcript:
    """The conversations of a transcript file.

    ``format`` is one of ``FORMATS``; None finds out by looking. ``progress`` is called with the
    bytes done and the bytes in all. Raises NotFoundError and StorageError when the file cannot be
    read, InvalidInputError when it is in no known format or has no message. What was mended or
    left out stands in the warnings.
    """
    path = _checked(path)
    if format is not None:
        check_format(format)
    found = format or recognise(head(path), path.name)
    if found == claude_code.NAME:
        return claude_code.read(path, progress)
    if found == swe_agent.NAME:
        return swe_agent.read(path, progress)
    return chat.read(path, format, progress)


def _checked(path: str | os.PathLike[str]) -> Path:
    try:
        name = os.fspath(path)
        fits = isinstance(name, str) and b"\0" not in os.fsencode(name)
    except (TypeError, UnicodeEncodeError):
        fits = False
    if not fits:
        raise InvalidInputError(f"{path!r} is no path of a file", field="path", hint="give it as a str or a Path")
    return Path(path)
