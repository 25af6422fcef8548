"""The journal: an append-only list of checksummed records in preallocated space, synced before it is acknowledged.

It knows frames and generations; what a record means is ``records``' affair, and turning
records into git objects is ``publish``'s.

    frame    "TGJ1" · payload length u32 · sequence u64 · synced-up-to u64 · checksum 8 bytes · payload

The checksum is blake2b keyed with the generation, over the other header fields and the payload.
``synced-up-to`` is the last sequence the writer knew to be on the platter: it tells a torn, never
acknowledged tail from damage to something that was acknowledged.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from ..errors import CorruptTraceError, StorageError
from . import files, marks
from .marks import DATA_START, Generation, Published

_HEAD = struct.Struct(">4sIQQ8s")
_SIGNED = struct.Struct(">4sIQQ")
_MAGIC = b"TGJ1"
_GROWTH = 256 * 1024
_AT_REST = 16 * 1024  # what a closed journal keeps: room for a few records
_PIECE = 64 * 1024  # what is read at once where there are several records
_LOOKS = 50  # at a page that somebody is writing
_KEY, _EPOCH = 16, 8  # bytes of a generation's key, and of its part that stays the same while no object is removed


class Frame(NamedTuple):
    """One record as bytes: its head, sequence number, payload, and the offset behind it."""

    head: bytes
    seq: int
    payload: bytes
    end: int


@dataclass(frozen=True, slots=True)
class Tail:
    """What lies behind the last good frame: nothing, or ``lost`` records that were never synced."""

    lost: int = 0


class Journal:
    """One open journal file. The caller holds the trace's lock around every changing call."""

    _fd = -1

    def __init__(self, path: str, *, readonly: bool = False) -> None:
        self.path = path
        self.readonly = readonly
        self.boot = marks.boot_id()
        self._fd = os.open(path, (os.O_RDONLY if readonly else os.O_RDWR) | os.O_CLOEXEC)
        self._allocated = os.fstat(self._fd).st_size
        self._synced = 0
        self.poisoned = False
        self._page: tuple[bytes, marks.Page] | None = None
        self._last: tuple[int, bytes] | None = None  # offset and head of the last frame that was noted
        page = self._read_marks()
        self.generation, self.same_boot = page.generation, page.same_boot
        self.published = page.published or Published(page.generation.base - 1, DATA_START)
        self.next_seq = self.published.seq + 1
        self.end = self.published.offset

    @classmethod
    def make(cls, path: str, *, base: int = 1, oplog_size: int = 0) -> None:
        """Write a new, empty journal at ``path`` and sync it; FileExistsError when there is one."""
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            os.posix_fallocate(fd, 0, DATA_START + _GROWTH)
            files.pwrite_all(fd, bytes(DATA_START + _GROWTH), 0)
            generation = Generation(1, os.urandom(16), base, oplog_size)
            marks.write_generation(fd, generation)
            marks.write_published(fd, generation, Published(base - 1, DATA_START), marks.boot_id())
        finally:
            os.close(fd)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    __del__ = close  # of a trace that nobody closed; what is acknowledged is on disk already

    # -- reading ---------------------------------------------------------------------------

    def _read_marks(self) -> marks.Page:
        for _ in range(_LOOKS):  # a reader without the lock may meet a slot that is being written
            raw = os.pread(self._fd, marks.SIZE, 0)
            if self._page is not None and raw == self._page[0]:
                return self._page[1]
            page = marks.read(raw, self.boot)
            if page is not None:
                self._page = raw, page
                return page
        raise CorruptTraceError(
            f"{self.path}: the journal's first page is damaged", hint="run `trace fsck` to see what can be read"
        )

    def refresh(self) -> tuple[bool, list[Frame]]:
        """Read what others wrote since: (what was noted before is no more, new frames in order).

        The former is true when a new generation began, or when a record that was seen was taken back because it
        could not be synced. Without the lock a half-written last frame simply is not there yet.
        """
        if self.poisoned:
            return False, []  # what lies behind the failed write is not known: this handle stays where it was
        page = self._read_marks()
        renewed = page.generation.key != self.generation.key or not self._last_stands()
        self.same_boot = page.same_boot
        if renewed:
            self.generation, self._last = page.generation, None
            self.published = page.published or Published(page.generation.base - 1, DATA_START)
            self.next_seq, self.end = self.published.seq + 1, self.published.offset
            self._allocated = os.fstat(self._fd).st_size
        elif page.published is not None and page.published.seq > self.published.seq:
            self.published = page.published
            if self.published.seq >= self.next_seq:  # they were written and published behind our back
                self.next_seq, self.end, self._last = self.published.seq + 1, self.published.offset, None
        frames = self._frames(self.end, self.next_seq)
        if frames:
            self._noted(frames[-1])
        return renewed, frames

    def _noted(self, frame: Frame) -> None:
        self._last = frame.end - len(frame.payload) - len(frame.head), frame.head
        self.next_seq, self.end = frame.seq + 1, frame.end

    def _last_stands(self) -> bool:
        """Whether the last frame that was noted is still there."""
        return self._last is None or os.pread(self._fd, _HEAD.size, self._last[0]) == self._last[1]

    def all_frames(self) -> list[Frame]:
        """Every frame of this generation, published or not, in order."""
        return self.frames_from(DATA_START, self.generation.base)

    def frames_from(self, offset: int, seq: int) -> list[Frame]:
        """Every frame of this generation from the record ``seq`` on, which stands at ``offset``, in order."""
        frames = self._frames(offset, seq, until=self.end)
        if frames:
            offset, seq = frames[-1].end, seq + len(frames)
        if offset < self.published.offset:
            raise self._corrupt(seq, offset)
        return frames

    def mentions(self, text: bytes, offset: int) -> bool:
        """Whether ``text`` stands in a record from ``offset`` on; the records are neither read nor checked."""
        return text in os.pread(self._fd, self.end - offset, offset)

    def _frames(self, offset: int, seq: int, *, until: int | None = None) -> list[Frame]:
        """The good frames from ``offset`` on, without a gap, that begin before ``until``.

        Only where there is a first one more is read, and then in large pieces: of many that write at once each reads
        what all the others wrote.
        """
        frames: list[Frame] = []
        piece, start = b"", offset
        while until is None or offset < until:
            at = offset - start
            if len(piece) - at < _HEAD.size:
                piece, start, at = os.pread(self._fd, _PIECE if frames else _HEAD.size, offset), offset, 0
            head = piece[at : at + _HEAD.size]
            if len(head) < _HEAD.size or not head.startswith(_MAGIC):
                break
            magic, length, found, synced, stored = _HEAD.unpack(head)
            size = _HEAD.size + length
            if found != seq:
                break
            if len(piece) - at < size:
                if offset + size > os.fstat(self._fd).st_size:
                    break
                piece, start, at = os.pread(self._fd, max(size, _PIECE), offset), offset, 0
            payload = piece[at + _HEAD.size : at + size]
            if len(payload) < length or self._sum(_SIGNED.pack(magic, length, found, synced), payload) != stored:
                break
            frames.append(Frame(head, seq, payload, offset + size))
            offset, seq = offset + size, seq + 1
        return frames

    def _sum(self, signed: bytes, payload: bytes) -> bytes:
        digest = blake2b(signed, digest_size=8, key=self.generation.key)
        digest.update(payload)
        return digest.digest()

    def check_tail(self) -> Tail:
        """Look behind the last good frame (after ``refresh``; without the lock it may have been half written then).

        A later valid record means that one in between is gone. If that one had been synced, or the
        machine has not restarted since, it is damage: CorruptTraceError. Otherwise it was lost with
        the power before anybody was promised it, and the count of such records is returned.
        """
        size = os.fstat(self._fd).st_size
        rest = os.pread(self._fd, max(0, size - self.end), self.end)
        at = rest.find(_MAGIC)
        later: list[int] = []
        while at >= 0 and len(rest) - at >= _HEAD.size:
            magic, length, seq, synced, stored = _HEAD.unpack_from(rest, at)
            payload = rest[at + _HEAD.size : at + _HEAD.size + length]
            if seq > self.next_seq and self._sum(_SIGNED.pack(magic, length, seq, synced), payload) == stored:
                if self.same_boot or synced >= self.next_seq:
                    raise self._corrupt(self.next_seq, self.end)
                later.append(seq)
            at = rest.find(_MAGIC, at + 1)
        return Tail(max(later) - self.next_seq + 1 if later else 0)

    def _corrupt(self, seq: int, offset: int) -> CorruptTraceError:
        return CorruptTraceError(
            f"{self.path}: record {seq} at offset {offset} is damaged and a later one is not",
            hint="run `trace fsck`; commits that were published are not affected",
        )

    # -- writing ---------------------------------------------------------------------------

    def append(self, payload: bytes, *, sync: bool) -> Frame:
        """Write one record; when this returns with ``sync`` it survives a power loss.

        StorageError when it could not be written; then it is not there, and if even that is not
        sure the journal refuses everything until it is opened again.
        """
        if self.poisoned:
            raise _unknown_outcome()
        start, seq = self.end, self.next_seq
        signed = _SIGNED.pack(_MAGIC, len(payload), seq, self._synced)
        frame = signed + self._sum(signed, payload) + payload
        end = start + len(frame)
        if end > self._allocated:
            with files.storing("no room for the record"):
                self._grow(end)
        try:
            files.pwrite_all(self._fd, frame, start)
            if sync:
                os.fdatasync(self._fd)
        except OSError as error:
            self._take_back(start)
            raise files.storage_error("the record could not be written", error) from error
        if sync:
            self._synced = seq
        written = Frame(frame[: _HEAD.size], seq, payload, end)
        self._noted(written)
        return written

    def sync(self) -> None:
        """Sync the records that were appended without."""
        if self.poisoned:
            raise _unknown_outcome()
        if self._synced < self.next_seq - 1:
            try:
                os.fdatasync(self._fd)
            except OSError:
                self.rewrite()
            self._synced = self.next_seq - 1

    def rewrite(self) -> None:
        """Write everything once more and sync it: the system forgets what it could not sync, and calls it synced."""
        try:
            files.pwrite_all(self._fd, os.pread(self._fd, self.end, 0), 0)
            os.fdatasync(self._fd)
        except OSError as error:
            self.poisoned = True
            raise files.storage_error("the journal could not be synced", error) from error
        self._synced = self.next_seq - 1

    def _grow(self, end: int) -> None:
        """Reserve space and fill it with zeros: overwriting takes half the time of a first write (ext4)."""
        self._allocated = os.fstat(self._fd).st_size  # another process may have grown it, and filled it, already
        if end > self._allocated:
            size = end + _GROWTH
            os.posix_fallocate(self._fd, 0, size)
            files.pwrite_all(self._fd, bytes(size - self._allocated), self._allocated)
            self._allocated = size

    def _take_back(self, start: int) -> None:
        try:
            files.pwrite_all(self._fd, bytes(_HEAD.size), start)
            os.fdatasync(self._fd)
        except OSError as error:
            self.poisoned = True
            raise StorageError(
                "a write failed and could not be taken back: outcome unknown",
                hint="close the trace and open it again to see whether the last commit is there",
            ) from error

    def mark_published(self) -> None:
        """Note that every record so far is published."""
        self.published, self._last = Published(self.next_seq - 1, self.end), None
        marks.write_published(self._fd, self.generation, self.published, self.boot)

    @property
    def epoch(self) -> bytes:
        """What changes when objects are removed, and only then: the first half of the generation's key."""
        return self.generation.key[:_EPOCH]

    def renew(self, oplog_size: int, *, epoch: bool = False) -> None:
        """Begin a generation and reuse the space. All records must be published, synced and in the operation log.

        With ``epoch`` objects are about to be removed: other handles find that what they remember may be gone.
        """
        key = (os.urandom(_EPOCH) if epoch else self.epoch) + os.urandom(_KEY - _EPOCH)
        fresh = Generation(self.generation.counter + 1, key, self.next_seq, oplog_size)
        try:
            marks.write_generation(self._fd, fresh)
        except OSError:
            self.poisoned = True
            raise
        self.generation, self.same_boot, self._last = fresh, True, None
        self.end = DATA_START
        self.mark_published()

    def restart(self, key: bytes, payload: bytes) -> None:
        """Begin a generation whose operation log is empty and whose first record is ``payload``, in one step.

        All records must be published and in the operation log: the journal is empty. The record is not published.
        """
        fresh = Generation(self.generation.counter + 1, key, self.next_seq, 0)
        signed = _SIGNED.pack(_MAGIC, len(payload), fresh.base, fresh.base - 1)
        digest = blake2b(signed, digest_size=8, key=key)
        digest.update(payload)
        frame = signed + digest.digest() + payload
        with files.storing("no room for the record"):
            self._grow(DATA_START + len(frame))
            files.pwrite_all(self._fd, frame, DATA_START)  # nothing yet: the key is another one
            os.fdatasync(self._fd)
        try:
            marks.write_generation(self._fd, fresh)
        except OSError as error:
            self.poisoned = True
            raise files.storage_error("the journal could not be synced; outcome unknown", error) from error

    def scrub(self) -> None:
        """Remove the bytes of old records. The journal is empty."""
        os.ftruncate(self._fd, DATA_START)
        os.fsync(self._fd)
        self._allocated = DATA_START

    def shrink(self) -> None:
        """Give back the space of an empty journal."""
        if self._allocated > _AT_REST:
            os.ftruncate(self._fd, _AT_REST)
            self._allocated = _AT_REST


def epoch_of(path: str) -> bytes | None:
    """The epoch that the file at ``path`` is in now; None when that cannot be read."""
    with suppress(OSError), open(path, "rb", buffering=0) as file:
        for _ in range(_LOOKS):  # a slot may be being written
            page = marks.read(os.pread(file.fileno(), marks.SIZE, 0), b"")
            if page is not None:
                return page.generation.key[:_EPOCH]
    return None


def _unknown_outcome() -> StorageError:
    return StorageError(
        "an earlier write failed with its outcome unknown",
        hint="close the trace and open it again to see what is there",
    )


class NoJournal(Journal):
    """The journal of a repository that trace-git never wrote to and may not write to now: empty."""

    def __init__(self) -> None:
        self.path, self.readonly, self.boot, self.same_boot = "", True, b"", True
        self.poisoned = False
        self.generation = Generation(0, b"", 1, 0)
        self.published = Published(0, DATA_START)
        self.next_seq, self.end = 1, DATA_START

    def refresh(self) -> tuple[bool, list[Frame]]:
        return False, []

    def check_tail(self) -> Tail:
        return Tail()
