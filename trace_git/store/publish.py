"""Publication: journaled records become a git pack and ref files, in an order that survives a kill at every step.

    1  <pack>.keep      so that a `git gc --prune=now` in between does not take what no ref names yet
    2  <pack>.pack, then <pack>.idx: only with its index does a pack exist for git
    3  refs, those that go before those that come, with their reflog lines; each ref's .lock is held since before its
       record was written, and of one that goes until it is gone
    4  the .lock files go, the .keep goes, the mark says how far we are

A checkpoint syncs all of it, moves the entries to the operation log, and only then reuses the journal's space.
The caller holds the trace's lock throughout.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from ..errors import CorruptTraceError, NotFoundError
from . import files, oplog, packs, reflog
from .journal import Journal
from .known import Known
from .marks import DATA_START
from .objects import ObjectReader
from .packfile import is_torn
from .packindex import Listed
from .records import Record
from .refs import RefFiles

KEEP_MARK = b"trace-git publishes this pack\n"
CHECKPOINT_BYTES = 3 << 18  # of journal: with it grows what a trace takes on disk while it is written
CHECKPOINT_SECONDS = 30.0
MOST_PACKS = 44
MERGE_PACKS = 32
LARGE = 1 << 20
FEW = 256  # objects of a pack that is packed anew when it is merged: some forty commits
MANY = 8 << 20  # bytes of an operation that are too much for the journal


def _turn(move: tuple[str, str | None]) -> int:
    """When a ref is written: the HEAD of a namespace goes before its branch and comes after it.

    To stock git such a HEAD without a branch is damage, at any moment.
    """
    ref, value = move
    if not ref.startswith("refs/namespaces/"):
        return 1
    if ref.split("/", 3)[3] == "HEAD":
        return 0 if value is None else 2
    return 1 if value is not None else 3


class Publisher:
    """Turns records into what stock git reads, for one trace folder."""

    def __init__(self, folder: str, journal: Journal, refs: RefFiles, objects: ObjectReader, known: Known) -> None:
        self._journal = journal
        self._refs = refs
        self._objects = objects
        self._known = known
        self._depth = len(folder)
        self._packs = os.path.join(folder, "objects", "pack")
        self._scratch = os.path.join(folder, "trace", "tmp", "publish")
        self._oplog = os.path.join(folder, "trace", "oplog")
        self._most = MOST_PACKS
        self._damaged: set[str] = set()
        self._checkpointed = time.monotonic()

    # -- records to git --------------------------------------------------------------------

    def publish(
        self, records: Sequence[Record], *, locked: Iterable[str] = (), skip: frozenset[str] = frozenset()
    ) -> None:
        """Publish ``records``, all that are pending. ``skip`` names refs that a user moved since: theirs stays."""
        name = self._publish_objects(records)
        moves = [move for record in records if record.entry.verb != "external" for move in record.entry.moves]
        final = {move.ref: move.new for move in moves if move.ref not in skip}
        gone = sorted([ref for ref, value in final.items() if value is None], key=lambda ref: _turn((ref, None)))
        for ref in gone:  # first, and their locks: where a/b was, a may come
            self._refs.delete(ref)
            self._refs.unlock(ref)
        for ref, value in sorted(final.items(), key=_turn):
            if value is not None:
                self._refs.write(ref, value)
        self._log(records, final, skip)
        for ref in {move.ref for record in records for move in record.entry.moves}.union(locked):
            self._refs.unlock(ref)
        for pack in [name, *[pack for record in records for pack in record.packs]]:
            if pack:
                files.unlink(os.path.join(self._packs, f"pack-{pack}.keep"))
        self._journal.mark_published()

    def _publish_objects(self, records: Sequence[Record]) -> str:
        newest_first: dict[bytes, tuple[int, bytes]] = {}
        for record in reversed(records):
            for oid, typed in reversed(list(record.objects.items())):
                newest_first.setdefault(oid, typed)
        if not newest_first:
            return ""
        listed = [(oid, kind, data) for oid, (kind, data) in newest_first.items()]
        name, pack, index = packs.build(listed, deltas=len(records) > 1)
        self.place_pack(name, pack, index)
        return name

    def place_pack(self, name: str, pack: bytes, index: bytes, *, sync: bool = False) -> None:
        """Put a pack into the repository, guarded by its ``.keep``; whatever stood under its name is replaced."""
        stem = os.path.join(self._packs, f"pack-{name}")
        files.replace(stem + ".keep", KEEP_MARK, scratch=self._scratch)
        files.replace(stem + ".pack", pack, scratch=self._scratch, sync=sync)
        files.replace(stem + ".idx", index, scratch=self._scratch, sync=sync)
        if sync:
            files.sync_path(self._packs)

    def _log(self, records: Sequence[Record], final: Mapping[str, str | None], skip: frozenset[str]) -> None:
        left_out = skip | {"HEAD"} if skip else skip
        texts: dict[str, list[str]] = {}
        for ref, line in reflog.lines(records, lambda ref: final[ref] if ref in final else self._refs.read(ref)):
            if ref not in left_out:
                texts.setdefault(ref, []).append(reflog.written(line))
        for ref, lines in texts.items():
            with suppress(OSError):  # a courtesy to stock git, nothing that may stop a publication
                files.append(self._refs.path(f"logs/{ref}"), "".join(lines).encode())

    def place_large(self, objects: dict[bytes, tuple[int, bytes]]) -> tuple[str, ...]:
        """Move objects over 1 MB, or all of very many, out of ``objects`` into a synced pack of their own; its name."""
        many = sum([len(data) for _, data in objects.values()]) > MANY
        large = {oid: typed for oid, typed in objects.items() if many or len(typed[1]) > LARGE}
        if not large:
            return ()
        listed = [(oid, kind, data) for oid, (kind, data) in reversed(large.items())]
        name, pack, index = packs.build(listed, deltas=many)
        self.place_pack(name, pack, index, sync=True)
        for oid in large:
            del objects[oid]
        return (name,)

    # -- checkpoint ------------------------------------------------------------------------

    def due(self) -> bool:
        """Whether the journal has grown, or time has passed, enough for a checkpoint."""
        waiting = self._journal.end > DATA_START
        late = time.monotonic() - self._checkpointed > CHECKPOINT_SECONDS
        return waiting and (self._journal.end > CHECKPOINT_BYTES or late)

    def checkpoint(self, *, shrink: bool = False, force: bool = False, epoch: bool = False) -> None:
        """Make everything published durable, then reuse the journal. All records must be published.

        With ``force`` even when there is none; ``epoch`` is the journal's, see there.
        """
        self._checkpointed = time.monotonic()
        if self._journal.end <= DATA_START and not force:
            if shrink:
                self._journal.shrink()
            return
        entries = self._known.entries()
        synced = self._known.synced_packs()
        names = self._sync_packs(synced)
        folders = set[str]()
        for ref in {move.ref for entry in entries for move in entry.moves}:
            path = self._refs.path(ref)
            files.sync_path(path)
            while (path := os.path.dirname(path)) not in folders and len(path) > self._depth:
                folders.add(path)  # one that is new must be known to the one above it
        for folder in sorted(folders):
            files.sync_path(folder)
        generation = self._journal.generation
        size = oplog.append(self._oplog, generation.oplog_size, entries)
        self._journal.renew(size, epoch=epoch)
        if shrink:
            self._journal.shrink()
        self._known.save(size, names)

    def _sync_packs(self, synced: frozenset[str]) -> frozenset[str]:
        names = frozenset(name for name in os.listdir(self._packs) if name.endswith((".pack", ".idx")))
        for name in sorted(names - synced):
            files.sync_path(os.path.join(self._packs, name))
        if names - synced:
            files.sync_path(self._packs)
        return names

    # -- consolidation ---------------------------------------------------------------------

    def crowded(self) -> bool:
        """Whether there are so many packs that reading them costs too many descriptors.

        They are counted anew each time: other handles add packs, and where stock git has joined them all, a count from
        before would have the whole trace written again.
        """
        return sum([name.endswith(".idx") for name in os.listdir(self._packs)]) > self._most

    def consolidate(self) -> None:
        """Merge the smallest packs into one: new pack synced first, old ones removed after.

        Left alone: packs that somebody keeps, and all of them where git has a multi-pack-index,
        which would name packs that are gone.
        """
        try:
            if not os.path.exists(os.path.join(self._packs, "multi-pack-index")):
                self._consolidate()
        except (CorruptTraceError, NotFoundError, ValueError):  # damage elsewhere is fsck's to tell
            files.unlink(self._scratch + ".merge")
        if self.crowded():
            self._most += MERGE_PACKS  # it did not help; try again when there are many more

    def _consolidate(self) -> None:
        sizes: list[tuple[int, str]] = []
        for stem in self._objects.pack_paths():
            if not any(os.path.exists(stem + suffix) for suffix in (".keep", ".promisor", ".mtimes")):
                with suppress(FileNotFoundError):
                    sizes.append((os.stat(stem + ".pack").st_size, stem))
        smallest = [stem for _, stem in sorted(sizes)[: MERGE_PACKS + len(self._damaged)]]
        self._damaged |= {stem for stem in smallest if stem not in self._damaged and is_torn(stem)}
        chosen = set(smallest) - self._damaged  # what is damaged stays as it is, for fsck to tell
        if len(chosen) < 2:
            return
        self._merge([stem for stem in self._objects.pack_paths() if stem in chosen])

    def _merge(self, stems: list[str]) -> None:
        listed = {stem: self._objects.pack_entries(stem) for stem in stems}
        oids, several = set[bytes](), set[bytes]()  # as equal messages are
        for entries in listed.values():
            here = {oid for oid, _, _ in entries}
            several |= oids & here
            oids |= here
        draft = self._scratch + ".merge"
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        try:
            writer = packs.PackWriter(lambda data: files.write_all(fd, data), len(oids))
            for stem, entries in sorted(listed.items(), key=lambda pair: len(pair[1])):
                here = {oid for oid, _, _ in entries}
                self._merge_one(writer, stem, entries, here - oids, here & oids & several)
                oids -= here
            checksum = writer.finish()
            os.fsync(fd)
        finally:
            os.close(fd)
        self._replace_packs(stems, draft, checksum, packs.index(writer.entries, checksum))

    def _merge_one(
        self, writer: packs.PackWriter, stem: str, entries: Sequence[Listed], without: set[bytes], only: set[bytes]
    ) -> None:
        """Packs of few commits are packed anew, as deltas; those of large groups have their deltas and are copied.

        Of what is ``only`` to be in the new pack as it stands here, other copies go: so here it must be what it is
        named. A pack that has something twice, or an index without checksums, both of which git allows, is packed anew.
        """
        raw = files.read(stem + ".pack")
        oids = dict.fromkeys([oid for oid, _, _ in entries])
        usual = len(oids) == len(entries) > FEW and any(crc for _, crc, _ in entries)
        if raw is not None and usual and packs.has_deltas(raw, entries) and self._objects.gives(stem, only):
            body = memoryview(raw)[packs.HEADER : -packs.TRAILER]
            if writer.add_body(body, entries, without):
                return
        for oid in oids:
            if oid not in without:
                kind, data = self._objects.read(oid)
                writer.add(oid, kind, data)

    def _replace_packs(self, stems: Sequence[str], draft: str, checksum: bytes, index: bytes) -> None:
        stem = os.path.join(self._packs, f"pack-{checksum.hex()}")
        if stem in stems:
            files.unlink(draft)
            return
        files.replace(stem + ".keep", KEEP_MARK, scratch=self._scratch)
        files.rename_over(draft, stem + ".pack")
        files.replace(stem + ".idx", index, scratch=self._scratch, sync=True)
        files.sync_path(self._packs)
        for old in stems:
            for suffix in (".idx", ".rev", ".bitmap", ".pack"):
                files.unlink(old + suffix)
        files.unlink(stem + ".keep")
