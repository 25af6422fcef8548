"""Reading git's reflogs: where a ref has been, newest first. Not written here: that is part of publication.

A file is read from its end, block by block, so that the last moves cost the same however long it is.
A line that is no reflog line is passed over, as git does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from . import files
from .records import Record

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


def unpublished(records: Iterable[Record], ref: str, target: str | None) -> list[Line]:
    """What publishing ``records`` will write about ``ref``, newest first. ``target`` is what a HEAD points to."""
    lines = [
        Line(move.old if _is_plain(move.old) else None, move.new, record.entry.time // 1000, _text(record))
        for record in records
        if record.entry.verb != "external"  # stock git has written that line itself
        for move in record.entry.moves
        if move.ref in (ref, target) and _is_plain(move.new)
    ]
    return lines[::-1]


def _text(record: Record) -> str:
    return f"{record.entry.verb} {record.entry.op}"


def _is_plain(value: str | None) -> bool:
    return value is not None and not value.startswith("ref: ")
