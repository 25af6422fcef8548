"""Writing git packs and their indexes, byte for byte as gitformat-pack(5) has them.

Objects are stored newest first, so that an older version of a tree is a small delta against the
next newer one and the present is read without following a chain. Deltas are made for what repeats by
construction: versions of one folder differ in one place, commits in a few places of the same lines.
Reading packs is dulwich's work, in ``objects``.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha1
from itertools import accumulate

from .records import COMMIT, TREE

_OFS_DELTA = 6
_MAX_CHAIN = 40  # git's own default is 50
_COMPRESS_FROM = 128  # bytes; below, deflate costs more time than it saves space
_STORED_MAX = 65535
_TREE_MIN = 64


@dataclass(frozen=True, slots=True)
class PackedObject:
    """What an index says of one object: raw id, crc32 of its packed bytes, offset."""

    oid: bytes
    crc: int
    offset: int


class PackWriter:
    """Writes one pack through ``write``; ``finish`` gives its checksum. Objects come newest first."""

    def __init__(self, write: Callable[[bytes], object], count: int) -> None:
        self._write = write
        self._hash = sha1()
        self._offset = 0
        self.entries: list[PackedObject] = []
        self._bases: dict[bytes, tuple[bytes, int, int]] = {}  # folder key → newest bytes, their offset, chain length
        self._put(b"PACK" + struct.pack(">LL", 2, count))

    def add(self, oid: bytes, kind: int, data: bytes, *, deltas: bool = True) -> None:
        """Add one object, a tree as a delta against the version that came before it in this pack."""
        start = self._offset
        if deltas and (kind == COMMIT or (kind == TREE and len(data) >= _TREE_MIN)):
            packed = self._versioned(kind, data, start)
        else:
            packed = _header(kind, len(data)) + _deflate(data, kind)
        self.entries.append(PackedObject(oid, zlib.crc32(packed), start))
        self._put(packed)

    def _versioned(self, kind: int, data: bytes, start: int) -> bytes:
        key = data[: data.index(0) + 1] if kind == TREE else b""  # versions of a folder share their first entry's name
        base = self._bases.get(key)
        if base is not None and base[2] < _MAX_CHAIN:
            delta = make_delta(base[0], data) if kind == TREE else make_line_delta(base[0], data)
            if len(delta) < len(data) * 2 // 3:
                self._bases[key] = (data, start, base[2] + 1)
                return _header(_OFS_DELTA, len(delta)) + _distance(start - base[1]) + _deflate(delta, kind)
        self._bases[key] = (data, start, 0)
        return _header(kind, len(data)) + _deflate(data, kind)

    def _put(self, data: bytes) -> None:
        self._write(data)
        self._hash.update(data)
        self._offset += len(data)

    def finish(self) -> bytes:
        """Write the trailer; returns the 20 bytes that name the pack."""
        checksum = self._hash.digest()
        self._write(checksum)
        return checksum


def build(objects: Iterable[tuple[bytes, int, bytes]], count: int, *, deltas: bool) -> tuple[str, bytes, bytes]:
    """(name, pack, index) of ``objects``, given newest first as (raw id, type, bytes)."""
    chunks: list[bytes] = []
    writer = PackWriter(chunks.append, count)
    for oid, kind, data in objects:
        writer.add(oid, kind, data, deltas=deltas)
    checksum = writer.finish()
    return checksum.hex(), b"".join(chunks), index(writer.entries, checksum)


def index(entries: Iterable[PackedObject], checksum: bytes) -> bytes:
    """A version 2 pack index."""
    ordered = sorted(entries, key=lambda entry: entry.oid)
    counts = [0] * 256
    for entry in ordered:
        counts[entry.oid[0]] += 1
    large = [entry.offset for entry in ordered if entry.offset >= 1 << 31]
    places = {offset: (1 << 31) | at for at, offset in enumerate(large)}
    body = b"".join(
        [
            b"\xfftOc\x00\x00\x00\x02",
            struct.pack(">256L", *accumulate(counts)),
            b"".join([entry.oid for entry in ordered]),
            struct.pack(f">{len(ordered)}L", *[entry.crc for entry in ordered]),
            struct.pack(f">{len(ordered)}L", *[places.get(entry.offset, entry.offset) for entry in ordered]),
            struct.pack(f">{len(large)}Q", *large),
            checksum,
        ]
    )
    return body + sha1(body).digest()


def _header(kind: int, size: int) -> bytes:
    first, size = (kind << 4) | (size & 15), size >> 4
    out = bytearray()
    while size:
        out.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    out.append(first)
    return bytes(out)


def _distance(value: int) -> bytes:
    out = [value & 0x7F]
    while value := value >> 7:
        value -= 1
        out.append(0x80 | (value & 0x7F))
    return bytes(reversed(out))


def _deflate(data: bytes, kind: int) -> bytes:
    """Small objects are stored. A small window costs a quarter of the time of zlib's default for the same size."""
    if len(data) < _COMPRESS_FROM or kind == TREE:
        return _stored(data)
    if len(data) > 8192:
        return zlib.compress(data, 1)
    packer = zlib.compressobj(6, zlib.DEFLATED, 12, 5)
    return packer.compress(data) + packer.flush()


