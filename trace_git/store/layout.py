"""The folder of a trace: making a new one, recognising one, and what its git config must say.

A trace is a bare git repository that stock git works on, plus a folder ``trace/`` of ours.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from ..errors import InvalidInputError, NotFoundError, StateError, StorageError
from . import files, oplog
from .journal import Journal

FORMAT = b"trace 1\n"
ATTRIBUTES = b"* -text\n*.msgpack diff=trace -merge\n"
MAIN = "refs/heads/main"

CONFIG = b"""[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tlogAllRefUpdates = always
\tfilesRefLockTimeout = 5000
[gc]
\tauto = 0
[log]
\tinitialDecorationSet = all
[merge]
\tdirectoryRenames = false
[transfer]
\thideRefs = refs/trace/keep
"""
_NAMES = frozenset(("HEAD", "config", "description", "info", "logs", "objects", "refs", "trace", ".gitignore"))
_DRAFT = re.compile(r"\.new-trace-\d+-[0-9a-f]{8}")
_BARE = re.compile(rb"^\s*bare\s*=\s*(\w+)", re.MULTILINE | re.IGNORECASE)
_PROMISOR = re.compile(rb"^\s*promisor\s*=\s*(true|yes|on|1)", re.MULTILINE | re.IGNORECASE)
_VERSION = re.compile(rb"^\s*repositoryformatversion\s*=\s*(\d+)", re.MULTILINE | re.IGNORECASE)
_EXTENSION = re.compile(rb"^\s*(objectformat|refstorage)\s*=\s*(\w+)", re.MULTILINE | re.IGNORECASE)


def is_repository(path: str) -> bool:
    """Whether ``path`` has the shape of a git directory; StorageError when that cannot be seen."""
    return _is(stat.S_ISREG, os.path.join(path, "HEAD")) and _is(stat.S_ISDIR, os.path.join(path, "objects"))


def _is(kind: Callable[[int], bool], path: str) -> bool:
    try:
        return kind(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise StorageError(f"{path} cannot be read: {reason}", hint="check the permissions and the disk") from error


def locate(path: str) -> str | None:
    """The git directory that ``path`` means: itself, its ``.trace``, or the ``.git`` of a clone; None when neither."""
    for candidate in (path, os.path.join(path, ".trace"), os.path.join(path, ".git")):
        if is_repository(candidate):
            return os.path.realpath(candidate)
    return None


def init(path: str) -> str:
    """Make an empty trace at ``path``, whole or not at all, and return its real path.

    InvalidInputError when something else is there.
    """
    target = os.path.realpath(path)
    with files.storing(f"{path} cannot be made"):
        if os.path.isdir(target):
            _init_inside(target, path)
            return target
        if os.path.lexists(target):
            raise InvalidInputError(f"{path} is a file", hint="choose a new folder")
        files.make_folders(os.path.dirname(target))
        _remove_stale_drafts(target)
        draft = f"{target}.new-{os.getpid()}-{os.urandom(4).hex()}"
        try:
            _fill(draft, ignored=os.path.basename(target) == ".trace")
            os.rename(draft, target)
        except OSError:
            _remove(draft)
            if not is_repository(target):  # else another process was quicker, which is as good
                raise
        files.sync_path(os.path.dirname(target))
    return target


def _init_inside(target: str, path: str) -> None:
    """The same in an empty folder that stays the one it is: somebody may stand in it, or have mounted it there.

    ``HEAD`` comes last, and makes it a trace.
    """
    with _alone(target):
        if is_repository(target):
            return
        found = set(os.listdir(target))
        drafts = {name for name in found if _DRAFT.fullmatch(name)}
        begun = any(os.path.exists(os.path.join(target, name, "HEAD")) for name in drafts)  # and not ended
        if found - drafts - (_NAMES if begun else frozenset()):
            raise InvalidInputError(f"{path} is not empty and not a trace", hint="choose a new folder")
        _clear(target, found)  # a process died in the middle of this
        draft = os.path.join(target, f".new-trace-{os.getpid()}-{os.urandom(4).hex()}")
        try:
            _fill(draft, ignored=os.path.basename(target) == ".trace")
            for name in sorted(os.listdir(draft), key="HEAD".__eq__):
                os.rename(os.path.join(draft, name), os.path.join(target, name))
        except OSError:
            _clear(target, {*_NAMES, os.path.basename(draft)}.intersection(os.listdir(target)))
            raise
        with suppress(OSError):
            os.rmdir(draft)
        files.sync_path(target)


@contextmanager
def _alone(folder: str) -> Iterator[None]:
    """No other process of ours makes a trace in this folder meanwhile."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # NFS locks no folder
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _clear(folder: str, names: Iterable[str]) -> None:
    for name in names:
        if not files.unlink(os.path.join(folder, name)):
            _remove(os.path.join(folder, name))


def _fill(path: str, *, ignored: bool) -> None:
    for folder in (
        "objects/info",
        "objects/pack",
        "refs/heads",
        "refs/tags",
        "info",
        "logs",
        "trace/cache",
        "trace/tmp",
    ):
        files.make_folders(os.path.join(path, folder))
    files.create(os.path.join(path, "config"), CONFIG, sync=True)
    files.create(os.path.join(path, "info", "attributes"), ATTRIBUTES, sync=True)
    files.create(os.path.join(path, "description"), b"A context, kept by trace-git.\n")
    if ignored:
        files.create(os.path.join(path, ".gitignore"), b"*\n")
    Journal.make(os.path.join(path, "trace", "journal"))
    files.create(os.path.join(path, "HEAD"), f"ref: {MAIN}\n".encode(), sync=True)
    for folder in ("objects/pack", "objects", "refs/heads", "refs", "info", "trace", ""):
        files.sync_path(os.path.join(path, folder))


def _remove_stale_drafts(target: str) -> None:
    """Remove what a process that died in the middle of this left beside ``target``."""
    parent, name = os.path.split(target)
    for other in os.listdir(parent):
        pid = other.removeprefix(f"{name}.new-").partition("-")[0]
        if other.startswith(f"{name}.new-") and pid.isdigit() and not _alive(int(pid)):
            _remove(os.path.join(parent, other))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(path: str) -> None:
    for folder, folders, names in os.walk(path, topdown=False):
        for name in names:
            files.unlink(os.path.join(folder, name))
        for name in folders:
            os.rmdir(os.path.join(folder, name))
    with suppress(FileNotFoundError):
        os.rmdir(path)


def check(path: str) -> bool:
    """Refuse a repository this code cannot write; True when it may be written (bare), False when only read."""
    config = files.read(os.path.join(path, "config")) or b""
    version = _VERSION.search(config)
    extension = _EXTENSION.search(config)
    if extension and extension[2].lower() not in (b"sha1", b"files"):
        raise StateError(
            f"{path} uses {extension[1].decode()} {extension[2].decode()}, which trace-git does not read yet"
        )
    if version and int(version[1]) > 1:
        raise StateError(f"{path} has git repository format {int(version[1])}", hint="a newer trace-git may read it")
    bare = _BARE.search(config)
    return bare is None or bare[1].lower() in (b"true", b"yes", b"on", b"1")


def is_partial(path: str) -> bool:
    """Whether objects may be missing because the clone was told not to fetch them."""
    return _PROMISOR.search(files.read(os.path.join(path, "config")) or b"") is not None


def shallow(path: str) -> frozenset[str]:
    """Ids of the commits at which a shallow clone ends."""
    raw = files.read(os.path.join(path, "shallow")) or b""
    return frozenset(line.decode() for line in raw.split())


def ours(path: str) -> bool:
    """Whether ``path`` has been used by trace-git (a fresh clone has not)."""
    return os.path.exists(os.path.join(path, "trace", "journal"))


def adopt(path: str) -> None:
    """Give a clone of a trace its own journal, so that it can be written."""
    for name in ("cache", "tmp"):
        files.make_folders(os.path.join(path, "trace", name))
    own = os.path.join(path, "trace")
    if ours(path):
        return
    size, last = oplog.tail(os.path.join(own, "oplog"))
    while not ours(path):
        draft = os.path.join(own, "tmp", f"journal-{os.getpid()}-{os.urandom(4).hex()}")
        Journal.make(draft, base=last + 1, oplog_size=size)
        with suppress(FileExistsError, FileNotFoundError):  # whole or not at all; the first of several processes wins
            os.link(draft, os.path.join(own, "journal"))
        files.unlink(draft)
    files.sync_path(own)
    files.sync_path(path)


def not_a_trace(path: str) -> NotFoundError:
    return NotFoundError(f"{path} is not a trace", hint="`trace init` makes one")
