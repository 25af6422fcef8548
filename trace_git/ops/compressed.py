"""From what stands for items to a tree, and that tree held against what a compress promises. ``compress`` calls it.

What is checked is what was written, read back from the transaction before the branch moves: every item outside as it
was and in order, pins verbatim, every original in the archive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha1

from ..errors import UnsafeRewriteError
from ..model import Author, Item, TokenCount
from ..results import Finding
from ..store import codec, format, trees
from ..store.format import Place
from ..store.snapshot import Draft, Entry
from ..store.transaction import Transaction
from ..store.trees import blob_id
from ..view.compressing import soundness
from ..view.compressing.plan import Replacement
from ..view.compressing.sight import Sight
from ..view.handle import Handle
from . import write


class Compressed:
    """The commit to be on the commit of ``sight``. ``id`` names the compress, ``stands`` are the new entries."""

    def __init__(self, handle: Handle, sight: Sight, made: Sequence[Replacement]) -> None:
        self._handle = handle
        self._sight = sight
        self._made = made
        self._data = [codec.encode(one.message) for one in made if one.message is not None]
        self._taken = set(sight.places) | {one.place.item for some in self._archived.values() for one in some}
        self.stands = [self._stand(at, one, data) for at, (one, data) in enumerate(zip(made, self._data, strict=True))]
        self.id = self._name()

    @property
    def _archived(self) -> Mapping[str, tuple[Entry, ...]]:
        return self._handle.snapshots.archived(self._sight.commit.tree)

    def _stand(self, number: int, one: Replacement, data: bytes) -> Entry:
        """A shorter version keeps id and place; a summary has a new id and the key of the first item it replaces."""
        first, blob = self._sight.entries[one.places[0]].place, blob_id(data)
        if one.keeps_id:
            return Entry(first, blob)
        return Entry(Place(first.key, "user", self._fresh(number, bytes.fromhex(blob), self._taken)), blob)

    def _name(self) -> str:
        """The id of the compress: from where it is born, what it takes and what stands for that."""
        said = "\n".join(
            f"{one.blob} {' '.join(self._sight.entries[at].place.item for at in made.places)}"
            for one, made in zip(self.stands, self._made, strict=True)
        )
        return self._fresh(len(self._made), sha1(said.encode()).digest(), set(self._archived))

    def _fresh(self, number: int, blob: bytes, taken: set[str]) -> str:
        counter, parent = 0, self._sight.commit.id
        while (found := format.item_id(self._handle.namespace, parent, number, blob, counter)) in taken:
            counter += 1
        taken.add(found)
        return found

    # -- before it is written --------------------------------------------------------------

    def check(self) -> None:
        """UnsafeRewriteError when the context would get a fault that it has not now."""
        before = self._sight.items
        fresh = {
            entry.place.item: Item.of(entry.place.item, entry.blob, made.message)
            for entry, made in zip(self.stands, self._made, strict=True) if made.message is not None
        }  # fmt: skip
        known = {item.id: item for item in before}
        soundness.check(before, [fresh.get(one.place.item) or known[one.place.item] for one in self._after()],
                        "compress")  # fmt: skip

    def _after(self) -> list[Entry]:
        """The items that will be there, in order."""
        gone = {at for one in self._made for at in one.places}
        there = {one.places[0]: entry for one, entry in zip(self._made, self.stands, strict=True)}
        return [there.get(at, entry) for at, entry in enumerate(self._sight.entries) if at in there or at not in gone]

    # -- writing ---------------------------------------------------------------------------

    def write(self, transaction: Transaction, *, title: str, message: str | None, timestamp: int | None,
              change: TokenCount | None, trailers: Mapping[str, str]) -> str:  # fmt: skip
        """Write the commit, see that it is what was promised, and move the branch; the new id."""
        handle, parent = self._handle, self._sight.commit
        draft = Draft(transaction, handle.snapshots, parent.tree, handle.namespace)
        for one, entry, data in zip(self._made, self.stands, self._data, strict=True):
            old = [self._sight.entries[at] for at in one.places]
            draft.shelve(self.id, old)
            draft.remove([] if one.keeps_id else old)
            draft.put(entry, data)
        author = Author("trace-git", "compress@trace")
        wanted = write.Change("compress", title, author, change, timestamp, message, trailers)
        oid = write.commit(handle, transaction, draft, parent, wanted)
        self._check_written(transaction, transaction.commits[oid].tree)
        return oid

    def _check_written(self, transaction: Transaction, tree: str) -> None:
        before, after = (_Tree(transaction, one) for one in (self._sight.commit.tree, tree))
        originals = [self._sight.entries[at] for one in self._made for at in one.places]
        wrong = [
            text for text, fine in (
                ("items outside of the range would change", after.messages() == self._after()),
                ("pins would change", before.part(format.PINS) == after.part(format.PINS)),
                ("originals would be lost", after.shelf(self.id) == sorted(originals)),
                ("other archives would change", after.shelves(self.id) == before.shelves(self.id)),
                ("tool definitions would change", before.rest() == after.rest()),
            ) if not fine
        ]  # fmt: skip
        if wrong:
            found = tuple(Finding("invariant", self.id, text) for text in wrong)
            raise UnsafeRewriteError(f"the compress was not written: {wrong[0]}", findings=found,
                                     hint="this is a fault of trace-git; please report it")  # fmt: skip


class _Tree:
    """A tree as the transaction has it, its own objects included."""

    def __init__(self, transaction: Transaction, tree: str) -> None:
        self._transaction = transaction
        self._root = transaction.tree(bytes.fromhex(tree))

    def part(self, name: bytes) -> bytes | None:
        return trees.child(self._root, name)

    def rest(self) -> list[bytes]:
        """All but messages, pins and archive."""
        ours = {name + b"/" for name in (format.MESSAGES, format.PINS, format.ARCHIVE)}
        return [raw for name, raw in self._root.items() if name not in ours]

    def messages(self) -> list[Entry]:
        return self._items(self.part(format.MESSAGES))

    def shelf(self, name: str) -> list[Entry]:
        return self._items(trees.child(self._archive(), name.encode()))

    def shelves(self, but: str) -> list[bytes]:
        return [raw for name, raw in self._archive().items() if name != but.encode() + b"/"]

    def _archive(self) -> trees.Folder:
        oid = self.part(format.ARCHIVE)
        return self._transaction.tree(oid) if oid is not None else {}

    def _items(self, oid: bytes | None) -> list[Entry]:
        folders = [oid] if oid is not None else []
        for _ in range(2):
            folders = [raw[-20:] for one in folders for raw in self._transaction.tree(one).values()]
        found = (one for folder in folders for one in trees.entries(self._transaction.tree(folder)))
        return [Entry(format.parse_name(one.name), one.oid.hex()) for one in found]
