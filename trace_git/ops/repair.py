"""repair: bring a damaged trace to its last good state, and throw nothing away.

    1  files   what cannot be read is put right so that the trace can be opened again (``store.mending``)
    2  refs    one that is empty, garbage, lost, or leads to a hole in its history gets the newest value that the
               operation log knows and whose history is whole; one operation, "repair", moves them all
    3  rescue  messages that are only in damaged commits get a branch of their own (``rescue``)
    4  labels  of pins that are missing or wrong are made again

Old bytes are kept in ``trace/aside/``. It works on a folder, for a trace that cannot be opened must be mended too.
A dry run does all of it to a copy, so what it says is what would happen.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..errors import NotFoundError, StateError, TraceError
from ..model import Author
from ..results import Finding
from ..store import erase, files, layout, mending, probe
from ..store.connection import Connection
from ..store.identity import identity
from ..store.locks import TraceLock
from ..store.mending import Aside, Mended, Mender
from ..store.records import Move, Record
from ..store.store import Store
from ..view.handle import Handle
from . import verify, verify_labels
from .mended_refs import Refs


def repair(handle: Handle, *, dry_run: bool = False) -> tuple[Finding, ...]:
    """Mend the trace of an open handle.

    What was done has severity "warning"; what is lost for good is an "error", of kind "lost" when an object is. What
    verify finds afterwards is of kind "remains".
    """
    handle.check_present()
    store = handle.store
    with suppress(TraceError):
        store.flush()
    found = repair_at(store.folder, dry_run=dry_run, committer=store.committer, clock=lambda: float(store.now()))
    if not dry_run:
        store.reopen()
    return found


def repair_at(
    path: str,
    *,
    dry_run: bool = False,
    committer: Author | None = None,
    clock: Callable[[], float] = time.time,
) -> tuple[Finding, ...]:
    """The same for a trace that need not be open, or fit to be opened. NotFoundError when there is none."""
    folder = _locate(path)
    who = committer or identity(os.environ, folder)
    if not dry_run:
        return tuple(_mend(folder, who, clock))
    draft = tempfile.mkdtemp(prefix="trace-git-")
    try:
        return tuple(_mend(_copied(folder, os.path.join(draft, os.path.basename(folder))), who, clock))
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def find(start: str | os.PathLike[str]) -> Path:
    """The trace, or the clone of one, that ``start`` is in, looking upwards; a trace may be damaged."""
    here = Path(start).resolve()
    for above in (here, *here.parents):
        for candidate in (above / ".trace", above, above / ".git"):
            if (candidate / "trace").is_dir() and (candidate / "objects").is_dir():
                return candidate
            if layout.is_repository(str(candidate)) and probe.is_trace(str(candidate)):
                return candidate
    raise NotFoundError(f"no trace in {here} or above it", hint="`trace -C DIR` looks elsewhere")


def _locate(path: str) -> str:
    """The folder of the trace; a repository that is no trace is refused untouched, a clone's as well."""
    for candidate in (path, os.path.join(path, ".trace")):
        if all(os.path.isdir(os.path.join(candidate, name)) for name in ("objects", "trace")):
            return os.path.realpath(candidate)
    folder = layout.locate(path)
    if folder is None or not probe.is_trace(folder):
        raise layout.not_a_trace(path)
    if not layout.check(folder):
        raise StateError(f"{folder} belongs to a work tree and can only be read", hint="mend it with stock git")
    return folder


def _copied(folder: str, target: str) -> str:
    """A copy to try things on. Objects are shared where the file system can: they are never changed in place."""
    objects = os.path.join(folder, "objects") + os.sep

    def copy(source: str, copied: str) -> None:
        if source.startswith(objects):
            with suppress(OSError):
                os.link(source, copied)
                return
        with suppress(FileNotFoundError):  # a lock or a scratch file that went meanwhile
            shutil.copy2(source, copied)

    shutil.copytree(folder, target, symlinks=True, copy_function=copy)
    alternates = os.path.join(target, "objects", "info", "alternates")
    if os.path.exists(alternates):
        lines = Path(alternates).read_bytes().split(b"\n")
        os.unlink(alternates)
        whole = (os.path.normpath(os.path.join(objects.encode(), line)) if line else line for line in lines)
        Path(alternates).write_bytes(b"\n".join(whole))
    return target


def _mend(folder: str, committer: Author, clock: Callable[[], float]) -> list[Finding]:
    aside = Aside(folder)
    done = _mend_files(folder, aside)
    store = Store(folder, durability="full", committer=committer, clock=clock)
    try:
        on = Connection.opened(folder, writable=True, durability="full", clock=clock, warn=store.warnings.append,
                               erase=erase.finish)  # fmt: skip
        try:
            found = done.findings + _mend_refs(on, store, done, aside)
        finally:
            on.close()
        found += [Finding("recover", "trace", text, severity="warning") for text in store.warnings]
        if os.path.isdir(os.path.join(folder, aside.name)):
            found.append(Finding("aside", aside.name, f"keep the old bytes in {aside.name}", severity="warning"))
        return found + [
            replace(one, kind="remains", text=f"cannot mend: {one}") for one in verify.verify(Handle(store, None, None))
        ]
    finally:
        store.close()


def _mend_files(folder: str, aside: Aside) -> Mended:
    lock = TraceLock(os.path.join(folder, "trace", "lock"))
    lock.acquire()
    try:
        return Mender(folder, aside).mend()
    finally:
        lock.release()
        lock.close()


def _mend_refs(on: Connection, store: Store, done: Mended, aside: Aside) -> list[Finding]:
    """Decide and move refs under the trace's lock; labels after, when what was rescued can be read."""
    on.lock.acquire()
    try:
        on.refresh()
        store.refresh()
        refs = Refs(on, store, done)
        refs.judge()
        for name in refs.bad:
            aside.copy(name)
        entry = _record(on, refs.moves(), refs.objects, 0)
        store.refresh()
        for name, raw in refs.logs():
            aside.copy(name)
            files.replace(on.refs.path(name), raw, scratch=os.path.join(on.folder, "trace", "tmp", "log"))
        labels = _labels(store, refs.final)
        _record(on, tuple(labels), {}, entry)
        on.publisher.checkpoint(force=True)
    finally:
        on.lock.release()
    named = [Finding("label", move.ref, f"make the label {move.ref} again", severity="warning") for move in labels]
    return refs.findings + named


def _record(on: Connection, moves: tuple[Move, ...], objects: dict[bytes, tuple[int, bytes]], op: int) -> int:
    """Write and publish one record of the operation "repair"; its number."""
    if not moves:
        return op
    for ref in sorted(move.ref for move in moves):
        mending.take_lock(on.refs, ref, on.folder)
    entry = on.entry("repair", moves, op=op)
    on.write(Record(entry, objects), sync=True)
    on.publish()
    return entry.op


def _labels(store: Store, refs: dict[str, str]) -> list[Move]:
    handle = Handle(store, None, None)
    found = verify_labels.wrong_labels(handle, refs)
    return [Move(one.ref, one.value, verify_labels.pinned_by(handle, one)) for one in found]
