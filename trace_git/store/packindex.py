"""Reading the index of a pack, version 1 or 2 of gitformat-pack(5), mapped into memory.

It finds and lists; what stands at an offset is ``packfile``'s affair. Nothing is believed: an offset may be wrong, and
whoever reads there compares the id.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress

Listed = tuple[bytes, int, int]  # an object as an index lists it: raw id, crc32 of its packed bytes, offset in the pack

_MAGIC = b"\xfftOc\x00\x00\x00\x02"
_FANOUT = 1024  # bytes
_LARGE = 1 << 31  # the bit of an offset that stands in the table of large ones
_TABLE_AFTER = 100  # look-ups: by then a table is cheaper than searching
_SCANNED = 256  # ids: among so few, looking through them all is quicker than halving


class PackIndex:
    """An open index. ValueError and the like mean damage, OSError the disk."""

    def __init__(self, path: str) -> None:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._data = mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
        finally:
            os.close(fd)
        second = self._data[:8] == _MAGIC
        if not second and self._data[:4] == _MAGIC[:4]:
            raise ValueError("it is no index of version 1 or 2")
        self._fanout = 8 if second else 0
        self.count = self._fan(255)
        start = self._fanout + _FANOUT
        # Version 2 has columns: ids, checksums, offsets. Version 1 has rows of an offset and an id.
        self._ids_at, self._step = (start, 20) if second else (start + 4, 24)
        self._crcs_at = start + 20 * self.count if second else None
        self._offsets_at, self._stride = (start + 24 * self.count, 4) if second else (start, 24)
        self._large_at = start + 28 * self.count
        if len(self._data) < start + (28 if second else 24) * self.count + 40:
            raise ValueError("the index is cut off")
        self._looked = 0
        self._table: dict[bytes, int] | None = None

    def close(self) -> None:
        with suppress(BufferError):  # a traceback may still hold a view; the map goes with it
            self._data.close()

    def find(self, oid: bytes) -> int | None:
        """The offset of an object, or None. Who looks often is answered from a table."""
        if self._table is None:
            self._looked += 1
            if self._looked <= _TABLE_AFTER:
                return self._search(oid)
        return self.table().get(oid)

    def table(self) -> Mapping[bytes, int]:
        """The offset of each object."""
        if self._table is None:
            self._table = dict(zip(self._ids(), self._offsets(), strict=True))
        return self._table

    def listed(self) -> list[Listed]:
        """All objects, in the order of the pack. Version 1 has no checksums: they are 0."""
        crcs: tuple[int, ...] = (0,) * self.count
        if self._crcs_at is not None:
            crcs = struct.unpack_from(f">{self.count}L", self._data, self._crcs_at)
        return sorted(zip(self._ids(), crcs, self._offsets(), strict=True), key=lambda one: one[2])

    def with_prefix(self, raw: bytes) -> list[bytes]:
        """Raw ids that start with ``raw``."""
        at, found = self._first(raw), []
        while at < self.count and (name := self._name(at)).startswith(raw):
            found.append(name)
            at += 1
        return found

    def _search(self, oid: bytes) -> int | None:
        low, high = self._bucket(oid[0])
        if high - low <= _SCANNED:
            begin, stop = self._ids_at + self._step * low, self._ids_at + self._step * high
            place = self._data.find(oid, begin, stop)
            while place > 0 and (place - begin) % self._step:  # by chance, across two names
                place = self._data.find(oid, place + 1, stop)
            return self._offset(low + (place - begin) // self._step) if place > 0 else None
        at = self._first(oid)
        return self._offset(at) if at < self.count and self._name(at) == oid else None

    def _first(self, raw: bytes) -> int:
        """The place of the first id that is not below ``raw``."""
        low, high = self._bucket(raw[0]) if raw else (0, self.count)
        while low < high:
            middle = (low + high) // 2
            if self._name(middle) < raw:
                low = middle + 1
            else:
                high = middle
        return low

    def _bucket(self, byte: int) -> tuple[int, int]:
        """The places of the ids that begin with ``byte``."""
        return self._fan(byte - 1) if byte else 0, self._fan(byte)

    def _fan(self, byte: int) -> int:
        return int.from_bytes(self._data[self._fanout + 4 * byte : self._fanout + 4 * byte + 4], "big")

    def _name(self, at: int) -> bytes:
        place = self._ids_at + self._step * at
        return self._data[place : place + 20]

    def _offset(self, at: int) -> int:
        place = self._offsets_at + self._stride * at
        offset = int.from_bytes(self._data[place : place + 4], "big")
        return self._far(offset) if offset & _LARGE and self._crcs_at else offset

    def _ids(self) -> list[bytes]:
        names = self._data[self._ids_at : self._ids_at + self._step * self.count]
        return [names[at : at + 20] for at in range(0, self._step * self.count, self._step)]

    def _offsets(self) -> Sequence[int]:
        if self._crcs_at is None:
            return [self._offset(at) for at in range(self.count)]
        offsets: tuple[int, ...] = struct.unpack_from(f">{self.count}L", self._data, self._offsets_at)
        if offsets and max(offsets) & _LARGE:
            return [self._far(offset) if offset & _LARGE else offset for offset in offsets]
        return offsets

    def _far(self, offset: int) -> int:
        value: int = struct.unpack_from(">Q", self._data, self._large_at + 8 * (offset ^ _LARGE))[0]
        return value
