"""One pack of many objects: what stands well in a pack already is copied from there, the rest is packed anew.

Copying costs a tenth of reading and packing, and keeps the deltas there are. Packs of single commits have none, and
small objects in them are stored as they are: these are packed anew.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping, Sequence

from . import files, packs
from .packfile import DAMAGE, PackFile
from .packindex import Listed
from .packs import HEADER, PackWriter
from .reachable import Source, Stock
from .records import BLOB

_LARGE = 8192  # bytes of a blob that was deflated when its pack was written, even without deltas


def write(path: str, stock: Stock, wanted: Mapping[bytes, int], source: Source | None = None) -> tuple[str, bytes]:
    """Write a pack of the objects ``wanted`` (raw id → type) at ``path``, and sync it; its name and its index.

    What is packed anew comes in the order of ``wanted``, read from ``source``, the stock itself by default.
    """
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        writer = PackWriter(lambda data: files.write_all(fd, data), len(wanted))
        placed: dict[bytes, int] = {}
        for stem in stock.stems:
            entries = stock.listed(stem)
            if any(oid in wanted for oid, _, _ in entries):
                _copy(writer, stock.pack(stem), entries, wanted, placed)
        for oid in wanted:
            if oid not in placed:
                writer.add(oid, *(source or stock).read(oid))
        checksum = writer.finish()
        os.fsync(fd)
    finally:
        os.close(fd)
    return checksum.hex(), packs.index(writer.entries, checksum)


def _copy(
    writer: PackWriter, pack: PackFile, entries: list[Listed], wanted: Mapping[bytes, int], placed: dict[bytes, int]
) -> None:
    """Copy what is wanted of one pack: all of it at once, or object by object."""
    with pack.view() as view:
        deltas = packs.has_deltas(view, entries)
        if deltas and all(oid in wanted and oid not in placed for oid, _, _ in entries) and _is_sound(view, entries):
            before = len(writer.entries)
            with view[HEADER:] as body:
                writer.add_body(body, entries)
            placed.update((oid, offset) for oid, _, offset in writer.entries[before:])
            return
        names = {offset: oid for oid, _, offset in entries}
        for (oid, crc, offset), end in zip(entries, packs.ends(entries, len(view)), strict=True):
            if oid not in wanted or oid in placed or zlib.crc32(view[offset:end]) != crc:
                continue  # a damaged one is read from elsewhere, or told of
            at = _copy_one(writer, pack, oid, (offset, end), placed, names, deltas)
            if at is not None:
                placed[oid] = at


def _copy_one(
    writer: PackWriter,
    pack: PackFile,
    oid: bytes,
    where: tuple[int, int],
    placed: Mapping[bytes, int],
    names: Mapping[int, bytes],
    deltas: bool,
) -> int | None:
    """Where the object is now; None when it is better packed anew, or its base is not here."""
    try:
        kind, size, base, deflated = pack.packed(*where)
    except DAMAGE:
        return None
    if base is not None:
        at = placed.get(names.get(base, b""))
        return writer.add_packed(oid, 0, size, deflated, base=at) if at is not None else None
    if deltas or (kind == BLOB and size > _LARGE):
        return writer.add_packed(oid, kind, size, deflated)
    return None


def _is_sound(view: memoryview, entries: Sequence[Listed]) -> bool:
    found = zip(entries, packs.ends(entries, len(view)), strict=True)
    return all(zlib.crc32(view[at:end]) == crc for (_, crc, at), end in found)
