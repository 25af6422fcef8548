"""Whether a line of history ever had an item: what was taken away since is a conflict, what never was is a mistake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..model import Author, Commit
from ..view import ancestry
from ..view.handle import Handle
from ..view.history import walk
from ..view.revisions import Range


class Past:
    """The history behind tips. Read only when it is asked for, since seldom anybody does."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._ids: dict[tuple[str, ...], set[str]] = {}

    def had(self, tip: str, commit: str, items: Sequence[str]) -> bool:
        """Whether one of ``items`` was live or archived where ``commit`` left the line of ``tip``, or since."""
        shared = ancestry.merge_bases(self._handle, commit, tip)
        if (tip, *shared) not in self._ids:
            self._ids[tip, *shared] = {item for some in self._since(tip, shared) for item in some}
        return not self._ids[tip, *shared].isdisjoint(items)

    def did(self, tip: str, commit: Commit) -> bool:
        """Whether the line of ``tip`` has ``commit`` since it left it, done again there: by the same author at the same
        time, with the same message. What two did by themselves differs in one of these, or is one commit."""
        shared = ancestry.merge_bases(self._handle, commit.id, tip)
        steps = walk(self._handle, Range((tip,), shared))
        return any(_deed(self._handle.commit(step.id)) == _deed(commit) for step in steps)

    def _since(self, tip: str, shared: tuple[str, ...]) -> Iterator[set[str]]:
        seen: set[bytes] = set()
        steps = [step.id for step in walk(self._handle, Range((tip,), shared))]
        for commit in (*shared, *steps):
            tree = self._handle.store.commit(commit).tree
            fresh = [oid for oid in self._handle.snapshots.leaf_ids(tree) if oid not in seen]
            seen.update(fresh)
            yield {one.place.item for oid in fresh for one in self._handle.snapshots.leaf(oid)}
            archived = self._handle.snapshots.archived(tree).values()
            yield {one.place.item for entries in archived for one in entries}


def _deed(commit: Commit) -> tuple[str, Author, int, str]:
    return commit.op, commit.author, commit.timestamp, commit.message
