"""Rewriting history: every commit anew, with other trees or texts, and all else as it was.

Authors, dates, the shape of the graph and all other headers stay; a commit that would not change keeps its id, so a
history is rewritten from where it first differs. Signatures of rewritten objects would be wrong: they are taken out.
Nothing is written here: the new objects are gathered, and whoever asked puts them into a transaction or a pack.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from ..store import commits, format, links, trees
from ..store.reachable import lineage
from ..store.records import BLOB, COMMIT, TAG, TREE
from ..store.transaction import Transaction
from ..store.trees import FOLDER, TreeEntry

_SIGNATURES = (b"gpgsig", b"gpgsig-sha256", b"mergetag")
_ARMOUR = re.compile(rb"-----BEGIN (?:PGP|SSH|SIGNED) (?:SIGNATURE|MESSAGE)-----.*", re.DOTALL)
_PEOPLE = (b"author", b"committer", b"tagger")
_NAMES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob", TAG: b"tag"}

Read = Callable[[bytes], tuple[int, bytes]]


class Rules(Protocol):
    """What changes. ``folder`` says whether one stays; ``entry`` gives the new blob of a file, None to leave it out.

    ``text`` gives the message of a commit or tag, from the object as it was, its new tree (none for a tag), and the
    old message. ``person`` is a name with its address.
    """

    def folder(self, entry: TreeEntry) -> bool: ...
    def entry(self, entry: TreeEntry) -> bytes | None: ...
    def text(self, commit: bytes, tree: bytes, message: bytes) -> bytes: ...
    def person(self, name: bytes) -> bytes: ...


class Rewriting:
    """Rewrites objects by id. ``objects`` are the new ones; ``stands`` says which new id stands for which old one.

    With ``skip_empty`` a commit of one parent whose tree becomes that parent's is left out, but for the tip, and for
    one that was made to change nothing, or to say something of an agent.
    ``unsigned`` are the old ids of objects that lost a signature.
    """

    def __init__(self, read: Read, rules: Rules, *, skip_empty: bool = False) -> None:
        self._read = read
        self._rules = rules
        self._skip_empty = skip_empty
        self._trees: dict[bytes, bytes | None] = {}
        self.objects: dict[bytes, tuple[int, bytes]] = {}
        self.stands: dict[bytes, bytes] = {}
        self.unsigned: list[bytes] = []

    def changed(self) -> dict[bytes, bytes]:
        """Old id → new id, of commits and tags that are not what they were."""
        return {old: new for old, new in self.stands.items() if old != new}

    def put(self, kind: int, data: bytes) -> bytes:
        oid = trees.oid_of(_NAMES[kind], data)
        self.objects[oid] = kind, data
        return oid

    def object(self, oid: bytes) -> bytes:
        """What stands for an object that a ref is at."""
        if oid in self.stands:
            return self.stands[oid]
        kind, data = self._read(oid)
        if kind == COMMIT:
            return self._history(oid)
        if kind == TAG:
            self.stands[oid] = self._tag(oid, data)
        elif kind == TREE:
            self.stands[oid] = self.tree(oid) or self.put(TREE, b"")
        else:
            self.stands[oid] = self._rules.entry(TreeEntry(b"100644", b"", oid)) or oid
        return self.stands[oid]

    def tree(self, oid: bytes) -> bytes | None:
        """What stands for a folder; None when nothing is left of it."""
        if oid not in self._trees:
            folder = trees.parse(self._read(oid)[1], oid)
            done = {}
            for key, entry in zip(folder, trees.entries(folder), strict=True):
                new = self._entry(entry)
                if new is not None:
                    done[key] = folder[key] if new == entry.oid else trees.entry(entry.mode, entry.name, new)
            if done == folder:
                self._trees[oid] = oid
            else:
                self._trees[oid] = self.put(TREE, trees.serialize(done)) if done else None
        return self._trees[oid]

    def says_the_same(self, commit: bytes) -> bool:
        """Whether the context of a commit stays byte for byte, so that what was counted of it is still so."""
        tree, _ = lineage(b"", commit)
        messages = trees.child(trees.parse(self._read(tree)[1], tree), format.MESSAGES)
        return messages is None or self.tree(messages) == messages

    def _entry(self, entry: TreeEntry) -> bytes | None:
        if entry.mode == FOLDER:
            return self.tree(entry.oid) if self._rules.folder(entry) else None
        return entry.oid if entry.mode == b"160000" else self._rules.entry(entry)

    def _history(self, tip: bytes) -> bytes:
        """A commit after its parents, without recursion: a history is long."""
        todo = [tip]
        while todo:
            oid = todo[-1]
            if oid in self.stands:
                todo.pop()
                continue
            data = self._read(oid)[1]
            tree, parents = lineage(oid, data)
            waiting = [parent for parent in parents if parent not in self.stands]
            if waiting:
                todo += waiting
            else:
                self.stands[oid] = self._commit(oid, data, (tree, parents), tip)
        return self.stands[tip]

    def _commit(self, oid: bytes, data: bytes, made: tuple[bytes, list[bytes]], tip: bytes) -> bytes:
        tree, parents = made
        new_tree = self.tree(tree) or self.put(TREE, b"")
        new_parents = [self.stands[parent] for parent in parents]
        if self._skip_empty and oid != tip and new_tree != tree and len(parents) == 1:
            changed = tree != self._tree_of(parents[0]) and not links.parse(data, oid.hex()).agent
            if changed and new_tree == self._tree_of(new_parents[0]):
                return new_parents[0]
        head, _, message = data.partition(b"\n\n")
        text = self._rules.text(data, new_tree, message)
        lines = [self._header(line) for line in _headers(head)]
        if (new_tree, new_parents, text, lines) == (tree, parents, message, _headers(head)):
            return oid
        signed = [line for line in lines if line.split(b" ", 1)[0] in _SIGNATURES]
        if signed:
            self.unsigned.append(oid)
        above = [b"tree " + new_tree.hex().encode(), *(b"parent " + one.hex().encode() for one in new_parents)]
        below = [line for line in lines[1 + len(parents) :] if line not in signed]
        return self.put(COMMIT, b"\n".join([*above, *below]) + b"\n\n" + text)

    def _tree_of(self, commit: bytes) -> bytes:
        data = self.objects[commit][1] if commit in self.objects else self._read(commit)[1]
        return lineage(commit, data)[0]

    def _header(self, line: bytes) -> bytes:
        key, _, rest = line.partition(b" ")
        if key not in _PEOPLE:
            return line
        person, mark, when = rest.rpartition(b"> ")
        return key + b" " + self._rules.person(person) + mark + when

    def _tag(self, oid: bytes, data: bytes) -> bytes:
        head, _, message = data.partition(b"\n\n")
        lines = _headers(head)
        target = self.object(bytes.fromhex(lines[0][7:47].decode("ascii")))
        text = self._rules.text(data, b"", message)
        done = [b"object " + target.hex().encode(), *map(self._header, lines[1:])]
        if (done, text) == (lines, message):
            return oid
        unsigned = _ARMOUR.sub(b"", text)
        if unsigned != text:
            self.unsigned.append(oid)
        return self.put(TAG, b"\n".join(done) + b"\n\n" + unsigned)


def into(transaction: Transaction, rewriting: Rewriting) -> None:
    """Put the new objects into a transaction."""
    for oid, (kind, data) in rewriting.objects.items():
        transaction.objects[oid] = kind, data
        if kind == TREE:
            transaction.folders[oid] = trees.parse(data, oid)
        elif kind == COMMIT:
            transaction.commits[oid.hex()] = commits.parse(data, oid.hex())


def _headers(head: bytes) -> list[bytes]:
    """The headers of an object; one of several lines in one piece."""
    return [line.replace(b"\0", b"\n ") for line in head.replace(b"\n ", b"\0").split(b"\n")]
