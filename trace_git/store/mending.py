"""Making a damaged trace one that can be opened: its files put right, one kind after the other, nothing thrown away.

    1  config        written anew, sections of the user's kept
    2  packs         what can be read of a damaged one goes into a new, verified pack; then the old one is moved aside
    3  loose objects that cannot be read are moved aside
    4  packed-refs   written anew from the lines that can be read
    5  journal       its readable objects become a pack, its refs are moved, its entries go to the operation log;
                     only then a new generation begins, in place, so that other processes that have it open see it

What is replaced is copied to ``trace/aside/repair-<n>/`` first. A kill between any two steps leaves a trace that can
be mended again. Refs that lead nowhere are not judged here: that takes a history (see ``ops.repair``).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..errors import CorruptTraceError
from ..results import Finding
from . import files, marks, oplog, packs, packscan, recover, salvage
from .foreign import LockWatch
from .marks import DATA_START, Generation, Published
from .objects import ObjectReader
from .packfile import is_torn
from .publish import KEEP_MARK
from .records import Record
from .refs import RefFiles

_JOURNAL_SIZE = DATA_START + 256 * 1024
_SUFFIXES = (".idx", ".pack", ".rev", ".bitmap", ".keep", ".promisor", ".mtimes")
Objects = dict[bytes, tuple[int, bytes]]


class Aside:
    """Where the old bytes go: ``trace/aside/repair-<n>``, made when the first ones do."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._above = os.path.join(folder, "trace", "aside")
        number = 1
        while os.path.lexists(os.path.join(self._above, f"repair-{number}")):
            number += 1
        self.name = f"trace/aside/repair-{number}"

    def copy(self, name: str) -> None:
        """Keep the bytes of a file of the trace; nothing to keep when there is none."""
        raw = files.read(os.path.join(self._folder, name))
        if raw is not None:
            self.keep(name, raw)

    def keep(self, name: str, raw: bytes) -> None:
        target = self._target(name)
        files.create(target, raw, sync=True)
        files.sync_path(os.path.dirname(target))

    def move(self, name: str) -> None:
        path = os.path.join(self._folder, name)
        if os.path.lexists(path):
            target = self._target(name)
            files.rename_over(path, target)
            files.sync_path(os.path.dirname(target))

    def _target(self, name: str) -> str:
        target = os.path.join(self._folder, self.name, name)
        files.make_folders(os.path.dirname(target))
        files.unlink(target)
        return target


@dataclass
class Mended:
    """What was found and done; ``lost`` are ids of objects that no file gives any more."""

    findings: list[Finding] = field(default_factory=list)
    lost: set[bytes] = field(default_factory=set)
    dropped: list[str] = field(default_factory=list)  # lines of packed-refs that could not be read

    def did(self, kind: str, name: str, text: str) -> None:
        self.findings.append(Finding(kind, name, text, severity="warning"))


