"""What each commit changed, read from trees alone, and the index brought up to date with it.

Only folders that differ are read. A commit is read once in the life of its trace.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from ...errors import CorruptTraceError, InvalidInputError, NotFoundError, StateError, TraceError
from ...store import format, trees
from ...store.commits import CommitData
from ...store.textindex import (
    BEGAN,
    CAME,
    MOVED,
    PINNED,
    SHELVED,
    TOOK,
    UNPINNED,
    UNSHELVED,
    WENT,
    Change,
    Fresh,
    IndexHolder,
    TextIndex,
)
from .. import agents
from ..handle import Handle
from .said import said

UNREADABLE = (CorruptTraceError, NotFoundError, StateError, InvalidInputError)

_COMMITS, _CHANGES = 4_000, 20_000  # that are written together
_TEXTS, _CHARACTERS = 8_000, 4_000_000
_REORDER = "reorder"


Progress = Callable[[int, int], None]  # done, and of how many; these may become more meanwhile


class _Links(NamedTuple):
    """What is needed of a commit: ``parents`` that its context's history goes on to, ``beside`` any other."""

    tree: str
    op: str
    parents: tuple[str, ...]
    beside: str | None
    mark: int
    agent: str | None


class _Told:
    """What ``progress`` is told while commits are read, down to the oldest, and then learned, the oldest first."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._read = self._learned = 0

    def read(self) -> None:
        self._read += 1
        self._tell()

    def learned(self) -> None:
        self._learned += 1
        self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(self._learned, self._read)


def learn(
    handle: Handle, holder: IndexHolder, tips: Iterable[str], progress: Progress | None = None
) -> dict[str, TraceError]:
    """Have the index know all that is behind ``tips``; the error of each that cannot be read."""
    told = _Told(progress)
    errors: dict[str, TraceError] = {}
    tips = list(dict.fromkeys(tips))
    index = holder.index()
    known = index.numbers(tips)
    for tip in tips:
        if tip not in known:
            try:
                _learn(handle, holder, index, tip, told)
            except UNREADABLE as error:
                errors[tip] = error
    return errors


def learn_texts(
    handle: Handle, holder: IndexHolder, blobs: Collection[str], progress: Progress | None = None
) -> dict[str, TraceError]:
    """Have the index know what these versions say; the error of each that cannot be read."""
    errors: dict[str, TraceError] = {}
    texts: dict[str, str] = {}
    room = _CHARACTERS
    for done, blob in enumerate(blobs, 1):
        if progress is not None:
            progress(done, len(blobs))
        try:
            texts[blob] = said(handle.contexts.message(blob))
        except UNREADABLE as error:
            errors[blob] = error
            continue
        room -= len(texts[blob])
        if len(texts) >= _TEXTS or room < 0:
            holder.tell(texts)
            texts, room = {}, _CHARACTERS
    if texts:
        holder.tell(texts)
    return errors


def _learn(handle: Handle, holder: IndexHolder, index: TextIndex, tip: str, told: _Told) -> None:
    found: list[Fresh] = []
    size = 0
    for one in _fresh(handle, index, tip, told):
        found.append(one)
        size += len(one.changes)
        if len(found) >= _COMMITS or size >= _CHANGES:
            holder.add(found)
            found, size = [], 0
    if found:
        holder.add(found)


def _fresh(handle: Handle, index: TextIndex, tip: str, told: _Told) -> Iterator[Fresh]:
    """The commits behind ``tip`` that the index does not know, parents before children."""
    met: dict[str, _Links | None] = {}  # None: the index knows it, or it was given
    trees_of: dict[str, str] = {}
    todo = [tip]
    while todo:
        commit = todo[-1]
        if commit not in met:
            known = bool(index.numbers((commit,)))
            met[commit] = None if known else _links(handle.store.commit(commit))
            if not known:
                told.read()
        links = met[commit]
        if links is None:
            todo.pop()
            continue
        above = [one for one in (*links.parents, links.beside) if one and met.get(one, links) is not None]
        fresh = [one for one in above if one not in met]
        if fresh:
            todo += fresh
            continue
        first = links.parents[0] if links.parents else None
        before = trees_of.get(first) or handle.store.commit(first).tree if first is not None else None
        yield Fresh(commit, links.parents, changes(handle, before, links.tree, links.op), links.mark, links.agent,
                    links.beside)  # fmt: skip
        told.learned()
        trees_of = {commit: links.tree}
        met[commit] = None
        todo.pop()


def _links(data: CommitData) -> _Links:
    op = data.trailers.get("Trace-Op", "")
    name = data.trailers.get(agents.NAME)
    if agents.is_collapse(data):
        return _Links(data.tree, op, data.line[:1], data.parents[1], TOOK, name)
    if agents.is_spawn(data):
        return _Links(data.tree, op, data.line, next(iter(data.parents), None), BEGAN, name)
    return _Links(data.tree, op, data.line, None, 0, None)


# -- one commit ----------------------------------------------------------------------------


def changes(handle: Handle, before: str | None, after: str, op: str = "") -> list[Change]:
    """What a commit did, from the tree before it and its own: what came is first, in the order of the context."""
    old, new = _top(handle, before), _top(handle, after)
    gone, came = _files(handle, old, new, format.MESSAGES)
    stayed = came.keys() & gone.keys()  # at another place
    found = [Change(CAME, *one) for one in came if one not in stayed]
    found += [Change(WENT, *one) for one in gone if one not in stayed]
    if op == _REORDER:
        found += [Change(MOVED, *one) for one in came if one in stayed]
    gone, came = _files(handle, old, new, format.ARCHIVE)
    found += [Change(SHELVED, *one) for one in came if one not in gone]
    found += [Change(UNSHELVED, *one) for one in gone if one not in came]
    gone, came = _files(handle, old, new, format.PINS)
    were, are = {item for item, _ in gone}, {item for item, _ in came}
    found += [Change(PINNED, *one) for one in came if one[0] not in were]
    found += [Change(UNPINNED, *one) for one in gone if one[0] not in are]
    return found


def _top(handle: Handle, tree: str | None) -> trees.Folder:
    """The top folder of a commit's tree; nothing when it is no trace's, as a commit of stock git may be."""
    if tree is None:
        return {}
    folder = handle.store.tree(bytes.fromhex(tree))
    return handle.snapshots.root(tree) if trees.file(folder, format.FORMAT_NAME) is not None else {}


_Versions = dict[tuple[str, str], None]


def _files(handle: Handle, old: trees.Folder, new: trees.Folder, name: bytes) -> tuple[_Versions, _Versions]:
    """The versions (item, blob) below a top folder that only the old tree has, and those that only the new one has."""
    gone: list[bytes] = []
    came: list[bytes] = []
    _differ(handle, trees.child(old, name), trees.child(new, name), gone, came)
    return _versions(gone, pins=name == format.PINS), _versions(came, pins=name == format.PINS)


def _differ(handle: Handle, old: bytes | None, new: bytes | None, gone: list[bytes], came: list[bytes]) -> None:
    if old == new:
        return
    mine = handle.store.tree(old) if old is not None else {}
    theirs = handle.store.tree(new) if new is not None else {}
    names = theirs if mine.keys() <= theirs.keys() else dict.fromkeys(sorted({*mine, *theirs}))
    for name in names:
        a, b = mine.get(name), theirs.get(name)
        if a == b:
            continue
        if name.endswith(b"/"):
            _differ(handle, a[-20:] if a else None, b[-20:] if b else None, gone, came)
            continue
        if a is not None:
            gone.append(a)
        if b is not None:
            came.append(b)


def _versions(files: Iterable[bytes], *, pins: bool) -> _Versions:
    found: _Versions = {}
    for raw in files:
        name = raw[raw.index(b" ") + 1 : raw.index(b"\0")]
        found[format.parse_pin(name) if pins else format.parse_name(name).item, raw[-20:].hex()] = None
    return found
