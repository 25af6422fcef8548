"""Contexts: the ordered items of a commit, read tree by tree and remembered by tree id.

After one change only the folders on its path are read again, so an open handle answers in time that
depends on what changed. No history is walked.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from ..model import Commit, Context, Item, Message, TokenCount
from ..store import codec
from ..store.snapshot import Entry, Snapshots
from ..store.store import Store
from .leaves import Leaves
from .tokens import Counter

_REMEMBERED = 8
_LEAVES = 20_000
_AT_ONCE = 1_000  # messages


class Contexts:
    """Builds contexts for one store; Items of unchanged messages are the same objects each time."""

    def __init__(self, store: Store, snapshots: Snapshots, counter: Counter | None) -> None:
        self._store = store
        self._snapshots = snapshots
        self._counter = counter
        self._items: OrderedDict[bytes, tuple[Item, ...]] = OrderedDict()
        self._recent: OrderedDict[str, Context] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self.memory: Any = None  # of questions to whole histories, once there was one: see ``searching``
        self.leaves = Leaves(snapshots, counter, self.message, folder=store.folder, readonly=not store.writable)

    def at(self, commit: Commit | None) -> Context:
        if commit is None:
            return Context(None, (), TokenCount(0, counter=self._counter.name if self._counter else ""))
        context = self._recent.get(commit.id)
        if context is None:
            items = self.items(commit.tree)
            context = Context(commit.id, items, self.total(commit), self.tools(commit.tree))
            self._recent[commit.id] = context
            if len(self._recent) > _REMEMBERED:
                self._recent.popitem(last=False)
        return context

    def items(self, tree: str) -> tuple[Item, ...]:
        """The items of a tree in order."""
        found: list[Item] = []
        for leaf, entries in self._snapshots.leaves(tree):
            found.extend(self._items.get(leaf) or self._build(leaf, entries))
        pins = self._snapshots.pins(tree)
        if pins:
            return tuple([item.with_pinned(True) if item.id in pins else item for item in found])
        return tuple(found)

    def size(self, tree: str) -> int:
        """The number of items in a tree."""
        found = self._sizes.get(tree)
        if found is None:
            if len(self._sizes) >= _REMEMBERED:
                self._sizes.clear()
            found = self._sizes[tree] = sum(map(self.leaves.size, self._snapshots.leaf_ids(tree)))
        return found

    def _build(self, leaf: bytes, entries: tuple[Entry, ...]) -> tuple[Item, ...]:
        items = tuple([Item(entry.place.item, entry.place.role, entry.blob, self.message) for entry in entries])
        self._items[leaf] = items
        if len(self._items) > _LEAVES:
            self._items.popitem(last=False)
        return items

    def item(self, entry: Entry, *, pinned: bool) -> Item:
        return Item(entry.place.item, entry.place.role, entry.blob, self.message, pinned=pinned)

    def message(self, blob: str) -> Message:
        """The message in a blob, verified."""
        return codec.decode(self._store.blob(blob), blob_id=blob)

    def load(self, items: Sequence[Item]) -> None:
        """Read the messages of many items at once, as far as nobody did; one by one it takes longer."""
        left = [item for item in items if not item.loaded]
        for start in range(0, len(left), _AT_ONCE):
            some = left[start : start + _AT_ONCE]
            for item, data in zip(some, self._store.blobs([item.blob for item in some]), strict=True):
                item.give(codec.decode(data, blob_id=item.blob))

    def tools(self, tree: str) -> tuple[Mapping[str, Any], ...]:
        return self.definitions(self._snapshots.tools(tree))

    def definitions(self, blob: str | None) -> tuple[Mapping[str, Any], ...]:
        """The tool definitions in a blob, verified."""
        return codec.decode_tools(self._store.blob(blob), blob_id=blob) if blob is not None else ()

    def total(self, commit: Commit) -> TokenCount:
        """Size of a commit's context: what the commit says when the same tokenizer wrote it, else counted."""
        written = self.written(commit)
        if written is not None:
            return written
        if self._counter is None:
            return TokenCount(0, exact=False, counter="")
        return self._counter.total(self.count(item) for item in self.items(commit.tree))

    def written(self, commit: Commit) -> TokenCount | None:
        """What a commit says of the size of its context, if this tokenizer said it or there is none here."""
        written = commit.context_tokens
        if self._counter is None or written is None:
            return written
        return written if written.counter == self._counter.name else None

    def learn(self, messages: Sequence[Message], blobs: Sequence[str]) -> None:
        """Remember of messages that are at hand what would otherwise be read again."""
        for message, blob in zip(messages, blobs, strict=True):
            self.leaves.learn(blob, message)

    def count(self, item: Item) -> TokenCount:
        """Tokens of one item as it stands in a prompt."""
        assert self._counter is not None
        return self._counter.known(item.blob) or self._counter.message(item.message, item.blob)
