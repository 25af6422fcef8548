"""The tree of one commit in the words of a context: items in order, pins, tools. Reading it, and drafting the next.

``Snapshots`` reads trees and remembers what it read by tree id, so a context that changed in one place is
read again in one place. ``Draft`` collects changes to a tree; a transaction writes them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from ..errors import CorruptTraceError, InvalidInputError
from . import format, trees
from .format import Place
from .layout import ATTRIBUTES, FORMAT
from .store import Store
from .transaction import Transaction
from .trees import FILE, FOLDER, Folder

_REMEMBERED = 20_000  # folders; about a context of 600k messages
_ENDS = 256


class Entry(NamedTuple):
    """One item of a tree: its place (key, role, id) and the id of its present blob, 40 hex."""

    place: Place
    blob: str


class Snapshots:
    """Reads the trees of one store. Results are shared: do not change them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._leaves: OrderedDict[bytes, tuple[Entry, ...]] = OrderedDict()
        self._checked: set[bytes] = set()
        self._ends: dict[str, str] = {}  # tree → the key of its last item, of trees that were appended to

    def root(self, tree: str) -> Folder:
        """The top folder of a commit's tree; CorruptTraceError or InvalidInputError when it is not of this format."""
        folder = self._store.tree(bytes.fromhex(tree))
        version = trees.file(folder, format.FORMAT_NAME)
        if version is None:
            raise InvalidInputError(
                f"tree {tree[:8]} is not a trace's: it has no file 'format'", hint="is this a trace?"
            )
        if version not in self._checked:
            self._check_version(version)
        return folder

    def _check_version(self, blob: bytes) -> None:
        data = self._store.blob(blob.hex())
        if data != FORMAT:
            raise InvalidInputError(
                f"the trace is of format {data[:40]!r}, this program reads b'trace 1\\n'", hint="upgrade trace-git"
            )
        self._checked.add(blob)

    def leaves(self, tree: str) -> list[tuple[bytes, tuple[Entry, ...]]]:
        """The items in order, as (folder id, its entries); the same folder id always has the same entries."""
        return [(leaf, self.leaf(leaf)) for leaf in self.leaf_ids(tree)]

    def leaf_ids(self, tree: str) -> list[bytes]:
        """The folders that hold the items, in order, without reading them."""
        messages = trees.child(self.root(tree), format.MESSAGES)
        return [low for high in self._children(messages) for low in self._children(high)]

    def leaf(self, oid: bytes) -> tuple[Entry, ...]:
        """The entries of one such folder."""
        found = self._leaves.get(oid)
        return self._read_leaf(oid) if found is None else found

    def _children(self, oid: bytes | None) -> list[bytes]:
        return [raw[-20:] for raw in self._store.tree(oid).values()] if oid is not None else []

    def _read_leaf(self, oid: bytes) -> tuple[Entry, ...]:
        found = format.parse_folder(self._store.tree_bytes(oid))
        if found is not None:
            new = tuple.__new__  # what the classes' own would call, in half of the time: there are ten thousand of them
            leaf = tuple([new(Entry, (new(Place, (key, role, item)), blob)) for key, role, item, blob in found])
        else:  # one by one it is said what is wrong
            entries = trees.entries(self._store.tree(oid))
            leaf = tuple([Entry(format.parse_name(one.name), one.oid.hex()) for one in entries])
        self._leaves[oid] = leaf
        if len(self._leaves) > _REMEMBERED:
            self._leaves.popitem(last=False)
        return leaf

    def entries(self, tree: str) -> list[Entry]:
        return [entry for _, leaf in self.leaves(tree) for entry in leaf]

    def last_key(self, tree: str) -> str | None:
        """The key of the last item, reading one folder of each level; None for no items."""
        known = self._ends.get(tree)
        if known is not None:
            return known
        oid = trees.child(self.root(tree), format.MESSAGES)
        if oid is None:
            return None
        for _ in range(2):
            oid = next(reversed(self._store.tree(oid).values()))[-20:]
        return format.parse_name(next(reversed(self._store.tree(oid)))).key

    def ends(self, tree: str, key: str) -> None:
        """Remember the last key of a tree that was just written."""
        if len(self._ends) >= _ENDS:
            self._ends.clear()
        self._ends[tree] = key

    def pins(self, tree: str) -> dict[str, str]:
        """Item id → blob id of each pin."""
        oid = trees.child(self.root(tree), format.PINS)
        if oid is None:
            return {}
        found = trees.entries(self._store.tree(oid))
        return {format.parse_pin(entry.name): entry.oid.hex() for entry in found}

    def archived(self, tree: str) -> dict[str, tuple[Entry, ...]]:
        """Compress id → the items it put aside, in order."""
        oid = trees.child(self.root(tree), format.ARCHIVE)
        if oid is None:
            return {}
        shelves = [entry for entry in trees.entries(self._store.tree(oid)) if entry.mode == FOLDER]
        return {shelf.name.decode("utf-8", "replace"): self._shelf(shelf.oid) for shelf in shelves}

    def _shelf(self, oid: bytes) -> tuple[Entry, ...]:
        leaves = [low for high in self._children(oid) for low in self._children(high)]
        return tuple([entry for leaf in leaves for entry in self.leaf(leaf)])

    def tools(self, tree: str) -> str | None:
        """Blob id of the tool definitions, or None."""
        oid = trees.file(self.root(tree), format.TOOLS_NAME)
        return oid.hex() if oid is not None else None


