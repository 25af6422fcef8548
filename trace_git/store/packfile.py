"""Reading the objects of one pack, by gitformat-pack(5).

dulwich unpacks an object in about 36 µs, most of it set-up, and takes 40 ms to import; a context of ten thousand
messages needs ten thousand objects, and a command that shows one needs none of that. Nothing is believed: whoever
asks compares the id.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from collections.abc import Iterable
from hashlib import sha1

from . import deltas, files
from .packindex import Listed, PackIndex
from .packs import HEADER, TRAILER, distance
from .records import NAMES

DAMAGE = (IndexError, OverflowError, ValueError, struct.error, zlib.error)  # what reading damaged bytes may raise
_OFS_DELTA, _REF_DELTA = 6, 7
_MAX_CHAIN = 10_000
_REMEMBERED = 512  # objects that others may be deltas against
_QUICK = 1 << 12  # bytes up to which the quick call, which knows no limit, is used
_SLACK = 256  # bytes by which deflate may make an object longer, and a little more


class PackFile:
    """An open pack; ``stem`` is its path without suffix. ValueError and the like mean damage, OSError the disk."""

    def __init__(self, stem: str) -> None:
        self.stem = stem
        self._index = PackIndex(stem + ".idx")
        self._data: mmap.mmap | None = None
        self._bases: dict[int, tuple[int, bytes]] = {}

    def close(self) -> None:
        self._index.close()
        if self._data is not None:
            self._data.close()
            self._data = None

    def find(self, oid: bytes) -> int | None:
        """The offset of an object, or None."""
        return self._index.find(oid)

    def listed(self) -> list[Listed]:
        """What the index lists, in the order of the pack."""
        return self._index.listed()

    def with_prefix(self, raw: bytes) -> list[bytes]:
        """Raw ids that start with ``raw``."""
        return self._index.with_prefix(raw)

    def at(self, offset: int) -> tuple[int, bytes]:
        """(type, bytes) of the object at ``offset``, deltas applied."""
        chain: list[bytes] = []
        places = [offset]
        while (found := self._bases.get(places[-1])) is None:
            kind, content, base = self._entry(places[-1])
            if base is None:
                found = kind, content
                break
            chain.append(content)
            places.append(base)
            if len(chain) > _MAX_CHAIN:
                raise ValueError("a chain of deltas has no end")
        kind, data = found
        for delta, place in zip(reversed(chain), reversed(places[1:]), strict=True):
            self.remember(place, kind, data)
            data = deltas.apply(data, delta)
        return kind, data

    def whole(self, oids: Iterable[bytes], kind: int) -> dict[bytes, bytes]:
        """Those of many objects that stand here in one piece, verified. What is a delta, or damaged, is left out.

        One by one each would take thrice the time.
        """
        table, data, name = self._index.table(), self._mapped(), NAMES[kind]
        last = len(data) - TRAILER
        found: dict[bytes, bytes] = {}
        for oid in oids:
            at = table.get(oid)
            if at is None or not HEADER <= at < last or data[at] >> 4 & 7 != kind:
                continue
            byte = data[at]
            size, shift, at = byte & 15, 4, at + 1
            while byte & 0x80:
                byte = data[at]
                size |= (byte & 0x7F) << shift
                at, shift = at + 1, shift + 7
            try:
                content = _inflate(data, at, size)
            except zlib.error:
                continue
            if sha1(b"%b %d\0%b" % (name, size, content)).digest() == oid:
                found[oid] = content
        return found

    def hold(self) -> None:
        """Open the pack itself, so that it can be read even when its file goes."""
        self._mapped()

    def remember(self, offset: int, kind: int, data: bytes) -> None:
        """Have an object at hand that others may be deltas against."""
        if len(self._bases) >= _REMEMBERED:
            self._bases.clear()
        self._bases[offset] = kind, data

    def packed(self, offset: int, end: int) -> tuple[int, int, int | None, bytes]:
        """What stands between ``offset`` and ``end``, as it is: (type, size, offset of the base or None, deflated)."""
        kind, size, at, base = self._head(offset)
        return kind, size, base, self._mapped()[at:end]

    def view(self) -> memoryview:
        """The whole pack but its trailer; to be released before the pack is closed."""
        data = self._mapped()
        return memoryview(data)[: len(data) - TRAILER]

    def _entry(self, offset: int) -> tuple[int, bytes, int | None]:
        """(type, content, offset of the base or None) of what stands at ``offset``; a delta's content is the delta."""
        kind, size, at, base = self._head(offset)
        content = _inflate(self._mapped(), at, size)
        if len(content) != size:
            raise ValueError("an object has another size than it says")
        return kind, content, base

    def _head(self, offset: int) -> tuple[int, int, int, int | None]:
        """(type, size, where its deflated bytes begin, offset of the base or None)."""
        data = self._mapped()
        if not HEADER <= offset < len(data) - TRAILER:
            raise ValueError(f"offset {offset} lies outside the pack")
        byte = data[offset]
        at, kind, size, shift = offset + 1, byte >> 4 & 7, byte & 15, 4
        while byte & 0x80:
            byte = data[at]
            size |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
        base: int | None = None
        if kind == _OFS_DELTA:
            back, at = distance(data, at)
            base = offset - back
        elif kind == _REF_DELTA:
            base = self.find(data[at : at + 20])
            at += 20
            if base is None:
                raise ValueError("a delta's base is not in the pack")
        return kind, size, at, base

    def _mapped(self) -> mmap.mmap:
        if self._data is None:
            fd = os.open(self.stem + ".pack", os.O_RDONLY | os.O_CLOEXEC)
            try:
                self._data = mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
            finally:
                os.close(fd)
            if self._data[:8] != b"PACK\x00\x00\x00\x02":
                raise ValueError("it is no pack of version 2")
        return self._data


def _inflate(data: mmap.mmap, at: int, size: int) -> bytes:
    """The ``size`` bytes of the zlib stream at ``at``; one stored block, which ``packs`` writes, is sliced out."""
    if data[at : at + 3] == b"\x78\x01\x01" and int.from_bytes(data[at + 3 : at + 5], "little") == size:
        return data[at + 7 : at + 7 + size]
    chunk = data[at : at + size + (size >> 9) + _SLACK]
    if size <= _QUICK:
        return zlib.decompress(chunk, bufsize=size + 1)  # deflate grows by a factor of 1,032 at most: bounded
    return zlib.decompressobj().decompress(chunk, size + 1)


def is_torn(stem: str) -> bool:
    """Whether a pack or its index fails its checksum."""
    index, pack = files.read(stem + ".idx") or b"", files.read(stem + ".pack") or b""
    if len(index) < 1072 or len(pack) < HEADER + TRAILER:
        return True
    whole = sha1(index[:-20]).digest() == index[-20:] and sha1(pack[:-20]).digest() == pack[-20:]
    return not whole or index[-40:-20] != pack[-20:]
