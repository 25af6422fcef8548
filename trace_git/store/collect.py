"""Collecting garbage: all packs become one, and what nothing leads to goes. It knows objects and roots, no verbs.

    1  look     under the trace's lock: publish, note the packs, hold them open
    2  pack     without the lock: what is to stay goes into one new pack, synced, in ``trace/tmp``
    3  catch up  without the lock: follow the refs that moved meanwhile, until little is left
    4  swap     under the lock: follow the last moves; what they need and the new pack lacks becomes a second pack
                both are put in place, synced; a new epoch begins, so that other handles forget what they remember
                reflog lines that name what goes are cut; then the old packs and loose files are removed
    5  tidy     under the lock, also when there was nothing to do: the journal's old bytes, packs without index

A kill before 4 leaves a draft, which the next opening removes. In 4 the old packs go only when all they have that
something leads to is synced in another place. Packs and loose objects that came after 1 are left alone.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

from ..errors import LockedError
from . import files, reflog
from .copying import write
from .locks import COLLECTING
from .publish import KEEP_MARK
from .reachable import Stock, reach

if TYPE_CHECKING:
    from .connection import Connection

_FEW = 2_000  # objects that are worth no further round without the lock
_ROUNDS = 5
_LOOKS = 10
_ORPHAN = 600.0  # seconds: a pack that somebody writes has its index sooner
_SUFFIXES = (".idx", ".rev", ".bitmap", ".mtimes", ".pack")
_INDEXES = ("info/commit-graph", "info/commit-graphs", "pack/multi-pack-index", "info/packs")  # git's

Roots = Callable[[], Iterable[bytes]]


class Running:
    """Holds ``trace/tmp/gc`` locked while one collection runs, and its draft; LockedError when another one does."""

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, "trace", "tmp", COLLECTING)
        self.draft = self._path + ".pack"
        self._fd = -1

    def __enter__(self) -> Running:
        files.make_folders(os.path.dirname(self._path))
        while not self._take():
            pass
        return self

    def _take(self) -> bool:
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        for look in range(_LOOKS, -1, -1):  # who only looks whether it is held lets go at once
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not look:
                    os.close(fd)
                    raise LockedError("another gc is running on this trace", hint="wait for it to finish") from None
                time.sleep(0.02)
        try:
            still = os.path.samestat(os.stat(self._path), os.fstat(fd))
        except FileNotFoundError:
            still = False
        if not still:  # the one before has just removed it
            os.close(fd)
            return False
        self._fd = fd
        return True

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            files.unlink(self.draft)
            files.unlink(self._path)
        os.close(self._fd)


class Sweep:
    """One collection of a stock. ``stays`` (raw id → type) is what is needed, or spared; all else in it is to go.

    ``roots`` says, whenever it is asked, what everything must be reached from. ``removed`` are the ids of what goes.
    """

    def __init__(
        self, stock: Stock, stays: dict[bytes, int], roots: Roots, *, edge: frozenset[bytes] = frozenset()
    ) -> None:
        self._stock = stock
        self._seen = stays
        self._roots = roots
        self._edge = edge
        self._old = {stem for stem in stock.stems if not stock.is_spared(stem, KEEP_MARK)}
        self._loose = stock.loose
        here = [oid for oid in stock.ids() if (stem := stock.stem_of(oid)) is None or stem in self._old]
        self._packed = {oid: stays[oid] for oid in here if oid in stays}
        self.removed = frozenset(here).difference(stays)
        self._draft = self._name = ""

    @property
    def needless(self) -> bool:
        """Whether there is nothing to do: one pack has it all."""
        return len(self._old) <= 1 and not self.removed and not self._loose

    def pack(self, draft: str) -> None:
        """Write the new pack and follow what moves meanwhile. Without the trace's lock."""
        self._draft = draft
        order = {oid: kind for oid, kind in self._seen.items() if oid in self._packed}
        self._name = self._write(order)
        for _ in range(_ROUNDS):
            before = len(self._seen)
            self._follow()
            if len(self._seen) - before < _FEW:
                break

    def _write(self, wanted: dict[bytes, int]) -> str:
        if not wanted:
            return ""
        name, index = write(self._draft, self._stock, wanted)
        files.unlink(self._draft + ".idx")
        files.create(self._draft + ".idx", index, sync=True)
        return name

    def _follow(self) -> None:
        self._stock.look()
        reach(self._stock, self._roots(), self._seen, edge=self._edge)

    def swap(self, on: Connection, touched: float | None = None) -> None:
        """Put the new pack in the place of the old ones. The trace's lock is held, and all is published.

        ``touched`` is the time that the new pack is given: the age of what is spared in it.
        """
        self._follow()
        stems = [self._place(on, self._name, touched)] if self._name else []
        late = {
            oid: kind
            for oid, kind in self._seen.items()
            if oid in self.removed and self._stock.stem_of(oid) in self._old
        }
        if late:
            stems.append(self._place(on, self._write(late)))
        files.sync_path(os.path.join(on.folder, "objects", "pack"))
        on.begin_epoch()
        self.removed = self.removed.difference(self._seen)
        cut_reflogs(on, self.removed)
        self._remove(on)
        for stem in stems:
            files.unlink(stem + ".keep")

    def _place(self, on: Connection, name: str, touched: float | None = None) -> str:
        """Move the draft to where packs are, guarded by its ``.keep``."""
        stem = os.path.join(on.folder, "objects", "pack", f"pack-{name}")
        if touched is not None:
            os.utime(self._draft, (touched, touched))
        self._old.discard(stem)
        files.replace(stem + ".keep", KEEP_MARK, scratch=self._draft + ".keep", sync=True)
        files.rename_over(self._draft, stem + ".pack")
        files.rename_over(self._draft + ".idx", stem + ".idx")
        return stem

    def _remove(self, on: Connection) -> None:
        objects = os.path.join(on.folder, "objects")
        remove_indexes(objects)
        for stem in sorted(self._old):
            remove_pack(stem)
        for oid in sorted(self._loose):
            if oid in self.removed or oid in self._packed:
                name = oid.hex()
                files.unlink(os.path.join(objects, name[:2], name[2:]))
                with suppress(OSError):
                    os.rmdir(os.path.join(objects, name[:2]))