class Draft:
    """The next tree: changes to a base tree, written by ``write`` into a transaction."""

    def __init__(self, transaction: Transaction, snapshots: Snapshots, base: str | None, namespace: str) -> None:
        self._transaction = transaction
        self._snapshots = snapshots
        self._base = base
        self._namespace = namespace
        self._last = snapshots.last_key(base) if base is not None else None
        self._changes: dict[tuple[bytes, ...], tuple[bytes, bytes] | None] = {}
        self._position = 0

    def append(self, role: str, data: bytes, parent: str | None, blob: str = "") -> Entry:
        """A new item behind all others; ``parent`` is the first parent of the commit to be, ``blob`` the id of ``data``
        where the caller has it."""
        oid = self._transaction.put_blob(data, bytes.fromhex(blob))
        self._last = format.next_key(self._last)
        place = Place(self._last, role, format.item_id(self._namespace, parent, self._position, oid))
        self._position += 1
        self._changes[format.message_path(place)] = (FILE, oid)
        return Entry(place, blob or oid.hex())

    def replace(self, entry: Entry, data: bytes, *, pinned: bool) -> Entry:
        """A new version of an item, at the same path; a pin follows it."""
        blob = self._transaction.put_blob(data)
        self._changes[format.message_path(entry.place)] = (FILE, blob)
        if pinned:
            self._changes[format.pin_path(entry.place.item)] = (FILE, blob)
        return Entry(entry.place, blob.hex())

    def put(self, entry: Entry, data: bytes | None = None) -> Entry:
        """An item at a place of the caller's choice; ``data`` is its content when no tree has that blob yet."""
        if data is None:
            self._changes[format.message_path(entry.place)] = (FILE, bytes.fromhex(entry.blob))
            return entry
        blob = self._transaction.put_blob(data)
        self._changes[format.message_path(entry.place)] = (FILE, blob)
        return Entry(entry.place, blob.hex())

    def shelve(self, compress: str, entries: Sequence[Entry]) -> None:
        """Put items into the archive of a compress. Taking them out of the context is ``remove``."""
        for entry in entries:
            path = format.archive_path(compress, entry.place)
            self._changes[path] = (FILE, bytes.fromhex(entry.blob))

    def unshelve(self, compress: str, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._changes[format.archive_path(compress, entry.place)] = None

    def remove(self, entries: Sequence[Entry]) -> None:
        """Take items out of the context. A pin of theirs stays: release it first."""
        for entry in entries:
            self._changes[format.message_path(entry.place)] = None

    def pin(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._changes[format.pin_path(entry.place.item)] = (FILE, bytes.fromhex(entry.blob))

    def unpin(self, items: Sequence[str]) -> None:
        for item in items:
            self._changes[format.pin_path(item)] = None

    def set_tools(self, data: bytes | None) -> None:
        blob = (FILE, self._transaction.put_blob(data)) if data is not None else None
        self._changes[(format.TOOLS_NAME,)] = blob

    def keep_tools(self, blob: str | None) -> None:
        """The tool definitions of another commit, by blob id."""
        self._changes[(format.TOOLS_NAME,)] = (FILE, bytes.fromhex(blob)) if blob is not None else None

    def write(self) -> str:
        """Write the tree into the transaction and return its id, 40 hex."""
        appended = self._position == len(self._changes)
        if self._base is None:
            self._changes[(format.FORMAT_NAME,)] = (FILE, self._transaction.put_blob(FORMAT))
            self._changes[(format.ATTRIBUTES_NAME,)] = (FILE, self._transaction.put_blob(ATTRIBUTES))
        base = bytes.fromhex(self._base) if self._base is not None else None
        root = trees.edit(self._transaction, base, self._changes)
        if root is None:
            raise CorruptTraceError("the new tree would be empty")
        if appended and self._last is not None:
            self._snapshots.ends(root.hex(), self._last)
        return root.hex()
