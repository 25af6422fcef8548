"""Token counts on disk, so that a message is counted once in its life.

One file for each tokenizer, keyed by blob id: a blob never changes, so a count cannot go
stale, and the file may be deleted at any time. It is a cache, never a record: what cannot
be read is counted again, what cannot be written is let go.

The file is a sequence of chunks; numbers are big-endian::

    4 bytes  "tcnt"
    8 bytes  the key: blake2b of what the counts depend on (tokenizer, counting rules)
    4 bytes  n, the number of entries
    n times  20 bytes blob id, 4 bytes count; the highest bit says "an estimate"
    4 bytes  crc32 of all of the above

Chunks of another key are passed over. Reading stops at the first chunk that is torn or
damaged. Counting itself is not done here.
"""

from __future__ import annotations

import os
import re
import struct
import threading
import zlib
from collections.abc import Iterator
from hashlib import blake2b

from . import files

_MAGIC = b"tcnt"
_HEAD = struct.Struct(">4s8sI")
_ENTRY = struct.Struct(">20sI")
_CRC = struct.Struct(">I")
_ESTIMATE = 1 << 31
_SEARCHES = 32  # questions that are answered without a table
_CHUNKS = 256  # a file of more chunks than this (one a process, at worst) is written anew as one


class CountCache:
    """Counts by blob id for one tokenizer, read at the first question and kept on disk by ``save``.

    ``folder`` is the trace's cache folder. A tokenizer is known by its name alone: who changes how an
    own tokenizer counts gives it another name, or deletes the file. ``rules`` is the version of what
    is added to the tokenizer's own count. Threads may share a cache, and processes a file.
    """

    def __init__(self, folder: str, tokenizer: str, *, rules: int = 1, readonly: bool = False) -> None:
        self._path = os.path.join(folder, _file_name(tokenizer))
        self._key = _digest(f"{rules} {tokenizer}")
        self._readonly = readonly
        self._bodies: list[bytes] | None = None  # of the sound chunks on disk
        self._table: dict[bytes, int] | None = None  # the same, for who asks often
        self._asked = 0
        self._put: dict[str, int] = {}
        self._new: dict[str, int] = {}
        self._rewrite = False
        self._lock = threading.Lock()

    def get(self, blob: str) -> tuple[int, bool] | None:
        """The count of blob ``blob`` (40 hex) and whether it is exact; None when not known."""
        word = self._put.get(blob)
        if word is None:
            word = self._kept(blob)
        return None if word is None else (word & ~_ESTIMATE, word < _ESTIMATE)

    def put(self, blob: str, count: int, exact: bool) -> None:
        """Remember a count; it reaches the disk at ``save``."""
        if count >= _ESTIMATE:
            return
        word = count if exact else count | _ESTIMATE
        with self._lock:
            self._put[blob] = self._new[blob] = word

    def save(self) -> None:
        """Append what is new, in one write and without a sync. A disk that says no is left alone."""
        with self._lock:
            new, self._new = self._new, {}
            if not new or self._readonly:
                return
            try:
                bodies = self._loaded()
                if self._rewrite:
                    entries = {**_entries(bodies), **_by_id(self._put)}
                    files.replace(self._path, self._chunk(entries), scratch=self._path + ".new")
                    self._rewrite = False
                else:
                    files.append(self._path, self._chunk(_by_id(new)))
            except OSError:
                self._rewrite = True  # a part of it may have been written

    def _kept(self, blob: str) -> int | None:
        """What the disk says. For a few questions a search is cheaper than a table."""
        raw = bytes.fromhex(blob)
        if self._table is None:
            with self._lock:
                bodies = self._loaded()
            self._asked += 1
            if self._asked <= _SEARCHES:
                return next((word for body in reversed(bodies) if (word := _search(body, raw)) is not None), None)
            self._table = _entries(bodies)
        return self._table.get(raw)

    def _loaded(self) -> list[bytes]:
        if self._bodies is None:
            self._bodies = self._load()
        return self._bodies

    def _load(self) -> list[bytes]:
        try:
            data = files.read(self._path) or b""
        except OSError:
            data = b""
        bodies: list[bytes] = []
        good, chunks = 0, 0
        for key, body, stop in _chunks(data):
            good, chunks = stop, chunks + 1
            if key == self._key:
                bodies.append(bytes(body))
        # Nothing behind a damaged chunk would ever be read again, so the next save replaces the file.
        self._rewrite = good < len(data) or chunks > _CHUNKS
        return bodies

    def _chunk(self, entries: dict[bytes, int]) -> bytes:
        parts = [_HEAD.pack(_MAGIC, self._key, len(entries)), *(_ENTRY.pack(*entry) for entry in entries.items())]
        data = b"".join(parts)
        return data + _CRC.pack(zlib.crc32(data))


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, int]]:
    """Each sound chunk: its key, its entries, and the offset behind it."""
    view = memoryview(data)
    start = 0
    while start + _HEAD.size <= len(data):
        magic, key, number = _HEAD.unpack_from(data, start)
        body = start + _HEAD.size
        stop = body + number * _ENTRY.size
        if magic != _MAGIC or stop + _CRC.size > len(data):
            return
        if zlib.crc32(view[start:stop]) != _CRC.unpack_from(data, stop)[0]:
            return
        start = stop + _CRC.size
        yield key, view[body:stop], start


def _by_id(counts: dict[str, int]) -> dict[bytes, int]:
    return {bytes.fromhex(blob): word for blob, word in counts.items()}


def _entries(bodies: list[bytes]) -> dict[bytes, int]:
    entries: dict[bytes, int] = {}
    for body in bodies:
        entries.update(_ENTRY.iter_unpack(body))
    return entries


def _search(body: bytes, raw: bytes) -> int | None:
    at = body.find(raw)
    while at % _ENTRY.size and at >= 0:
        at = body.find(raw, at + 1)
    word: int | None = _ENTRY.unpack_from(body, at)[1] if at >= 0 else None
    return word


def _file_name(tokenizer: str) -> str:
    """``tokens-`` and the name, made safe for every file system; the key in the chunks tells clashes apart."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "-", tokenizer)[:64]
    return f"tokens-{safe}" if safe == tokenizer else f"tokens-{safe}-{_digest(tokenizer).hex()[:8]}"


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
