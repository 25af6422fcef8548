"""Refs as files, as gitrepository-layout(5) has them: loose, packed, symbolic, with reflogs and locks.

Reads say "absent" only when the file is absent: garbage and I/O errors are errors. A ref is locked against
stock git by git's own ``<ref>.lock``, made as a hard link of one token file, so that any process of ours
can tell a lock that belongs to the trace from a stranger's by its inode. Nothing here decides what moves.
"""

from __future__ import annotations

import os
import re
import stat

from ..errors import CorruptTraceError, InvalidInputError, StateError, StorageError
from . import files

_HEX = re.compile(r"[0-9a-f]{40}\Z")
_BAD = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")
_MAX_NAME = 200  # bytes of one component; leaves room for ".lock"
REFLOG_WHO = "trace <>"  # in our reflog lines; who committed is in the commit, and there are many lines


def check_name(name: str, *, what: str = "branch") -> str:
    """``name`` if git-check-ref-format(1) allows it below refs/heads and it is not reserved; else InvalidInputError."""
    if not isinstance(name, str):
        raise InvalidInputError(f"{name!r} is not a {what} name", field=what, hint="give it as text")
    parts = name.split("/")
    bad = (
        not name
        or bool(_BAD.search(name))
        or name == "@"
        or name.startswith(("-", "/"))
        or name.endswith(("/", "."))
        or any(not part or part.startswith(".") or part.endswith(".lock") for part in parts)
    )
    if bad:
        raise InvalidInputError(
            f"{name!r} is not a valid {what} name", field=what, hint="see git help check-ref-format for what git allows"
        )
    try:
        long = any(len(part.encode()) > _MAX_NAME for part in parts)
    except UnicodeEncodeError:
        raise InvalidInputError(f"{name!r} is not valid Unicode", field=what) from None
    if long:
        raise InvalidInputError(f"the {what} name is longer than {_MAX_NAME} bytes", field=what)
    if parts[0] in ("trace", "agents") or name == "HEAD":
        raise InvalidInputError(f"{what} {name!r}: this name is reserved", field=what, hint="choose another name")
    return name


def is_id(value: str | None) -> bool:
    return value is not None and _HEX.match(value) is not None


def _symbolic(ref: str) -> str:
    """What a symbolic ref's value begins with. A HEAD names a branch: what is committed elsewhere, nobody finds."""
    space, _, last = ref.rpartition("HEAD")
    own = not last and (not space or (space.startswith("refs/namespaces/") and space.count("/") == 3))
    return f"ref: {space}refs/heads/" if own else "ref: refs/"


