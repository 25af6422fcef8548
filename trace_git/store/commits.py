"""Commit objects: writing one, reading one, and the trailers in the last block of its message. Annotated tags too.

Trailers are ours alone: they are written below whatever the user said and read back only from the last
block, and only when that block has nothing but trailers in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ..errors import CorruptTraceError
from ..model import Author

BOUNDARY = "Trace-Boundary"  # a trailer: what is behind this commit is another context's history
AGENT = "Trace-Agent"  # a trailer: the agent that this commit spawned or collapsed

_PERSON = re.compile(rb"(.*) <([^<>]*)> (-?\d{1,30}) ([+-]\d{4})\Z", re.DOTALL)
_TRAILER = re.compile(r"([A-Za-z][A-Za-z0-9-]*): (.*)\Z")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f<>]+")


class CommitData(NamedTuple):
    """A commit as its object says it. Ids are 40 hex; ``timestamp`` is the committer's, in seconds.

    ``parents`` are git's; ``line`` those that its history goes on to: none at a boundary, where git sees a link to
    another agent's history, and a walk ends.
    ``authored`` is the author's where it is another one, as in a commit that was made again by a rebase.
    """

    tree: str
    parents: tuple[str, ...]
    author: Author
    committer: Author
    timestamp: int
    message: str
    trailers: Mapping[str, str]
    authored: int | None = None

    @property
    def line(self) -> tuple[str, ...]:
        return () if BOUNDARY in self.trailers else self.parents


@dataclass(frozen=True, slots=True)
class TagData:
    """An annotated tag as its object says it: the commit it is at, who made it, when (in seconds), and why."""

    commit: str
    name: str
    tagger: Author
    timestamp: int
    message: str


@lru_cache(maxsize=256)
def fit(author: Author) -> Author:
    """The author as git can hold it: no control characters or angle brackets, and never without a name."""
    name = _UNSAFE.sub(" ", author.name).strip(" .,:;\"'\\") or "unknown"
    return Author(name, _UNSAFE.sub("", author.email).strip())


def person(author: Author) -> str:
    """``Name <email>``."""
    return f"{author.name} <{author.email}>"


def build(commit: CommitData) -> bytes:
    """The bytes of a commit object; ``parse`` gives the same commit back. Times are UTC."""
    above = "".join([f"parent {parent}\n" for parent in commit.parents])
    below = "".join([f"{key}: {value}\n" for key, value in commit.trailers.items()])
    authored = commit.timestamp if commit.authored is None else commit.authored
    author, committer = f"{person(commit.author)} {authored}", f"{person(commit.committer)} {commit.timestamp}"
    people = f"author {author} +0000\ncommitter {committer} +0000\n"
    return f"tree {commit.tree}\n{above}{people}\n{commit.message}\n\n{below}".encode("utf-8", "surrogateescape")


def build_tag(tag: TagData) -> bytes:
    """The bytes of a tag object. Times are UTC."""
    head = f"object {tag.commit}\ntype commit\ntag {tag.name}\ntagger {person(tag.tagger)} {tag.timestamp} +0000\n"
    return f"{head}\n{tag.message}\n".encode("utf-8", "surrogateescape")


def parse(data: bytes, oid: str) -> CommitData:
    """CorruptTraceError naming ``oid`` when ``data`` is no commit."""
    head, _, text = data.partition(b"\n\n")
    tree, parents, people = "", [], {}
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key == b"tree":
            tree = value.decode("ascii", "replace")
        elif key == b"parent":
            parents.append(value.decode("ascii", "replace"))
        elif key in (b"author", b"committer"):
            people[key] = _PERSON.match(value)
    author, committer = people.get(b"author"), people.get(b"committer")
    if len(tree) != 40 or any(len(parent) != 40 for parent in parents) or author is None or committer is None:
        raise CorruptTraceError(f"commit {oid} is malformed", object_id=oid, hint="run `trace fsck`")
    message, trailers = split_trailers(text.decode("utf-8", "replace"))
    when, authored = int(committer[3]), int(author[3])
    return CommitData(tree, tuple(parents), _author(author), _author(committer), when, message, trailers,
                      None if authored == when else authored)  # fmt: skip


def _author(match: re.Match[bytes]) -> Author:
    return Author(match[1].decode("utf-8", "replace"), match[2].decode("utf-8", "replace"))


def split_trailers(text: str) -> tuple[str, dict[str, str]]:
    """(message without the last block, its trailers), or (message, {}) when that block is not all trailers."""
    body = text.rstrip("\n")
    message, _, block = body.rpartition("\n\n")
    trailers: dict[str, str] = {}
    for line in block.split("\n"):
        match = _TRAILER.match(line)
        if match is None:
            return body, {}
        trailers[match[1]] = match[2]
    if not any(key.startswith("Trace-") for key in trailers):
        return body, {}
    return message, trailers
