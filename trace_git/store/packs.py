"""Writing git packs and their indexes, byte for byte as gitformat-pack(5) has them.

Objects are stored newest first, so that an older version of a tree is a small delta against the
next newer one and the present is read without following a chain. Deltas are made for what repeats by
construction, trees and commits (see ``deltas``). Reading packs is ``objects``' work.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Sequence, Set
from hashlib import sha1
from itertools import accumulate
from mmap import mmap
from operator import itemgetter

from .deltas import between_commits, between_folders
from .packindex import Listed
from .records import BLOB, COMMIT, TREE

HEADER = 12  # bytes before the first object of a pack
TRAILER = 20
_OFS_DELTA, _REF_DELTA = 6, 7
_MAX_CHAIN = 48  # git's own default is 50
_COMPRESS_FROM = 128  # bytes; below, deflate costs more time than it saves space
_TREE_FROM = 512  # bytes of a folder that others are deltas against
_SMALL = 8192  # bytes of a message; above, deflate saves too much to do without
_STORED_MAX = 65535
_TREE_MIN = 64
_BUFFER = 1 << 20


class _Run:
    """Objects of a pack that stand behind one another, from the first byte to the one behind the last."""

    def __init__(self, start: int) -> None:
        self.start = self.end = start
        self.entries: list[Listed] = []


class PackWriter:
    """Writes one pack through ``write``; ``finish`` gives its checksum. Objects come newest first."""

    def __init__(self, write: Callable[[bytes], object], count: int) -> None:
        self._write = write
        self._hash = sha1()
        self._buffer = [b"PACK", struct.pack(">LL", 2, count)]
        self._buffered = self._offset = HEADER
        self._bases: dict[bytes, tuple[bytes, int, int]] = {}  # folder key → newest bytes, their offset, chain length
        self.entries: list[Listed] = []

    def add(self, oid: bytes, kind: int, data: bytes, *, deltas: bool = True) -> None:
        """Add one object, a version of a tree or commit as a delta against the one that came before it here.

        Without ``deltas`` no time is spent on small objects: they are stored as they are, for somebody waits.
        """
        if deltas and (kind == COMMIT or (kind == TREE and len(data) >= _TREE_MIN)):
            packed = self._versioned(kind, data)
        else:
            quick = kind == TREE or (not deltas and len(data) <= _SMALL)
            packed = _header(kind, len(data)) + (_stored(data) if quick else _deflate(data, kind))
        self.entries.append((oid, zlib.crc32(packed), self._offset))
        self._put(packed)

    def add_body(self, body: memoryview, entries: Sequence[Listed], without: Set[bytes] = frozenset()) -> bool:
        """Add the objects of another pack but ``without`` as they stand there: distances between them do not change.

        ``body`` is that pack without header and trailer, ``entries`` are in its order. False, and nothing is added,
        when one that stays is a delta against one left out, or across it. ValueError when an object's packed bytes
        are not what its index says.
        """
        runs = [_Run(HEADER)]
        for entry, end in zip(entries, ends(entries, len(body) + HEADER), strict=True):
            oid, crc, offset = entry
            if zlib.crc32(body[offset - HEADER : end - HEADER]) != crc:
                raise ValueError(f"object {oid.hex()} is damaged in its pack")
            if oid in without:
                runs.append(_Run(end))
            elif len(runs) > 1 and _needs(body, offset - HEADER) + HEADER < runs[-1].start:
                return False
            else:
                runs[-1].entries.append(entry)
                runs[-1].end = end
        for run in runs:
            shift = self._offset - run.start
            self.entries += [(oid, crc, offset + shift) for oid, crc, offset in run.entries]
            for at in range(run.start, run.end, _BUFFER):
                self._put(bytes(body[at - HEADER : min(at + _BUFFER, run.end) - HEADER]))
        return True

    def add_packed(self, oid: bytes, kind: int, size: int, deflated: bytes, *, base: int | None = None) -> int:
        """Add one object as it stands in another pack; ``base`` is where here the object is that it is a delta to.

        Returns its offset.
        """
        start = self._offset
        head = _header(kind, size) if base is None else _header(_OFS_DELTA, size) + _distance(start - base)
        packed = head + deflated
        self.entries.append((oid, zlib.crc32(packed), start))
        self._put(packed)
        return start

    def finish(self) -> bytes:
        """Write the trailer; returns the 20 bytes that name the pack."""
        self._flush()
        checksum = self._hash.digest()
        self._write(checksum)
        return checksum

    def _versioned(self, kind: int, data: bytes) -> bytes:
        # Versions of a folder share their first entry's name; commits are most alike when one author made them.
        key = data[: data.index(0) + 1] if kind == TREE else data[data.find(b"\nauthor ") : data.find(b" <")]
        base = self._bases.get(key)
        if base is not None and base[2] < _MAX_CHAIN:
            delta = between_folders(base[0], data) if kind == TREE else between_commits(base[0], data)
            if len(delta) * 3 < len(data) * 2:
                self._bases[key] = (data, self._offset, base[2] + 1)
                back = self._offset - base[1]
                return _header(_OFS_DELTA, len(delta)) + _distance(back) + _stored(delta)
        self._bases[key] = (data, self._offset, 0)
        return _header(kind, len(data)) + _deflate(data, kind)

    def _put(self, data: bytes) -> None:
        self._buffer.append(data)
        self._offset += len(data)
        self._buffered += len(data)
        if self._buffered > _BUFFER:
            self._flush()

    def _flush(self) -> None:
        data = b"".join(self._buffer)
        self._write(data)
        self._hash.update(data)
        self._buffer, self._buffered = [], 0


def build(objects: Sequence[tuple[bytes, int, bytes]], *, deltas: bool) -> tuple[str, bytes, bytes]:
    """(name, pack, index) of ``objects``, given newest first as (raw id, type, bytes); see ``PackWriter.add``.

    Messages come last: one that is in another pack too can be left out of this one later, and no delta reaches
    across it.
    """
    chunks: list[bytes] = []
    writer = PackWriter(chunks.append, len(objects))
    for oid, kind, data in sorted(objects, key=_is_message):
        writer.add(oid, kind, data, deltas=deltas)
    checksum = writer.finish()
    return checksum.hex(), b"".join(chunks), index(writer.entries, checksum)


def _is_message(named: tuple[bytes, int, bytes]) -> bool:
    return named[1] == BLOB


def index(entries: Iterable[Listed], checksum: bytes) -> bytes:
    """A version 2 pack index."""
    oids, crcs, offsets = zip(*sorted(entries, key=itemgetter(0)), strict=True)
    counts = [0] * 256
    for oid in oids:
        counts[oid[0]] += 1
    large = [offset for offset in offsets if offset >= 1 << 31]
    places = {offset: (1 << 31) | at for at, offset in enumerate(large)}
    body = b"".join(
        [
            b"\xfftOc\x00\x00\x00\x02",
            struct.pack(">256L", *accumulate(counts)),
            *oids,
            struct.pack(f">{len(crcs)}L", *crcs),
            struct.pack(f">{len(offsets)}L", *([places.get(at, at) for at in offsets] if large else offsets)),
            struct.pack(f">{len(large)}Q", *large),
            checksum,
        ]
    )
    return body + sha1(body).digest()


def ends(entries: Sequence[Listed], end: int) -> list[int]:
    """Behind which offset each of a pack's objects ends; ``end`` is the last one's."""
    return [offset for _, _, offset in entries[1:]] + [end]


def has_deltas(pack: bytes | memoryview, entries: Iterable[Listed]) -> bool:
    """Whether a pack was made with deltas; one of a single commit was not, and is made smaller when it is merged."""
    return any(pack[offset] >> 4 & 7 == _OFS_DELTA for _, _, offset in entries)


def distance(data: bytes | memoryview | mmap, at: int) -> tuple[int, int]:
    """How far back the base of a delta stands, as written at ``at``; and the offset behind that."""
    byte = data[at]
    value = byte & 0x7F
    while byte & 0x80:
        at += 1
        byte = data[at]
        value = (value + 1 << 7) | (byte & 0x7F)
    return value, at + 1


def _needs(pack: memoryview, at: int) -> int:
    """Where the first byte is that the object at ``at`` needs: its own, or that of what it is a delta against."""
    start, kind = at, pack[at] >> 4 & 7
    if kind == _REF_DELTA:
        return 0  # it may stand anywhere
    if kind != _OFS_DELTA:
        return start
    while pack[at] & 0x80:
        at += 1
    return start - distance(pack, at + 1)[0]


def _header(kind: int, size: int) -> bytes:
    if size < 16:
        return bytes((kind << 4 | size,))
    if size < 2048:
        return bytes((0x80 | kind << 4 | size & 15, size >> 4))
    first, size = 0x80 | kind << 4 | size & 15, size >> 4
    out = bytearray((first,))
    while size > 0x7F:
        out.append(0x80 | size & 0x7F)
        size >>= 7
    out.append(size)
    return bytes(out)


def _distance(value: int) -> bytes:
    if value < 128:
        return bytes((value,))
    if value < 16512:
        value -= 128
        return bytes((0x80 | value >> 7, value & 0x7F))
    out = [value & 0x7F]
    while value := value >> 7:
        value -= 1
        out.append(0x80 | (value & 0x7F))
    return bytes(reversed(out))


def _deflate(data: bytes, kind: int) -> bytes:
    """Small objects are stored. A small window costs a quarter of the time of zlib's default for the same size."""
    size = len(data)
    if size < (_TREE_FROM if kind == TREE else _COMPRESS_FROM):
        return _stored(data)
    if size > _SMALL:
        return zlib.compress(data, 1)
    packer = zlib.compressobj(2, zlib.DEFLATED, 12, 5)
    return packer.compress(data) + packer.flush()


def _stored(data: bytes) -> bytes:
    """A zlib stream of one stored block, made without zlib: most of deflate's time is its set-up."""
    size = len(data)
    if size > _STORED_MAX:
        return zlib.compress(data, 1)
    return b"\x78\x01\x01" + _STORED.pack(size, size ^ 0xFFFF) + data + _ADLER.pack(zlib.adler32(data))


_STORED = struct.Struct("<HH")
_ADLER = struct.Struct(">L")
