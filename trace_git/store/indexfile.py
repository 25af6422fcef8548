"""A database in ``trace/cache`` that may be deleted at any time: SQLite, under a checksum of the whole file.

SQLite notices when its pages do not fit together, and not when a bit of what they say has flipped. So beside the file
lies what its bytes sum up to, and what does not is begun anew. The file is never synced: what a crash left of it does
not sum up either. One process writes at a time. Where nothing can be written (a trace that is only read, a full disk, a
lock that somebody sits on) the same tables are in memory, beginning as a copy of the file. So they are for who has not
seen yet that objects were removed from the trace: what is no longer there may not come into the file again.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

from ..errors import LockedError, StorageError
from . import files

_PATIENCE = 10.0  # seconds that another process may be busy with it
_BLOCK = 1 << 20
_LOCK = ".lock"
_SETTINGS = ("journal_mode = MEMORY", "synchronous = OFF", "temp_store = MEMORY", "cache_size = -16000")

Make = Callable[[sqlite3.Connection], None]


class Opened:
    """A connection that is closed when nobody has it any more; in a forked child it is let be. Threads take turns."""

    def __init__(self, path: str) -> None:
        self._pid = os.getpid()
        self.mutex = threading.RLock()
        self.db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        for setting in _SETTINGS:
            self.db.execute(f"PRAGMA {setting}")

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a question, so that no lock outlives it. StorageError when the file broke under our hands."""
        with self.mutex:
            try:
                return self.db.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise StorageError(f"the search index cannot be read: {error}", hint="search again") from error

    @property
    def id(self) -> str:
        """Another one when the tables were begun anew: what was remembered of their row numbers is void then."""
        found: str = self.query("SELECT id FROM self")[0][0]
        return found

    def close(self) -> None:
        if self._pid == os.getpid():
            self.db.close()
        else:
            _strangers.append(self.db)  # closing it here would give up locks that the parent holds

    __del__ = close


_strangers: list[sqlite3.Connection] = []


def _rename(db: sqlite3.Connection) -> None:
    db.execute("UPDATE self SET id = ?", (os.urandom(8).hex(),))


