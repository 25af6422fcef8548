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
        self._entries: dict[bytes, int] | None = None
        self._new: dict[bytes, int] = {}
        self._rewrite = False
        self._lock = threading.Lock()

    def get(self, blob: str) -> tuple[int, bool] | None:
        """The count of blob ``blob`` (40 hex) and whether it is exact; None when not known."""
        word = self._loaded().get(bytes.fromhex(blob))
        return None if word is None else (word & ~_ESTIMATE, word < _ESTIMATE)

    def put(self, blob: str, count: int, exact: bool) -> None:
        """Remember a count; it reaches the disk at ``save``."""
        entries = self._loaded()
        if count >= _ESTIMATE:
            return
        word = count if exact else count | _ESTIMATE
        with self._lock:
            entries[bytes.fromhex(blob)] = self._new[bytes.fromhex(blob)] = word

    def save(self) -> None:
        """Append what is new, in one write and without a sync. A disk that says no is left alone."""
        with self._lock:
            new, self._new = self._new, {}
            if not new or self._readonly:
                return
            try:
                if self._rewrite and self._entries:
                    files.replace(self._path, self._chunk(self._entries), scratch=self._path + ".new")
                    self._rewrite = False
                else:
                    files.append(self._path, self._chunk(new))
            except OSError:
                self._rewrite = True  # a part of it may have been written

    def _loaded(self) -> dict[bytes, int]:
        if self._entries is None:
            with self._lock:
                if self._entries is None:
                    self._entries = self._load()
        return self._entries

    def _load(self) -> dict[bytes, int]:
        try:
            data = files.read(self._path) or b""
        except OSError:
            data = b""
        entries: dict[bytes, int] = {}
        good, chunks = 0, 0
        for key, body, stop in _chunks(data):
            good, chunks = stop, chunks + 1
            if key == self._key:
                entries.update(_ENTRY.iter_unpack(body))
        # Nothing behind a damaged chunk would ever be read again, so the next save replaces the file.
        self._rewrite = good < len(data) or chunks > _CHUNKS
        return entries

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


def _file_name(tokenizer: str) -> str:
    """``tokens-`` and the name, made safe for every file system; the key in the chunks tells clashes apart."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "-", tokenizer)[:64]
    return f"tokens-{safe}" if safe == tokenizer else f"tokens-{safe}-{_digest(tokenizer).hex()[:8]}"


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
