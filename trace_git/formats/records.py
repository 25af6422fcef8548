"""The JSON values of a file, one after another, with the line each begins on.

Reads JSON lines as a stream and a JSON document as a whole, and tells them apart by trying:
files are not always what they are called. What is not JSON is reported by line, never dropped
in silence. What the values mean is for the formats to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from ..errors import InvalidInputError, NotFoundError, StorageError

Progress = Callable[[int, int], None]

MAX_DEPTH = 64  # maps and lists inside one another: what a trace can store
_SPACE = " \t\r\n"
_GAP = re.compile(f"[{_SPACE}]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_decoder = json.JSONDecoder()


def records(path: Path, warnings: list[str], progress: Progress | None = None) -> Iterator[tuple[int, Any]]:
    """``(line, value)`` for each JSON value of the file; several may stand on one line."""
    try:
        total = path.stat().st_size
        with path.open("rb") as file:
            done = 0
            for number, text, size in _lines(file, warnings):
                values, fault = _parsed(text, number)
                yield from values
                if fault:
                    warnings.append(fault)
                done += size
                if progress is not None:
                    progress(min(done, total), total)
    except OSError as error:
        raise unreadable(path, error) from error


def head(path: Path, size: int = 1 << 16) -> bytes:
    """The first bytes of a file, to recognise it by."""
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> NotFoundError | InvalidInputError | StorageError:
    if isinstance(error, FileNotFoundError):
        return NotFoundError(f"no file {path}", hint="check the path")
    if isinstance(error, IsADirectoryError):
        return InvalidInputError(f"{path} is a folder", hint="name one transcript file in it")
    return StorageError(f"cannot read {path}: {error.strerror}", hint="check its permissions and the disk")


def _lines(file: IO[bytes], warnings: list[str]) -> Iterator[tuple[int, str, int]]:
    """``(number, line, its bytes)``. When the first is no JSON by itself, the whole file may be one document."""
    first = True
    for number, raw in enumerate(file, 1):
        text = _decoded(raw, number, warnings).strip(_SPACE)
        if first and text and _parsed(text, number)[1]:
            rest = file.read()
            whole = f"{text}\n{_decoded(rest, number + 1, warnings)}"
            if not _parsed(whole, number)[1]:
                yield number, whole, len(raw) + len(rest)
                return
            for place, line in enumerate(whole.split("\n"), number):
                yield place, line.strip(_SPACE), len(line) + 1
            return
        first = first and not text
        yield number, text, len(raw)


def _decoded(raw: bytes, number: int, warnings: list[str]) -> str:
    if number == 1 and raw.startswith(b"\xef\xbb\xbf"):
        raw = raw[3:]
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        at = number + raw.count(b"\n", 0, error.start)
        warnings.append(f"line {at}: bytes that are not UTF-8 were replaced by U+FFFD")
        return raw.decode(errors="replace")


def _parsed(text: str, number: int) -> tuple[list[tuple[int, Any]], str | None]:
    """The values in ``text``, which begins on line ``number``, and what is wrong with the rest of it."""
    found: list[tuple[int, Any]] = []
    at = 0
    while at < len(text):
        try:
            value, end = _decoder.raw_decode(text, at)
        except ValueError as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "a number too long"
            return found, f"line {number}: not JSON ({reason}); left out"
        except RecursionError:
            return found, f"line {number}: nested too deeply to read; left out"
        found.append((number, value))
        end = _GAP.match(text, end).end()  # type: ignore[union-attr]  # it matches nothing, too
        number += text.count("\n", at, end)
        at = end
    return found, None


def mended(value: Any, room: int = MAX_DEPTH) -> Any:
    """``value`` with lone surrogates replaced by U+FFFD; itself when there are none.

    Raises InvalidInputError, with the path as ``field``, for what a trace cannot store:
    NaN and infinity, integers beyond 64 bit, more than 64 levels.
    """
    kind = type(value)
    if kind is str:
        return value if value.isascii() or not _SURROGATE.search(value) else _SURROGATE.sub("\ufffd", value)
    if kind is dict or kind is list:
        if room <= 0:
            raise _unfit("", f"is nested deeper than {MAX_DEPTH}")
        return _mended_map(value, room) if kind is dict else _mended_list(value, room)
    if kind is float and (value != value or value in (float("inf"), float("-inf"))):
        raise _unfit("", f"is {value}, which no provider can be sent")
    if kind is int and not -(2**63) <= value < 2**64:
        raise _unfit("", "is an integer beyond 64 bit")
    return value


def _mended_map(value: dict[str, Any], room: int) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for key, item in value.items():
        try:
            new = mended(item, room - 1)
        except InvalidInputError as error:
            raise _unfit(f".{key}{error.field}", error.args[0]) from None
        if new is not item:
            changed[key] = new
    if changed or not all(map(str.isascii, value)):
        return {mended(key): changed.get(key, item) for key, item in value.items()}
    return value


def _mended_list(value: list[Any], room: int) -> list[Any]:
    new: list[Any] = []
    for index, item in enumerate(value):
        try:
            new.append(mended(item, room - 1))
        except InvalidInputError as error:
            raise _unfit(f"[{index}]{error.field}", error.args[0]) from None
    return new if any(one is not other for one, other in zip(new, value, strict=True)) else value


def _unfit(path: str, why: str) -> InvalidInputError:
    return InvalidInputError(why, field=path)
