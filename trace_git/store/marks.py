"""The first page of the journal: which generation it is in, and how far it is published.

Two slots hold the generation; a checkpoint writes the other slot and syncs it, so a torn
write leaves the older one standing. A third block, the marks, is written without a sync
after each publication and is believed only while the machine has not been restarted.

    offset    0  slot A   magic, counter, generation, base sequence, oplog size, checksum
    offset  512  slot B   the same
    offset 1024  marks    generation, published sequence and offset, boot id, checksum
    offset 4096  records  see ``journal``
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass
from typing import NamedTuple

from . import files

DATA_START = 4096
_SLOT = struct.Struct(">8sQ16sQQ")  # magic, counter, generation, base, oplog size
_MARKS = struct.Struct(">16sQQ16s")  # generation, published sequence, published offset, boot id
_MAGIC = b"TRACEJ1\n"
_SUM = 16
_MARKS_AT = 1024
SIZE = _MARKS_AT + _MARKS.size + _SUM  # bytes that ``read`` looks at


@dataclass(frozen=True, slots=True)
class Generation:
    """One life of the journal's space. Records carry sequence numbers from ``base`` on.

    ``key`` is random and goes into each record's checksum, so that records of an earlier
    generation are not mistaken for new ones. The operation log is valid up to ``oplog_size``.
    """

    counter: int
    key: bytes
    base: int
    oplog_size: int


@dataclass(frozen=True, slots=True)
class Published:
    """All records up to ``seq`` are git objects and refs; the next record starts at ``offset``."""

    seq: int
    offset: int


def boot_id() -> bytes:
    """16 bytes that change when the machine restarts; zeros where the system does not tell."""
    text = files.read("/proc/sys/kernel/random/boot_id")
    return bytes.fromhex(text.decode().strip().replace("-", "")) if text else bytes(16)


def _sum(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_SUM).digest()


class Page(NamedTuple):
    """What the first page says. ``published`` is None when the marks are not of this generation and this boot."""

    generation: Generation
    published: Published | None
    same_boot: bool


def read(page: bytes, boot: bytes) -> Page | None:
    """The newest valid generation and its marks; None when it is damaged. Without a boot id nothing is believed."""
    slots = [slot for slot in (_slot_at(page, 0), _slot_at(page, 512)) if slot is not None]
    if not slots:
        return None
    generation = max(slots, key=lambda slot: slot.counter)
    raw = page[_MARKS_AT : _MARKS_AT + _MARKS.size]
    stored = page[_MARKS_AT + _MARKS.size : _MARKS_AT + _MARKS.size + _SUM]
    if len(stored) < _SUM or _sum(raw) != stored:
        return Page(generation, None, False)
    key, seq, offset, marked_boot = _MARKS.unpack(raw)
    same_boot = marked_boot == boot and any(boot)
    if same_boot and key not in [slot.key for slot in slots] and torn_slot(page):
        return None  # what the marks are of has been damaged since: an older generation may not pass for it
    return Page(generation, Published(seq, offset) if same_boot and key == generation.key else None, same_boot)


def remains(page: bytes) -> tuple[list[Generation], bytes | None]:
    """What is valid in a page that may be damaged: its generations, oldest first, and the key that the marks name."""
    slots = [slot for slot in (_slot_at(page, 0), _slot_at(page, 512)) if slot is not None]
    raw = page[_MARKS_AT : _MARKS_AT + _MARKS.size]
    valid = len(raw) == _MARKS.size and _sum(raw) == page[_MARKS_AT + _MARKS.size : SIZE]
    return sorted(slots, key=lambda slot: slot.counter), _MARKS.unpack(raw)[0] if valid else None


def torn_slot(page: bytes) -> bool:
    """Whether one of the two slots has something in it that is no generation."""
    return any(_slot_at(page, at) is None and any(page[at : at + _SLOT.size]) for at in (0, 512))


def _slot_at(page: bytes, offset: int) -> Generation | None:
    raw = page[offset : offset + _SLOT.size]
    stored = page[offset + _SLOT.size : offset + _SLOT.size + _SUM]
    if len(stored) < _SUM or _sum(raw) != stored:
        return None
    magic, counter, key, base, oplog_size = _SLOT.unpack(raw)
    return Generation(counter, key, base, oplog_size) if magic == _MAGIC else None


def write_generation(fd: int, generation: Generation) -> None:
    """Begin a generation. After this call has returned the old records are no more."""
    raw = _SLOT.pack(_MAGIC, generation.counter, generation.key, generation.base, generation.oplog_size)
    files.pwrite_all(fd, raw + _sum(raw), (generation.counter % 2) * 512)
    os.fdatasync(fd)


def write_published(fd: int, generation: Generation, published: Published, boot: bytes) -> None:
    """Note how far publication has come. Not synced: losing it costs a replay, never data."""
    raw = _MARKS.pack(generation.key, published.seq, published.offset, boot)
    files.pwrite_all(fd, raw + _sum(raw), _MARKS_AT)
