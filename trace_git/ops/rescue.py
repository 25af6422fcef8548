"""rescue: messages that can still be read although every commit that has them is damaged become a branch of their own.

A branch whose history has a hole goes back to its last whole commit. What came later is not thrown away: the tree of
a later commit, less what cannot be read, is committed on top, as a branch ``rescued-<n>`` that can be looked at, used
or merged. Edits that were overtaken by later ones are not brought back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ..errors import CorruptTraceError
from ..model import Author
from ..store import codec, format, trees
from ..store.commits import CommitData, build
from ..store.layout import ATTRIBUTES, FORMAT
from ..store.records import BLOB, COMMIT, TREE
from ..store.store import Store
from ..store.trees import FILE, FOLDER, Folder, TreeEntry
from .wholeness import TROUBLE

Objects = dict[bytes, tuple[int, bytes]]


@dataclass
class Rescued:
    """One commit that ``rescue`` wants written: its id, its objects, the items that are only in it."""

    commit: str
    parent: str | None
    items: tuple[str, ...]
    objects: Objects = field(default_factory=dict)


class Rescue:
    """Finds what is left in the trees of damaged commits.

    ``roots`` are the top folders of whole commits, ``tips`` the whole commits that refs lead to; ``holes`` says whether
    a folder could not be read, so that older versions of it are worth a look.
    """

    def __init__(self, store: Store, roots: Iterable[bytes], tips: Iterable[str]) -> None:
        self._store = store
        self._items: dict[bytes, frozenset[str]] = {}
        self._messages: dict[bytes, bool] = {}
        self.holes = False
        self._saved = {item for root in roots for item in self._items_of(root)}
        self._tips = {tip: self._items_of(_raw(self._tree_of(tip))) for tip in sorted(tips) if self._tree_of(tip)}

    def one(self, root: bytes) -> Rescued | None:
        """What a top folder has that is nowhere else; None when it is nothing."""
        new = self._items_of(root) - self._saved
        self._saved |= new
        return self._commit(root, new) if new else None

    def rest(self, roots: Iterable[bytes]) -> Iterator[Rescued]:
        """The same of many, the one that saves most first, until nothing new is left."""
        left = list(dict.fromkeys(roots))
        while left:
            left = [root for root in left if self._items_of(root) - self._saved]
            best = max(left, key=lambda root: len(self._items_of(root) - self._saved), default=None)
            if best is not None and (found := self.one(best)) is not None:
                yield found

    def _tree_of(self, commit: str) -> str:
        try:
            return self._store.commit(commit).tree
        except TROUBLE:
            return ""  # a tag of something else

    # -- reading what can be read ----------------------------------------------------------

    def _entries(self, oid: bytes) -> list[TreeEntry]:
        try:
            return list(trees.entries(self._store.tree(oid)))
        except TROUBLE:
            self.holes = True
            return []

    def _items_of(self, root: bytes) -> frozenset[str]:
        """Ids of the messages below a top folder that can be read."""
        messages = next((entry.oid for entry in self._entries(root) if entry.name == format.MESSAGES), None)
        return self._below(messages) if messages is not None else frozenset()

    def _below(self, oid: bytes) -> frozenset[str]:
        if oid not in self._items:
            found: set[str] = set()
            for entry in self._entries(oid):
                if entry.mode == FOLDER:
                    found |= self._below(entry.oid)
                elif self._is_message(entry.oid):
                    found |= _item(entry.name)
            self._items[oid] = frozenset(found)
        return self._items[oid]

    def _is_message(self, oid: bytes) -> bool:
        if oid not in self._messages:
            try:
                codec.decode(self._store.read(oid, BLOB))
                self._messages[oid] = True
            except TROUBLE:
                self._messages[oid] = False
        return self._messages[oid]

    # -- writing ---------------------------------------------------------------------------

    def _commit(self, root: bytes, new: frozenset[str]) -> Rescued:
        kept = self._items_of(root)
        near = max(self._tips, key=lambda tip: len(self._tips[tip] & kept), default=None)
        parent = near if near is not None and self._tips[near] & kept else None
        rescued = Rescued("", parent, tuple(sorted(new)))
        tree = self._readable(root, (), kept, rescued.objects)
        assert tree is not None  # it has a message
        number = f"{len(kept)} message{'s' if len(kept) != 1 else ''}"
        commit = CommitData(
            tree.hex(),
            (parent,) if parent else (),
            Author("trace-git", "repair@trace"),
            self._store.committer,
            self._store.now(),
            f"repair: {number} that can still be read",
            {"Trace-Op": "repair"},
        )
        data = build(commit)
        oid = trees.oid_of(b"commit", data)
        rescued.objects[oid] = (COMMIT, data)
        rescued.commit = oid.hex()
        return rescued

    def _readable(self, oid: bytes, path: tuple[bytes, ...], kept: frozenset[str], into: Objects) -> bytes | None:
        """The folder less what cannot be read, written into ``into``; None when nothing is left of it."""
        folder: Folder = {}
        for entry in self._entries(oid):
            below = (*path, entry.name)
            if entry.mode == FOLDER:
                child = self._readable(entry.oid, below, kept, into)
            else:
                child = entry.oid if self._stays(entry, below, kept) else None
            if child is not None:
                folder[entry.name + b"/" * (entry.mode == FOLDER)] = trees.entry(entry.mode, entry.name, child)
        if not path:
            for name, content in ((format.ATTRIBUTES_NAME, ATTRIBUTES), (format.FORMAT_NAME, FORMAT)):
                folder[name] = trees.entry(FILE, name, _put(into, BLOB, b"blob", content))
        ordered = {name: folder[name] for name in sorted(folder)}
        return _put(into, TREE, b"tree", trees.serialize(ordered)) if ordered else None

    def _stays(self, entry: TreeEntry, path: Sequence[bytes], kept: frozenset[str]) -> bool:
        if path[0] == format.PINS and not kept >= _pin(entry.name):
            return False
        if path[0] == format.MESSAGES and not _item(entry.name):
            return False
        try:
            data = self._store.read(entry.oid, BLOB)
            if path[0] in (format.MESSAGES, format.PINS, format.ARCHIVE):
                codec.decode(data)
            elif tuple(path) == (format.TOOLS_NAME,):
                codec.decode_tools(data)
        except TROUBLE:
            return False
        return True


def _put(into: Objects, kind: int, name: bytes, data: bytes) -> bytes:
    oid = trees.oid_of(name, data)
    into[oid] = (kind, data)
    return oid


def _item(name: bytes) -> set[str]:
    try:
        return {format.parse_name(name).item}
    except CorruptTraceError:
        return set()


def _pin(name: bytes) -> set[str]:
    try:
        return {format.parse_pin(name)}
    except CorruptTraceError:
        return {""}


def _raw(tree: str) -> bytes:
    return bytes.fromhex(tree)
