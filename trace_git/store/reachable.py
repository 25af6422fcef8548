"""Where every object of a trace lies at one moment, and what a set of ids leads to.

For verbs that go through all of a trace: reading a hundred thousand objects one by one through the usual door would
search the packs as often. Packs are held open from the beginning, so whoever replaces them meanwhile disturbs nothing.
Nothing here writes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha1
from typing import Protocol

from ..errors import CorruptTraceError, NotFoundError
from . import files
from .objects import ObjectReader
from .packfile import DAMAGE, PackFile
from .packindex import Listed
from .records import BLOB, COMMIT, NAMES, TAG, TREE

_ENTRY = re.compile(rb"(\d+) [^\0]+\0(.{20})", re.DOTALL)
_FOLDER, _LINK = b"40000", b"160000"  # modes: a folder, and a commit of another repository
_OFFSET = (1 << 40) - 1
_HEADS = {kind: name + b" %d\0" for kind, name in NAMES.items()}
_VERSIONED = (COMMIT, TREE)  # the next one read is likely to be a delta against it
_SPARED = (".keep", ".promisor")

_PARENTS_AT = len("tree \n") + 40


class Source(Protocol):
    """Where objects are read from; errors as those of ``ObjectReader.read``."""

    def has(self, oid: bytes) -> bool: ...
    def read(self, oid: bytes) -> tuple[int, bytes]: ...


class Stock:
    """The objects of one trace: ``stems`` are its packs, newest first, ``loose`` the ids of its loose files.

    What came after it was made is found too, by looking again.
    """

    def __init__(self, folder: str) -> None:
        self._reader = ObjectReader(folder)
        self._packs: list[PackFile] = []
        self._where: dict[bytes, int] = {}
        self.stems: list[str] = []
        self.loose: frozenset[bytes] = frozenset()
        self.look()

    def close(self) -> None:
        for pack in self._packs:
            pack.close()
        self._reader.close()

    def look(self) -> list[str]:
        """See the packs and loose objects that came since; the stems of these packs."""
        fresh = [stem for stem in self._reader.pack_paths() if stem not in self.stems]
        if broken := self._reader.broken_packs():
            name, reason = next(iter(broken.items()))
            raise CorruptTraceError(f"{os.path.basename(name)} is damaged ({reason})", hint="run `trace fsck`")
        for stem in fresh:
            self._open(stem)
        self.loose = frozenset(self._reader.loose_ids())
        return fresh

    def _open(self, stem: str) -> None:
        try:
            pack = PackFile(stem)
            pack.hold()
            entries = pack.listed()
        except FileNotFoundError:
            return  # replaced since it was listed: its objects are in another one
        except DAMAGE as error:
            name = os.path.basename(stem)
            raise CorruptTraceError(f"{name} is damaged ({error})", hint="run `trace fsck`") from error
        base = len(self._packs) << 40
        self._packs.append(pack)
        self.stems.append(stem)
        for oid, _, offset in entries:
            self._where.setdefault(oid, base | offset)

    def lay_over(self, overlay: Mapping[bytes, tuple[int, bytes]]) -> None:
        """Know objects that are in no file yet."""
        self._reader.overlay = dict(overlay)

    def touched(self, oid: bytes) -> float:
        """When the file that an object is read from was written last, in seconds since 1970; 0 when it is gone."""
        stem = self.stem_of(oid)
        name = oid.hex()
        path = stem + ".pack" if stem else os.path.join(self._reader.folder, name[:2], name[2:])
        return os.path.getmtime(path) if os.path.exists(path) else 0.0

    def ids(self) -> Iterator[bytes]:
        """Every object of this trace's own files."""
        yield from self._where
        yield from (oid for oid in self.loose if oid not in self._where)

    def stem_of(self, oid: bytes) -> str | None:
        """The pack that an object is read from; None when it is in none of this trace's."""
        at = self._where.get(oid)
        return self.stems[at >> 40] if at is not None else None

    def listed(self, stem: str) -> list[Listed]:
        """What a pack has, in its order."""
        return self._packs[self.stems.index(stem)].listed()

    def pack(self, stem: str) -> PackFile:
        return self._packs[self.stems.index(stem)]

    def is_spared(self, stem: str, mark: bytes) -> bool:
        """Whether somebody keeps a pack; a ``.keep`` that says ``mark`` is our own."""
        return any(os.path.exists(stem + suffix) and files.read(stem + suffix) != mark for suffix in _SPARED)

    def has(self, oid: bytes) -> bool:
        return oid in self._where or oid in self.loose or self._reader.has(oid)

    def read(self, oid: bytes) -> tuple[int, bytes]:
        """(type, bytes), verified against the id; errors as those of ``ObjectReader.read``."""
        at = self._where.get(oid)
        if at is not None:
            pack = self._packs[at >> 40]
            with suppress(*DAMAGE):  # then another pack may have a good copy
                kind, data = pack.at(at & _OFFSET)
                if sha1(_HEADS[kind] % len(data) + data).digest() == oid:
                    if kind in _VERSIONED:
                        pack.remember(at & _OFFSET, kind, data)
                    return kind, data
        return self._reader.read(oid)


