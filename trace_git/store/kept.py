"""A value kept in ``trace/cache``: msgpack under a checksum, for what can be found out again.

A file that is missing, torn, damaged or of another version is no value, and a disk that says no is left alone: it
costs time, never an answer. What the value means is the affair of whoever keeps it.
"""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from typing import Any

import msgpack

from . import files

_HEAD = 4  # bytes of checksum


class Kept:
    """One such file: ``name`` inside the cache folder of the trace at ``folder``."""

    def __init__(self, folder: str, name: str, *, readonly: bool = False) -> None:
        self._path = os.path.join(folder, "trace", "cache", name)
        self._scratch = os.path.join(folder, "trace", "tmp")
        self._readonly = readonly

    def read(self) -> Any:
        """The value (lists come back as tuples), or None."""
        try:
            raw = files.read(self._path) or b""
        except OSError:
            return None
        if len(raw) <= _HEAD or zlib.crc32(memoryview(raw)[_HEAD:]) != int.from_bytes(raw[:_HEAD], "big"):
            return None
        return unpack(memoryview(raw)[_HEAD:])

    def write(self, value: Any) -> None:
        """Put ``value`` in the place of what was there."""
        if self._readonly:
            return
        data = pack(value)
        scratch = os.path.join(self._scratch, f"kept-{os.getpid()}")
        try:
            files.make_folders(os.path.dirname(self._path))
            files.replace(self._path, zlib.crc32(data).to_bytes(_HEAD, "big") + data, scratch=scratch)
        except OSError:
            with suppress(OSError):
                files.unlink(scratch)


def pack(value: Any) -> bytes:
    """A part of such a value as bytes, for what is not always needed."""
    data: bytes = msgpack.packb(value)
    return data


def unpack(data: bytes | memoryview) -> Any:
    """What ``pack`` was given, with lists as tuples; None for other bytes."""
    try:
        return msgpack.unpackb(data, use_list=False)
    except (ValueError, msgpack.UnpackException):
        return None
