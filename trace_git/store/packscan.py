"""Reading a pack without believing its index: every object in it that can still be read, whatever is damaged.

Offsets come from walking the pack from its start and, behind damage, from the index. An object counts when its
deflated bytes pass their own checksum and, where the index is sound, when the index knows its id.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha1

from dulwich.pack import apply_delta

from . import files, trees
from .packfile import DAMAGE
from .packs import HEADER, TRAILER, distance
from .records import NAMES

_OFS_DELTA, _REF_DELTA = 6, 7
_FAN = 8 + 1024
Typed = tuple[int, bytes]


@dataclass(frozen=True)
class Scanned:
    """``objects`` by raw id; ``lost`` are the ids that a sound index lists and the pack no longer gives."""

    objects: dict[bytes, Typed]
    lost: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class _Packed:
    kind: int
    content: bytes
    base: int | bytes | None  # an offset, an id, or none
    end: int


def scan(stem: str) -> Scanned:
    """Everything that can be read of the pack ``stem``; a missing file is an empty one."""
    data, index = files.read(stem + ".pack") or b"", files.read(stem + ".idx") or b""
    objects = _resolved(_walk(data, _offsets(index)))
    names = _names(index) if sha1(index[:-TRAILER]).digest() == index[-TRAILER:] else frozenset()
    if sha1(data[:-TRAILER]).digest() != data[-TRAILER:] and names:
        objects = {oid: typed for oid, typed in objects.items() if oid in names}
    return Scanned(objects, frozenset(names - objects.keys()))


def without_index(folder: str) -> Iterator[str]:
    """Stems of the packs in ``objects/pack`` that have no index."""
    packs = os.path.join(folder, "objects", "pack")
    try:
        names = set(os.listdir(packs))
    except FileNotFoundError:
        return
    for name in sorted(names):
        if name.startswith("pack-") and name.endswith(".pack") and name[:-5] + ".idx" not in names:
            yield os.path.join(packs, name[:-5])


def loose_is_sound(path: str, oid: bytes) -> bool:
    """Whether a loose object's file gives what its name says."""
    try:
        return sha1(zlib.decompress(files.read(path) or b"")).digest() == oid
    except zlib.error:
        return False


def _names(index: bytes) -> frozenset[bytes]:
    count = _count(index)
    return frozenset(index[_FAN + 20 * at : _FAN + 20 * at + 20] for at in range(count))


def _offsets(index: bytes) -> list[int]:
    count = _count(index)
    if not count:
        return []
    return [at for at in struct.unpack_from(f">{count}L", index, _FAN + 24 * count) if at < 1 << 31]


def _count(index: bytes) -> int:
    """How many objects a version 2 index lists, judged by its size when its fan-out is damaged; 0 for no such index."""
    if len(index) < _FAN + 2 * TRAILER or index[4:8] != b"\0\0\0\2":
        return 0
    stated = int.from_bytes(index[_FAN - 4 : _FAN], "big")
    room = (len(index) - _FAN - 2 * TRAILER) // 28
    return min(stated, room) if stated else room


def _walk(data: bytes, known: list[int]) -> dict[int, _Packed]:
    """Offset → packed object: from the start, then from each offset that the index adds."""
    found: dict[int, _Packed] = {}
    for start in [HEADER, *sorted(known)]:
        at = start
        while at not in found and (packed := _entry(data, at)) is not None:
            found[at] = packed
            at = packed.end
    return found


def _entry(data: bytes, offset: int) -> _Packed | None:
    try:
        byte = data[offset]
        at, kind, shift, size = offset + 1, byte >> 4 & 7, 4, byte & 15
        while byte & 0x80:
            byte = data[at]
            size |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
        base: int | bytes | None = None
        if kind == _OFS_DELTA:
            back, at = distance(data, at)
            base = offset - back
        elif kind == _REF_DELTA:
            base, at = data[at : at + 20], at + 20
        elif kind not in NAMES:
            return None
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(data[at : at + size + (size >> 9) + 256], size + 1)
    except (IndexError, zlib.error, OverflowError):
        return None
    if not unpacker.eof or len(content) != size:
        return None
    used = size + (size >> 9) + 256
    return _Packed(kind, content, base, at + min(used, len(data) - at) - len(unpacker.unused_data))


def _resolved(packed: dict[int, _Packed]) -> dict[bytes, Typed]:
    """Deltas applied. A base stands before its deltas, but for one that is named by id: those take another round."""
    done: dict[int, Typed] = {}
    by_oid: dict[bytes, Typed] = {}
    left, before = sorted(packed), -1
    while left and len(left) != before:
        before = len(left)
        for offset in left:
            typed = _one(packed[offset], done, by_oid)
            if typed is not None:
                done[offset] = typed
                by_oid[trees.oid_of(NAMES[typed[0]], typed[1])] = typed
        left = [offset for offset in left if offset not in done]
    return by_oid


def _one(found: _Packed, done: dict[int, Typed], by_oid: dict[bytes, Typed]) -> Typed | None:
    if found.base is None:
        return found.kind, found.content
    base = done.get(found.base) if isinstance(found.base, int) else by_oid.get(found.base)
    if base is None:
        return None
    try:
        return base[0], b"".join(apply_delta(base[1], found.content))
    except DAMAGE:
        return None
