"""The one lock of a trace: ``flock`` on ``trace/lock``, freed by the kernel when its holder dies.

``flock`` and not ``lockf``: record locks vanish when any descriptor of the file is closed.
Taken for single appends, so waiting is short; held for long it is named with its holder.
"""

from __future__ import annotations

import fcntl
import os
import time

from ..errors import LockedError

COLLECTING = "gc"  # in trace/tmp: locked while a collection runs; its drafts have names that begin with this
_PATIENCE = 30.0  # seconds


class TraceLock:
    """Exclusive between processes and between handles; not reentrant. Threads are the caller's affair."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd = -1
        self.held = False

    def acquire(self, *, wait: bool = True) -> bool:
        """Take the lock; with ``wait=False`` answer at once. LockedError after 30 s."""
        if self._fd < 0:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        deadline, pause = 0.0, 0.0001
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not wait:
                    return False
            else:
                self.held = True
                return True
            now = time.monotonic()
            deadline = deadline or now + _PATIENCE
            if now > deadline:
                raise self._busy()
            time.sleep(pause)
            pause = min(pause * 1.5, 0.002)

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


def is_held(path: str) -> bool:
    """Whether anybody holds a ``flock`` on a file; False when there is none."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