class IndexFile:
    """``name`` in the cache folder of the trace at ``folder``. ``make`` writes the tables into an empty database.

    A file that another ``version`` wrote is begun anew. Threads take turns. ``current`` says whether all is known of
    what was removed from the trace.
    """

    def __init__(
        self, folder: str, name: str, make: Make, *, version: int, readonly: bool, current: Callable[[], bool]
    ) -> None:
        self._path = os.path.join(folder, "trace", "cache", name)
        self._scratch = os.path.join(folder, "trace", "tmp", f"{name}-{os.getpid()}")
        self._make = make
        self._version = version
        self._readonly = readonly
        self._current = current
        self._late = False  # in memory because something was removed meanwhile
        self._connection: Opened | None = None
        self._stamp: tuple[int, ...] | None = None  # of the file when it was last found sound; None in memory
        self._pid = os.getpid()
        self._mutex = threading.RLock()

    def opened(self) -> Opened:
        """The database as it is now, looked after: another process may have changed it, or somebody deleted it.

        Who goes on asking what this gives sees the same rows, and new ones, whatever becomes of the file.
        """
        with self._mutex:
            return self._opened()

    def write(self, work: Make) -> None:
        """Have ``work`` change the tables, all or nothing. It may be called a second time, on other tables."""
        with self._mutex:
            self._opened()
            if self._stamp is not None:
                try:
                    with self._locked():
                        if self._current():
                            if self._stamp != self._look():
                                self._connect()
                            self._change(work)
                            self._seal()
                            return
                    self._late = True
                    self._begin_in_memory()
                except (OSError, sqlite3.Error, LockedError):
                    self._begin_in_memory()
            self._change(work)

    def rework(self, work: Make) -> None:
        """Have ``work`` change a copy, and put that in the place of the file: who is asking it sees the same rows.

        Nothing is left of what ``work`` takes out. Where that cannot be done the file is removed.
        """
        with self._mutex:
            self.close()
            try:
                with self._locked():
                    if self._sound():
                        self._rework(work)
                        return
            except (OSError, sqlite3.Error, LockedError, StorageError):
                files.unlink(self._scratch)
            files.unlink(self._path)

    def _rework(self, work: Make) -> None:
        files.unlink(self._scratch)
        Opened(self._path).query("VACUUM INTO ?", (self._scratch,))
        self._connection = Opened(self._scratch)
        self._connection.db.execute("PRAGMA secure_delete = ON")
        self._change(work)
        self._change(_rename)
        self.close()
        files.rename_over(self._scratch, self._path)
        self._seal()

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        with self._mutex:
            self._connection, self._stamp, self._late = None, None, False

    # -- the file --------------------------------------------------------------------------

    def _opened(self) -> Opened:
        if self._pid != os.getpid():  # a forked child may not touch what its parent opened
            self._pid = os.getpid()
            self.close()
        if self._late and self._current():
            self.close()
        if self._connection is not None and (self._stamp is None or self._stamp == self._look()):
            return self._connection
        if self._readonly:
            return self._begin_in_memory()
        try:
            with self._locked():
                return self._connect()
        except (OSError, sqlite3.Error, LockedError):
            return self._begin_in_memory()

    def _connect(self) -> Opened:
        """Open the file, making it anew unless it is sound."""
        self.close()
        if not self._sound():
            files.unlink(self._path)
            files.make_folders(os.path.dirname(self._path))
            self._connection = Opened(self._path)
            self._change(self._begin)
            self._seal()
            return self._connection
        self._connection, self._stamp = Opened(self._path), self._look()
        return self._connection

    def _begin_in_memory(self) -> Opened:
        """Tables of our own, beginning with what the file has."""
        self._connection, self._stamp = Opened(":memory:"), None
        with suppress(OSError, sqlite3.Error):
            if self._sound():
                file = Opened(self._path)  # has a name: without one it would be closed before it is read
                file.db.backup(self._connection.db)
                if self._sound():
                    self._change(_rename)
                    return self._connection
            self._connection = Opened(":memory:")
        self._change(self._begin)
        return self._connection

    def _begin(self, db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE self (id TEXT)")
        db.execute("INSERT INTO self VALUES ('')")
        _rename(db)
        self._make(db)

    def _change(self, work: Make) -> None:
        assert self._connection is not None
        db = self._connection.db
        with self._connection.mutex:  # nobody sees a half of it
            db.execute("BEGIN IMMEDIATE")
            try:
                work(db)
                db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise

    def _sound(self) -> bool:
        """Whether the file sums up to what was written down, and has our version."""
        written = files.read(f"{self._path}.sum")
        return written is not None and written == self._sum()

    def _seal(self) -> None:
        """Write down what the file sums up to."""
        files.replace(f"{self._path}.sum", self._sum(), scratch=self._scratch)
        self._stamp = self._look()

    def _sum(self) -> bytes:
        total = 0
        try:
            with open(self._path, "rb") as file:
                while block := file.read(_BLOCK):
                    total = zlib.crc32(block, total)
        except FileNotFoundError:
            return b"nothing"
        return f"{self._version} {total:08x}\n".encode()

    def _look(self) -> tuple[int, ...] | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _locked(self) -> AbstractContextManager[None]:
        files.make_folders(os.path.dirname(self._path))
        return _locked(self._path + _LOCK)


@contextmanager
def _locked(path: str) -> Iterator[None]:
    """Nobody else writes the file that this lock is for. LockedError when somebody does for too long."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise LockedError(f"{path} is taken", hint="wait, then search again") from None
                time.sleep(0.005)
        yield
    finally:
        os.close(fd)


def remove_all(folder: str) -> None:
    """Remove all caches of the trace at ``folder``, once nobody is writing one of these files.

    Whoever begins to write from now on finds that objects were removed; one that is stuck is not waited for long.
    """
    above = os.path.join(folder, "trace", "cache")
    names = sorted(os.listdir(above)) if os.path.isdir(above) else []
    for name in names:
        if name.endswith(_LOCK):
            with suppress(LockedError), _locked(os.path.join(above, name)):
                pass
    for name in os.listdir(above) if names else ():
        files.unlink(os.path.join(above, name))
    if names:
        files.sync_path(above)
