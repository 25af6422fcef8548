"""Git trees as dictionaries: read one, change paths in it, write what changed.

A folder is a dict from sort key to its entry's bytes (mode, name, raw id), in git's order, so that
an append costs a copy and a join. Knows no messages: paths and ids only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha1
from typing import NamedTuple, Protocol

from ..errors import CorruptTraceError

FILE = b"100644"
FOLDER = b"40000"
Folder = dict[bytes, bytes]


class TreeEntry(NamedTuple):
    """One entry of a folder: mode (b"100644", b"40000", …), name, raw id."""

    mode: bytes
    name: bytes
    oid: bytes


class Source(Protocol):
    """Where trees are read and new ones put: a transaction."""

    def tree(self, oid: bytes) -> Folder: ...
    def put_tree(self, folder: Folder) -> bytes: ...


def parse(data: bytes, oid: bytes = b"") -> Folder:
    """The folder that ``data`` describes; CorruptTraceError when it is no tree."""
    folder: Folder = {}
    at, size = 0, len(data)
    while at < size:
        space, nul = data.find(b" ", at), data.find(b"\0", at)
        end = nul + 21
        if not at < space < nul or end > size:
            raise CorruptTraceError(f"tree {oid.hex()} is malformed", object_id=oid.hex())
        name = data[space + 1 : nul]
        folder[name + b"/" if data[at:space] == FOLDER else name] = data[at:end]
        at = end
    return folder


def serialize(folder: Folder) -> bytes:
    return b"".join(folder.values())


def entries(folder: Folder) -> Iterator[TreeEntry]:
    for raw in folder.values():
        space, nul = raw.index(b" "), raw.index(b"\0")
        yield TreeEntry(raw[:space], raw[space + 1 : nul], raw[nul + 1 :])


def entry(mode: bytes, name: bytes, oid: bytes) -> bytes:
    return b"%b %b\0%b" % (mode, name, oid)


def child(folder: Folder, name: bytes) -> bytes | None:
    """Raw id of the sub-folder ``name``, or None."""
    raw = folder.get(name + b"/")
    return raw[-20:] if raw is not None else None


def file(folder: Folder, name: bytes) -> bytes | None:
    """Raw id of the file ``name``, or None."""
    raw = folder.get(name)
    return raw[-20:] if raw is not None else None


def oid_of(kind: bytes, data: bytes) -> bytes:
    """Git's name for an object: sha1 over type, size and content."""
    return sha1(b"%b %d\0%b" % (kind, len(data), data)).digest()


Change = tuple[bytes, bytes] | None
Changes = Mapping[tuple[bytes, ...], Change]


class _Names(NamedTuple):
    """The changes in one folder, and those in the folders below it."""

    here: dict[bytes, Change]
    below: dict[bytes, _Names]


def edit(source: Source, root: bytes | None, changes: Changes) -> bytes | None:
    """The tree ``root`` with ``changes`` (path → (mode, raw id), or None to remove), written.

    A path whose mode is a folder's puts a whole tree there. Folders that become empty go.
    Returns the raw id of the new tree, None when nothing is left.
    """
    top = _Names({}, {})
    for path, change in changes.items():
        names = top
        for name in path[:-1]:
            names = names.below.get(name) or names.below.setdefault(name, _Names({}, {}))
        names.here[path[-1]] = change
    return _edit(source, root, top)


def _edit(source: Source, root: bytes | None, names: _Names) -> bytes | None:
    folder = dict(source.tree(root)) if root is not None else {}
    ordered = True
    for name, change in names.here.items():
        ordered = _set(folder, name, change) and ordered
    for name, deeper in names.below.items():
        oid = _edit(source, child(folder, name), deeper)
        ordered = _set(folder, name, (FOLDER, oid) if oid is not None else None) and ordered
    if not folder:
        return None
    return source.put_tree(folder if ordered else dict(sorted(folder.items())))


def _set(folder: Folder, name: bytes, change: Change) -> bool:
    """Change one name; whether the folder is in git's order still, which it is after an append at its end."""
    if change is None:
        folder.pop(name, None)
        folder.pop(name + b"/", None)
        return True
    mode, oid = change
    key, other = (name + b"/", name) if mode == FOLDER else (name, name + b"/")
    folder.pop(other, None)
    ordered = key in folder or not folder or next(reversed(folder)) < key
    folder[key] = b"%b %b\0%b" % (mode, name, oid)
    return ordered


def blob_id(data: bytes) -> str:
    """The id, 40 hex, of a blob with this content."""
    return oid_of(b"blob", data).hex()
