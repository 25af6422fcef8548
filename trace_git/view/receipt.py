"""The cache receipt: how much of the prompt a provider has seen stays a prefix of the new one.

Told in items and tokens alone. What a provider makes of it (blocks, life times, prices) is not known here, nor are
tool definitions, which some providers put in front.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..model import Commit, Item
from ..results import Receipt
from ..store.snapshot import Entry
from . import reports
from .handle import Handle
from .tokens import PRIMING


def receipt(before: Sequence[Item], after: Sequence[Item], count: Callable[[Item], int]) -> Receipt:
    """The receipt of two lists of items; ``count`` gives the tokens of one.

    The few tokens that prime the reply are counted with the end: who keeps all of ``before`` keeps them too.
    """
    kept = 0
    while kept < len(before) and kept < len(after) and before[kept].blob == after[kept].blob:
        kept += 1
    size, left = _prompt([count(item) for item in before]), [count(item) for item in before[kept:]]
    return Receipt(
        before=size,
        after=_prompt([count(item) for item in after]),
        kept=size - _prompt(left),
        kept_items=kept,
        breaks_at=before[kept].id if left else None,
    )


def between(handle: Handle, old: Commit | None, new: Commit | None) -> Receipt:
    """The receipt of the contexts of two commits. Folders that both have in front are not read.

    Without a tokenizer all sizes are 0.
    """
    mine, theirs = folders(handle, old), folders(handle, new)
    shared = 0
    while shared < min(len(mine), len(theirs)) and mine[shared] == theirs[shared]:
        shared += 1
    kept = sum(handle.contexts.leaves.size(oid) for oid in mine[:shared])
    others = (entry for oid in theirs[shared:] for entry in handle.snapshots.leaf(oid))
    for at in range(shared, len(mine)):
        entries = handle.snapshots.leaf(mine[at])
        for place, entry in enumerate(entries):
            other = next(others, None)
            if other is None or other.blob != entry.blob:
                gone = _tokens(handle, entries[place:], mine[at + 1 :])
                return _receipt(handle, old, new, gone, kept, entry.place.item)
            kept += 1
    return _receipt(handle, old, new, 0, kept, None)


def _receipt(handle: Handle, old: Commit | None, new: Commit | None, gone: int, kept: int, at: str | None) -> Receipt:
    before, after = _size(handle, old), _size(handle, new)
    return Receipt(before, after, max(before - gone, 0), kept, at)


def _size(handle: Handle, commit: Commit | None) -> int:
    return handle.contexts.total(commit) if commit is not None and handle.counter is not None else 0


def _tokens(handle: Handle, entries: Sequence[Entry], rest: Sequence[bytes]) -> int:
    """What the end of a context takes: some items, the folders behind them, and what primes the reply."""
    known = handle.contexts.leaves
    return sum(known.count(entry.blob) for entry in entries) + sum(known.tokens(oid) for oid in rest) + PRIMING


def _prompt(counts: Sequence[int]) -> int:
    return sum(counts) + PRIMING if counts else 0


def folders(handle: Handle, commit: Commit | None) -> list[bytes]:
    """The folders of a commit's items, in order; none for no commit."""
    return handle.snapshots.leaf_ids(commit.tree) if commit is not None else []


def baseline(handle: Handle, commit: str) -> str | None:
    """The commit whose context a provider is taken to have seen before ``commit``; None for a root.

    That is the last one on the first-parent line whose call an API reported, as far as one looks back; else the parent.
    """
    parents = handle.store.links(commit).parents
    if not parents:
        return None
    reported = reports.last(handle, handle.commit(parents[0]))
    return reported.id if reported is not None else parents[0]
