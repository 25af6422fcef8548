"""The folders of a trace's items, each looked at once in its life: by a reader, or by who wrote its messages.

A context of ten thousand messages has some three hundred folders (leaves). What is known of one is kept by its tree
id, in memory and in ``trace/cache``, and cannot go stale. What can be asked of them is in ``leaf``.
"""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

from ..model import Message
from ..store import kept
from ..store.snapshot import Snapshots
from . import leaf
from .groups import Facts
from .leaf import ESTIMATE, Leaf, Look, Row
from .tokens import RULES, Counter

_VERSION = 4  # of what is kept: another one's is not read
_FEW = 32  # messages: who learnt no more than these has no whole folder of them
_REMEMBERED = 20_000  # folders
_LEARNT = 200_000  # messages
_NAME = "leaves-"  # of the files; a tokenizer's follows
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")  # in the name of a file; the key inside tells clashes apart


class Leaves:
    """The leaves of one trace, as counted by one tokenizer."""

    def __init__(
        self,
        snapshots: Snapshots,
        counter: Counter | None,
        read: Callable[[str], Message],
        *,
        folder: str,
        readonly: bool,
    ) -> None:
        self._snapshots = snapshots
        self._counter = counter
        self._read = read
        name = counter.name if counter is not None else ""
        self._key = f"{_VERSION} {RULES} {name}"
        self._file = kept.Kept(folder, f"{_NAME}{_UNSAFE.sub('-', name)[:64]}", readonly=readonly)
        self._leaves: OrderedDict[bytes, Leaf] = OrderedDict()
        self._looks: dict[str, Look] = {}
        self._stored: dict[bytes, Row] | None = None

    def learn(self, blob: str, message: Message) -> Look:
        """Remember a message that is at hand, so that nobody has to read it for its folder."""
        if len(self._looks) >= _LEARNT:
            self._looks.clear()
        found = self._looks[blob] = leaf.look(message)
        return found

    def facts(self, blob: str) -> Facts:
        """What a message calls and answers."""
        return (self._looks.get(blob) or self._look(blob)).facts

    def of(self, ids: Iterable[bytes]) -> list[Leaf]:
        """The leaves with these tree ids; messages are read where nobody looked before."""
        return [self.peek(oid) or self._build(oid) for oid in ids]

    def looks(self, oid: bytes) -> list[Look]:
        """What is to be known of each message of a folder; those that nobody looked at are read."""
        entries = self._snapshots.leaf(oid)
        return [self._looks.get(entry.blob) or self._look(entry.blob) for entry in entries]

    def peek(self, oid: bytes) -> Leaf | None:
        """A leaf that somebody looked at before."""
        found = self._leaves.get(oid)
        if found is None and (row := self._on_disk().get(oid)) is not None:
            found = leaf.from_row(row)
            if found is not None:
                self._remember(oid, found)
            else:
                self._on_disk().pop(oid, None)
        return found

    def size(self, oid: bytes) -> int:
        """The number of items in a folder."""
        known = self._leaves.get(oid)
        row = self._on_disk().get(oid) if known is None else None
        if row is not None:
            return leaf.size_of(row)
        return known.size if known is not None else len(self._snapshots.leaf(oid))

    def tokens(self, oid: bytes) -> int:
        """The tokens of a folder's items."""
        known = self.peek(oid)
        return known.tokens if known is not None else sum(tokens for _, tokens in self.counted(oid))

    def counted(self, oid: bytes) -> list[tuple[str, int]]:
        """Blob id and tokens of each item of a folder."""
        known = self.peek(oid)
        if known is not None:
            return known.counted()
        return [(entry.blob, self.count(entry.blob)) for entry in self._snapshots.leaf(oid)]

    def count(self, blob: str) -> int:
        """The tokens of a message; 0 without a tokenizer."""
        return self._count(blob) & ~ESTIMATE

    def exact(self, blob: str) -> bool:
        """Whether that number is no estimate."""
        return self._count(blob) < ESTIMATE

    def holding(self, ids: Sequence[bytes], items: Iterable[str]) -> list[bytes]:
        """Those of the folders that have one of ``items``."""
        wanted = {bytes.fromhex(item) for item in items}
        return [oid for oid in ids if not wanted.isdisjoint(self.items(oid))]

    def items(self, oid: bytes) -> list[bytes]:
        """The raw item ids of a folder."""
        known = self.peek(oid)
        return known.items() if known else [bytes.fromhex(entry.place.item) for entry in self._snapshots.leaf(oid)]

    @property
    def news(self) -> bool:
        """Whether ``save`` may find anything to do."""
        return len(self._looks) > _FEW or bool(self._leaves and self._leaves.keys() - self._on_disk().keys())

    def save(self, *trees: str) -> None:
        """Keep what is known on disk, when that is more than is there by two or more folders: all of the folders of
        trees, and as much of others, which were looked at on the way.

        The last folder changes with every message; writing the file for it alone would not pay.
        """
        stored = self._on_disk()
        ids: dict[bytes, None] = {}
        for tree in trees:
            folders = self._snapshots.leaf_ids(tree)
            ids.update(dict.fromkeys(folders))
            for oid in reversed(folders):  # what this process wrote lies at the end
                if oid not in stored and oid not in self._leaves:
                    if any(entry.blob not in self._looks for entry in self._snapshots.leaf(oid)):
                        break
                    self._build(oid)
        fresh = {oid: leaf.to_row(one) for oid, one in self._leaves.items() if oid not in stored}
        if len(fresh) < 2:
            return
        known = {**stored, **fresh}
        live = [oid for oid in ids if oid in known]
        others = [oid for oid in known if oid not in ids][-len(live) :] if live else []
        self._stored = {oid: known[oid] for oid in (*others, *live)}
        self._file.write((self._key, self._stored))

    def _on_disk(self) -> dict[bytes, Row]:
        if self._stored is None:
            value = self._file.read()
            fits = isinstance(value, tuple) and len(value) == 2 and value[0] == self._key
            rows = value[1].items() if fits and isinstance(value[1], dict) else ()
            self._stored = {oid: row for oid, row in rows if type(row) is tuple and list(map(type, row)) == [bytes] * 2}
        return self._stored

    def _build(self, oid: bytes) -> Leaf:
        entries = self._snapshots.leaf(oid)
        built = leaf.make(entries, self.looks(oid), [self._count(entry.blob) for entry in entries])
        self._remember(oid, built)
        return built

    def _remember(self, oid: bytes, known: Leaf) -> None:
        self._leaves[oid] = known
        if len(self._leaves) > _REMEMBERED:
            self._leaves.popitem(last=False)

    def _look(self, blob: str) -> Look:
        message = self._read(blob)
        if self._counter is not None:
            self._counter.message(message, blob)
        return self.learn(blob, message)

    def _count(self, blob: str) -> int:
        """Tokens of a message, with the highest bit for an estimate."""
        if self._counter is None:
            return 0
        count = self._counter.known(blob) or self._counter.message(self._read(blob), blob)
        return min(count, ESTIMATE - 1) | (0 if count.exact else ESTIMATE)


def forget(folder: str, here: Callable[[bytes], bool]) -> None:
    """Have the caches of the trace at ``folder`` say nothing of folders that are not ``here`` any more (by tree id)."""
    above = os.path.join(folder, "trace", "cache")
    for name in os.listdir(above) if os.path.isdir(above) else ():
        file = kept.Kept(folder, name)
        value = file.read() if name.startswith(_NAME) else None
        if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], dict):
            left = {oid: row for oid, row in value[1].items() if here(oid)}
            if len(left) < len(value[1]):
                file.write((value[0], left))
