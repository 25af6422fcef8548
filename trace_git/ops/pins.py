"""pin and unpin: say that an item must stay, verbatim, whatever rewrites the context.

The ``pins/`` folder of the tree decides. The refs under ``refs/trace/pins`` are labels for stock tools: one for
each item that some branch tip of the namespace has pinned, at the commit that pinned it first.
"""

from __future__ import annotations

from datetime import datetime

from ..errors import CorruptTraceError, InvalidInputError, NotFoundError, StateError
from ..model import Author, Commit, Item, TokenCount
from ..store import format, trees
from ..store.snapshot import Draft
from ..store.transaction import Transaction
from ..view import groups
from ..view.handle import Handle
from ..view.items import find
from . import branches, keep, write
from .subject import words

ItemLike = str | Item | Commit
_LOOK = 64  # commits back for the one that pinned an item
_UNREADABLE = (InvalidInputError, CorruptTraceError, NotFoundError, StateError)


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
        relabel(handle, transaction)
    return handle.commit(oid)


def relabel(handle: Handle, transaction: Transaction) -> None:
    """Let the labels follow the branches that this transaction moves.

    A pin that no branch tip has any more loses its label; one that came along without gets it back. Folders of pins
    are read only where they differ.
    """
    before: set[str] = set()
    brought: dict[str, str] = {}  # item → a tip that has it pinned
    for move in transaction.moves:
        if move.ref.startswith(handle.space + branches.HEADS):
            old, new = _folder(handle, transaction, move.old), _folder(handle, transaction, move.new)
            if old != new:
                before |= _items(transaction, old)
                brought.update(dict.fromkeys(_items(transaction, new), move.new or ""))
    gone = before - brought.keys()
    if gone:
        for tip in _tips(handle, transaction):
            gone -= _items(transaction, _folder(handle, transaction, tip))
    for item in sorted(gone):
        if transaction.claim(_label(handle, item)) is not None:
            transaction.move(_label(handle, item), None)
    for item in sorted(brought.keys() - before):
        if transaction.claim(_label(handle, item)) is None:
            transaction.move(_label(handle, item), _pinned_by(handle, transaction, brought[item], item))


def _label(handle: Handle, item: str) -> str:
    return f"{handle.space}{keep.LABELS}{item}"


def _tips(handle: Handle, transaction: Transaction) -> set[str]:
    """Where the branches of the namespace will be, as far as that can be read."""
    heads = handle.space + branches.HEADS
    tips: dict[str, str | None] = {}
    for ref in handle.ref_names(heads, skip_bad=True):
        try:
            tips[ref] = handle.ref_commit(ref)
        except _UNREADABLE:
            continue
    tips.update((move.ref, move.new) for move in transaction.moves if move.ref.startswith(heads))
    return {tip for tip in tips.values() if tip is not None}


def _folder(handle: Handle, transaction: Transaction, commit: str | None) -> bytes | None:
    """The raw id of a commit's folder of pins; None when it has none, or is no commit of a trace."""
    try:
        if commit is None:
            return None
        root = transaction.tree(bytes.fromhex(keep.written(handle, transaction, commit).tree))
    except _UNREADABLE:
        return None
    return trees.child(root, format.PINS) if trees.file(root, format.FORMAT_NAME) is not None else None


def _items(transaction: Transaction, folder: bytes | None) -> set[str]:
    """The items that a folder of pins names; none when it is damaged."""
    try:
        found = trees.entries(transaction.tree(folder)) if folder is not None else ()
        return {format.parse_pin(entry.name) for entry in found}
    except _UNREADABLE:
        return set()


def _pinned_by(handle: Handle, transaction: Transaction, commit: str, item: str) -> str:
    """The commit that pinned an item, or the last one that was looked at on the way there."""
    for _ in range(_LOOK):
        parents = keep.written(handle, transaction, commit).parents
        if not parents or item not in _items(transaction, _folder(handle, transaction, parents[0])):
            break
        commit = parents[0]
    return commit
