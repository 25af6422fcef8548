"""The end of a context: which tool calls wait there for their results. Found without reading what is before."""

from __future__ import annotations

from typing import NamedTuple

from ..store.snapshot import Entry
from . import groups
from .groups import Call, Groups
from .handle import Handle


class Waiting(NamedTuple):
    """Calls that the next messages may still answer, and the items of their tool group, in order."""

    calls: tuple[Call, ...] = ()
    group: tuple[Entry, ...] = ()


def waiting(handle: Handle, tree: str) -> Waiting:
    """What is open at the end of the context that is ``tree``.

    Nothing but results follows a call that waits. So the last folders are enough, unless they begin amid results.
    """
    folders = handle.snapshots.leaf_ids(tree)
    many = 1
    while True:
        entries = [entry for oid in folders[-many:] for entry in handle.snapshots.leaf(oid)]
        known = [handle.contexts.leaves.facts(entry.blob) for entry in entries]
        paired = groups.pair([(at, facts) for at, facts in enumerate(known) if any(facts)], len(known))
        plain = max((at for at, facts in enumerate(known) if not any(facts)), default=-1)
        if many >= len(folders) or (plain >= 0 and not _cut(paired, plain)):
            group = paired.closure([call.at for call in paired.tail])
            return Waiting(paired.tail, tuple(entries[at] for at in group))
        many *= 2


def _cut(paired: Groups, plain: int) -> bool:
    """Whether a result behind the last item that neither calls nor answers has its call further back."""
    return any(answer.at > plain for answer in paired.orphans)
