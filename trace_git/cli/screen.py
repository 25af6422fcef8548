"""What reaches a screen or a pipe: safe text, colours, the pager, JSON, exact bytes.

Every text that may come from a message passes ``paint`` or ``block``, which make it safe; ``exact`` is for data that
goes to a pipe as it is. What is shown is decided by the commands.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from ..safe import safe_text

SCHEMA_VERSION = 1
_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
    "white": "37",
}
ROLE_COLOURS = {
    "system": "magenta",
    "developer": "magenta",
    "user": "green",
    "assistant": "blue",
    "tool": "cyan",
    "function": "cyan",
    "pinned": "yellow",
    "summary": "white",
}

_LEAST = 12  # columns that words get in a row, however narrow the terminal is
_NAME = 40  # columns that the name of a ref gets
_PROMPT = (1, 50)  # lines after which a pipe is given what there is; later the buffer decides

_paging = True


def prepare() -> None:
    """Make the standard streams such that writing any text to them cannot fail for its characters."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # None when closed; a plain object in tests
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def no_pager() -> None:
    """From here on nothing is shown through a pager."""
    global _paging
    _paging = False


def on_terminal(stream: Any = None) -> bool:
    """Whether a person reads ``stream`` (default: stdout)."""
    stream = sys.stdout if stream is None else stream
    return stream is not None and not stream.closed and stream.isatty()


def coloured(stream: Any = None) -> bool:
    """Whether escapes are welcome there: a terminal that can, and no NO_COLOR."""
    return on_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def fancy() -> bool:
    """Whether stdout can show more than ASCII."""
    return "utf" in (getattr(sys.stdout, "encoding", None) or "").lower()


def pin(*, there: bool = True) -> str:
    """The mark of what is pinned, or was: one column."""
    marks = "◆◇" if fancy() else "P/"
    return marks[0] if there else marks[1]


def width() -> int:
    """Columns as COLUMNS or the terminal says, 80 when neither does."""
    wanted = os.environ.get("COLUMNS", "")
    if wanted.isdecimal() and len(wanted) < 6 and int(wanted) > 0:
        return int(wanted)
    with suppress(AttributeError, ValueError, OSError):  # no stdout, a closed one, no terminal
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    return 80


def paint(text: str, colour: str | None = None) -> str:
    """One safe line of text, coloured when colours are welcome."""
    text = safe_text(text)
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if colour and text and coloured() else text


def block(text: str, indent: str = "") -> str:
    """Several safe lines of text, each indented."""
    return "\n".join(indent + line if line else "" for line in safe_text(text, multiline=True).split("\n"))


def painted(text: str, colour: str | None, indent: str = "") -> Iterator[str]:
    """The lines of a block, each coloured by itself, so that a pager may cut anywhere."""
    for line in safe_text(text, multiline=True).split("\n"):
        code = _CODES[colour] if colour and line and coloured() else None
        shown = f"\x1b[{code}m{line}\x1b[0m" if code else line
        yield indent + shown if line else ""


def columns(text: str) -> int:
    """How many columns a safe line takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    import unicodedata  # costs start-up time, and is needed for a few texts only

    return sum(2 if unicodedata.east_asian_width(char) in "WF" else not unicodedata.combining(char) for char in text)


def cut(text: str, room: int) -> str:
    """``text`` made safe and cut to ``room`` columns, with an ellipsis where something is missing."""
    text = safe_text(text)
    if columns(text) <= room:
        return text
    if text.isascii():
        text = text[: max(0, room - 1)]
    while text and columns(text) >= room:
        text = text[:-1]
    return text.rstrip() + "…"


def name(text: str) -> str:
    """The name of a branch or tag made safe: whole in a pipe, on a terminal cut to what a column can take."""
    return cut(text, _NAME) if on_terminal() else safe_text(text)


def row(cells: Iterable[tuple[str, str | None]], rest: str, *, reserved: int = 0) -> str:
    """Cells, each in its colour, then ``rest``; on a terminal that is cut to the room that is left.

    ``reserved`` columns stay free for what stands in front.
    """
    cells = [(safe_text(text), colour) for text, colour in cells if text]
    if on_terminal():
        rest = cut(rest, max(_LEAST, width() - reserved - sum(columns(text) + 1 for text, _ in cells)))
    return " ".join([*(paint(text, colour) for text, colour in cells), paint(rest)]).rstrip(" ")


def show(lines: Iterable[str], *, paged: bool = False) -> None:
    """Print lines that are safe already; through the pager when ``paged`` and a person reads them."""
    if paged and _paging and on_terminal():
        from . import pager  # costs start-up time

        command = pager.program()
        if command is not None:
            flush()
            pager.page(command, lines)
            return
    for number, line in enumerate(lines, 1):
        print(line)
        if number in _PROMPT:
            flush()


def note(text: str, colour: str | None = None) -> None:
    """A line for the person at the terminal, on stderr: progress, warnings, errors. Lost when nobody listens."""
    if sys.stderr is None:
        return
    head, colon, rest = safe_text(text).partition(":")
    if colour and coloured(sys.stderr):
        head = f"\x1b[{_CODES[colour]}m{head}{colon}\x1b[0m"
        colon = ""
    with suppress(OSError, ValueError):
        print(f"{head}{colon}{rest}", file=sys.stderr)


def warn(warnings: Iterable[str]) -> None:
    """Each warning as a line on stderr."""
    for warning in warnings:
        note(f"warning: {warning}", "yellow")


def emit(**fields: Any) -> None:
    """One JSON object on stdout; readers look at its ``schema_version`` first.

    ASCII only, so that nothing in it acts on a terminal and nothing is lost.
    """
    import json

    print(json.dumps({"schema_version": SCHEMA_VERSION, **fields}, indent=2))


def exact(text: str, file: str | None = None) -> None:
    """Data: to a pipe or ``file`` byte for byte, to a terminal as safe text."""
    if file is not None and file != "-":
        with open(file, "wb") as target:
            target.write(text.encode())
    elif on_terminal():
        show([safe_text(text, multiline=True).removesuffix("\n")], paged=True)
    elif sys.stdout is not None:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())


def flush() -> None:
    """Write out what is buffered; BrokenPipeError when nobody reads."""
    if sys.stdout is not None and not sys.stdout.closed:
        sys.stdout.flush()


def give_up() -> None:
    """Nobody reads stdout: let the interpreter's own last flush go nowhere, in silence."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
