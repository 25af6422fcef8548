"""Looking into a repository that nobody opened yet: is it a trace? Reads only, and writes nothing anywhere."""

from __future__ import annotations

import os

from ..errors import CorruptTraceError, NotFoundError
from . import commits, format, trees
from .objects import ObjectReader
from .records import BLOB, COMMIT, TREE
from .refs import RefFiles, is_id

_FORMAT = b"trace "  # how the file ``format`` begins, whichever version it names


def is_trace(folder: str) -> bool:
    """Whether some branch's tree has our file ``format``."""
    refs = RefFiles(folder, "", "")
    objects = ObjectReader(os.path.join(folder, "objects"))
    try:
        tips = [value for value in refs.all("refs/").values() if is_id(value)]
        return any(_has_format(objects, tip) for tip in tips)
    finally:
        objects.close()


def _has_format(objects: ObjectReader, tip: str) -> bool:
    try:
        kind, data = objects.read(bytes.fromhex(tip))
        if kind != COMMIT:
            return False
        tree = bytes.fromhex(commits.parse(data, tip).tree)
        folder = trees.parse(objects.read(tree, TREE)[1], tree)
    except (NotFoundError, CorruptTraceError):
        return False
    version = trees.file(folder, format.FORMAT_NAME)
    try:
        return version is not None and objects.read(version, BLOB)[1].startswith(_FORMAT)
    except (NotFoundError, CorruptTraceError):
        return True  # as in a partial clone, which may come without it