def reach(
    source: Source,
    roots: Iterable[bytes],
    seen: dict[bytes, int],
    *,
    edge: frozenset[bytes] = frozenset(),
    lenient: bool = False,
) -> int:
    """Add to ``seen`` (raw id → type) what ``roots`` lead to and what is not there yet; how many commits that were.

    The order is that of a pack: commits from the tips down, each with what it brings. ``edge`` are commits at which a
    shallow clone ends. CorruptTraceError when something is missing, unless ``lenient``.
    """
    commits = 0
    todo = list(roots)[::-1]
    while todo:
        oid = todo.pop()
        if oid in seen or (found := _fetched(source, oid, lenient)) is None:
            continue
        kind, data = found
        seen[oid] = kind
        if kind == TREE:
            _inside(source, data, seen, lenient)
        elif kind == TAG:
            todo.append(_id(data[7:47], oid))
        elif kind == COMMIT:
            commits += 1
            tree, parents = lineage(oid, data)
            if oid not in edge:
                todo += [parent for parent in reversed(parents) if parent not in seen]
            if tree not in seen and (found := _fetched(source, tree, lenient)) is not None:
                seen[tree] = TREE
                _inside(source, found[1], seen, lenient)
    return commits


def _inside(source: Source, data: bytes, seen: dict[bytes, int], lenient: bool) -> None:
    """Go through a folder and what is in it."""
    todo: list[bytes] = []
    while True:
        for mode, child in _ENTRY.findall(data):
            if child in seen or mode == _LINK:
                continue
            if mode == _FOLDER:
                todo.append(child)
            elif source.has(child):
                seen[child] = BLOB
            elif not lenient:
                raise _missing(child)
        while todo:
            oid = todo.pop()
            if oid not in seen and (found := _fetched(source, oid, lenient)) is not None:
                seen[oid], data = TREE, found[1]
                break
        else:
            return


def _fetched(source: Source, oid: bytes, lenient: bool) -> tuple[int, bytes] | None:
    try:
        return source.read(oid)
    except (NotFoundError, CorruptTraceError) as error:
        if lenient:
            return None
        if isinstance(error, CorruptTraceError):
            raise
        raise _missing(oid) from error


def _missing(oid: bytes) -> CorruptTraceError:
    return CorruptTraceError(f"object {oid.hex()} is missing", object_id=oid.hex(), hint="run `trace fsck`")


def _id(text: bytes, of: bytes) -> bytes:
    try:
        oid = bytes.fromhex(text.decode("ascii"))
    except ValueError as error:
        raise CorruptTraceError(f"object {of.hex()} names no object", object_id=of.hex()) from error
    return oid


def lineage(oid: bytes, data: bytes) -> tuple[bytes, list[bytes]]:
    """Tree and parents of a commit; CorruptTraceError when it is none."""
    if not data.startswith(b"tree "):
        raise CorruptTraceError(f"commit {oid.hex()} is malformed", object_id=oid.hex(), hint="run `trace fsck`")
    at, parents = _PARENTS_AT, []
    while data.startswith(b"parent ", at):
        parents.append(_id(data[at + 7 : at + 47], oid))
        at += 48
    return _id(data[5:45], oid), parents


def named_in(kind: int, data: bytes) -> list[bytes]:
    """The ids of the objects that an object names."""
    if kind == TREE:
        return [child for mode, child in _ENTRY.findall(data) if mode != _LINK]
    if kind == COMMIT:
        tree, parents = lineage(b"", data)
        return [tree, *parents]
    return [_id(data[7:47], b"")] if kind == TAG else []


def children(data: bytes) -> list[tuple[bytes, bytes]]:
    """(mode, raw id) of each entry of a folder."""
    found: list[tuple[bytes, bytes]] = _ENTRY.findall(data)
    return found
