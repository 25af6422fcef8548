"""Watching, counting and breaking the file-system calls of code under test.

``Watch`` patches the functions of ``os`` for one folder and hands each call to a plan: ``Note`` writes them down,
``Kill`` ends the process at one of them, ``Fail`` makes one or more of them fail. Code that changes files by other
ways than ``os`` (subprocesses, ``open``) is not seen.
"""

from __future__ import annotations

import builtins
import errno
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

_PATHS = {
    "rename": (0, 1), "replace": (0, 1), "link": (0, 1), "symlink": (1,), "unlink": (0,), "remove": (0,),
    "mkdir": (0,), "rmdir": (0,), "utime": (0,), "chmod": (0,), "truncate": (0,),
}  # fmt: skip
_WRITES = ("write", "pwrite", "writev", "pwritev")
_FDS = (*_WRITES, "fsync", "fdatasync", "ftruncate", "posix_fallocate", "sendfile", "copy_file_range")
_READS = ("stat", "lstat", "listdir", "scandir", "pread", "readlink")

REAL: dict[str, Callable[..., Any]] = {
    name: getattr(os, name) for name in (*_PATHS, *_FDS, *_READS, "open", "fstat", "lseek")
}
_REAL_OPEN = builtins.open


@dataclass(frozen=True, slots=True)
class Call:
    """One call on the watched folder. ``size`` counts the bytes of a write; ``grows`` says that it needs new space."""

    name: str
    paths: tuple[str, ...]
    args: tuple[Any, ...]
    size: int = 0
    changes: bool = True
    grows: bool = False

    def __str__(self) -> str:
        size = f", {self.size} bytes" if self.size else ""
        return f"{self.name}({', '.join(self.paths)}{size})"


class Plan(Protocol):
    """What happens around each call; ``before`` may raise or not return at all."""

    def before(self, call: Call) -> None: ...

    def after(self, call: Call, result: Any) -> None: ...


class Watch:
    """While active, calls of ``os`` functions on files below ``root`` go by ``plan``; with ``reads`` all of them."""

    def __init__(self, root: Path, plan: Plan, *, reads: bool = False) -> None:
        self._root = os.path.realpath(root)
        self._plan = plan
        self._reads = reads
        self._lock = threading.RLock()

    def __enter__(self) -> Watch:
        names = ["open", *_PATHS, *_FDS, *(_READS if self._reads else ())]
        for name in names:
            setattr(os, name, self._wrapped(name))
        if self._reads:
            setattr(builtins, "open", self._wrapped("io.open"))  # noqa: B010
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, real in REAL.items():
            setattr(os, name, real)
        builtins.open = _REAL_OPEN

    def _wrapped(self, name: str) -> Callable[..., Any]:
        real = _REAL_OPEN if name == "io.open" else REAL[name]

        def call_by_plan(*args: Any, **options: Any) -> Any:
            call = self._describe(name, args)
            if call is None:
                return real(*args, **options)
            with self._lock:
                self._plan.before(call)
                result = real(*args, **options)
                self._plan.after(call, result)
                return result

        return call_by_plan

    def _describe(self, name: str, args: tuple[Any, ...]) -> Call | None:
        if name in ("open", "io.open"):
            return self._describe_open(name, args)
        if name in _READS and (not args or name == "pread"):
            places = (self._below(args[0]),) if args else ()
            return Call(name, places, args, changes=False) if places and places[0] is not None else None  # type: ignore[arg-type]
        paths = [self._below(args[at]) for at in _PATHS.get(name, (0,))]
        known = tuple(path for path in paths if path is not None)
        if not known:
            return None
        size = _size_of(args[1]) if name in _WRITES else 0
        return Call(name, known, args, size, name not in _READS, _grows(name, args, size))

    def _describe_open(self, name: str, args: tuple[Any, ...]) -> Call | None:
        path = self._below(args[0])
        if path is None:
            return None
        flags = args[1] if name == "open" else 0
        new = bool(flags & os.O_CREAT) and not _exists(args[0])
        changes = new or bool(flags & os.O_TRUNC)
        return Call(name, (path,), args, 0, changes, new) if changes or self._reads else None

    def _below(self, place: Any) -> str | None:
        """``place`` (a path or descriptor) relative to the root, or None when it is elsewhere."""
        try:
            path = (
                REAL["readlink"](f"/proc/self/fd/{place}")
                if isinstance(place, int)
                else os.path.abspath(os.fsdecode(place))
            )
        except OSError:
            return None
        folder = self._root + os.sep
        if path == self._root:
            return "."
        return path[len(folder) :] if path.startswith(folder) else None


def _exists(path: Any) -> bool:
    try:
        REAL["lstat"](path)
    except OSError:
        return False
    return True


def _size_of(data: Any) -> int:
    return sum(len(part) for part in data) if isinstance(data, list | tuple) else len(data)


def _grows(name: str, args: tuple[Any, ...], size: int) -> bool:
    if name == "pwrite":
        return bool(args[2] + size > REAL["fstat"](args[0]).st_size)
    return name in ("write", "writev", "posix_fallocate", "mkdir", "link", "symlink", "rename", "replace", "fsync")


class Note:
    """Writes the calls down."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def before(self, call: Call) -> None:
        self.calls.append(call)

    def after(self, call: Call, result: Any) -> None:
        pass


class Kill:
    """SIGKILLs its own process in place of changing call number ``at`` (from 1), or in the middle of its write."""

    def __init__(self, at: int, *, half: bool = False) -> None:
        self._left = at
        self._half = half

    def before(self, call: Call) -> None:
        if not call.changes:
            return
        self._left -= 1
        if self._left:
            return
        if self._half and call.name in ("write", "pwrite"):
            fd, data, *rest = call.args
            REAL[call.name](fd, bytes(data)[: call.size // 2], *rest)
        os.kill(os.getpid(), signal.SIGKILL)

    def after(self, call: Call, result: Any) -> None:
        pass


_CREATING = ("mkdir", "link", "symlink", "rename", "replace", "unlink", "remove", "rmdir", "truncate", "utime", "chmod")


def may_fail(call: Call, code: int) -> bool:
    """Whether a real system could answer ``call`` with the errno ``code``."""
    if code in (errno.ENOSPC, errno.EDQUOT):
        return call.grows
    if code in (errno.EMFILE, errno.ENFILE):
        return call.name in ("open", "io.open", "scandir", "listdir")
    if code in (errno.EROFS, errno.EACCES, errno.EPERM):
        by_path = call.name in ("open", *_CREATING)
        return (
            by_path if call.changes else code == errno.EACCES and call.name in ("open", "io.open", "listdir", "scandir")
        )
    return True


class Fail:
    """Fails the ``at``-th call that can fail with ``code``: that one only, or with ``stays`` all until ``lift``."""

    def __init__(self, at: int, code: int, *, stays: bool = False) -> None:
        self._at = at
        self._code = code
        self._stays = stays
        self._seen = 0
        self._lifted = False
        self.hit: Call | None = None

    def lift(self) -> None:
        self._lifted = True

    def before(self, call: Call) -> None:
        if self._lifted or not may_fail(call, self._code):
            return
        self._seen += 1
        if self._seen == self._at or (self._stays and self._seen > self._at):
            self.hit = self.hit or call
            raise OSError(self._code, os.strerror(self._code), call.paths[0])

    def after(self, call: Call, result: Any) -> None:
        pass
