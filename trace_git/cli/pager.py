"""Long output for a person: line by line into a pager, so that the first lines show before the last are made.

Which one: TRACE_GIT_PAGER, else PAGER, else less. Whether there is to be one at all is ``screen``'s affair.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from contextlib import suppress

_SOON = 200  # lines that are handed on one by one; later the buffer decides


def program() -> str | None:
    """The pager's command line; None when there is none, or none is wanted (``cat``, or an empty name)."""
    named = next((os.environ[name] for name in ("TRACE_GIT_PAGER", "PAGER") if name in os.environ), "less")
    words = named.split()
    if not words or words == ["cat"] or os.environ.get("TERM") == "dumb":
        return None
    return named if shutil.which(words[0]) else None


def page(command: str, lines: Iterable[str]) -> None:
    """Show ``lines`` with the pager ``command``, and wait until it is left."""
    settings = {"LESS": "FRX", **os.environ}  # quit when one screen is enough, show colours, leave the text there
    child = subprocess.Popen(
        command, shell=True, env=settings, stdin=subprocess.PIPE, encoding="utf-8", errors="backslashreplace"
    )
    assert child.stdin is not None
    try:
        with suppress(BrokenPipeError, KeyboardInterrupt):  # it was left early; ^C is for the pager
            for number, line in enumerate(lines):
                child.stdin.write(line + "\n")
                if number < _SOON:
                    child.stdin.flush()
    finally:
        with suppress(BrokenPipeError, KeyboardInterrupt):
            child.stdin.close()
        _wait(child)


def _wait(child: subprocess.Popen[str]) -> None:
    while child.poll() is None:
        with suppress(KeyboardInterrupt):
            child.wait()
