"""verify: read everything that is reachable, check it against its names, and say what is wrong.

Changes nothing. What was found to be whole once is not read twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..errors import CorruptTraceError, InvalidInputError, NotFoundError, StateError
from ..results import Finding
from ..store import codec, format, trees
from ..store.refs import is_id
from ..view.handle import Handle

_TROUBLE = (CorruptTraceError, NotFoundError, InvalidInputError, StateError)


def verify(handle: Handle) -> tuple[Finding, ...]:
    return tuple(_Verifier(handle).run())


class _Verifier:
    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._store = handle.store
        self._commits: set[str] = set()
        self._trees: set[str] = set()
        self._whole: set[bytes] = set()  # folders that were read
        self._read: set[tuple[bytes, tuple[bytes, ...]]] = set()  # blobs, with the top folder they were read for

    def run(self) -> Iterator[Finding]:
        yield from self._journal()
        for ref, value in self._store.raw_refs():
            if isinstance(value, CorruptTraceError):
                yield Finding("ref", ref, str(value))
            elif is_id(value):
                yield from self._history(ref, value)
        for name, reason in self._store.broken_packs().items():
            yield Finding("pack", name, f"pack {name} is damaged: {reason}")
        yield from self._all_objects()

    def _journal(self) -> Iterator[Finding]:
        try:
            for _ in self._store.entries():
                pass
        except CorruptTraceError as error:
            yield Finding("journal", "journal", str(error))

    def _history(self, ref: str, tip: str) -> Iterator[Finding]:
        todo = [tip]
        while todo:
            oid = todo.pop()
            if oid in self._commits:
                continue
            self._commits.add(oid)
            try:
                oid = self._store.peel(oid)
                if not self._store.is_commit(oid):
                    self._store.read_any(oid)  # a tag of something else: it need only be whole
                    continue
                data = self._store.commit(oid)
            except _TROUBLE as error:
                yield Finding("object", oid, f"{ref}: {error}")
                continue
            yield from self._tree(oid, data.tree)
            todo += data.parents

    def _tree(self, commit: str, tree: str) -> Iterator[Finding]:
        if tree in self._trees:
            return
        self._trees.add(tree)
        try:
            if trees.file(self._store.tree(bytes.fromhex(tree)), format.FORMAT_NAME) is None:
                return  # somebody else's commit, such as git's notes
            entries = self._handle.snapshots.entries(tree)
            pins = self._handle.snapshots.pins(tree)
        except _TROUBLE as error:
            yield Finding("object", tree, f"commit {commit[:8]}: {error}")
            return
        blobs = {entry.place.item: entry.blob for entry in entries}
        for item, number in Counter(entry.place.item for entry in entries).items():
            if number > 1:
                yield Finding("item", item, f"commit {commit[:8]}: item {item} is there {number} times")
        for item, blob in pins.items():
            if blobs.get(item) != blob:
                yield Finding("pin", item, f"commit {commit[:8]}: pin {item} is not the message of that item")
        yield from self._folder(commit, bytes.fromhex(tree), ())

    def _folder(self, commit: str, oid: bytes, path: tuple[bytes, ...]) -> Iterator[Finding]:
        if oid in self._whole:
            return
        self._whole.add(oid)
        try:
            entries = list(trees.entries(self._store.tree(oid)))
        except _TROUBLE as error:
            yield Finding("object", oid.hex(), f"commit {commit[:8]}: {error}")
            return
        for entry in entries:
            if entry.mode == trees.FOLDER:
                yield from self._folder(commit, entry.oid, (*path, entry.name))
            elif (entry.oid, path[:1]) not in self._read:
                self._read.add((entry.oid, path[:1]))
                yield from self._blob(commit, entry, (*path, entry.name))

    def _blob(self, commit: str, entry: trees.TreeEntry, path: tuple[bytes, ...]) -> Iterator[Finding]:
        name = entry.oid.hex()
        try:
            data = self._store.blob(name)
            if path[0] in (format.MESSAGES, format.PINS, format.ARCHIVE):
                codec.decode(data, blob_id=name)
            elif path == (format.TOOLS_NAME,):
                codec.decode_tools(data, blob_id=name)
        except _TROUBLE as error:
            where = b"/".join(path).decode("utf-8", "replace")
            yield Finding("object", name, f"commit {commit[:8]}, {where}: {error}")

    def _all_objects(self) -> Iterator[Finding]:
        """Objects that no ref reaches must be whole too: undo and the operation log may lead to them."""
        told = {oid for oid, _ in self._read}
        for oid, problem in self._store.damaged_objects():
            if oid not in self._whole and oid.hex() not in self._commits and oid not in told:
                yield Finding("object", oid.hex(), problem)
