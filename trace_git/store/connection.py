"""One process's open files of a trace: journal, refs, objects, and what is journaled but not yet published.

It can look (``refresh``), write a record, publish, and finish what a dead process had begun. When to do
which, and for whom, is the store's policy. A forked child makes a connection of its own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, takewhile
from typing import Any

from ..errors import CorruptTraceError, StateError, StorageError
from . import layout, oplog, recover
from .journal import Journal, NoJournal
from .known import Known
from .locks import TraceLock
from .objects import ObjectReader
from .publish import Publisher
from .records import Entry, Move, Record, pack_record, unpack_record
from .refs import RefFiles, is_id

_OVERLAY_BYTES = 8 << 20  # published objects that are kept at hand


class Connection:
    """``pending`` are the acknowledged records that stock git does not see yet; ``heads`` the refs they move.

    The caller holds ``lock`` around every changing method, and a mutex around all of them.
    """

    def __init__(
        self,
        folder: str,
        *,
        writable: bool,
        durability: str,
        clock: Callable[[], float],
        warn: Callable[[str], None],
        erase: Callable[[Connection], list[str]],
    ) -> None:
        own = os.path.join(folder, "trace")
        self.folder = folder
        self.writable = writable
        self.journal = _journal(folder, writable)
        self.lock = TraceLock(os.path.join(own, "lock"))
        self.objects = ObjectReader(os.path.join(folder, "objects"))
        self.refs = RefFiles(folder, os.path.join(own, "reflock"), os.path.join(own, "tmp", "ref"))
        self.known = Known(folder, self.journal)
        self.publisher = Publisher(folder, self.journal, self.refs, self.objects, self.known)
        self.pending: list[Record] = []
        self.heads: dict[str, str | None] = {}
        self.first_pending = 0.0
        self._overlay_bytes = 0
        self._movers: dict[str, Entry] = {}  # ref → the last entry that moved it, of those from ``_since`` on
        self._since = 0
        self.epoch = self.journal.epoch
        self._shaken = False
        self._sync = durability == "full"
        self._clock = clock
        self._warn = warn
        self._finish_erasing = erase  # handed in: it is rarely needed, and costs start-up time

    @classmethod
    def opened(cls, folder: str, **settings: Any) -> Connection:
        """A connection that has seen everything, with what a dead process left unfinished finished."""
        self = cls(folder, **settings)
        try:
            self.refresh()
            self._check_tail()
            restarted = not self.journal.same_boot
            erasing = os.path.exists(recover.erasing(folder))
            unfinished = self.pending or restarted or erasing or self.refs.holds_locks() or recover.leftovers(folder)
            if self.writable and unfinished and self.lock.acquire(wait=restarted or erasing):
                try:
                    self._finish()
                except (OSError, StorageError) as error:  # all is in the journal and can be read from there
                    self._warn(f"what an earlier process began could not be finished yet: {error}")
                finally:
                    self.lock.release()
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Close all files and unlock nothing by hand: in a forked child the lock is the parent's."""
        self.objects.close()
        self.lock.close()
        self.journal.close()

    # -- looking ---------------------------------------------------------------------------

    def _check_tail(self) -> None:
        """CorruptTraceError when the first record that was not seen is damaged: the next one to write would end those
        behind it. Without the lock it may only have been half written at the first look."""
        try:
            self.journal.check_tail()
        except CorruptTraceError:
            before = self.journal.next_seq
            self.refresh()
            if self.journal.next_seq == before:
                raise

    def refresh(self) -> None:
        """See what other handles and processes journaled since the last look."""
        before = self.journal.next_seq
        renewed, frames = self.journal.refresh()
        done = self.journal.published.seq
        old = bool(self.pending) and self.pending[0].entry.seq <= done
        if not (renewed or frames or old or self.journal.next_seq != before or self.journal.epoch != self.epoch):
            return  # nobody else wrote or published
        skipped = frames[0].seq != before if frames else self.journal.next_seq != before
        if renewed:
            self.known.forget()
        if skipped:
            self._since = frames[0].seq if frames else self.journal.next_seq
        if renewed:
            self.pending, self.heads = [], {}
            self._trim_overlay(0)
        if self.journal.epoch != self.epoch:
            self._forget_objects()
        fresh = [unpack_record(frame.payload) for frame in frames]
        self._apply([record.entry for record in fresh])
        if old and self.pending:
            self.pending = [record for record in self.pending if record.entry.seq > done]
            self.heads = {move.ref: move.new for record in self.pending for move in record.entry.moves}
            self._trim_overlay(_OVERLAY_BYTES)
        for record in fresh:
            if record.entry.seq > done:
                self._note(record)

    def begin_epoch(self) -> None:
        """Say that objects are about to be removed, once everything published is durable."""
        self.publisher.checkpoint(force=True, epoch=True)
        self._forget_objects()

    def _forget_objects(self) -> None:
        """Some that this handle has open, or remembers, may be gone."""
        self.epoch = self.journal.epoch
        self._shaken = True
        self.objects.close()
        self._trim_overlay(-1)

    def _apply(self, entries: Sequence[Entry]) -> None:
        self.known.apply(entries)
        self._movers.update((ref, entry) for entry in entries for ref in _moved(entry))

    def overtaken(self, op: int, refs: Iterable[str]) -> bool:
        """Whether another operation has moved one of ``refs`` since operation ``op`` began."""
        if op < self._since:
            self._catch_up(op)
        last = [self._movers[ref] for ref in refs if ref in self._movers]
        return any(entry.seq > op and entry.op != op for entry in last)

    def _catch_up(self, op: int) -> None:
        """Learn what was written and published between two looks, as far back as operation ``op``."""
        older = oplog.newest_first(os.path.join(self.folder, "trace", "oplog"), self.journal.generation.oplog_size)
        for entry in takewhile(lambda entry: entry.seq > op, chain(reversed(self.known.entries()), older)):
            for ref in _moved(entry):
                if ref not in self._movers or self._movers[ref].seq < entry.seq:
                    self._movers[ref] = entry
        self._since = op

    def _note(self, record: Record) -> None:
        if not self.pending:
            self.first_pending = time.monotonic()
        self.pending.append(record)
        self.heads.update((move.ref, move.new) for move in record.entry.moves)
        self.objects.overlay.update(record.objects)
        self._overlay_bytes += sum([len(data) for _, data in record.objects.values()])

    def ref(self, name: str) -> str | None:
        """The value of a ref, the journal's before the file's.

        A ref that is absent while its log is there was not deleted but lost: CorruptTraceError.
        """
        if name in self.heads:
            return self.heads[name]
        value = self.refs.read(name)
        if value is None and self.refs.has_log(name) and (good := self.known.value(name)) is not None:
            raise CorruptTraceError(f"ref {name} is gone; its last good value was {good}", hint="run `trace fsck`")
        return value

    def locked_value(self, ref: str) -> str | None:
        """The value of a ref whose lock is held; when stock git moved it, an operation is written that says so."""
        if ref in self.heads:
            return self.heads[ref]
        known = self.known.value(ref)
        good = f"its last good value was {known}" if known else "no earlier value is known"
        mend = "`trace fsck --repair` puts the last good value back"
        try:
            value = self.refs.read(ref)
        except CorruptTraceError as error:
            raise CorruptTraceError(f"{error}; {good}", hint=mend) from error
        if value is None and (beside := self._beside(ref)):
            raise StateError(f"{ref} cannot be made: {beside} exists", hint="choose another name")
        if value == known:
            return value
        if is_id(value) and not self.objects.has(bytes.fromhex(value or "")):
            raise CorruptTraceError(f"ref {ref} points to {value}, which is missing; {good}", hint=mend)
        self.write(Record(self.entry("external", (Move(ref, known, value),))), sync=False)
        return value

    def _beside(self, ref: str) -> str | None:
        """A ref that ``ref`` cannot live beside, pending ones included: git keeps refs as files and folders."""
        for other, value in self.heads.items():
            if value is not None and (other.startswith(ref + "/") or ref.startswith(other + "/")):
                return other
        return self.refs.clash(ref)

    def behind(self, ref: str, value: str) -> str | None:
        """The value ``ref`` had last, when it is at another one that no program moved it to; else None.

        A file that was lost does that: an older value in packed-refs appears in its place. Git logs what it moves.
        """
        if ref in self.heads or not is_id(value):
            return None
        good = self.known.value(ref)
        return good if good not in (None, value) and self.refs.last_logged(ref) == good else None

    def ref_names(self) -> list[str]:
        """The names of all refs there are, published or not, or, by their logs, ought to be; what cannot be read is
        left out."""
        try:
            names = self.refs.all_names("refs/")
        except CorruptTraceError:
            names = self.refs.loose_names("refs/")
        names = sorted({*names, *(ref for ref in self.heads if ref.startswith("refs/"))})
        try:
            known = self.known.values()
        except CorruptTraceError:
            return names
        lost = [ref for ref, value in known.items() if value is not None and self.refs.has_log(ref)]
        return sorted({*names, *(ref for ref in lost if ref.startswith("refs/"))})

    # -- writing ---------------------------------------------------------------------------

    def entry(
        self,
        verb: str,
        moves: tuple[Move, ...],
        *,
        op: int = 0,
        spaces: tuple[str, ...] = ("",),
        note: str = "",
        undoes: int = 0,
    ) -> Entry:
        """The next record's entry; ``op`` is 0 for an operation of its own."""
        seq = self.journal.next_seq
        return Entry(seq, op or seq, int(self._clock() * 1000), verb, spaces, moves, note, undoes)

    def write(self, record: Record, *, sync: bool) -> None:
        """Journal a record; when this returns it is acknowledged."""
        self.journal.append(pack_record(record), sync=sync and self._sync)
        self._apply((record.entry,))
        self._note(record)

    def sync(self) -> None:
        """Make durable what was written without a sync."""
        if self._sync:
            self.journal.sync()

    def publish(self) -> None:
        """Let stock git see everything, then checkpoint and consolidate when it is time."""
        if self.pending:
            self.sync()
            self.publisher.publish(self.pending)
            self._settle()
        if self.publisher.due():
            self.publisher.checkpoint()
        if self.publisher.crowded():
            self.publisher.consolidate()

    def _settle(self) -> None:
        self.pending = []
        self.heads = {}
        self._trim_overlay(_OVERLAY_BYTES)

    def _trim_overlay(self, most: int) -> None:
        """Let go of published objects once all of the overlay is over ``most`` bytes."""
        if self._overlay_bytes > most:
            self.objects.overlay = {oid: typed for record in self.pending for oid, typed in record.objects.items()}
            self._overlay_bytes = sum(len(data) for _, data in self.objects.overlay.values())

    # -- finishing what others began -------------------------------------------------------

    def _finish(self) -> None:
        self.refresh()
        restarted = not self.journal.same_boot  # looked at under the lock: another process may have been here
        synced = self.known.synced_packs()
        lost = self.journal.check_tail().lost
        if self.pending:
            self.journal.rewrite()  # who wrote them may have died, or given up, because they could not be synced
        if restarted:
            journaled = [oid for record in self.pending for oid in record.objects]
            for name in recover.set_aside_torn_packs(self.folder, synced, journaled):
                self._warn(f"{name} was torn by a power loss and set aside; what was acknowledged is in the journal")
        self._replay()
        if restarted:
            self._mend(lost)
        self._erase()
        recover.tidy(self.folder, self.refs, synced=synced if restarted else None)

    def settle(self) -> None:
        """With the lock held: finish what a process that died had begun to erase, where objects were removed."""
        if self._shaken:
            self._shaken = False
            self._erase()

    def _erase(self) -> None:
        if os.path.exists(recover.erasing(self.folder)):
            for ref in self._finish_erasing(self):
                self._warn(f"{ref} was moved by another program meanwhile and may hold what was redacted: redact again")

    def _replay(self) -> None:
        """Publish what was acknowledged, but leave a ref that a user moved meanwhile where the user put it."""
        if not self.pending:
            return
        moved = recover.moved_by_others(self.refs, self.pending)
        self.publisher.publish(self.pending, skip=frozenset(move.ref for move in moved))
        self._settle()
        tips = [move.old for move in moved if is_id(move.old)]  # ours, which the user's move leaves aside: kept
        keeps = [Move(f"refs/trace/keep/{self.journal.next_seq + at}", None, tip) for at, tip in enumerate(tips)]
        self._record("external", tuple(moved))
        self._record("keep", tuple(keeps))

    def _record(self, verb: str, moves: tuple[Move, ...]) -> None:
        if moves:
            self.write(Record(self.entry(verb, moves)), sync=True)
            self.publisher.publish(self.pending)
            self._settle()

    def _mend(self, lost: int) -> None:
        """After a restart: give refs that are garbage, or lead to nothing, their last good value."""
        present: dict[str, str | None] = {}
        for ref in ["HEAD", *self.refs.all_names("refs/")]:
            try:
                present[ref] = self.refs.read(ref)
            except CorruptTraceError:
                present[ref] = None
        moves = tuple(recover.mend_refs(self.refs, self.objects, self.known, present))
        self._record("recover", moves)
        if lost or moves:
            names = ", ".join(move.ref for move in moves) or "every branch"
            self._warn(f"after a power loss {lost} unsynced commits are gone; {names} is at its last durable commit")
        self.publisher.checkpoint(force=True)  # a new generation: what was lost may not stand behind new records


def _moved(entry: Entry) -> Iterator[str]:
    """The refs that an entry is about, but for those that it only saw for the first time."""
    return (move.ref for move in entry.moves if entry.verb != "external" or move.old is not None)


def _journal(folder: str, writable: bool) -> Journal:
    if writable:
        layout.adopt(folder)
    elif not layout.ours(folder):
        return NoJournal()
    return Journal(os.path.join(folder, "trace", "journal"), readonly=not writable)
