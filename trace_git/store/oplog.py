"""The operation log: what was done, when, and which refs it moved. Append-only, checksummed, readable from both ends.

    frame    payload length u32 · last sequence u64 · checksum 8 bytes · payload · payload length u32
    payload  the entries of one checkpoint, oldest first, msgpack, deflated

A checkpoint moves entries here from the journal before it reuses their space, so the log and
the journal together hold every operation. It is valid up to the size that the journal states.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from hashlib import blake2b

from ..errors import CorruptTraceError
from . import files
from .records import Entry, pack_entries, unpack_entries

_HEAD = struct.Struct(">IQ8s")
_TAIL = struct.Struct(">I")
_KEY = b"trace operation log"


def _sum(seq: int, payload: bytes) -> bytes:
    return blake2b(seq.to_bytes(8, "big") + payload, digest_size=8, key=_KEY).digest()


def append(path: str, size: int, entries: Sequence[Entry]) -> int:
    """Write ``entries`` at ``size``, sync, and return the new size. What stood behind ``size`` was never valid."""
    if not entries:
        return size
    payload = zlib.compress(pack_entries(entries), 6)
    last = entries[-1].seq
    data = _HEAD.pack(len(payload), last, _sum(last, payload)) + payload + _TAIL.pack(len(payload))
    fresh = not os.path.exists(path)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        files.pwrite_all(fd, data, size)
        os.ftruncate(fd, size + len(data))
        os.fdatasync(fd)
    finally:
        os.close(fd)
    if fresh:
        files.sync_path(os.path.dirname(path))
    return size + len(data)


def tail(path: str) -> tuple[int, int]:
    """(size, last sequence) of a log whose journal is gone; (0, 0) when there is none or it is damaged."""
    size = os.path.getsize(path) if os.path.exists(path) else 0
    try:
        last = next(newest_first(path, size), None)
    except (CorruptTraceError, struct.error, zlib.error):
        return 0, 0
    return (size, last.seq) if last else (0, 0)


def newest_first(path: str, size: int) -> Iterator[Entry]:
    """The entries from the last to the first, reading only as far as they are asked for."""
    data = _whole(path, size)
    end = size
    while end > 0:
        (length,) = _TAIL.unpack_from(data, end - _TAIL.size)
        start = end - _TAIL.size - length - _HEAD.size
        if start < 0:
            raise _damaged(path, end)
        yield from reversed(_entries_at(path, data, start, length))
        end = start


def oldest_first(path: str, size: int) -> Iterator[Entry]:
    """All entries in the order they were written."""
    data = _whole(path, size)
    start = 0
    while start < size:
        (length, _, _) = _HEAD.unpack_from(data, start)
        if start + _HEAD.size + length + _TAIL.size > size:
            raise _damaged(path, start)
        yield from _entries_at(path, data, start, length)
        start += _HEAD.size + length + _TAIL.size


def readable(path: str, size: int | None) -> tuple[list[Entry], bool]:
    """Every entry that can still be read, oldest first, and whether that is all: what is damaged is stepped over.

    ``size`` is what the journal states, None when nobody knows. Reading goes from both ends: a bad frame costs itself.
    """
    data = files.read(path) or b""
    whole = size is None or len(data) >= size
    data = data[:size]
    start, front = 0, list[Entry]()
    while start < len(data) and (entries := _try(path, data, start)) is not None:
        front += entries
        start += _HEAD.size + _HEAD.unpack_from(data, start)[0] + _TAIL.size
    end, back = len(data), list[tuple[Entry, ...]]()
    while end - start > _HEAD.size + _TAIL.size:
        begin = end - _TAIL.size - _TAIL.unpack_from(data, end - _TAIL.size)[0] - _HEAD.size
        if begin < start or (entries := _try(path, data, begin)) is None:
            break
        back.append(entries)
        end = begin
    return front + [entry for entries in reversed(back) for entry in entries], whole and start >= end


def _try(path: str, data: bytes, start: int) -> tuple[Entry, ...] | None:
    try:
        length = _HEAD.unpack_from(data, start)[0]
        return _entries_at(path, data, start, length) if start + length <= len(data) else None
    except (CorruptTraceError, struct.error, zlib.error):
        return None


def _whole(path: str, size: int) -> bytes | mmap.mmap:
    if not size:
        return b""
    try:
        with open(path, "rb") as file:
            found = os.fstat(file.fileno()).st_size
            if found >= size:
                return mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        found = 0
    raise CorruptTraceError(f"{path}: the operation log is cut: {found} of {size} bytes", hint="run `trace fsck`")


def _entries_at(path: str, data: bytes | mmap.mmap, start: int, length: int) -> tuple[Entry, ...]:
    found, seq, stored = _HEAD.unpack_from(data, start)
    payload = data[start + _HEAD.size : start + _HEAD.size + length]
    if found != length or _sum(seq, payload) != stored:
        raise _damaged(path, start)
    return unpack_entries(zlib.decompress(payload))


def _damaged(path: str, offset: int) -> CorruptTraceError:
    return CorruptTraceError(f"{path}: the operation log is damaged at offset {offset}", hint="run `trace fsck`")