class RefFiles:
    """The refs of one repository. Values are 40 hex, or ``ref: <name>`` for a symbolic ref."""

    def __init__(self, folder: str, token: str, scratch: str) -> None:
        self._folder = folder
        self._token = token
        self._scratch = scratch
        self._packed: tuple[tuple[int, int, int], dict[str, str]] = ((0, 0, 0), {})

    def path(self, ref: str) -> str:
        return os.path.join(self._folder, ref)

    # -- reading ---------------------------------------------------------------------------

    def read(self, ref: str) -> str | None:
        """The ref's own value, not followed; None when it is absent; CorruptTraceError when it is garbage."""
        with files.storing(f"ref {ref} cannot be read"):
            raw = files.read(self.path(ref))
        if raw is None:
            packed = self.packed().get(ref)
            if packed is not None:
                return packed
            with files.storing(f"ref {ref} cannot be read"):
                raw = files.read(self.path(ref))  # again: it may have gone from packed-refs to its own file meanwhile
            if raw is None:
                return None
        value = raw.rstrip(b"\n").decode("utf-8", "replace")
        start = _symbolic(ref)
        if is_id(value) or (value.startswith(start) and value != start and not _BAD.search(value[5:])):
            return value
        raise CorruptTraceError(
            f"ref {ref} holds no object id ({len(raw)} bytes)",
            hint="run `trace fsck` to see its last good value; `trace fsck --repair` puts it back",
        )

    def packed(self) -> dict[str, str]:
        """Ref name → id from ``packed-refs``, read again only when the file changed."""
        path = self.path("packed-refs")
        try:
            info = os.stat(path)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise files.storage_error("packed-refs cannot be read", error) from error
        key = (info.st_mtime_ns, info.st_size, info.st_ino)
        if key != self._packed[0]:
            with files.storing("packed-refs cannot be read"):
                raw = files.read(path) or b""
            self._packed = (key, _parse_packed(raw))
        return self._packed[1]

    def all(self, prefix: str = "refs/", *, skip_bad: bool = False) -> dict[str, str]:
        """Every ref below ``prefix`` with its value, loose ones winning, by name; garbage raises or is left out."""
        found = {ref: value for ref, value in self.packed().items() if ref.startswith(prefix)}
        for ref in self._walk(prefix.rstrip("/")):
            try:
                value = self.read(ref)
            except CorruptTraceError:
                if not skip_bad:
                    raise
                value = None
            if value is not None:
                found[ref] = value
        return dict(sorted(found.items()))

    def all_names(self, prefix: str) -> list[str]:
        """The names below ``prefix`` whether or not their values can be read."""
        return sorted({*self._walk(prefix.rstrip("/")), *(ref for ref in self.packed() if ref.startswith(prefix))})

    def loose_names(self, prefix: str) -> list[str]:
        """The names below ``prefix`` that have a file."""
        return sorted(self._walk(prefix.rstrip("/")))

    def _walk(self, ref: str) -> list[str]:
        refs: list[str] = []
        try:
            with os.scandir(self.path(ref)) as entries:
                for item in entries:
                    name = f"{ref}/{item.name}"
                    if item.is_dir(follow_symlinks=False):
                        refs += self._walk(name)
                    elif not item.name.endswith(".lock") and item.is_file(follow_symlinks=False):
                        refs.append(name)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise files.storage_error("the refs cannot be listed", error) from error
        return refs

    def clash(self, ref: str) -> str | None:
        """A ref that cannot live beside ``ref`` (git keeps refs as files: ``a`` excludes ``a/b``), or None."""
        parts = ref.split("/")
        for depth in range(3, len(parts)):
            above = "/".join(parts[:depth])
            if self.read(above) is not None:
                return above
        below = self._walk(ref) or [name for name in self.packed() if name.startswith(ref + "/")]
        return below[0] if below else None

    # -- locks -----------------------------------------------------------------------------

    def try_lock(self, ref: str) -> bool:
        """Take git's lock of ``ref`` for the trace; True also when the trace has it already."""
        lock = self.path(ref) + ".lock"
        try:
            self._link(lock)
        except FileExistsError:
            return self.owns(lock)
        except NotADirectoryError as error:
            beside = self.clash(ref) or "a file in its way"
            raise StateError(f"{ref} cannot be made: {beside} exists", hint="choose another name") from error
        return True

    def _link(self, lock: str) -> None:
        try:
            os.link(self._token, lock)
        except FileNotFoundError:
            if not os.path.exists(self._token):
                self._make_token()
            files.make_folders(os.path.dirname(lock))
            os.link(self._token, lock)

    def _make_token(self) -> None:
        fresh = self._scratch + ".token"
        files.unlink(fresh)
        files.create(fresh, b"held by trace-git, see trace/lock\n")
        try:
            os.link(fresh, self._token)
        except FileExistsError:
            pass
        finally:
            files.unlink(fresh)

    def owns(self, lock: str) -> bool:
        """Whether the lock file is a link of our token."""
        try:
            return os.path.samestat(os.stat(self._token), os.lstat(lock))
        except (FileNotFoundError, NotADirectoryError):
            return False

    def unlock(self, ref: str) -> None:
        files.unlink(self.path(ref) + ".lock")

    def holds_locks(self) -> bool:
        """Whether any lock of ours exists: the token has more links than its own name."""
        try:
            return os.stat(self._token).st_nlink > 1
        except FileNotFoundError:
            return False

    def own_locks(self) -> list[str]:
        """Paths of all lock files that are ours."""
        found = [os.path.join(self._folder, name) for name in ("HEAD.lock", "packed-refs.lock")]
        for folder, _, names in os.walk(self.path("refs")):
            found += [os.path.join(folder, name) for name in names if name.endswith(".lock")]
        return [path for path in found if self.owns(path)]

    # -- writing: the caller holds the lock ------------------------------------------------

    def write(self, ref: str, value: str) -> None:
        symbolic = value.startswith("ref: ")  # half of an id is garbage, half of a name is a name: it must not be torn
        files.replace(self.path(ref), f"{value}\n".encode(), scratch=self._scratch, sync=symbolic)

    def delete(self, ref: str) -> None:
        """Remove the ref from packed-refs first, then its file, so that an old value never comes back."""
        if ref in self.packed():
            self._unpack(ref)
        files.unlink(self.path(ref))
        files.unlink(self.path(f"logs/{ref}"))

    def _unpack(self, ref: str) -> None:
        if not self.try_lock("packed-refs"):
            raise StorageError(
                "packed-refs is locked by another program", hint="wait for git to finish, then try again"
            )
        raw = files.read(self.path("packed-refs")) or b""
        keep: list[bytes] = []
        drop = False
        for line in raw.splitlines(keepends=True):
            peeled = line.startswith(b"^")
            drop = drop if peeled else line[41:].rstrip(b"\n") == ref.encode()
            if not drop:
                keep.append(line)
        files.replace(self.path("packed-refs"), b"".join(keep), scratch=self._scratch, sync=True)
        self.unlock("packed-refs")

    def moved_by_git(self, ref: str, value: str | None) -> str | None:
        """From which value stock git, by the last reflog line, moved ``ref`` to ``value``; None when it did not."""
        raw = files.read(self.path(f"logs/{ref}")) or b""
        words = raw.rstrip(b"\n").rpartition(b"\n")[2].split(b" ", 2)
        if len(words) < 3 or words[1] != (value or "").encode() or words[2].startswith(REFLOG_WHO.encode()):
            return None
        return words[0].decode("ascii", "replace")

    def has_log(self, ref: str) -> bool:
        return os.path.exists(self.path(f"logs/{ref}"))

    def last_logged(self, ref: str) -> str | None:
        """To which value the last reflog line moved ``ref``."""
        raw = files.read(self.path(f"logs/{ref}")) or b""
        words = raw.rstrip(b"\n").rpartition(b"\n")[2].split(b" ", 2)
        return words[1].decode("ascii", "replace") if len(words) == 3 else None

    def log_names(self) -> list[str]:
        """The reflogs there are, as ``logs/<ref>``."""
        head = ["logs/HEAD"] if self.has_log("HEAD") else []
        return head + self._walk("logs/refs")

    def is_file(self, ref: str) -> bool:
        try:
            return stat.S_ISREG(os.lstat(self.path(ref)).st_mode)
        except FileNotFoundError:
            return False


def _parse_packed(raw: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in raw.splitlines():
        if line.startswith((b"#", b"^")) or not line:
            continue
        value, _, ref = line.decode("utf-8", "replace").partition(" ")
        if not is_id(value) or not ref:
            raise CorruptTraceError(
                f"packed-refs has a damaged line: {line[:60]!r}", hint="run `trace fsck` to see the last good values"
            )
        found[ref] = value
    return found
