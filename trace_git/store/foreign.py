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

    def step(self) -> None:
        """Remove the lock if its holder is dead, else wait a little; LockedError when patience ends."""
        now = time.monotonic()
        print_ = _print_of(self._lock)
        if print_ is None:
            return
        if print_ != self._seen:
            self._seen, self._since = print_, now
        quiet = now - self._since
        pid = _user_of(self._trace) if quiet >= _QUIET or now - self._start > _PATIENCE else None
        listed = sys.platform.startswith("linux")
        if quiet >= (_QUIET if listed else _QUIET_UNSEEN) and pid is None and _print_of(self._lock) == self._seen:
            files.unlink(self._lock)
            return
        if now - self._start > _PATIENCE:
            age = max(0.0, time.time() - print_[1] / 1e9)
            who = f", perhaps by process {pid}" if pid else ""
            raise LockedError(
                f"{self._lock} is held{who} (it is {age:.0f} s old)",
                hint="wait for that program; if none is running, delete the file",
            )
        time.sleep(0.02)


def _print_of(path: str) -> tuple[int, int, int] | None:
    try:
        info = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return info.st_ino, info.st_mtime_ns, info.st_size


def _user_of(trace: str) -> int | None:
    """A process other than this one whose folder, arguments or GIT_DIR lie in the trace, or None."""
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return None
    for pid in pids:
        if pid != os.getpid() and _uses(pid, trace):
            return pid
    return None


def _uses(pid: int, trace: str) -> bool:
    try:
        cwd = os.readlink(f"/proc/{pid}/cwd")
        arguments = files.read(f"/proc/{pid}/cmdline") or b""
        environment = files.read(f"/proc/{pid}/environ") or b""
    except OSError:
        return False
    words = [os.fsdecode(word) for word in arguments.split(b"\0")]
    words += [os.fsdecode(word)[8:] for word in environment.split(b"\0") if word.startswith(b"GIT_DIR=")]
    program = os.path.basename(words[0]) if words else ""
    if cwd == trace or cwd.startswith(trace + os.sep):
        return True
    return program.startswith("git") and any(_names(word, cwd, trace) for word in words[1:])


def _names(word: str, cwd: str, trace: str) -> bool:
    value = word.rpartition("=")[2]
    path = os.path.realpath(os.path.join(cwd, value)) if value else ""
    return path == trace or path.startswith(trace + os.sep)
