"""The store: one open trace behind a single door. Threads, forks, bursts and batches are its affair.

Reading (see ``reading``) overlays what is journaled and not yet published, and never waits. Writing happens in
``transaction``: lock, look, collect, write one journal record, then publish at once or with its neighbours.
It knows commits and refs, not messages.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from ..errors import LockedError, StateError, StorageError, TraceError
from ..model import Author
from . import commits, files, layout, lifetime
from .batches import Batch
from .connection import Connection
from .footing import Footing
from .foreign import LockWatch
from .publish import LARGE
from .reading import Reading
from .records import Record
from .transaction import Transaction

GROUP = 256  # records published together
GROUP_SECONDS = 0.05  # the longest that stock git may lag behind
_MANY = 5_000  # objects: from here on they are weighed, see ``Publisher.place_large``
SINGLE = 16  # appends of a burst that are published one by one


class Store(Reading):
    """An open trace. ``folder`` is the git directory; ``warnings`` gathers what went wrong without failing a verb."""

    def __init__(self, folder: str, *, durability: str, committer: Author, clock: Callable[[], float]) -> None:
        with files.storing(f"{folder} cannot be opened"):
            super().__init__(folder, layout.shallow(folder))
            self.writable = layout.check(folder) and os.access(folder, os.W_OK)
        self.durability = durability
        self.committer = commits.fit(committer)
        self.warnings: list[str] = []
        self._clock = clock
        self._batch = Batch()
        self._burst = 0
        self._last_append, self._last_seq = 0.0, 0
        self._others = 0  # records that other processes wrote between the last two of this one
        self._timer: threading.Timer | None = None
        self._closed = False
        self._users = 1  # handles that are to close it; the last one does
        self._forked = False
        self._connect()
        self._epoch = self._on.epoch
        self._footing = Footing()
        lifetime.watch(self)

    def _connect(self) -> None:
        with files.storing(f"{self.folder} cannot be opened"):
            self._on = Connection.opened(
                self.folder,
                writable=self.writable,
                durability=self.durability,
                clock=self._clock,
                warn=self.warnings.append,
                erase=_erase,
            )

    def _alive(self) -> Connection:
        if self._closed:
            raise StateError("this trace was closed", hint="open it again with Repo.open()")
        if self._forked:
            self._forked = False
            self._connect()
        return self._on

    def reopen(self) -> None:
        """Let go of every file and open them anew: they were mended."""
        with self._mutex:
            self._alive().close()
            self._connect()

    def refresh(self) -> None:
        """Bring this handle up to date; reading verbs call it once, so that one answer is of one moment."""
        with self._mutex, files.storing("the journal cannot be read"):
            self._alive()
            self._look()

    def _look(self) -> None:
        """See what others did; where objects were removed, let go of what is remembered of them."""
        self._on.refresh()
        if self._on.epoch != self._epoch:
            self._epoch = self._on.epoch
            self._folders.clear()
            self._commits.clear()
            self._footing.shake()
            self._shaken = time.monotonic()
            self._batch.op, self._batch.refs = 0, frozenset()
        if self._on.lock.held:
            self._on.settle()

    def now(self) -> int:
        """The present time in whole seconds; git can write down none before 1970."""
        return max(int(self._clock()), 0)

    # -- writing ---------------------------------------------------------------------------

    @contextmanager
    def transaction(self, verb: str, refs: Sequence[str], *, spaces: tuple[str, ...] = ("",)) -> Iterator[Transaction]:
        """Lock ``refs``, let the block collect, write it all or nothing.

        When the block has ended the operation is acknowledged: with durability "full" and outside ``batch``
        it survives a power loss. An exception in the block, or a block that moves no ref, writes nothing.
        What is to be told of what was done is read in the block, where reading finds what was collected: once the
        lock is released another program may take away what it was made from.
        """
        with self._mutex:
            self._alive()
            self._check_writable()
            with files.storing("the trace cannot be locked"):
                values = self._begin(sorted(refs))
            transaction = Transaction(verb, values, self._number, self.tree, self._claim)
            try:
                with self._finding(transaction):
                    yield transaction
                if transaction.moves:
                    self._commit(transaction, spaces)
            except BaseException:
                with suppress(OSError):  # the error in flight is the one to tell
                    self._end(transaction.locked)
                raise
            with files.storing("the trace cannot be unlocked"):
                self._end(transaction.locked)

    @property
    def was_shaken(self) -> bool:
        """Whether objects were removed since this handle was opened."""
        return self._footing.shaken

    def _number(self) -> int:
        """The number of the operation that the next record belongs to."""
        return self._batch.op or self._on.journal.next_seq

    def _part_batch(self, refs: Sequence[str]) -> None:
        """Let a batch go on as a further operation where another one has moved its refs: so both can be undone."""
        batch = self._batch
        if batch.op and self._on.overtaken(batch.op, batch.refs.union(refs)):
            batch.parted()

    def _check_writable(self) -> None:
        if self.writable:
            return
        if layout.check(self.folder):
            raise StorageError(f"{self.folder} is read-only", hint="check the permissions; reading verbs still work")
        raise StateError(
            f"{self.folder} belongs to a work tree and can only be read", hint="`git clone --bare` makes one to write"
        )

    def _begin(self, refs: Sequence[str]) -> dict[str, str | None]:
        """Take the trace's lock and git's lock of each ref; the values of the refs."""
        on = self._on
        watches: dict[str, LockWatch] = {}
        on.lock.acquire()
        try:
            self._look()
            while (blocked := next((ref for ref in refs if not self._try_lock(ref)), None)) is not None:
                self._end(refs)  # let others of ours work while a stranger holds that ref
                watch = watches.setdefault(blocked, LockWatch(on.refs.path(blocked) + ".lock", self.folder))
                watch.wait()
                on.lock.acquire()
                watch.take_over()
                self._look()
            self._others = on.journal.next_seq - self._last_seq
            values = {ref: self._on.locked_value(ref) for ref in refs}
            self._part_batch(refs)
            return values
        except BaseException:
            if on.lock.held:
                with suppress(OSError):
                    self._end(refs)
            raise

    def _try_lock(self, ref: str) -> bool:
        return ref in self._on.heads or self._on.refs.try_lock(ref)

    def _claim(self, ref: str) -> str | None:
        """Lock one more ref inside a transaction, without waiting for strangers."""
        with files.storing(f"{ref} cannot be locked"):
            if not self._try_lock(ref):
                raise LockedError(f"{ref} is locked by another program", hint="wait for it to finish, then try again")
            return self._on.locked_value(ref)

    def _end(self, refs: Sequence[str]) -> None:
        """Let go of locks that no pending record needs, and of the trace's."""
        on = self._on
        try:
            for ref in refs:
                if ref not in on.heads and on.refs.owns(on.refs.path(ref) + ".lock"):
                    on.refs.unlock(ref)
        finally:
            if on.pending:
                self._arm_timer()
            on.lock.release()

    def _commit(self, transaction: Transaction, spaces: tuple[str, ...]) -> None:
        on, objects = self._on, transaction.objects
        self._footing.check(transaction, on.objects)
        large: tuple[str, ...] = ()
        if any(len(data) > LARGE for _, data in objects.values()) or len(objects) > _MANY:
            with files.storing("a large message could not be written"):
                large = on.publisher.place_large(objects)
        batch, self._wrote.commits = self._batch, transaction.commits
        entry = on.entry(
            transaction.verb,
            transaction.moves,
            op=batch.op,
            spaces=spaces,
            note=transaction.note or batch.note,
            undoes=transaction.undoes,
        )
        on.write(Record(entry, objects, large), sync=not batch.depth)
        if batch.depth:
            batch.begun(entry.op, frozenset(move.ref for move in transaction.moves), spaces, self.folder)
        for oid, folder in transaction.folders.items():
            self._keep_folder(oid, folder)
        for name, commit in transaction.commits.items():
            self._keep_commit(name, commit)
        if self._publish_now(transaction.verb):
            self._publish_quietly()

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """The trace's lock, with everything published: for what concerns all of it. Others wait meanwhile."""
        with self._mutex, files.storing("the trace cannot be rewritten"):
            on = self._alive()
            self._check_writable()
            if self.in_batch:
                raise StateError("not inside a batch", hint="leave the batch first")
            on.lock.acquire()
            try:
                self._look()
                on.publish()
                yield on
            finally:
                if on.pending:
                    self._arm_timer()
                on.lock.release()

    def _publish_now(self, verb: str) -> bool:
        """At human pace at once; in a batch or a long burst of appends in groups, never later than 50 ms.

        The pace is that of all processes together: of many that write at once each waits for the others.
        """
        now, on = time.monotonic(), self._on
        written = self._others + 1
        self._burst = self._burst + written if now - self._last_append < GROUP_SECONDS * written else 1
        self._last_append, self._last_seq = now, on.journal.next_seq
        if len(on.pending) >= GROUP or now - on.first_pending > GROUP_SECONDS:
            return True
        return not (self._batch.depth or (verb == "append" and self._burst > SINGLE))

    def _publish_quietly(self) -> None:
        """Publish; once acknowledged, a failure to do so is a warning. The next opportunity tries again."""
        try:
            self._on.publish()
        except (OSError, TraceError) as error:
            self.warnings.append(f"acknowledged, but not yet visible to stock git: {error}")

    def _arm_timer(self, seconds: float = GROUP_SECONDS) -> None:
        if self._timer is None:
            self._timer = threading.Timer(seconds, self._flush_later)  # keeps a dropped store alive until then
            self._timer.daemon = True
            self._timer.start()

    @contextmanager
    def batch(self, note: str = "") -> Iterator[None]:
        """Commits inside are one operation and are synced together, every 256 and at the end; ``note`` is its name.

        Where another operation moves the same refs in between, what follows is a further one.

        Not a transaction: an exception keeps what was committed. A batch inside a batch does nothing of its own.
        """
        with self._mutex:
            self._alive()
            self._check_writable()
        batch = self._batch
        batch.depth += 1
        batch.note = batch.note or note
        try:
            yield
        except BaseException:
            batch.broken_off()
            raise
        finally:
            batch.depth -= 1
            if not batch.depth:
                batch.parted()
                if batch is self._batch:  # a child that was forked inside has a batch of its own: none
                    batch.unmark()
                    self.flush()

    @property
    def in_batch(self) -> bool:
        """Whether this thread is inside ``batch``."""
        return self._batch.depth > 0

    def flush(self) -> None:
        """Make everything durable as promised and visible to stock git."""
        with self._mutex:
            if self._closed or self._forked or not self.writable:
                return
            with files.storing("the trace cannot be flushed"):
                self._on.lock.acquire()
                try:
                    self._look()
                    self._on.sync()
                    self._publish_quietly()
                finally:
                    self._on.lock.release()

    def _flush_later(self) -> None:
        with self._mutex, suppress(TraceError):
            self._timer = None
            wait = 0.0 if self._closed or self._forked else self._group_ends() - time.monotonic()
            if wait > GROUP_SECONDS / 10:  # the group it was set for is published, a younger one is growing
                self._arm_timer(wait)
            else:
                self.flush()

    def _group_ends(self) -> float:
        """When the pending records must be published, by the monotonic clock; 0 when there are none."""
        return self._on.first_pending + GROUP_SECONDS if self._on.pending else 0.0

    # -- the end ---------------------------------------------------------------------------

    def share(self) -> Store:
        """The same store for one more handle that will close it."""
        with self._mutex:
            self._alive()
            self._users += 1
        return self

    def close(self) -> None:
        """Flush; the last one who shares it also checkpoints and closes. Closing twice is harmless."""
        with self._mutex:
            self._users -= 1
            if self._users > 0:
                self.flush()
            else:
                self.end()

    def end(self) -> None:
        """Checkpoint and close, whoever still shares it."""
        with self._mutex:
            if self._closed:
                return
            try:
                if self.writable and not self._forked:
                    self._checkpoint()
            finally:
                self._closed = True
                self._stop()

    def _checkpoint(self) -> None:
        on = self._on
        try:
            on.lock.acquire()
            try:
                self._look()
                on.publish()
                on.publisher.checkpoint(shrink=True)
            finally:
                on.lock.release()
        except (OSError, TraceError) as error:
            self.warnings.append(f"closed without a checkpoint; the next opening finishes it: {error}")

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._forked:
            self._on.close()

    def after_fork(self) -> None:
        """In a forked child: forget what the parent has pending and let go of its files; reopen at the next use."""
        self._mutex = threading.RLock()
        self._timer = None
        self._batch.part_with_mark()
        self._batch = Batch()
        if not self._closed and not self._forked:
            self._on.close()
            self._forked = True


def _erase(on: Connection) -> list[str]:
    from . import erase  # costs start-up time, and is rarely needed

    return erase.finish(on)
