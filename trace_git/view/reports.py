"""What APIs reported: the last report on the first-parent line, and a prompt's size anchored on it.

Looking back is bounded: a report further back says little about now, and reading it would cost time that grows
with the history.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import islice

from ..model import Commit, Item, TokenCount
from .handle import Handle

LOOK_BACK = 50  # commits


def line(handle: Handle, commit: Commit) -> Iterator[Commit]:
    """A commit, its first parent, and so on, as far as one looks back."""
    return islice(_parents(handle, commit), LOOK_BACK)


def _parents(handle: Handle, commit: Commit) -> Iterator[Commit]:
    yield commit
    while (above := parent(handle, commit.id)) is not None:
        commit = handle.commit(above)
        yield commit


def parent(handle: Handle, commit: str) -> str | None:
    """The first parent of a commit; None for a root, and where a shallow clone ends."""
    if bytes.fromhex(commit) in handle.store.edge:
        return None
    return next(iter(handle.store.links(commit).parents), None)


def last(handle: Handle, commit: Commit) -> Commit | None:
    """The last commit, ``commit`` included, that has an API's report of its usage."""
    return next((one for one in line(handle, commit) if "Trace-Usage" in one.trailers and one.usage), None)


def anchored(handle: Handle, commit: Commit, report: Commit | None) -> TokenCount | None:
    """The size of the prompt at ``commit``, anchored on a report; None without one that can be used.

    The report is of the items that were sent. What came since is estimated and added; what was sent and is
    in the context no more is estimated and taken away.
    """
    usage = report.usage if report else None
    if handle.counter is None or report is None or usage is None:
        return None
    sent = _sent(handle, report)
    if sent is None:
        return None
    now = handle.snapshots.leaf_ids(commit.tree)
    here, there = set(now), set(sent)
    known, counter = handle.contexts.leaves, handle.counter
    fresh = [one for oid in now if oid not in there for one in known.counted(oid)]
    former = [one for oid in sent if oid not in here for one in known.counted(oid)]
    come, gone = _beyond(fresh, former, counter.name), _beyond(former, fresh, counter.name)
    if sum(gone) >= usage.prompt:  # more went than was sent: the report is of another prompt than it seems
        return None
    return counter.anchored(usage, come, gone=gone)


def _beyond(some: Sequence[tuple[str, int]], others: Sequence[tuple[str, int]], counter: str) -> list[TokenCount]:
    """Sizes of the versions that are in ``some`` more often than in ``others``."""
    left = Counter(blob for blob, _ in others)
    beyond = []
    for blob, tokens in some:
        if left[blob] > 0:
            left[blob] -= 1
        else:
            beyond.append(TokenCount(tokens, counter=counter))
    return beyond


def _sent(handle: Handle, report: Commit) -> list[bytes] | None:
    """The folders of the items that a report is about: those of the ancestor whose digest it names."""
    over = report.trailers["Trace-Usage"].rpartition(" over=")[2]
    above = parent(handle, report.id)
    if above is None:
        return [] if over == digest(()) else None
    return next((found for found, hashed in _contexts(handle, handle.commit(above)) if hashed == over), None)


def digests(handle: Handle, commit: Commit) -> Iterator[str]:
    """The digest of a commit's context, of its first parent's, and so on, as far as one looks back."""
    return (hashed for _, hashed in _contexts(handle, commit))


def _contexts(handle: Handle, commit: Commit) -> Iterator[tuple[list[bytes], str]]:
    """The folders of contexts, and their digests."""
    shared: list[bytes] = []  # folders that many of them begin with are hashed once
    start = sha256()
    for at, ancestor in enumerate(line(handle, commit)):
        found = handle.snapshots.leaf_ids(ancestor.tree)
        if at == 0:
            shared = found[:-2]
            start.update(_versions(handle, shared))
        alike = found[: len(shared)] == shared
        hashed = start.copy() if alike else sha256()
        hashed.update(_versions(handle, found[len(shared) :] if alike else found))
        yield found, hashed.hexdigest()[:32]


class Running:
    """The digest of a context that grows at its end."""

    def __init__(self, handle: Handle, tree: str) -> None:
        self._hashed = sha256(_versions(handle, handle.snapshots.leaf_ids(tree)))

    def add(self, blobs: Sequence[str]) -> str:
        """The digest with ``blobs``, ids in hex, behind."""
        self._hashed.update("".join(blobs).encode())
        return self._hashed.hexdigest()[:32]


def _versions(handle: Handle, folders: Sequence[bytes]) -> bytes:
    """The blob ids of the items in some folders, in hex, joined."""
    known = handle.contexts.leaves
    parts = []
    for oid in folders:
        leaf = known.peek(oid)
        hexes = leaf.blobs.hex() if leaf else "".join([entry.blob for entry in handle.snapshots.leaf(oid)])
        parts.append(hexes)
    return "".join(parts).encode()


def digest(items: Sequence[Item]) -> str:
    """32 hex that name the versions of ``items`` in their order."""
    return sha256("".join([item.blob for item in items]).encode()).hexdigest()[:32]
