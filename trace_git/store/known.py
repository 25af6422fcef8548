"""What the operation log last said of each ref: the yardstick for "somebody else moved it".

The answer is in the operation log and the journal; a cache keeps it from being read from the start
each time. The cache is believed only when its checksum is right and it is of the log's present size.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import blake2b

import msgpack

from . import files, oplog
from .journal import Journal
from .records import Entry, unpack_record


class Known:
    """Last operation-log value of each ref, brought up to date by ``apply`` and started over by ``forget``."""

    def __init__(self, folder: str, journal: Journal) -> None:
        self._cache = os.path.join(folder, "trace", "cache", "refs")
        self._scratch = os.path.join(folder, "trace", "tmp", "known")
        self._oplog = os.path.join(folder, "trace", "oplog")
        self._journal = journal
        self._values: dict[str, str | None] | None = None
        self._entries: list[Entry] = []  # of the journal's generation, complete while ``_values`` is there
        self._synced: frozenset[str] = frozenset()

    def value(self, ref: str) -> str | None:
        return self.values().get(ref)

    def values(self) -> dict[str, str | None]:
        """Ref → last value, refs that were deleted included as None."""
        if self._values is None:
            self._values = self._load()
        return self._values

    def synced_packs(self) -> frozenset[str]:
        """Names of pack files that an earlier checkpoint made durable."""
        self.values()
        return self._synced

    def entries(self) -> list[Entry]:
        """The entries that are in the journal and not yet in the operation log."""
        self.values()
        return self._entries

    def forget(self) -> None:
        self._values = None

    def apply(self, entries: Iterable[Entry]) -> None:
        """Note the moves of new entries; nothing to do while nobody has asked."""
        if self._values is not None:
            for entry in entries:
                self._entries.append(entry)
                for move in entry.moves:
                    self._values[move.ref] = move.new

    def _load(self) -> dict[str, str | None]:
        size = self._journal.generation.oplog_size
        values = self._cached(size)
        if values is None:
            values = {}
            for entry in oplog.oldest_first(self._oplog, size):
                values.update((move.ref, move.new) for move in entry.moves)
        self._entries = [unpack_record(frame.payload).entry for frame in self._journal.all_frames()]
        for entry in self._entries:
            values.update((move.ref, move.new) for move in entry.moves)
        return values

    def _cached(self, size: int) -> dict[str, str | None] | None:
        raw = files.read(self._cache) or b""
        if len(raw) < 16 or blake2b(raw[16:], digest_size=16).digest() != raw[:16]:
            return None
        found, values, synced = msgpack.unpackb(raw[16:])
        if found != size:
            return None
        self._synced = frozenset(synced)
        return dict(values)

    def save(self, size: int, synced: frozenset[str]) -> None:
        """Write the cache for an operation log of ``size`` bytes. Failing is harmless."""
        values = {ref: value for ref, value in self.values().items() if value is not None}
        self._synced = synced
        self._entries = []
        data = msgpack.packb([size, values, sorted(synced)])
        try:
            files.make_folders(os.path.dirname(self._cache))
            files.replace(self._cache, blake2b(data, digest_size=16).digest() + data, scratch=self._scratch)
        except OSError:
            files.unlink(self._scratch)
