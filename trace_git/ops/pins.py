"""pin and unpin: say that an item must stay, verbatim, whatever rewrites the context.

The ``pins/`` folder of the tree decides. The refs under ``refs/trace/pins`` are labels for stock tools.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..errors import CorruptTraceError, InvalidInputError, StateError
from ..model import Author, Commit, Item, TokenCount
from ..store.snapshot import Draft
from ..store.transaction import Transaction
from ..view import groups
from ..view.handle import Handle
from ..view.items import find
from . import branches, write
from .subject import words

ItemLike = str | Item | Commit


def pin(handle: Handle, item: ItemLike, *, timestamp: float | datetime | None = None) -> Commit:
    """Pin an item and, with it, its whole tool group. Returns the new commit, or the present one when all is pinned."""
    return _change(handle, item, True, write.seconds(timestamp))


def unpin(handle: Handle, item: ItemLike, *, timestamp: float | datetime | None = None) -> Commit:
    """Release an item and its tool group."""
    return _change(handle, item, False, write.seconds(timestamp))


def _change(handle: Handle, item: ItemLike, wanted: bool, timestamp: int | None) -> Commit:
    branch = write.branch_of(handle)
    verb = "pin" if wanted else "unpin"
    with handle.store.transaction(verb, [branch], spaces=(handle.namespace,)) as transaction:
        tip = transaction.ref(branch)
        if tip is None:
            raise StateError("no commits yet", hint="commit something first")
        parent = handle.commit(tip)
        items = handle.context(tip).items
        found = find(items, item)
        whole = groups.groups(items).closure([items.index(found)])
        members = [items[at] for at in whole if items[at].pinned != wanted]
        if not members:
            return parent
        draft = Draft(transaction, handle.snapshots, parent.tree, handle.namespace)
        entries = {entry.place.item: entry for entry in handle.snapshots.entries(parent.tree)}
        if wanted:
            draft.pin([entries[one.id] for one in members])
        else:
            draft.unpin([one.id for one in members])
        more = f" (and {len(members) - 1} of its tool group)" if len(members) > 1 else ""
        title = f"{verb}: {found.id[:8]} {words(found.message)}"[:72] + more
        change = write.Change(verb, title, Author("trace-git", "pin@trace"), TokenCount(0), timestamp)
        oid = write.commit(handle, transaction, draft, parent, change)
        if wanted:
            label(transaction, [one.id for one in members], oid, handle.namespace)
        else:
            _unlabel(handle, transaction, branch, [one.id for one in members])
    return handle.commit(oid)


def label(transaction: Transaction, items: Sequence[str], commit: str, namespace: str) -> None:
    """Make the label refs of a first pin; one that exists stays where it is."""
    for item in items:
        ref = _label_ref(namespace, item)
        if transaction.claim(ref) is None:
            transaction.move(ref, commit)


def _unlabel(handle: Handle, transaction: Transaction, branch: str, items: Sequence[str]) -> None:
    """Delete the labels of items that no other branch has pinned."""
    others = [other.commit for other in branches.branches(handle) if branches.ref_of(handle, other.name) != branch]
    pinned = {item for commit in others for item in _pins(handle, commit)}
    for item in items:
        ref = _label_ref(handle.namespace, item)
        if item not in pinned and transaction.claim(ref) is not None:
            transaction.move(ref, None)


def _pins(handle: Handle, commit: str) -> list[str]:
    """The pins of a branch's tip; none when it is no commit of a trace."""
    try:
        return list(handle.snapshots.pins(handle.commit(commit).tree))
    except (InvalidInputError, CorruptTraceError):
        return []


def _label_ref(namespace: str, item: str) -> str:
    space = f"refs/namespaces/{namespace}/" if namespace else ""
    return f"{space}refs/trace/pins/{item}"
