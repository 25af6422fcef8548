"""Reading git objects, each checked against its id: unpublished ones, packs, loose files, alternates.

A damaged pack makes its own objects unreadable and no others. Nothing here writes.
"""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha1

from ..errors import CorruptTraceError, NotFoundError
from . import files
from .packfile import DAMAGE, PackFile
from .packindex import Listed
from .records import NAMES

_NUMBERS = {name: number for number, name in NAMES.items()}
_MAX_ALTERNATES = 5
_LOOKS = (0.0, 0.002, 0.02)  # seconds to wait before each further look for an object that is not there


class ObjectReader:
    """The objects of one trace. ``overlay`` holds those that are journaled and not yet published."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.overlay: dict[bytes, tuple[int, bytes]] = {}
        self._packs: dict[str, PackFile] = {}
        self._broken: dict[str, str] = {}
        self._order: list[str] = []  # the last hits first: neighbours in a context are neighbours in a pack

    def close(self) -> None:
        for pack in self._packs.values():
            pack.close()
        self._packs.clear()
        self._order.clear()

    def read(self, oid: bytes, kind: int | None = None) -> tuple[int, bytes]:
        """(type, bytes) of the object with raw id ``oid``, verified.

        NotFoundError when no file has it; CorruptTraceError when its bytes, or the only pack that
        may hold it, are damaged, or when it is not of the ``kind`` expected.
        """
        found = self.overlay.get(oid) or self._from_packs(oid) or self._from_loose(oid) or self._look_again(oid)
        if found is None:
            raise self._missing(oid)
        if kind is not None and found[0] != kind:
            raise CorruptTraceError(
                f"object {oid.hex()} is a {NAMES[found[0]].decode()}, not a {NAMES[kind].decode()}", object_id=oid.hex()
            )
        return found

    def whole(self, oids: Sequence[bytes], kind: int) -> dict[bytes, bytes]:
        """Those of many objects that are found at the first look, verified; for the others there is ``read``."""
        found = {oid: self.overlay[oid][1] for oid in oids if oid in self.overlay and self.overlay[oid][0] == kind}
        left = [oid for oid in oids if oid not in found]
        for path in tuple(self._order):
            with suppress(OSError, *DAMAGE):
                here = self._packs[path].whole(left, kind)
                if here:
                    found |= here
                    left = [oid for oid in left if oid not in here]
            if not left:
                break
        return found

    def _look_again(self, oid: bytes) -> tuple[int, bytes] | None:
        """Look for new packs. A listing that runs while git replaces packs may see neither the old nor the new one."""
        for pause in _LOOKS:
            time.sleep(pause)
            if self._rescan() or pause:
                found = self._from_packs(oid) or self._from_loose(oid)
                if found is not None:
                    return found
        return None

    def has(self, oid: bytes) -> bool:
        try:
            self.read(oid)
        except (NotFoundError, CorruptTraceError):
            return False
        return True

    def listed(self, oid: bytes) -> bool:
        """Whether a file says that it has the object, or will; it is not read."""
        return self._lists(oid) or (self._rescan() and self._lists(oid))

    def _lists(self, oid: bytes) -> bool:
        name = oid.hex()
        paths = (os.path.join(folder, name[:2], name[2:]) for folder in self._folders())
        return (
            oid in self.overlay
            or any(pack.find(oid) is not None for pack in self._packs.values())
            or any(map(os.path.exists, paths))
        )

    def _missing(self, oid: bytes) -> NotFoundError | CorruptTraceError:
        if self._broken:
            name, reason = next(iter(self._broken.items()))
            return CorruptTraceError(
                f"object {oid.hex()} cannot be read: {os.path.basename(name)} is damaged ({reason})",
                object_id=oid.hex(),
                hint="run `trace fsck`",
            )
        return NotFoundError(f"object {oid.hex()} is missing", hint="run `trace fsck`")

    # -- packs -----------------------------------------------------------------------------

    def _from_packs(self, oid: bytes) -> tuple[int, bytes] | None:
        damage: CorruptTraceError | None = None
        for path in tuple(self._order):
            try:
                pack = self._packs[path]
                offset = pack.find(oid)
                if offset is None:
                    continue
                found = _checked(oid, *pack.at(offset))
            except DAMAGE:
                damage = _damaged(oid)  # another pack, or a loose file, may have a good copy
            except CorruptTraceError as error:
                damage = error
            except FileNotFoundError:
                self._drop(path)
            except OSError as error:
                raise files.storage_error("a pack cannot be read", error) from error
            else:
                if path != self._order[0]:
                    self._order.remove(path)
                    self._order.insert(0, path)
                return found
        if damage is None:
            return None
        loose = self._from_loose(oid)
        if loose is None:
            raise damage
        return loose

    def _drop(self, path: str) -> None:
        pack = self._packs.pop(path, None)
        if pack is not None:
            self._order.remove(path)
            pack.close()

    def _rescan(self) -> bool:
        """Look for packs that came or went; True when there are new ones."""
        listed: dict[str, int] = {}
        for folder in self._folders():
            try:
                with os.scandir(os.path.join(folder, "pack")) as found:
                    for item in found:
                        if item.name.startswith("pack-") and item.name.endswith(".idx"):
                            listed[item.path[:-4]] = item.stat().st_mtime_ns
            except FileNotFoundError:
                continue
            except OSError as error:
                raise files.storage_error("the packs cannot be listed", error) from error
        for path in [path for path in self._packs if path not in listed]:
            self._drop(path)
        self._broken = {path: reason for path, reason in self._broken.items() if path in listed}
        fresh = [path for path in listed if path not in self._packs and path not in self._broken]
        for path in sorted(fresh, key=lambda path: listed[path], reverse=True):
            self._open(path)
        return bool(fresh)

    def _open(self, path: str) -> None:
        try:
            self._packs[path] = PackFile(path)
            self._order.append(path)
        except FileNotFoundError:
            pass
        except DAMAGE as error:
            self._broken[path] = str(error) or type(error).__name__
        except OSError as error:
            raise files.storage_error("a pack cannot be opened", error) from error

    def pack_paths(self) -> list[str]:
        """Paths (without suffix) of the packs of this trace, newest first, after a fresh look."""
        self._rescan()
        return [path for path in self._packs if path.startswith(self.folder + os.sep)]

    def broken_packs(self) -> dict[str, str]:
        """Path → reason of packs that cannot be read."""
        return dict(self._broken)

    def pack_entries(self, path: str) -> list[Listed]:
        """What the index of an open pack lists, in the order of the pack."""
        pack = self._packs.get(path)
        if pack is None:
            return []
        try:
            return pack.listed()
        except DAMAGE as error:
            raise CorruptTraceError(f"{os.path.basename(path)}.idx is damaged: {error}") from error

    def gives(self, path: str, oids: Iterable[bytes]) -> bool:
        """Whether the open pack at ``path`` itself gives each of ``oids``, verified; ``read`` may find another copy."""
        pack = self._packs.get(path)
        try:
            for oid in oids:
                offset = pack.find(oid) if pack is not None else None
                if pack is None or offset is None:
                    return False
                _checked(oid, *pack.at(offset))
        except (CorruptTraceError, FileNotFoundError, *DAMAGE):
            return False
        return True

    def with_prefix(self, prefix: str) -> set[str]:
        """Ids (40 hex) of all objects whose id starts with ``prefix``, at least 4 hex."""
        self._rescan()
        raw = bytes.fromhex(prefix[: len(prefix) // 2 * 2])
        found = {oid.hex() for oid in self.overlay if oid.startswith(raw)}
        for pack in self._packs.values():
            found.update(oid.hex() for oid in pack.with_prefix(raw))
        for folder in self._folders():
            with suppress(FileNotFoundError):
                found.update(
                    prefix[:2] + name for name in os.listdir(os.path.join(folder, prefix[:2])) if len(name) == 38
                )
        return {oid for oid in found if oid.startswith(prefix)}

    def all_ids(self) -> set[bytes]:
        """Raw ids of every object in the packs and loose files of this trace, as far as they can be listed."""
        found = set(self.loose_ids())
        for path in self.pack_paths():
            with suppress(CorruptTraceError):
                found.update(oid for oid, _, _ in self.pack_entries(path))
        return found

    # -- loose files -----------------------------------------------------------------------

    def _folders(self) -> Iterator[str]:
        """This trace's object folder and its alternates, as gitrepository-layout(5) has them."""
        todo: list[str] = [self.folder]
        seen: set[str] = set()
        while todo and len(seen) <= _MAX_ALTERNATES:
            folder = todo.pop(0)
            if folder in seen:
                continue
            seen.add(folder)
            yield folder
            with files.storing("the alternates cannot be read"):
                text = files.read(os.path.join(folder, "info", "alternates")) or b""
            lines = [line for line in text.split(b"\n") if line and not line.startswith(b"#")]
            todo += [os.path.normpath(os.path.join(folder, os.fsdecode(line))) for line in lines]

    def _from_loose(self, oid: bytes) -> tuple[int, bytes] | None:
        name = oid.hex()
        for folder in self._folders():
            with files.storing(f"object {name} cannot be read"):
                raw = files.read(os.path.join(folder, name[:2], name[2:]))
            if raw is not None:
                return _loose(raw, oid)
        return None

    def loose_ids(self) -> Iterator[bytes]:
        """Raw ids of the loose objects of this trace."""
        with os.scandir(self.folder) as folders:
            names = [item.name for item in folders if len(item.name) == 2]
        for name in names:
            for rest in os.listdir(os.path.join(self.folder, name)):
                with suppress(ValueError):
                    oid = bytes.fromhex(name + rest)
                    if len(oid) == 20:
                        yield oid


def _checked(oid: bytes, kind: int, data: bytes) -> tuple[int, bytes]:
    if kind not in NAMES or sha1(b"%b %d\0%b" % (NAMES[kind], len(data), data)).digest() != oid:
        raise _damaged(oid)
    return kind, data


def _damaged(oid: bytes) -> CorruptTraceError:
    return CorruptTraceError(f"object {oid.hex()} is damaged", object_id=oid.hex(), hint="run `trace fsck`")


def _loose(raw: bytes, oid: bytes) -> tuple[int, bytes]:
    try:
        whole = zlib.decompress(raw)
    except zlib.error as error:
        raise _damaged(oid) from error
    head, nul, data = whole.partition(b"\0")
    kind = _NUMBERS.get(head.partition(b" ")[0])
    if not nul or kind is None or sha1(whole).digest() != oid:
        raise _damaged(oid)
    return kind, data
