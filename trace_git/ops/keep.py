"""Keep refs: what a verb leaves behind stays reachable, so that it can be undone, until ``gc``'s retention ends.

A tip that no branch leads to any more gets ``refs/trace/keep/<operation number>``; further tips of the same
operation get ``<number>.1``, ``<number>.2`` … One flat folder for all namespaces. Nothing is removed here.
"""

from __future__ import annotations

from collections.abc import Collection

from ..errors import CorruptTraceError, NotFoundError, StateError
from ..store.commits import CommitData
from ..store.refs import is_id
from ..store.transaction import Transaction
from ..view.handle import Handle

KEEP = "refs/trace/keep/"
HEADS = "refs/heads/"
LABELS = "refs/trace/pins/"
_LOOK = 64  # steps; a tip that is further away is kept, which costs a ref and no more
_PLACES = (HEADS, "refs/tags/", "refs/namespaces/")


def is_own(ref: str) -> bool:
    """Whether a ref is a keep or a label: made by verbs in passing, and never worth a refusal."""
    return ref.startswith(KEEP) or LABELS in ref


def keep(handle: Handle, transaction: Transaction, *, always: Collection[str] = ()) -> None:
    """Keep the tips that the moves of this transaction leave behind, unless something else is known to lead there.

    ``always`` are kept in any case: who was merged and is deleted is known by them alone.
    """
    moves = [move for move in transaction.moves if not is_own(move.ref)]
    left = {move.old: move.new for move in moves if is_id(move.old)}
    kept = {move.new for move in transaction.moves if move.ref.startswith(KEEP)}
    for tip, new in left.items():
        start = _start(handle, transaction, new)
        if tip is None or tip in kept:
            continue
        led = start is not None and _leads(handle, transaction, start, tip)
        if tip in always or not (led or tip in _tips(handle, transaction)):
            _put(transaction, tip)


def written(handle: Handle, transaction: Transaction, commit: str) -> CommitData:
    """A commit that is in the store, or will be when the transaction has ended."""
    return transaction.commits.get(commit) or handle.store.commit(commit)


def _start(handle: Handle, transaction: Transaction, new: str | None) -> str | None:
    """From where to look for a tip that a ref left for ``new``: there; where it is gone, from the handle's branch."""
    if is_id(new):
        return new
    branch = new[5:] if new is not None else handle.branch
    if branch is None:
        return None
    moved = [move.new for move in transaction.moves if move.ref == branch]
    return moved[0] if moved else handle.ref_commit(branch)


def _put(transaction: Transaction, tip: str) -> None:
    suffix = 0
    while True:
        ref = f"{KEEP}{transaction.op}" + (f".{suffix}" if suffix else "")
        if transaction.claim(ref) is None:
            break
        suffix += 1
    transaction.move(ref, tip)


def _tips(handle: Handle, transaction: Transaction) -> set[str | None]:
    """What branches and tags, of all namespaces, will be at."""
    refs: dict[str, str | None] = {}
    for place in _PLACES:
        refs.update(handle.store.ref_names(place, skip_bad=True))
    refs.update((move.ref, move.new) for move in transaction.moves)
    return {value for ref, value in refs.items() if not is_own(ref)}


def _leads(handle: Handle, transaction: Transaction, start: str, tip: str) -> bool:
    """Whether the history of ``start`` is seen to have ``tip`` in it.

    Looks from both ends at once: in the usual case one of them is a few steps behind the other.
    """
    ahead, behind = {start}, {tip}
    for _ in range(_LOOK):
        if tip in ahead:
            return True
        if start in behind and start != tip:
            return False
        ahead, behind = _parents(handle, transaction, ahead), _parents(handle, transaction, behind)
    return False


def _parents(handle: Handle, transaction: Transaction, commits: set[str]) -> set[str]:
    found: set[str] = set()
    for commit in commits:
        try:
            found.update(written(handle, transaction, commit).parents)
        except (CorruptTraceError, NotFoundError, StateError):
            continue  # no commit, damaged, or behind the edge of a shallow clone: nothing is known of it
    return found
