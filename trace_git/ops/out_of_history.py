"""Taking the originals of a compress out of a branch's history, for those who do not want to carry them.

Every commit of the branch is written anew as if what was compressed had never been said: what a summary stands for is
in no commit, nor what is below that, where it was compressed before; a shortened result is there in its short version
only, and the archive of that compress is gone. A commit that brought nothing else is left out. The old tip is for the
caller to keep; what is secret is ``redact``'s affair.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set

from ..errors import NotFoundError
from ..store import commits, format, trees
from ..store.reachable import lineage, named_in
from ..store.transaction import Transaction
from ..store.trees import FOLDER, TreeEntry
from ..view.handle import Handle
from .forget import Rewriting, into
from .redacting import loosened

_ITEM = re.compile(rb"(?:.*-)?([0-9a-f]{16})\.msgpack\Z")


def without_originals(handle: Handle, transaction: Transaction, tip: str, compress: str,
                      below: Iterable[str] = ()) -> tuple[str, dict[str, str]]:  # fmt: skip
    """The new tip that stands for ``tip``, and which commit stands for which: ids of 40 hex.

    ``below`` are the items for which originals of the compress stand, as ``Archive.below`` has them: they go as well.
    ``tip`` may be a commit of the transaction. Its objects are put there, no ref is moved. NotFoundError when the
    compress has put nothing aside there.
    """
    source = _Source(handle, transaction)
    commit = transaction.commits.get(tip) or handle.store.commit(tip)
    shelves = _archived(source, commit.tree)
    if compress not in shelves:
        raise NotFoundError(f"no archive of {compress} at {tip[:8]}", hint="`trace expand` lists what was compressed")
    live = _items(source, commit.tree)
    rewriting = _Rules(source, compress, {*shelves[compress], *below}, live).rewriting
    new = rewriting.object(bytes.fromhex(tip)).hex()
    into(transaction, rewriting)
    return new, {old.hex(): done.hex() for old, done in rewriting.changed().items()}


def leave_out(transaction: Transaction, drafted: Set[bytes], tip: str) -> None:
    """Take those of the ``drafted`` objects out of the transaction that ``tip`` does not lead to.

    Written, they would lead to the originals: ``gc`` would take them for another program's and keep all for a day.
    """
    reached: set[bytes] = set()
    todo = [bytes.fromhex(tip)]
    while todo:
        oid = todo.pop()
        if oid in transaction.objects and oid not in reached:
            reached.add(oid)
            todo += named_in(*transaction.objects[oid])
    for oid in drafted - reached:
        del transaction.objects[oid]
        transaction.folders.pop(oid, None)
        transaction.commits.pop(oid.hex(), None)


class _Source:
    """Objects of the transaction, else of the store."""

    def __init__(self, handle: Handle, transaction: Transaction) -> None:
        self._store = handle.store
        self._transaction = transaction

    def read(self, oid: bytes) -> tuple[int, bytes]:
        found = self._transaction.objects.get(oid)
        if found is not None:
            return found
        name = oid.hex()
        return self._store.kind(name) or 0, self._store.read_any(name)


class _Rules:
    """Items that are gone everywhere, and others of which there is the short version alone, however often edited."""

    def __init__(self, source: _Source, compress: str, taken: Set[str], live: Mapping[str, bytes]) -> None:
        self.rewriting = Rewriting(source.read, self, skip_empty=True)
        self._compress = compress.encode()
        self._gone = {item for item in taken if item not in live}
        self._short = {item: live[item] for item in taken if item in live}

    def folder(self, entry: TreeEntry) -> bool:
        return entry.name != self._compress

    def entry(self, entry: TreeEntry) -> bytes | None:
        match = _ITEM.match(entry.name)
        if match is None:
            return entry.oid
        item = match[1].decode()
        return None if item in self._gone else self._short.get(item, entry.oid)

    def text(self, commit: bytes, tree: bytes, message: bytes) -> bytes:
        if not tree or tree == lineage(b"", commit)[0]:
            return message
        said, trailers = commits.split_trailers(message.decode("utf-8", "surrogateescape"))
        left = loosened(trailers, counted=self.rewriting.says_the_same(commit))
        below = "".join(f"{key}: {value}\n" for key, value in left.items())
        return f"{said}\n\n{below}".encode("utf-8", "surrogateescape") if trailers else message

    def person(self, name: bytes) -> bytes:
        return name


def _child(source: _Source, tree: bytes, name: bytes) -> bytes | None:
    return trees.child(trees.parse(source.read(tree)[1], tree), name)


def _archived(source: _Source, tree: str) -> dict[str, dict[str, bytes]]:
    """Compress id → the items it put aside, with their versions."""
    above = _child(source, bytes.fromhex(tree), format.ARCHIVE)
    if above is None:
        return {}
    shelves = trees.entries(trees.parse(source.read(above)[1], above))
    return {shelf.name.decode(): _below(source, shelf.oid) for shelf in shelves if shelf.mode == FOLDER}


def _items(source: _Source, tree: str) -> dict[str, bytes]:
    """The items of a context, with their versions."""
    messages = _child(source, bytes.fromhex(tree), format.MESSAGES)
    return _below(source, messages) if messages is not None else {}


def _below(source: _Source, folder: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for entry in trees.entries(trees.parse(source.read(folder)[1], folder)):
        if entry.mode == FOLDER:
            found |= _below(source, entry.oid)
        elif match := _ITEM.match(entry.name):
            found[match[1].decode()] = entry.oid
    return found