def _stored(data: bytes) -> bytes:
    """A zlib stream of one stored block, made without zlib: most of deflate's time is its set-up."""
    size = len(data)
    if size > _STORED_MAX:
        return zlib.compress(data, 1)
    return b"\x78\x01\x01" + struct.pack("<HH", size, size ^ 0xFFFF) + data + struct.pack(">L", zlib.adler32(data))


def make_delta(base: bytes, target: bytes) -> bytes:
    """A git delta of at most three steps: copy a common prefix, insert, copy a common suffix."""
    shorter = min(len(base), len(target))
    prefix = _common(base[:shorter], target[:shorter], "big")
    rest = shorter - prefix
    suffix = _common(base[len(base) - rest :], target[len(target) - rest :], "little") if rest else 0
    middle = target[prefix : len(target) - suffix]
    steps = [_copies(0, prefix), *_inserts(middle), _copies(len(base) - suffix, suffix)]
    return b"".join([_size(len(base)), _size(len(target)), *steps])


def make_line_delta(base: bytes, target: bytes) -> bytes:
    """A git delta between two texts of the same lines: what differs inside a line is inserted, the rest copied."""
    old, new = base.split(b"\n"), target.split(b"\n")
    if len(old) != len(new):
        return make_delta(base, target)
    parts = [_size(len(base)), _size(len(target))]
    at = copied = 0  # ``base[copied:at]`` is to be copied and not written down yet
    for mine, wanted in zip(old, new, strict=True):
        if mine != wanted:
            shorter = min(len(mine), len(wanted))
            prefix = _common(mine[:shorter], wanted[:shorter], "big")
            rest = shorter - prefix
            suffix = _common(mine[len(mine) - rest :], wanted[len(wanted) - rest :], "little") if rest else 0
            parts += [_copies(copied, at + prefix - copied), *_inserts(wanted[prefix : len(wanted) - suffix])]
            copied = at + len(mine) - suffix
        at += len(mine) + 1
    parts.append(_copies(copied, len(base) - copied))
    return b"".join(parts)


def _inserts(data: bytes) -> list[bytes]:
    return [bytes((len(data[at : at + 127]),)) + data[at : at + 127] for at in range(0, len(data), 127)]


def _common(a: bytes, b: bytes, order: str) -> int:
    """Length of the common prefix ("big") or suffix ("little") of two strings of one length, by one xor."""
    big = order == "big"
    differ = int.from_bytes(a, "big" if big else "little") ^ int.from_bytes(b, "big" if big else "little")
    return len(a) - (differ.bit_length() + 7) // 8


def _size(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _copies(offset: int, size: int) -> bytes:
    out = bytearray()
    while size:
        length = min(size, 0xFFFF)
        op, args = 0x80, bytearray()
        for bit, byte in enumerate(offset.to_bytes(4, "little") + length.to_bytes(2, "little")):
            if byte:
                op |= 1 << bit
                args.append(byte)
        out.append(op)
        out += args
        offset, size = offset + length, size - length
    return bytes(out)
