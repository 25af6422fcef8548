"""drop: take an item, with its tool group, out of the context. The history keeps it.

With a summary, or a masked item, what it stands for leaves the archive: nothing in the context would tell of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..errors import RefusedError
from ..model import Author, Commit, Item, TokenCount
from ..results import RewriteResult
from ..store.snapshot import Draft
from ..view import groups
from ..view.compressing.archive import Archive
from ..view.handle import Handle
from . import planned, write
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
        work = _work(handle, transaction.ref(branch), item)
        parent, found, members = work.parent, work.found, work.members
        draft = Draft(transaction, handle.snapshots, parent.tree, handle.namespace)
        ids = {one.id for one in members}
        draft.remove([entry for entry in handle.snapshots.entries(parent.tree) if entry.place.item in ids])
        for under, originals in work.archive.below(ids):  # with a summary goes what it stands for
            draft.unshelve(under, originals)
        title = about("drop", found.id, found.message, more=len(members) - 1)
        tokens = _tokens(handle, parent, members, whole=not work.after)
        author = Author("trace-git", "drop@trace")
        change = write.Change("drop", title, author, tokens, write.seconds(timestamp), message)
        oid = write.commit(handle, transaction, draft, parent, change)
    return handle.commit(oid)


def dry_run(
    handle: Handle,
    item: str | Item | Commit,
    *,
    message: str | None = None,
    timestamp: float | datetime | None = None,
) -> RewriteResult:
    """What the same drop would give."""
    work = _work(handle, planned.tip(handle, message=message, timestamp=timestamp), item)
    return planned.result(handle, work.parent, work.after)


@dataclass(frozen=True)
class _Work:
    """A drop that may be made: the ``members`` of the tool group of what was ``found`` go, ``after`` is left."""

    parent: Commit
    archive: Archive
    found: Item
    members: Sequence[Item]
    after: Sequence[Item]


def _work(handle: Handle, tip: str | None, item: str | Item | Commit) -> _Work:
    parent = planned.parent(handle, tip)
    items = handle.context(tip).items
    archive = Archive(handle, parent)
    found = archive.find(items, item)
    gone = set(groups.groups(items).closure([items.index(found)]))
    members = [items[at] for at in sorted(gone)]
    _check_pins(found, members)
    return _Work(parent, archive, found, members, [one for at, one in enumerate(items) if at not in gone])


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
