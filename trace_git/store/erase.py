"""Putting a rewritten history in the place of a trace, so that nothing of the old one is left in any file.

    1  the new pack, synced; all refs are locked, and all that was journaled is published
    2  ``trace/redact``: which pack, which new object stands for which old one, the new text of a few files
    3  the journal begins a generation with a first record, "redact", that moves every ref: now it is done
    4  the refs; a checkpoint, with which the operation log begins anew
    5  old packs, loose objects, reflogs, caches, what was put aside, what stood in the journal: removed
    6  ``trace/redact`` goes

A kill before 3 leaves the trace as it was, and an unused pack. After 3 whoever holds the lock next, or opens the trace,
does the rest; our readers see the new history at once. ``trace/redact`` holds nothing of what is erased.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgpack

from ..errors import CorruptTraceError
from . import files, indexfile
from .collect import remove_indexes, remove_pack
from .packfile import PackFile
from .publish import KEEP_MARK
from .records import Move, Record, pack_record
from .recover import erasing
from .refs import is_id

if TYPE_CHECKING:
    from .connection import Connection

VERB = "redact"
_VERSION = 1
_LEFT = (
    "ORIG_HEAD", "FETCH_HEAD", "AUTO_MERGE", "COMMIT_EDITMSG", "SQUASH_MSG", "TAG_EDITMSG", "NOTES_EDITMSG", "gc.log",
)  # fmt: skip
_EMPTIED = ("logs", "lost-found", "trace/aside", "trace/batches", "trace/cache", "trace/tmp")
_OWN = frozenset({
    "HEAD", "HEAD.lock", "packed-refs", "packed-refs.lock", "refs", "objects", *_LEFT, *_EMPTIED,
    *(f"trace/{name}" for name in ("lock", "reflock", "journal", "oplog", VERB)),
})  # fmt: skip


@dataclass(frozen=True)
class Erasure:
    """A new history: ``pack`` is the name of the pack that has all of it, ``moves`` what every ref becomes.

    ``stands`` maps old objects to new ones, by raw id; ``files`` are new contents by path in the trace, None for gone.
    """

    pack: str
    moves: tuple[Move, ...]
    stands: Mapping[bytes, bytes]
    files: Mapping[str, bytes | None] = field(default_factory=dict)


def begin(on: Connection, erasure: Erasure) -> None:
    """Steps 2 and 3. The trace's lock and those of all refs are held, the pack is in place, nothing is pending."""
    on.publisher.checkpoint(force=True)
    key = os.urandom(16)
    plain = [_VERSION, key[:8], erasure.pack, dict(erasure.stands), dict(erasure.files)]
    path = erasing(on.folder)
    files.replace(path, msgpack.packb(plain), scratch=os.path.join(on.folder, "trace", "tmp", VERB), sync=True)
    files.sync_path(os.path.dirname(path))
    record = Record(on.entry(VERB, erasure.moves), packs=(erasure.pack,))
    on.journal.restart(key, pack_record(record))


def finish(on: Connection) -> list[str]:
    """Steps 4 to 6, wherever they were left; refs that another program made meanwhile to what is not in the new pack.

    The trace's lock is held.
    """
    mark = _read(on.folder)
    if mark is None:
        return []
    epoch, name, stands, contents = mark
    if epoch != on.journal.epoch:
        files.unlink(erasing(on.folder))  # it did not come to step 3
        return []
    on.publish()
    strays = _follow(on, name, stands)
    on.publisher.checkpoint(force=True)
    _remove_rest(on, contents)  # logs first: git would miss what they name
    if not strays:
        _remove_packed_refs(on)
        _remove_objects(on, name)
    on.journal.scrub()
    on.objects.close()
    files.unlink(erasing(on.folder))
    files.sync_path(os.path.join(on.folder, "trace"))
    return strays


def _read(folder: str) -> tuple[bytes, str, dict[bytes, bytes], dict[str, bytes | None]] | None:
    raw = files.read(erasing(folder))
    if raw is None:
        return None
    try:
        version, epoch, name, stands, contents = msgpack.unpackb(raw)
        if version != _VERSION:
            raise ValueError(f"version {version}")
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise CorruptTraceError(f"{erasing(folder)} cannot be read: {error}", hint="upgrade trace-git") from error
    return epoch, name, stands, contents