class Mender:
    """Mends the files of one trace. The caller holds the trace's lock; no store of this process is writing."""

    def __init__(self, folder: str, aside: Aside) -> None:
        self._folder = folder
        self._aside = aside
        self._scratch = os.path.join(folder, "trace", "tmp", "mend")
        self._refs = RefFiles(folder, os.path.join(folder, "trace", "reflock"), self._scratch + ".ref")
        self.done = Mended()

    def mend(self) -> Mended:
        for name in ("trace/tmp", "trace/cache", "objects/pack", "refs/heads"):
            files.make_folders(os.path.join(self._folder, name))
        self._config()
        self._damaged_packs()
        self._leftover_packs()
        self._loose()
        self._packed_refs()
        self._journal()
        return self.done

    def _replace(self, name: str, raw: bytes) -> None:
        path = os.path.join(self._folder, name)
        files.replace(path, raw, scratch=self._scratch, sync=True)
        files.sync_path(os.path.dirname(path))

    def _config(self) -> None:
        sound, wrong = salvage.config(files.read(os.path.join(self._folder, "config")))
        if wrong is not None:
            self._aside.copy("config")
            self._replace("config", sound)
            self.done.did("config", "config", f"write config anew: {wrong}")

    # -- objects ---------------------------------------------------------------------------

    def _damaged_packs(self) -> None:
        for stem in self._stems():
            if is_torn(stem):
                scanned = packscan.scan(stem)
                self.done.lost |= scanned.lost
                self._put(scanned.objects, stem)
                whole = "all" if not scanned.lost else f"{len(scanned.objects)} of"
                number = len(scanned.objects) + len(scanned.lost)
                text = f"read {whole} {number} objects of the damaged {os.path.basename(stem)} into a new pack"
                self.done.did("pack", os.path.basename(stem), text)

    def _leftover_packs(self) -> None:
        """A pack without an index is what a kill leaves behind, or all that is left of its objects."""
        for stem in list(packscan.without_index(self._folder)):
            objects = packscan.scan(stem).objects
            reader = self._reader()
            try:
                missing = {oid: typed for oid, typed in objects.items() if not reader.has(oid)}
            finally:
                reader.close()
            self._put(missing, stem)
            kept = f"; {len(missing)} objects that are nowhere else go into a new pack" if missing else ""
            name = os.path.basename(stem)
            self.done.did("pack", name, f"move {name} aside, which has no index{kept}")

    def _stems(self) -> list[str]:
        folder = os.path.join(self._folder, "objects", "pack")
        names = sorted(os.listdir(folder))
        return [os.path.join(folder, name[:-4]) for name in names if name.startswith("pack-") and name.endswith(".idx")]

    def _reader(self) -> ObjectReader:
        return ObjectReader(os.path.join(self._folder, "objects"))

    def _put(self, objects: Objects, instead_of: str | None = None) -> None:
        """Place a pack of ``objects`` by the order of ``publish``, then move the pack that it replaces aside."""
        stem = self.place(objects)
        if instead_of is not None and instead_of != stem:
            if files.read(instead_of + ".keep") == KEEP_MARK:
                files.unlink(instead_of + ".keep")
            for suffix in _SUFFIXES:
                self._aside.move(os.path.relpath(instead_of + suffix, self._folder))
            self._aside.move("objects/pack/multi-pack-index")  # it would name a pack that is gone
        if stem is not None:
            files.unlink(stem + ".keep")

    def place(self, objects: Objects) -> str | None:
        """A synced pack of ``objects``, guarded by its ``.keep``, which the caller removes; its stem."""
        if not objects:
            return None
        listed = [(oid, kind, data) for oid, (kind, data) in objects.items()]
        name, pack, index = packs.build(listed, deltas=False)
        folder = os.path.join(self._folder, "objects", "pack")
        stem = os.path.join(folder, f"pack-{name}")
        for suffix, raw in ((".keep", KEEP_MARK), (".pack", pack), (".idx", index)):
            files.replace(stem + suffix, raw, scratch=self._scratch, sync=True)
        files.sync_path(folder)
        return stem

    def _loose(self) -> None:
        reader = self._reader()
        try:
            for oid in sorted(reader.loose_ids()):
                name = oid.hex()
                path = f"objects/{name[:2]}/{name[2:]}"
                if not packscan.loose_is_sound(os.path.join(self._folder, path), oid):
                    self._aside.move(path)
                    self.done.did("object", name, f"move the damaged loose object {name} aside")
                    if not reader.has(oid):
                        self.done.lost.add(oid)
        finally:
            reader.close()

    # -- refs and records ------------------------------------------------------------------

    def _packed_refs(self) -> None:
        raw = files.read(os.path.join(self._folder, "packed-refs"))
        if raw is None:
            return
        sound, bad = salvage.packed_refs(raw)
        if bad:
            self._lock("packed-refs")
            self._aside.copy("packed-refs")
            self._replace("packed-refs", sound)
            self._refs.unlock("packed-refs")
            self.done.dropped = bad
            number = f"{len(bad)} lines that cannot be read" if len(bad) > 1 else "a line that cannot be read"
            self.done.did("ref", "packed-refs", f"write packed-refs anew without {number}")

    def _journal(self) -> None:
        found = salvage.remains(self._folder)
        if not found.damage:
            return
        self._aside.copy("trace/journal")
        self._aside.copy("trace/oplog")
        stem = self.place({oid: typed for record in found.records for oid, typed in record.objects.items()})
        self._move_refs(found.unpublished())
        entries = found.all_entries()
        files.unlink(os.path.join(self._folder, "trace", "cache", "refs"))
        draft = self._scratch + ".oplog"
        files.unlink(draft)
        size = oplog.append(draft, 0, entries)
        if size:
            files.rename_over(draft, os.path.join(self._folder, "trace", "oplog"))
        self._new_generation(Generation(found.counter + 1, secrets.token_bytes(16), found.last() + 1, size))
        for name in {pack for record in found.records for pack in record.packs}:
            files.unlink(os.path.join(self._folder, "objects", "pack", f"pack-{name}.keep"))
        if stem is not None:
            files.unlink(stem + ".keep")
        text = f"; {len(found.records)} records and {len(found.entries)} older entries can be read"
        self.done.did("journal", "journal", f"begin the journal anew: {', '.join(found.damage)}{text}")

    def _move_refs(self, records: Sequence[Record]) -> None:
        """Publish the refs of the records, but leave one that a user moved meanwhile where the user put it."""
        users = {move.ref for move in recover.moved_by_others(self._refs, records)}
        final = {
            move.ref: move.new for record in records if record.entry.verb != "external" for move in record.entry.moves
        }
        for ref, value in final.items():
            if ref in users:
                continue
            if self._present(ref) != value:
                self._lock(ref)
                self._aside.copy(ref)
                if value is None:
                    self._refs.delete(ref)
                else:
                    self._refs.write(ref, value)
                files.sync_path(self._refs.path(ref))
        for path in self._refs.own_locks():
            files.unlink(path)

    def _lock(self, ref: str) -> None:
        take_lock(self._refs, ref, self._folder)

    def _present(self, ref: str) -> str | None:
        try:
            return self._refs.read(ref)
        except CorruptTraceError:
            return ""

    def _new_generation(self, fresh: Generation) -> None:
        """In place: a process that has the file open finds the new generation in it, and nothing of the old one."""
        path = os.path.join(self._folder, "trace", "journal")
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            os.posix_fallocate(fd, 0, _JOURNAL_SIZE)
            other = (fresh.counter + 1) % 2 * 512
            if marks.torn_slot(os.pread(fd, marks.SIZE, 0)):
                files.pwrite_all(fd, bytes(512), other)
            marks.write_generation(fd, fresh)
            marks.write_published(fd, fresh, Published(fresh.base - 1, DATA_START), marks.boot_id())
            os.fdatasync(fd)
        finally:
            os.close(fd)
        files.sync_path(os.path.dirname(path))


def take_lock(refs: RefFiles, ref: str, folder: str) -> None:
    """Take git's lock of ``ref``, waiting for strangers and taking over from the dead; LockedError after a while."""
    watch: LockWatch | None = None
    while not refs.try_lock(ref):
        watch = watch or LockWatch(refs.path(ref) + ".lock", folder)
        watch.wait()
        watch.take_over()


def damaged_config(folder: str) -> str | None:
    """What is wrong with the trace's config, or None."""
    return salvage.config(files.read(os.path.join(folder, "config")))[1]


def lost_lines(folder: str) -> list[str]:
    """Lines of packed-refs that cannot be read."""
    raw = files.read(os.path.join(folder, "packed-refs"))
    return salvage.packed_refs(raw)[1] if raw is not None else []


def leftovers(folder: str, *, before: float) -> Iterator[str]:
    """Names of packs that have no index, that no record of the journal names, last written ``before`` then."""
    known: set[str] | None = None
    for stem in packscan.without_index(folder):
        if os.path.getmtime(stem + ".pack") >= before:
            continue  # perhaps its index is about to come
        if known is None:
            known = {f"pack-{name}" for record in salvage.remains(folder).records for name in record.packs}
        if os.path.basename(stem) not in known:
            yield os.path.basename(stem)
