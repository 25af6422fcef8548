"""Locks of strangers: when a ``*.lock`` that is not ours may be taken over, and when it must be waited for.

A lock file does not say who holds it, and git may hold one with no descriptor open. So it is taken over only
when it has not changed for a while and no running process has anything to do with this trace.
"""

from __future__ import annotations

import os
import sys
import time

from ..errors import LockedError
from . import files

_QUIET = 2.0  # seconds without change before a lock of a dead process is taken over
_QUIET_UNSEEN = 60.0  # where the system does not list processes
_PATIENCE = 10.0  # seconds to wait for a live one


class LockWatch:
    """Watches one foreign lock file; asked again and again while the caller waits."""

    def __init__(self, lock: str, trace: str) -> None:
        self._lock = lock
        self._trace = os.path.realpath(trace)
        self._since = self._start = time.monotonic()
        self._seen = _print_of(lock)
        self._dead = False

    def wait(self) -> None:
        """Wait a little, without the trace's lock, and judge; LockedError when patience ends."""
        now = time.monotonic()
        found = _print_of(self._lock)
        if found != self._seen:
            self._seen, self._since = found, now
        if found is None:
            return
        needed = _QUIET if sys.platform.startswith("linux") else _QUIET_UNSEEN
        late = now - self._start > _PATIENCE
        pid = _user_of(self._trace) if late or now - self._since >= needed else None
        self._dead = now - self._since >= needed and pid is None
        if late and not self._dead:
            age = max(0.0, time.time() - found[1] / 1e9)
            who = f", perhaps by process {pid}" if pid else ""
            raise LockedError(
                f"{self._lock} is held{who} (it is {age:.0f} s old)",
                hint="wait for that program; if none is running, delete the file",
            )
        time.sleep(0.02)

    def take_over(self) -> None:
        """Remove the lock if its holder was found dead. The caller has the trace's lock: no two do this at once."""
        if self._dead and _print_of(self._lock) == self._seen:
            files.unlink(self._lock)
        self._dead = False


def _print_of(path: str) -> tuple[int, int, int] | None:
    try:
        info = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return info.st_ino, info.st_mtime_ns, info.st_size


def _user_of(trace: str) -> int | None:
    """A process that has its folder, an argument or its GIT_DIR in the trace, or None.

    Processes of ours are not meant, whatever they were started with: they have the trace's lock file open, and
    their locks are known by their inode.
    """
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return None
    return next((pid for pid in pids if pid != os.getpid() and _uses(pid, trace) and not _is_ours(pid, trace)), None)


def _uses(pid: int, trace: str) -> bool:
    cwd = _link(f"/proc/{pid}/cwd")
    words = [os.fsdecode(word) for word in _read(f"/proc/{pid}/cmdline").split(b"\0")]
    environment = _read(f"/proc/{pid}/environ").split(b"\0")
    words += [os.fsdecode(word)[8:] for word in environment if word.startswith(b"GIT_DIR=")]
    return _inside(cwd, trace) or any(_names(word, cwd, trace) for word in words)


def _is_ours(pid: int, trace: str) -> bool:
    own = os.path.join(trace, "trace", "lock")
    try:
        return any(_link(f"/proc/{pid}/fd/{name}") == own for name in os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return False


def _names(word: str, cwd: str, trace: str) -> bool:
    value = word.rpartition("=")[2]
    return bool(value) and len(value) < 4096 and _inside(os.path.realpath(os.path.join(cwd, value)), trace)


def _inside(path: str, trace: str) -> bool:
    return path == trace or path.startswith(trace + os.sep)


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _read(path: str) -> bytes:
    try:
        return files.read(path) or b""
    except OSError:
        return b""
