"""The pen: the few ways in which bytes reach a disk.

Every change to a trace's files is made by these functions (and by ``journal``, which
writes in place). They call ``os`` directly, so that what reaches the disk, and in which
order, can be watched and interrupted. Nothing here knows git.
"""

from __future__ import annotations

import errno
import os

from ..errors import StorageError

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class storing:  # reads as a word: ``with storing("…"):``
    """Turns an ``OSError`` inside the block into a StorageError that says what was being done."""

    __slots__ = ("_what",)

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise storage_error(self._what, error) from error


def storage_error(what: str, error: OSError) -> StorageError:
    reason = error.strerror or str(error)
    where = f" ({error.filename})" if isinstance(error.filename, str) else ""
    hints = {
        errno.ENOSPC: "free some disk space and run the command again; nothing was lost",
        errno.EDQUOT: "free some disk space and run the command again; nothing was lost",
        errno.EACCES: "check the permissions of the trace's folder",
        errno.EPERM: "check the permissions of the trace's folder",
        errno.EROFS: "the file system is read-only; reading verbs still work",
        errno.EMFILE: "close some files or raise the limit with `ulimit -n`",
    }
    return StorageError(
        f"{what}: {reason}{where}", hint=hints.get(error.errno or 0, "check the disk, then run it again")
    )


def write_all(fd: int, data: bytes | memoryview) -> None:
    """Write all of ``data`` at the descriptor's position."""
    written = os.write(fd, data)
    while written < len(data):
        data = memoryview(data)[written:]
        written = os.write(fd, data)


def pwrite_all(fd: int, data: bytes | memoryview, offset: int) -> None:
    """Write all of ``data`` at ``offset``."""
    written = os.pwrite(fd, data, offset)
    while written < len(data):
        data = memoryview(data)[written:]
        offset += written
        written = os.pwrite(fd, data, offset)


def create(path: str, data: bytes, *, sync: bool = False, mode: int = 0o666) -> None:
    """Make a new file with ``data``; FileExistsError when the name is taken. ``mode`` is narrowed by the umask."""
    fd = os.open(path, _NEW, mode)
    try:
        write_all(fd, data)
        if sync:
            os.fsync(fd)
    finally:
        os.close(fd)


def replace(path: str, data: bytes, *, scratch: str, sync: bool = False) -> None:
    """Give ``path`` the content ``data`` in one step: readers see the old bytes or the new, never a part.

    ``scratch`` is a name on the same file system; it is used up.
    """
    unlink(scratch)
    create(scratch, data, sync=sync)
    rename_over(scratch, path)


def rename_over(source: str, target: str) -> None:
    """Rename, making the target's folder, or removing an empty folder in its way, where needed."""
    try:
        os.replace(source, target)
    except FileNotFoundError:
        make_folders(os.path.dirname(target))
        os.replace(source, target)
    except (IsADirectoryError, FileExistsError):
        remove_empty_folders(target)
        os.replace(source, target)


def append(path: str, data: bytes) -> None:
    """Append ``data`` in one write, making the file and its folder, or removing an empty folder in its way."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    try:
        fd = os.open(path, flags, 0o666)
    except FileNotFoundError:
        make_folders(os.path.dirname(path))
        fd = os.open(path, flags, 0o666)
    except IsADirectoryError:
        remove_empty_folders(path)
        fd = os.open(path, flags, 0o666)
    try:
        write_all(fd, data)
    finally:
        os.close(fd)


def unlink(path: str) -> bool:
    """Remove a file; False when it was not there (a folder is none)."""
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # which one it is for a folder differs between systems
        if os.path.isdir(path):
            return False
        raise
    return True


def make_folders(path: str) -> None:
    """``mkdir -p`` that tolerates another process doing the same; NotADirectoryError when a file is in its way."""
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path)
    if parent and parent != path:
        make_folders(parent)
    try:
        os.mkdir(path)
    except FileExistsError as error:
        if not os.path.isdir(path):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path) from error


def remove_empty_folders(path: str) -> None:
    """Remove ``path`` and the empty folders below it; OSError when something is in them."""
    with os.scandir(path) as entries:
        below = [entry.path for entry in entries]
    for entry_path in below:
        remove_empty_folders(entry_path)
    os.rmdir(path)


def sync_path(path: str) -> None:
    """``fsync`` a file or a folder; a name that is gone needs no sync."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def read(path: str) -> bytes | None:
    """The whole file, or None when there is none (a folder is none). Other failures stay failures."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        chunks = [os.read(fd, os.fstat(fd).st_size + 1)]
        while chunks[-1]:
            chunks.append(os.read(fd, 1 << 20))
        return b"".join(chunks)
    except IsADirectoryError:
        return None
    finally:
        os.close(fd)
