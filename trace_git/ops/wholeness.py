"""Which commits are whole: they, everything before them and everything in their trees can be read.

Reads each object once. What a clone left out on purpose (behind a shallow edge, or not downloaded) is no damage.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import CorruptTraceError, InvalidInputError, NotFoundError, StateError, TraceError
from ..store import trees
from ..store.records import BLOB, COMMIT, TAG
from ..store.store import Store

TROUBLE = (CorruptTraceError, NotFoundError, InvalidInputError)
_LINK = b"160000"  # a submodule: another repository's commit


class History:
    """What was learnt of the commits that ``learn`` was given, and of all before them.

    ``lost`` says of each object that cannot be read where it was met.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._parents: dict[str, tuple[str, ...]] = {}
        self._tree: dict[str, bytes] = {}
        self._sound: dict[bytes, bool] = {}
        self._bad: set[str] = set()
        self.lost: dict[str, str] = {}

    def learn(self, tips: Iterable[str]) -> None:
        """Look at these commits or tags and at everything before them."""
        todo = [tip for tip in tips if tip not in self._parents]
        if not todo:
            return
        while todo:
            oid = todo.pop()
            if oid not in self._parents:
                self._parents[oid] = ()
                try:
                    self._parents[oid] = self._look(oid)
                except StateError:
                    continue
                except TROUBLE as error:
                    self._lose(oid, str(error))
                    self._bad.add(oid)
                todo += self._parents[oid]
        self._spread()

    def _look(self, oid: str) -> tuple[str, ...]:
        kind = self._store.kind(oid)
        if kind is None:
            self._store.read_any(oid)  # raises what its absence means here
        if kind == TAG:
            return (self._store.read(bytes.fromhex(oid), TAG)[7:47].decode("ascii", "replace"),)
        if kind != COMMIT:
            return ()
        data = self._store.commit(oid)
        self._tree[oid] = bytes.fromhex(data.tree)
        if not self._folder(self._tree[oid], oid, ""):
            self._bad.add(oid)
        return data.parents

    def _folder(self, oid: bytes, commit: str, path: str) -> bool:
        """Whether a folder and all below it can be read."""
        if oid in self._sound:
            return self._sound[oid]
        try:
            entries = list(trees.entries(self._store.tree(oid)))
        except StateError:
            entries = []
        except TROUBLE as error:
            return self._unsound(oid, commit, path, error)
        below = [
            self._folder(entry.oid, commit, f"{path}{_text(entry.name)}/")
            if entry.mode == trees.FOLDER
            else self._blob(entry.oid, commit, path + _text(entry.name))
            for entry in entries
            if entry.mode != _LINK
        ]
        self._sound[oid] = all(below)
        return self._sound[oid]

    def _blob(self, oid: bytes, commit: str, path: str) -> bool:
        if oid not in self._sound:
            try:
                self._store.read(oid, BLOB)
            except StateError:
                pass
            except TROUBLE as error:
                return self._unsound(oid, commit, path, error)
            self._sound[oid] = True
        return self._sound[oid]

    def _unsound(self, oid: bytes, commit: str, path: str, error: TraceError) -> bool:
        self._lose(oid.hex(), f"commit {commit[:8]}{f', {path}' if path else ''}: {error}")
        self._sound[oid] = False
        return False

    def _lose(self, oid: str, text: str) -> None:
        self.lost.setdefault(oid, text)

    def _spread(self) -> None:
        """What stands on something that is not whole is not whole."""
        children: dict[str, list[str]] = {}
        for oid, parents in self._parents.items():
            for parent in parents:
                children.setdefault(parent, []).append(oid)
        todo = list(self._bad)
        while todo:
            for child in children.get(todo.pop(), ()):
                if child not in self._bad:
                    self._bad.add(child)
                    todo.append(child)

    def whole(self, oid: str) -> bool:
        return oid in self._parents and oid not in self._bad

    def sound(self, tree: bytes) -> bool:
        """Whether a folder was looked at and all of it can be read."""
        return self._sound.get(tree, False)

    def readable_trees(self) -> list[bytes]:
        """Top folders of the commits that can be read but are not whole."""
        return [tree for oid, tree in self._tree.items() if oid in self._bad]

    @property
    def roots(self) -> set[bytes]:
        return {tree for oid, tree in self._tree.items() if oid not in self._bad}


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
