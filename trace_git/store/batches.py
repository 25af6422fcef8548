"""Batches that are under way: what a thread remembers of its own, and a file that says so to others.

Each commit of a batch is acknowledged by itself, and no record says that it is the last. So while a batch lasts there
is ``trace/batches/<operation>``, which its process has locked with ``flock``: the kernel frees that when the process
ends. A file that nobody has locked is of a batch that was cut off; one that is empty says nothing, for it is written
after it was locked, and emptied before it is removed. It is a hint and no more: it is not synced, and a program goes on
when it cannot be written.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress

from . import files, locks


class Batch(threading.local):
    """How deep a thread is in ``batch()``, the number of that operation (0 before its first record), what it moved."""

    depth = 0
    op, note = 0, ""
    refs: frozenset[str] = frozenset()
    mark: Mark | None = None

    def begun(self, op: int, refs: frozenset[str], spaces: tuple[str, ...], folder: str) -> None:
        """The operation ``op`` has one more record."""
        if op != self.op:
            self.unmark()
            self.mark = Mark(folder, op, spaces)
        self.op, self.refs = op, self.refs.union(refs)

    def parted(self) -> None:
        """What follows is a further operation."""
        self.op, self.note, self.refs = 0, "", frozenset()

    def unmark(self) -> None:
        """It has not been cut off."""
        if self.mark is not None:
            self.mark.remove()
        self.mark = None

    def broken_off(self) -> None:
        """An exception ends it. A program knows it of its own batch; one with a name is a verb that did not end."""
        if self.note and self.depth == 1:
            self.part_with_mark()

    def part_with_mark(self) -> None:
        """Leave it to say that the batch was cut off: now, or, in a forked child, when the parent ends."""
        if self.mark is not None:
            self.mark.let_go()
        self.mark = None


class Mark:
    """The file of one batch, locked by this process until ``remove``, or until the process ends."""

    _fd = -1

    def __init__(self, folder: str, op: int, spaces: tuple[str, ...]) -> None:
        self._path = os.path.join(_folder(folder), str(op))
        with suppress(OSError):
            text = "".join(f"{space}\n" for space in spaces).encode()
            files.make_folders(os.path.dirname(self._path))
            for old in sorted(_cut(folder)):
                if files.read(os.path.join(_folder(folder), str(old))) == text:
                    files.unlink(os.path.join(_folder(folder), str(old)))  # the same agents have gone on since
            self._fd = locks.held_file(self._path, text)

    def remove(self) -> None:
        if self._fd >= 0:
            with suppress(OSError):
                os.ftruncate(self._fd, 0)  # says nothing any more, also where it cannot be removed
                files.unlink(self._path)
            self.let_go()

    def let_go(self) -> None:
        """Close it without unlocking: in a forked child the lock is the parent's."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    __del__ = let_go


def cut(folder: str) -> frozenset[int]:
    """The operations that were batches and were cut off: whoever wrote them has ended, and had not finished."""
    try:
        return frozenset(_cut(folder))
    except OSError:
        return frozenset()


def _cut(folder: str) -> list[int]:
    try:
        names = os.listdir(_folder(folder))
    except FileNotFoundError:
        return []
    marks = {int(name): os.path.join(_folder(folder), name) for name in names if name.isdecimal()}
    # written, so it was locked; locked no more; and not emptied in between
    return [op for op, path in marks.items() if files.read(path) and not locks.is_held(path) and files.read(path)]


def _folder(folder: str) -> str:
    return os.path.join(folder, "trace", "batches")
