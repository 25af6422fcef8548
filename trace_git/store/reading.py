"""The reading half of a store: refs, commits, trees and blobs, as one open connection sees them.

Everything is verified against its id. What was read lately is remembered by id, which cannot go stale.
"""

from __future__ import annotations

import os
import threading
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..errors import ConflictError, CorruptTraceError, NotFoundError, StateError, TraceError
from . import commits, layout, links, oplog, trees
from .commits import AGENT, CommitData
from .connection import Connection
from .journal import epoch_of
from .links import Links
from .packfile import is_torn
from .records import BLOB, COMMIT, TAG, TREE, Entry, unpack_record
from .transaction import Transaction
from .trees import Folder

if TYPE_CHECKING:
    from .reflog import Line

_CACHED_FOLDERS = 4096
_CACHED_COMMITS = 1024
_LATELY = 10.0  # seconds in which what began before objects were removed may still ask for them


class _Wrote(threading.local):
    """What a thread wrote last: it can be told what it did, whatever becomes of that meanwhile."""

    commits: Mapping[str, CommitData] = MappingProxyType({})


class Reading(ABC):
    """What ``Store`` answers without writing. Safe for threads."""

    def __init__(self, folder: str, shallow: frozenset[str]) -> None:
        self.folder = folder
        self._mutex = threading.RLock()
        self._shallow = shallow
        self._epoch = b""
        self._shaken = -_LATELY  # when it was seen that objects were removed
        self._wrote = _Wrote()
        self._folders: OrderedDict[bytes, Folder] = OrderedDict()
        self._commits: OrderedDict[str, CommitData] = OrderedDict()
        self._plans: list[Transaction] = []  # plans and transactions: what they hold is read as if it were written

    @abstractmethod
    def _alive(self) -> Connection:
        """The connection; StateError when there is none any more."""

    @abstractmethod
    def _look(self) -> None:
        """See what others journaled since."""

    @contextmanager
    def planning(self) -> Iterator[Transaction]:
        """Let the block compute what a transaction would write, as long as that takes: nothing is locked.

        Inside it reading finds what was collected. ``Transaction.take`` has it written, by a transaction in the block.
        """
        with self._finding(Transaction("", {}, lambda: 0, self.tree, _never)) as plan:
            yield plan

    @contextmanager
    def _finding(self, plan: Transaction) -> Iterator[Transaction]:
        """Inside the block reading finds what was collected."""
        with self._mutex:
            self._plans.append(plan)
        try:
            yield plan
        finally:
            with self._mutex:
                self._plans.remove(plan)

    def ref(self, name: str) -> str | None:
        """The value of a ref as of the last refresh or write: 40 hex, ``ref: …``, or None."""
        with self._mutex:
            return self._alive().ref(name)

    def ref_names(self, prefix: str = "refs/", *, skip_bad: bool = False) -> dict[str, str]:
        """All refs below ``prefix`` with their values, by name. One that is garbage raises, or is left out."""
        with self._mutex:
            found: dict[str, str | None] = {**self._alive().refs.all(prefix, skip_bad=skip_bad)}
            found.update((ref, value) for ref, value in self._alive().heads.items() if ref.startswith(prefix))
            return {ref: value for ref, value in sorted(found.items()) if value is not None}

    def unpublished(self) -> dict[bytes, tuple[int, bytes]]:
        """Objects that are acknowledged and perhaps in no pack yet: raw id → type, bytes."""
        with self._mutex:
            return dict(self._alive().objects.overlay)

    @cached_property
    def edge(self) -> frozenset[bytes]:
        """The commits at which a shallow clone ends, by raw id."""
        return frozenset(map(bytes.fromhex, self._shallow))

    def entries(self) -> Iterator[Entry]:
        """The operation log, newest first, what is still in the journal included."""
        with self._mutex:
            journal = self._alive().journal
            self._look()
            try:
                frames = journal.all_frames()
            except CorruptTraceError:  # or another process began a generation meanwhile
                self._look()
                frames = journal.all_frames()
            size = journal.generation.oplog_size
        yield from (unpack_record(frame.payload).entry for frame in reversed(frames))
        yield from oplog.newest_first(os.path.join(self.folder, "trace", "oplog"), size)

    def is_current(self) -> bool:
        """Whether no objects were removed since this handle looked last. Waits for nobody."""
        found = epoch_of(os.path.join(self.folder, "trace", "journal"))
        return found in (None, self._epoch)

    def lists(self, oid: bytes) -> bool:
        """Whether an object is there, by what the files say; it is not read."""
        with self._mutex:
            return self._alive().objects.listed(oid)

    def logged_refs(self) -> dict[str, str | None]:
        """Where each ref that the operation log knows was put last; one that was deleted is None, or not there."""
        with self._mutex:
            return dict(self._alive().known.values())

    def raw_refs(self) -> Iterator[tuple[str, str | CorruptTraceError]]:
        """Every ref and HEAD with its value, or with the error that reading it gives; refs that are lost included."""
        with self._mutex:
            names = self._alive().ref_names()
        for ref in ["HEAD", *names]:
            try:
                value = self.ref(ref)
                good = self._behind(ref, value)
            except CorruptTraceError as error:
                yield ref, error
            else:
                if good is not None:
                    yield ref, CorruptTraceError(f"ref {ref} is at {value}, and nobody moved it there from {good}")
                elif value is not None:
                    yield ref, value

    def _behind(self, ref: str, value: str | None) -> str | None:
        with self._mutex:
            return self._alive().behind(ref, value) if value is not None else None

    def reflog(self, ref: str) -> Iterator[Line]:
        """Where a ref (or a HEAD) has been, newest first; nothing when it has no log, or is deleted.

        What is journaled and not yet published comes first, as in the log that stock git will see.
        """
        from . import reflog  # costs start-up time, and few verbs need it

        with self._mutex:
            on = self._alive()
            value = on.ref(ref)
            ahead = [line for name, line in reversed(reflog.lines(on.pending, on.ref)) if name == ref]
            path = on.refs.path(f"logs/{ref}")
        if value is None:
            return
        written = reflog.newest_first(path)
        first = list(islice(written, len(ahead)))  # another process may have published meanwhile
        yield from (line for line in ahead if line not in first)
        yield from first
        yield from written

    def links(self, oid: str) -> Links:
        """Parents and time of a commit, 40 hex: all that a walk needs, and quicker than ``commit``."""
        with self._mutex:
            known = self._commits.get(oid) or self._planned_commit(oid)
            if known is not None:
                return Links(known.line, known.timestamp, AGENT in known.trailers)
            return links.parse(self.read(bytes.fromhex(oid), COMMIT), oid)

    def commit(self, oid: str) -> CommitData:
        """The commit with this id, 40 hex; the last ones are remembered."""
        with self._mutex:
            commit = self._commits.get(oid) or self._planned_commit(oid) or self._wrote.commits.get(oid)
            if commit is None:
                commit = commits.parse(self.read(bytes.fromhex(oid), COMMIT), oid)
                self._keep_commit(oid, commit)
            return commit

    def _planned_commit(self, oid: str) -> CommitData | None:
        return next((plan.commits[oid] for plan in self._plans if oid in plan.commits), None)

    def _keep_commit(self, oid: str, commit: CommitData) -> None:
        self._commits[oid] = commit
        if len(self._commits) > _CACHED_COMMITS:
            self._commits.popitem(last=False)

    def blob(self, oid: str) -> bytes:
        return self.read(bytes.fromhex(oid), BLOB)

    def blobs(self, oids: Sequence[str]) -> list[bytes]:
        """The bytes of many blobs, in the order of their ids."""
        wanted = list(map(bytes.fromhex, oids))
        with self._mutex:
            found = self._alive().objects.whole(wanted, BLOB)
            return [found[oid] if oid in found else self.read(oid, BLOB) for oid in wanted]

    def read(self, oid: bytes, kind: int) -> bytes:
        """The bytes of an object of the given type, verified against its id."""
        with self._mutex:
            for plan in self._plans:
                if oid in plan.objects and plan.objects[oid][0] == kind:
                    return plan.objects[oid][1]
            try:
                return self._alive().objects.read(oid, kind)[1]
            except NotFoundError as error:
                raise self._missing(oid, error) from error

    def tree(self, oid: bytes) -> Folder:
        """A folder by raw id; cached, not to be changed."""
        with self._mutex:
            folder = self._folders.get(oid)
            if folder is None:
                folder = next((plan.folders[oid] for plan in self._plans if oid in plan.folders), None)
            if folder is None:
                folder = trees.parse(self.read(oid, TREE), oid)
                self._keep_folder(oid, folder)
            return folder

    def tree_bytes(self, oid: bytes) -> bytes:
        """The bytes of a folder by raw id, for who reads it once and keeps what it found."""
        with self._mutex:
            folder = self._folders.get(oid)
            return trees.serialize(folder) if folder is not None else self.read(oid, TREE)

    def _keep_folder(self, oid: bytes, folder: Folder) -> None:
        self._folders[oid] = folder
        if len(self._folders) > _CACHED_FOLDERS:
            self._folders.popitem(last=False)

    def kind(self, oid: str) -> int | None:
        """The type of an object, or None when the store has none of that id."""
        with self._mutex:
            try:
                return self._alive().objects.read(bytes.fromhex(oid))[0]
            except NotFoundError:
                return None

    def read_any(self, oid: str) -> bytes:
        """The bytes of an object of whatever type, verified."""
        with self._mutex:
            try:
                return self._alive().objects.read(bytes.fromhex(oid))[1]
            except NotFoundError as error:
                raise self._missing(bytes.fromhex(oid), error) from error

    def is_commit(self, oid: str) -> bool:
        return self.kind(oid) == COMMIT

    def peel(self, value: str) -> str:
        """The commit that an id means: itself, or what an annotated tag points to."""
        for _ in range(5):
            if self.kind(value) != TAG:
                return value
            data = self.read(bytes.fromhex(value), TAG)
            value = data[7:47].decode("ascii", "replace")
        raise CorruptTraceError(f"tag {value} points to nothing", object_id=value)

    def with_prefix(self, prefix: str) -> set[str]:
        """Ids of all objects that start with ``prefix`` (at least 4 hex)."""
        with self._mutex:
            return self._alive().objects.with_prefix(prefix)

    def _missing(self, oid: bytes, error: NotFoundError) -> TraceError:
        name = oid.hex()
        if time.monotonic() - self._shaken < _LATELY or not self.is_current():
            return ConflictError(
                f"object {name} is missing: gc or redact has just removed objects, here or in another program",
                hint="look at the trace again; if it stays missing, run `trace fsck`",
            )
        if self._shallow:
            return StateError(
                f"{name} lies behind the edge of this shallow clone", hint="git fetch --unshallow brings it"
            )
        if layout.is_partial(self.folder):
            return StateError(f"{name} was not downloaded by this partial clone", hint="git fetch it from the remote")
        return CorruptTraceError(str(error), object_id=name, hint=error.hint)

    def broken_packs(self) -> dict[str, str]:
        """Names of packs that cannot be read, with the reason."""
        with self._mutex:
            paths = self._alive().objects.pack_paths()
            found = {
                path: "a checksum is wrong" for path in paths if is_torn(path)
            } | self._alive().objects.broken_packs()
            return {os.path.basename(path): reason for path, reason in found.items()}

    def damaged_objects(self) -> Iterator[tuple[bytes, str]]:
        """Every stored object that does not read back as its id, with the reason."""
        with self._mutex:
            for oid in self._alive().objects.all_ids():
                try:
                    self._alive().objects.read(oid)
                except (CorruptTraceError, NotFoundError) as error:
                    yield oid, str(error)


def _never(ref: str) -> str | None:
    raise StateError(f"a plan locks no ref: {ref}")
