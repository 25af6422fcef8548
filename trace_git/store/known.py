"""What the operation log last said of each ref: the yardstick for "somebody else moved it".

The answer is in the operation log and the journal; a cache keeps it from being read from the start
each time. The cache is believed only when its checksum is right and it is of the log's present size.

Of many processes each would read what all others wrote. So for one ref the journal is only searched for its name: a
record that does not have it does not move it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import blake2b

import msgpack

from . import files, oplog
from .journal import Journal
from .marks import DATA_START
from .records import Entry, unpack_record


class Known:
    """Last operation-log value of each ref, brought up to date by ``apply`` and started over by ``forget``."""

    def __init__(self, folder: str, journal: Journal) -> None:
        self._cache = os.path.join(folder, "trace", "cache", "refs")
        self._scratch = os.path.join(folder, "trace", "tmp", "known")
        self._oplog = os.path.join(folder, "trace", "oplog")
        self._journal = journal
        self._values: dict[str, str | None] | None = None
        self._entries: list[Entry] = []  # of the journal's generation, up to ``_next``
        self._synced: frozenset[str] = frozenset()
        self._next = 0, 0  # offset and number of the first record that is not in ``_values``
        self._ahead: dict[str, tuple[int, str | None]] = {}  # ref → its value up to an offset that is behind ``_next``

    def value(self, ref: str) -> str | None:
        """The last value of one ref; cheaper than ``values`` where others wrote much."""
        values, end = self._base(), self._journal.end
        offset, value = self._ahead.get(ref) or (self._next[0], values.get(ref))
        if offset < end and self._journal.mentions(ref.encode(), offset):
            return self.values().get(ref)
        self._ahead[ref] = end, value
        return value

    def values(self) -> dict[str, str | None]:
        """Ref → last value, refs that were deleted included as None."""
        values = self._base()
        if self._next[1] < self._journal.next_seq:
            self._note([unpack_record(frame.payload).entry for frame in self._journal.frames_from(*self._next)])
        return values

    def _base(self) -> dict[str, str | None]:
        """The values as far as they were read: at first those of the operation log."""
        if self._values is None:
            self._values = self._load()
            self._entries, self._next = [], (DATA_START, self._journal.generation.base)
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
        self._ahead = {}

    def apply(self, entries: Sequence[Entry]) -> None:
        """Note the moves of new entries, the last that there are in the journal."""
        if self._values is None or not entries:
            return
        if entries[0].seq == self._next[1]:
            self._note(entries)
            return
        end = self._journal.end
        for entry in entries:  # behind others that were not read
            self._ahead.update([(move.ref, (end, move.new)) for move in entry.moves])

    def _load(self) -> dict[str, str | None]:
        size = self._journal.generation.oplog_size
        values = self._cached(size)
        if values is None:
            values = {}
            for entry in oplog.oldest_first(self._oplog, size):
                values.update((move.ref, move.new) for move in entry.moves)
        return values

    def _note(self, entries: Sequence[Entry]) -> None:
        assert self._values is not None
        self._entries += entries
        for entry in entries:
            self._values.update([(move.ref, move.new) for move in entry.moves])
        self._next, self._ahead = (self._journal.end, self._journal.next_seq), {}

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
        """Write the cache for an operation log of ``size`` bytes; the journal is empty. Failing is harmless."""
        values = {ref: value for ref, value in self.values().items() if value is not None}
        self._synced = synced
        self._entries, self._ahead = [], {}
        self._next = self._journal.end, self._journal.next_seq
        data = msgpack.packb([size, values, sorted(synced)])
        try:
            files.make_folders(os.path.dirname(self._cache))
            files.replace(self._cache, blake2b(data, digest_size=16).digest() + data, scratch=self._scratch)
        except OSError:
            files.unlink(self._scratch)
