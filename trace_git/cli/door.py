"""The door between a shell and the commands: runs one, and is the one place where an error becomes text and a code.

It knows no command; ``app`` does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType

from click.exceptions import ClickException, Exit, NoSuchOption, UsageError

from ..errors import AmbiguousRevisionError, TraceError, UnsafeRewriteError
from ..safe import safe_text
from . import exits, screen

_KINDS = (("valid integer range", "whole number"), ("valid float range", "number"))  # what click calls them


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code. Never raises; ``TRACE_GIT_DEBUG=1`` prints the traceback."""
    words = list(sys.argv[1:] if argv is None else argv)
    screen.prepare()
    with _Door(as_json="--json" in words) as door:
        from .app import app

        with app.make_context("trace", words) as context:
            app.invoke(context)
        screen.flush()
    return door.code


class _Door:
    """Lets no error out. A context manager, since that sees every error without a broad ``except``."""

    def __init__(self, *, as_json: bool) -> None:
        self.code = exits.OK
        self._as_json = as_json

    def __enter__(self) -> _Door:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if error is None:
            return True
        if isinstance(error, Exit | SystemExit):
            code = error.exit_code if isinstance(error, Exit) else error.code
            self.code = code if isinstance(code, int) else exits.OK
            return True
        if os.environ.get("TRACE_GIT_DEBUG") == "1":
            from traceback import print_exception

            print_exception(error)
        self.code = exits.USAGE if isinstance(error, ClickException) else exits.code_of(error)
        self._report(error)
        return True

    def _report(self, error: BaseException) -> None:
        if self.code == exits.UNREAD:
            screen.give_up()
            return
        message, hint = _describe(error)
        with suppress(OSError):
            if self._as_json and self.code != exits.INTERRUPTED:
                screen.emit(error=_shape(error, message, hint, self.code))
            screen.flush()
        screen.note(f"error: {message}", "red")
        if hint:
            screen.note(f"hint: {hint}", "yellow")


def _describe(error: BaseException) -> tuple[str, str | None]:
    """One safe line, and the next step."""
    message, hint = str(error), None
    if isinstance(error, TraceError):
        hint = error.hint
        if isinstance(error, AmbiguousRevisionError) and error.candidates and not hint:
            hint = "it may be " + ", ".join(error.candidates[:10])
    elif isinstance(error, ClickException):
        message, hint = _usage(error)
    elif isinstance(error, KeyboardInterrupt):
        message = "interrupted"
    elif isinstance(error, OSError):
        message = f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)
    else:
        message = f"internal error: {type(error).__name__}: {error}"
        hint = "this is a bug in trace-git; TRACE_GIT_DEBUG=1 shows where"
    return safe_text(message), safe_text(hint) if hint else None


def _usage(error: ClickException) -> tuple[str, str | None]:
    message = error.format_message()
    for theirs, ours in _KINDS:
        message = message.replace(theirs, ours)
    hint = getattr(error, "hint", None)
    if isinstance(error, NoSuchOption):
        message = f"unknown option {error.option_name}"
        near = sorted(error.possibilities or ())
        hint = f"did you mean {' or '.join(near)}?" if near else None
    if isinstance(error, UsageError) and error.ctx is not None and not hint:
        hint = f"`{error.ctx.command_path} --help` lists what there is"
    return (message[:1].lower() + message[1:]).rstrip("."), hint


def _shape(error: BaseException, message: str, hint: str | None, code: int) -> dict[str, object]:
    kind = "UsageError" if isinstance(error, ClickException) else type(error).__name__
    shape: dict[str, object] = {"kind": kind, "message": message, "hint": hint, "exit_code": code}
    if isinstance(error, UnsafeRewriteError):
        from . import plans  # costs start-up time

        shape["findings"] = plans.findings(error)
    return shape
