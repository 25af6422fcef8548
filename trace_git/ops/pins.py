"""pin and unpin: say that an item must stay, verbatim, whatever rewrites the context.

The ``pins/`` folder of the tree decides. What stock tools see of it are labels (see ``labels``).
"""

from __future__ import annotations

from datetime import datetime

from ..errors import StateError
from ..model import Author, Commit, Item, TokenCount
from ..store.snapshot import Draft
from ..view import groups
from ..view.compressing.archive import Archive
from ..view.handle import Handle
from . import labels, write
from .subject import about

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
        found = Archive(handle, parent).find(items, item)
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
        title = about(verb, found.id, found.message, more=len(members) - 1)
        change = write.Change(verb, title, Author("trace-git", "pin@trace"), TokenCount(0), timestamp)
        oid = write.commit(handle, transaction, draft, parent, change)
        labels.relabel(handle, transaction)
    return handle.commit(oid)
