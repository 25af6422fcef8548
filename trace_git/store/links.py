"""What a walk needs of a commit: its parents and its time. Reading the rest as well would cost three times as much."""

from __future__ import annotations

from typing import NamedTuple

from . import commits

_BOUNDARY = f"\n{commits.BOUNDARY}: ".encode()
_AGENT = f"\n{commits.AGENT}: ".encode()
_PARENTS_AT = len("tree \n") + 40


class Links(NamedTuple):
    """Ids of 40 hex; ``timestamp`` is the committer's, in seconds. At a boundary (see ``commits``) none is a parent.

    ``agent`` says that the commit may have spawned or collapsed an agent: most have not, and need not be read for that.
    """

    parents: tuple[str, ...]
    timestamp: int
    agent: bool = False


def parse(data: bytes, oid: str) -> Links:
    """CorruptTraceError naming ``oid`` when ``data`` is no commit."""
    at, parents = _PARENTS_AT, []
    while data.startswith(b"parent ", at) and data[at + 47 : at + 48] == b"\n":
        parents.append(data[at + 7 : at + 47].decode("ascii", "replace"))
        at += 48
    start = data.find(b"\ncommitter ", at)
    words = data[start + 1 : data.find(b"\n", start + 1)].rsplit(b" ", 2)
    plain = _BOUNDARY not in data  # else it may be one, or its message only says so
    timed = len(words) == 3 and words[1].isdigit() and len(words[1]) <= 20  # int() refuses thousands of digits
    if plain and data.startswith(b"author ", at) and start > 0 and timed:
        return Links(tuple(parents), int(words[1]), _AGENT in data)
    whole = commits.parse(data, oid)  # a commit that is not written as we and git write them
    return Links(whole.line, whole.timestamp, commits.AGENT in whole.trailers)
