"""verify: read everything that is reachable, check it against its names, and say what is wrong.

Changes nothing. What was found to be whole once is not read twice. Damage has severity "error"; what a reader should
know of a sound trace (see ``verify_labels``) is a "warning".
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping

from ..errors import CorruptTraceError, InvalidInputError, NotFoundError, StateError
from ..results import Finding
from ..store import codec, format, layout, mending, salvage, trees
from ..store.refs import is_id
from ..view.handle import Handle
from . import verify_agents, verify_labels

_SETTLED = 10.0  # seconds: a pack that is being written gets its index sooner
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
        yield from self._config()
        yield from self._journal()
        for line in mending.lost_lines(self._store.folder):
            yield Finding("ref", "packed-refs", f"packed-refs has a damaged line: {line[:80]!r}")
        refs = dict(self._store.raw_refs())
        for ref, value in refs.items():
            if isinstance(value, CorruptTraceError):
                yield Finding("ref", ref, str(value))
            elif is_id(value):
                yield from self._history(ref, value)
        good = {ref: value for ref, value in refs.items() if isinstance(value, str)}
        yield from self._head(good)
        yield from verify_agents.agent_findings(self._handle, good)
        for name, reason in self._store.broken_packs().items():
            yield Finding("pack", name, f"pack {name} is damaged: {reason}")
        yield from self._all_objects()
        yield from self._leftovers()
        if layout.ours(self._store.folder):  # a clone has no labels: they are not fetched
            yield from verify_labels.label_findings(self._handle, good)

    def _config(self) -> Iterator[Finding]:
        wrong = mending.damaged_config(self._store.folder)
        if wrong is not None:
            yield Finding("config", "config", wrong)

    def _journal(self) -> Iterator[Finding]:
        if layout.ours(self._store.folder):
            for damage in salvage.remains(self._store.folder).damage:
                yield Finding("journal", "journal", damage)

    def _head(self, refs: Mapping[str, str]) -> Iterator[Finding]:
        branches = [ref for ref in refs if ref.startswith("refs/heads/")]
        head = refs.get("HEAD", "")
        if head.startswith("ref: ") and head[5:] not in refs and branches:
            text = f"HEAD names {head[5:]}, which has no commit, while there are {len(branches)} branches"
            yield Finding("ref", "HEAD", text, severity="warning")

    def _leftovers(self) -> Iterator[Finding]:
        for name in mending.leftovers(self._store.folder, before=time.time() - _SETTLED):
            text = f"pack {name} has no index: a program died when it wrote or removed it; `trace gc --apply` clears up"
            yield Finding("pack", name, text, (), "warning")

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
            mixed = verify_labels.interleaved(self._handle, oid)
            if mixed is not None:
                yield mixed
            if bytes.fromhex(oid) not in self._store.edge:
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
