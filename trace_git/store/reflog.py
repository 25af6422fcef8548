"""Git's reflogs: where a ref has been, newest first, and what is to be written there, which publication does.

A file is read from its end, block by block, so that the last moves cost the same however long it is.
A line that is no reflog line is passed over, as git does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from ..errors import CorruptTraceError, StorageError
from . import files
from .records import Record
from .refs import REFLOG_WHO

_BLOCK = 1 << 16
_LINE = re.compile(rb"([0-9a-f]{40}) ([0-9a-f]{40}) [^\n]*> (\d{1,18}) [+-]\d{4}(?:\t([^\n]*))?\Z")
_ZERO = b"0" * 40


class Line(NamedTuple):
    """One move of a ref: ids of 40 hex, None where there was none; ``time`` in seconds since 1970."""

    old: str | None
    new: str | None
    time: int
    text: str


def newest_first(path: str) -> Iterator[Line]:
    """The moves in a reflog file, the last one first; nothing when there is no such file."""
    with files.storing(f"{path} cannot be read"):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return
    try:
        for raw in _lines_backwards(fd, path):
            if match := _LINE.match(raw):
                yield Line(_id(match[1]), _id(match[2]), int(match[3]), (match[4] or b"").decode("utf-8", "replace"))
    finally:
        os.close(fd)


def _lines_backwards(fd: int, path: str) -> Iterator[bytes]:
    end, rest = os.fstat(fd).st_size, b""
    while end > 0:
        start = max(0, end - _BLOCK)
        with files.storing(f"{path} cannot be read"):
            rest = os.pread(fd, end - start, start) + rest
        first, *lines = rest.split(b"\n")
        yield from reversed(lines)
        end, rest = start, first
    yield rest


def _id(raw: bytes) -> str | None:
    return None if raw == _ZERO else raw.decode("ascii")


def lines(records: Sequence[Record], present: Callable[[str], str | None]) -> list[tuple[str, Line]]:
    """What publishing ``records`` writes, oldest first, as (ref, line). ``present`` is where a ref is after them.

    HEAD has a line for each move of its own and for each of the branch it names at that moment.
    """
    known: dict[str, str | None] = {}

    def value(ref: str) -> str | None:
        if ref not in known:
            known[ref] = None
            with suppress(CorruptTraceError, StorageError):
                known[ref] = present(ref)
        return known[ref]

    def head() -> str | None:
        at = value("HEAD")
        return at if at is None or _is_plain(at) else value(at[5:])

    found: list[tuple[str, Line]] = []
    for entry in (record.entry for record in reversed(records)):
        tip = head()
        moved = {move.ref for move in entry.moves}
        external = entry.verb == "external"  # stock git has written that line itself, or made what is seen first now
        known.update((move.ref, move.old) for move in entry.moves if move.old is not None or not external)
        if external:
            continue
        time, text = entry.time // 1000, f"{entry.verb} {entry.op}"
        if tip is not None and (tip != head() or "HEAD" in moved):
            found.append(("HEAD", Line(head(), tip, time, text)))
        for move in reversed(entry.moves):
            if _is_plain(move.new) and move.ref != "HEAD" and not move.ref.startswith("refs/trace/"):
                found.append((move.ref, Line(move.old if _is_plain(move.old) else None, move.new, time, text)))
    return found[::-1]


def without(raw: bytes, gone: Container[str]) -> bytes:
    """A reflog file without the lines to commits that are gone; each line begins where the one before it ends.

    That is what `git reflog expire --rewrite` makes of it. What is no reflog line stays.
    """
    kept: list[bytes] = []
    cut, last = False, _ZERO
    for raw_line in raw.splitlines(keepends=True):
        match = _LINE.match(raw_line.rstrip(b"\n"))
        if match is None:
            kept.append(raw_line)
            continue
        old, new = match[1], match[2]
        if new.decode() in gone:
            cut = True
            continue
        if old.decode() in gone or cut:
            raw_line = last + raw_line[len(old) :]
        kept.append(raw_line)
        cut, last = False, new
    return b"".join(kept)


def written(line: Line) -> str:
    """A line as it stands in the file."""
    zero = _ZERO.decode()
    return f"{line.old or zero} {line.new or zero} {REFLOG_WHO} {line.time} +0000\t{line.text}\n"


def _is_plain(value: str | None) -> bool:
    return value is not None and not value.startswith("ref: ")
