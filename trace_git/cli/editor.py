"""Text from a person: what a pipe sends, or what an editor leaves behind. Knows no trace."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile

from ..errors import InvalidInputError, NotFoundError, StateError

_USUAL = ("sensible-editor", "vi", "nano")  # when nobody said which


def asked() -> bool:
    """Whether a person is there to be asked: stdin is a terminal."""
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()


def piped(*, what: str, hint: str = 'an empty text is given as an argument: ""') -> str:
    """All of stdin, as it is; ``hint`` is for when that is nothing."""
    if sys.stdin is None or sys.stdin.closed:
        raise InvalidInputError(f"nothing to {what}: stdin is closed", hint="give the text as an argument")
    data = sys.stdin.buffer.read()
    if not data:
        raise InvalidInputError(f"nothing to {what}: stdin is empty", hint=hint)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"stdin is not UTF-8 at byte {error.start}", hint="convert it first") from error


def edited(present: str, *, what: str, suffix: str = ".md") -> str:
    """What the editor makes of ``present``. A text that is saved unchanged comes back byte for byte."""
    with tempfile.TemporaryDirectory(prefix="trace-") as folder:
        path = os.path.join(folder, f"TRACE_{what.upper()}{suffix}")
        with open(path, "wb") as file:
            file.write(f"{present}\n".encode() if present else b"")  # editors end a last line, so end it for them
        _run(_program(), path, what)
        try:
            with open(path, "rb") as file:
                made = file.read().decode()
        except UnicodeDecodeError as error:
            raise InvalidInputError(f"the editor's text is not UTF-8 at byte {error.start}") from error
        except FileNotFoundError:
            made = ""
    made = made.removesuffix("\n")
    if not made.strip() and made != present:
        raise StateError(f"nothing to {what}: the editor gave no text", hint="nothing changed")
    return made


def _program() -> str:
    for name in ("TRACE_GIT_EDITOR", "VISUAL", "EDITOR"):
        if os.environ.get(name):
            return os.environ[name]
    found = next((name for name in _USUAL if shutil.which(name)), None)
    if found is None or not asked():  # what nobody chose would wait for somebody who is not there
        why = "no editor was found" if found is None else "no editor can be opened: stdin is no terminal"
        raise NotFoundError(why, hint="set TRACE_GIT_EDITOR, or give the text as an argument")
    return found


def _run(program: str, path: str, what: str) -> None:
    """As git does it: a shell sees the editor's line, so that it may have options; the path is no part of it."""
    done = subprocess.run(["sh", "-c", f'{program} "$@"', program, path], check=False)
    if done.returncode:
        raise StateError(
            f"nothing to {what}: the editor {program!r} ended with exit code {done.returncode}",
            hint="nothing changed; TRACE_GIT_EDITOR, VISUAL or EDITOR says which to use",
        )
