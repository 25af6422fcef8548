"""A transaction: the objects and ref moves that one operation wants, collected in memory.

Nothing is written here. The store gives it the values of the refs it locked, and writes what it collected
as one journal record when the block ends without an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha1

from ..errors import StateError
from . import trees
from .commits import CommitData, TagData, build, build_tag
from .records import BLOB, COMMIT, TAG, TREE, Move
from .trees import Folder


class Transaction:
    """``refs`` are the locked refs with their present values; ``note`` and ``undoes`` go into the operation log."""

    def __init__(
        self,
        verb: str,
        refs: Mapping[str, str | None],
        number: Callable[[], int],
        read_tree: Callable[[bytes], Folder],
        lock: Callable[[str], str | None],
    ) -> None:
        self.verb = verb
        self.note = ""
        self.undoes = 0
        self.objects: dict[bytes, tuple[int, bytes]] = {}
        self.folders: dict[bytes, Folder] = {}
        self.commits: dict[str, CommitData] = {}
        self._refs = dict(refs)
        self._moves: dict[str, Move] = {}
        self._number = number
        self._read_tree = read_tree
        self._lock = lock

    @property
    def op(self) -> int:
        """The number of the operation it will belong to; a later ``claim`` may still raise it."""
        return self._number()

    def ref(self, name: str) -> str | None:
        """The value of a locked ref: 40 hex, ``ref: …``, or None when it does not exist."""
        move = self._moves.get(name)
        return move.new if move else self._refs[name]

    def claim(self, name: str) -> str | None:
        """Lock one more ref, whose name was not known before; its value. LockedError when a stranger holds it."""
        if name not in self._refs:
            self._refs[name] = self._lock(name)
        return self.ref(name)

    @property
    def locked(self) -> tuple[str, ...]:
        return tuple(self._refs)

    def move(self, name: str, new: str | None) -> None:
        """Let ``name`` have the value ``new`` (None deletes it) when the transaction ends."""
        if name not in self._refs:
            raise StateError(f"ref {name} was not locked by this transaction")
        if new != self._refs[name]:
            self._moves[name] = Move(name, self._refs[name], new)
        else:
            self._moves.pop(name, None)

    @property
    def moves(self) -> tuple[Move, ...]:
        return tuple(self._moves.values())

    def take(self, plan: Transaction) -> None:
        """Add what a plan collected (see ``Store.planning``)."""
        self.objects.update(plan.objects)
        self.folders.update(plan.folders)
        self.commits.update(plan.commits)

    def tree(self, oid: bytes) -> Folder:
        """A folder by raw id, this transaction's own included. Not to be changed in place."""
        return self.folders.get(oid) or self._read_tree(oid)

    def put_tree(self, folder: Folder) -> bytes:
        data = b"".join(folder.values())
        oid = sha1(b"tree %d\0%b" % (len(data), data)).digest()  # what ``trees`` says, without its calls: four a commit
        self.objects[oid] = (TREE, data)
        self.folders[oid] = folder
        return oid

    def put_blob(self, data: bytes, oid: bytes = b"") -> bytes:
        """Add a blob; its raw id, which a caller may know already."""
        oid = oid or trees.oid_of(b"blob", data)
        self.objects[oid] = (BLOB, data)
        return oid

    def put_commit(self, commit: CommitData) -> str:
        """Add a commit object; its id, 40 hex."""
        data = build(commit)
        oid = trees.oid_of(b"commit", data)
        name = oid.hex()
        self.objects[oid] = (COMMIT, data)
        self.commits[name] = commit
        return name

    def put_tag(self, tag: TagData) -> str:
        """Add an annotated tag object; its id, 40 hex."""
        data = build_tag(tag)
        oid = trees.oid_of(b"tag", data)
        self.objects[oid] = (TAG, data)
        return oid.hex()
