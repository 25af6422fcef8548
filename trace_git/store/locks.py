"""The one lock of a trace: ``flock`` on ``trace/lock``, freed by the kernel when its holder dies.

``flock`` and not ``lockf``: record locks vanish when any descriptor of the file is closed.
Taken for single appends, so waiting is short; held for long it is named with its holder.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress

from ..errors import LockedError
from . import files

COLLECTING = "gc"  # in trace/tmp: locked while a collection runs; its drafts have names that begin with this
_PATIENCE = 30.0  # seconds
_SHORTEST, _LONGEST, _SLOWER = 0.0002, 0.01, 2  # seconds between two looks


class TraceLock:
    """Exclusive between processes and between handles; not reentrant. Threads are the caller's affair."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd = -1
        self.held = False
        self._waited = 0.0  # seconds, last time: about as long the next time, and who looks often slows who works

    def acquire(self, *, wait: bool = True) -> bool:
        """Take the lock; with ``wait=False`` answer at once. LockedError after 30 s."""
        if self._fd < 0:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        began, pause = 0.0, max(_SHORTEST, min(self._waited / 4, _LONGEST))
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not wait:
                    return False
            else:
                self.held = True
                self._waited = time.monotonic() - began if began else 0.0
                return True
            now = time.monotonic()
            began = began or now
            if now > began + _PATIENCE:
                raise self._busy()
            time.sleep(pause)
            pause = min(pause * _SLOWER, _LONGEST)

    def release(self) -> None:
        self.held = False
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close without unlocking: in a forked child LOCK_UN would drop the parent's lock."""
        self.held = False
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    __del__ = close

    def _busy(self) -> LockedError:
        pid = _holder(os.fstat(self._fd).st_ino)
        who = f"process {pid}" if pid else "another process"
        return LockedError(
            f"{self._path} has been held by {who} for over {_PATIENCE:.0f} s",
            hint=f"wait for {who} to finish, or stop it, then run the command again",
        )


def held_file(path: str, data: bytes) -> int:
    """Make a file with ``data`` and hold a ``flock`` on it; its descriptor. No file is left when that fails."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)  # who looks whether it is held has it for a moment
        files.write_all(fd, data)
    except BaseException:
        with suppress(OSError):
            files.unlink(path)
        os.close(fd)
        raise
    return fd


def is_held(path: str) -> bool:
    """Whether anybody holds it exclusively, by ``flock``; False when there is no such file. May be asked by many at
    once, and where nothing can be written."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _holder(inode: int) -> int | None:
    """The pid that holds a flock on ``inode``, from /proc/locks; None where the system does not tell."""
    try:
        with open("/proc/locks", encoding="ascii") as lines:
            for line in lines:
                words = line.split()
                if "FLOCK" in words and words[-3].rpartition(":")[2] == str(inode):
                    return int(words[4])
    except (OSError, ValueError, IndexError):
        return None
    return None