def remove_pack(stem: str) -> None:
    """Remove a pack, its index first: without one it is none for anybody."""
    for suffix in _SUFFIXES:
        files.unlink(stem + suffix)


def remove_indexes(objects: str) -> None:
    """Remove what git keeps to find things faster, which may name what is about to go; git makes it again."""
    for name in _INDEXES:
        path = os.path.join(objects, name)
        if os.path.isdir(path):
            shutil.rmtree(path)
        else:
            files.unlink(path)


def tidy(on: Connection) -> None:
    """Remove what a collection leaves, and one that was killed has left: packs without index, and the journal's old
    bytes, which may be of what is gone. The trace's lock is held, and all is published."""
    on.publisher.checkpoint()
    remove_orphans(os.path.join(on.folder, "objects", "pack"))
    on.journal.scrub()


def remove_orphans(packs: str) -> None:
    """Remove packs without index that a program left long ago. What is needed was found elsewhere."""
    names = set(os.listdir(packs))
    for name in sorted(names):
        path = os.path.join(packs, name)
        alone = (
            name.startswith("pack-")
            and name.endswith(".pack")
            and not names & {name[:-5] + ".idx", name[:-5] + ".keep"}
        )
        if alone and time.time() - os.path.getmtime(path) > _ORPHAN:
            remove_pack(path[:-5])


def cut_reflogs(on: Connection, gone: frozenset[bytes]) -> None:
    """Cut the lines that lead to objects that go, which `git fsck` would complain of. Logs are a courtesy: a ref that
    somebody else has locked keeps its log as it is."""
    names = {oid.hex() for oid in gone}
    for name in on.refs.log_names() if names else ():
        ref = name.removeprefix("logs/")
        path = on.refs.path(name)
        raw = files.read(path) or b""
        cut = reflog.without(raw, names)
        if cut != raw and on.refs.try_lock(ref):
            try:
                files.replace(path, cut, scratch=os.path.join(on.folder, "trace", "tmp", "log"), sync=True)
                files.sync_path(os.path.dirname(path))
            finally:
                on.refs.unlock(ref)
