"""drop: take an item, with its tool group, out of the context. The history keeps it.

With a summary, or a masked item, what it stands for leaves the archive: nothing in the context would tell of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..errors import RefusedError, StateError
from ..model import Author, Commit, Item, TokenCount
from ..store.snapshot import Draft
from ..view import groups
from ..view.compressing.archive import Archive
from ..view.handle import Handle
from . import write
from .subject import about


def drop(
    handle: Handle,
    item: str | Item | Commit,
    *,
    message: str | None = None,
    timestamp: float | datetime | None = None,
) -> Commit:
    """Commit the context without ``item`` and what is in a tool group with it; see ``Repo.drop``."""
    branch = write.branch_of(handle)
    with handle.store.transaction("drop", [branch], spaces=(handle.namespace,)) as transaction:
        tip = transaction.ref(branch)
        if tip is None:
            raise StateError("no commits yet", hint="commit something first")
        parent = handle.commit(tip)
        items = handle.context(tip).items
        archive = Archive(handle, parent)
        found = archive.find(items, item)
        members = [items[at] for at in groups.groups(items).closure([items.index(found)])]
        _check_pins(found, members)
        draft = Draft(transaction, handle.snapshots, parent.tree, handle.namespace)
        ids = {one.id for one in members}
        draft.remove([entry for entry in handle.snapshots.entries(parent.tree) if entry.place.item in ids])
        for under, originals in archive.below(ids):  # with a summary goes what it stands for
            draft.unshelve(under, originals)
        title = about("drop", found.id, found.message, more=len(members) - 1)
        tokens = _tokens(handle, parent, members, whole=len(members) == len(items))
        author = Author("trace-git", "drop@trace")
        change = write.Change("drop", title, author, tokens, write.seconds(timestamp), message)
        oid = write.commit(handle, transaction, draft, parent, change)
    return handle.commit(oid)


def _check_pins(found: Item, members: Sequence[Item]) -> None:
    pinned = next((one for one in (found, *members) if one.pinned), None)
    if pinned is None:
        return
    what = "is pinned" if pinned == found else f"is in a tool group with {pinned.id}, which is pinned"
    raise RefusedError(f"item {found.id} {what}", hint=f"unpin it first: trace unpin {pinned.id[:8]}")


def _tokens(handle: Handle, parent: Commit, members: Sequence[Item], *, whole: bool) -> TokenCount | None:
    """What goes, as a negative number; with the last item also what primes the answer."""
    if handle.counter is None:
        return None
    if whole:
        total = handle.contexts.total(parent)
        return TokenCount(-total, exact=total.exact, counter=handle.counter.name)
    counts = [handle.contexts.count(one) for one in members]
    return TokenCount(-sum(counts), exact=all(one.exact for one in counts), counter=handle.counter.name)