def _follow(on: Connection, name: str, stands: Mapping[bytes, bytes]) -> list[str]:
    """Move refs that another program put meanwhile at what is old; those for which nothing new stands."""
    pack = PackFile(os.path.join(on.folder, "objects", "pack", f"pack-{name}"))
    try:
        moves, strays = [], []
        for ref in ["HEAD", *on.refs.all_names("refs/")]:
            value = on.refs.read(ref)
            if value is None or not is_id(value) or pack.find(bytes.fromhex(value)) is not None:
                continue
            new = stands.get(bytes.fromhex(value))
            if new is not None and on.refs.try_lock(ref):
                moves.append(Move(ref, value, new.hex()))
            else:
                strays.append(ref)
    finally:
        pack.close()
    if moves:
        on.write(Record(on.entry(VERB, tuple(moves))), sync=True)
        on.publish()
    return strays


def _remove_packed_refs(on: Connection) -> None:
    """Every ref has a file of its own now; what stands in packed-refs is what it was before."""
    if on.refs.packed() and all(map(on.refs.is_file, on.refs.packed())) and on.refs.try_lock("packed-refs"):
        files.unlink(on.refs.path("packed-refs"))
        on.refs.unlock("packed-refs")


def _remove_objects(on: Connection, name: str) -> None:
    objects = os.path.join(on.folder, "objects")
    packs = os.path.join(objects, "pack")
    remove_indexes(objects)
    mine = f"pack-{name}."
    for stem in sorted({found.rpartition(".")[0] for found in os.listdir(packs) if found.startswith("pack-")}):
        if f"{stem}." != mine:
            files.unlink(os.path.join(packs, stem + ".keep"))
            files.unlink(os.path.join(packs, stem + ".promisor"))
            remove_pack(os.path.join(packs, stem))
    for found in os.listdir(packs):
        if not found.startswith(mine):
            files.unlink(os.path.join(packs, found))
    for found in os.listdir(objects):
        path = os.path.join(objects, found)
        if os.path.isdir(path) and found not in ("pack", "info"):
            shutil.rmtree(path)
    for folder in (packs, os.path.join(objects, "info"), objects):
        files.sync_path(folder)


def _remove_rest(on: Connection, contents: Mapping[str, bytes | None]) -> None:
    indexfile.remove_all(on.folder)
    for name in _EMPTIED:
        for above, _, names in os.walk(os.path.join(on.folder, name)):
            for found in names:
                files.unlink(os.path.join(above, found))
            files.sync_path(above)  # nothing may come back with the power
    scratch = os.path.join(on.folder, "trace", "tmp", VERB)
    for name, data in [*dict.fromkeys(_LEFT).items(), *contents.items()]:
        path = os.path.join(on.folder, name)
        if data is None:
            files.unlink(path)
        else:
            files.replace(path, data, scratch=scratch, sync=True)
    for changed in ("trace", ""):
        files.sync_path(os.path.join(on.folder, changed))


def place(on: Connection, draft: str, name: str, index: bytes) -> None:
    """Step 1: put a synced pack in place, guarded by its ``.keep``."""
    folder = os.path.join(on.folder, "objects", "pack")
    stem = os.path.join(folder, f"pack-{name}")
    scratch = draft + ".part"
    files.replace(stem + ".keep", KEEP_MARK, scratch=scratch, sync=True)
    files.rename_over(draft, stem + ".pack")
    files.replace(stem + ".idx", index, scratch=scratch, sync=True)
    files.sync_path(folder)


def strange_files(folder: str) -> list[str]:
    """Files that are neither git's own nor ours, by path in the trace: settings, hooks, what somebody put there."""
    found, todo = [], [""]
    while todo:
        above = todo.pop()
        for entry in os.scandir(os.path.join(folder, above)):
            path = os.path.join(above, entry.name)
            if path in _OWN:
                continue
            if entry.is_dir(follow_symlinks=False):
                todo.append(path)
            elif entry.is_file():
                found.append(path)
    return sorted(found)
