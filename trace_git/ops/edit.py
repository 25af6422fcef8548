"""edit: give an item new content. Same id, same place, new version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..errors import InvalidInputError, RefusedError, UnsafeRewriteError
from ..formats import given as intake
from ..model import Commit, Item, Message, TokenCount
from ..results import RewriteResult
from ..store import codec
from ..store.snapshot import Draft
from ..store.trees import blob_id
from ..view import deferred, groups
from ..view.compressing.archive import Archive
from ..view.handle import Handle
from . import planned, write
from .record import author_of
from .subject import about


def edit(
    handle: Handle,
    item: str | Item | Commit,
    given: Any,
    *,
    force: bool = False,
    message: str | None = None,
    timestamp: float | datetime | None = None,
) -> Commit:
    """Commit a new version of ``item``; see ``Repo.edit``. The same content again changes nothing."""
    branch = write.branch_of(handle)
    with handle.store.transaction("edit", [branch], spaces=(handle.namespace,)) as transaction:
        work = _work(handle, transaction.ref(branch), item, given, force=force)
        parent, old, fresh = work.parent, work.old, work.new.message
        if not work.changes:
            return parent
        draft = Draft(transaction, handle.snapshots, parent.tree, handle.namespace)
        entry = next(entry for entry in handle.snapshots.entries(parent.tree) if entry.place.item == old.id)
        draft.replace(entry, work.data, pinned=old.pinned)
        title = about("edit", old.id, fresh)
        tokens = _difference(handle, old, fresh, work.new.blob)
        change = write.Change("edit", title, author_of(fresh), tokens, write.seconds(timestamp), message)
        oid = write.commit(handle, transaction, draft, parent, change)
    return handle.commit(oid)


def dry_run(
    handle: Handle,
    item: str | Item | Commit,
    given: Any,
    *,
    force: bool = False,
    message: str | None = None,
    timestamp: float | datetime | None = None,
) -> RewriteResult:
    """What the same edit would give."""
    work = _work(handle, planned.tip(handle, message=message, timestamp=timestamp), item, given, force=force)
    return planned.result(handle, work.parent, work.after, changed=work.changes)


@dataclass(frozen=True)
class _Work:
    """An edit that may be made: ``new`` in the place of ``old``, with its bytes."""

    parent: Commit
    items: Sequence[Item]
    old: Item
    new: Item
    data: bytes

    @property
    def changes(self) -> bool:
        return self.new.blob != self.old.blob

    @property
    def after(self) -> tuple[Item, ...]:
        return tuple([self.new if one is self.old else one for one in self.items])


def _work(handle: Handle, tip: str | None, item: str | Item | Commit, given: Any, *, force: bool) -> _Work:
    parent = planned.parent(handle, tip)
    items = handle.context(tip).items
    archive = Archive(handle, parent)
    old = archive.find(items, item)
    archive.check_unmasked(old.id)
    if old.pinned and not force:
        raise RefusedError(f"item {old.id} is pinned", hint="unpin it first, or edit with force (--force)")
    fresh = version(old.message, given)
    data = codec.encode(fresh)
    work = _Work(parent, items, old, Item.of(old.id, blob_id(data), fresh).with_pinned(old.pinned), data)
    if work.changes:
        _check_groups(work)
    return work


def version(old: Message, given: Any) -> Message:
    """The new version: a text replaces the content and keeps the rest; anything else replaces the message.

    Of a conflict that a merge put off the edited version is ours: the edit settles it.
    """
    old = deferred.shown(old)
    if isinstance(given, str):
        return replace(old, body={**old.body, "content": given})
    read = intake.read(given)
    if len(read.messages) != 1:
        raise InvalidInputError(f"an edit takes one message, not {len(read.messages)}")
    if read.messages[0].role != old.role:
        raise InvalidInputError(
            f"an edit keeps the role {old.role!r}",
            field="role",
            hint="drop the item and commit a new one with the other role",
        )
    return replace(read.messages[0], kind=old.kind, provenance=old.provenance)


def _check_groups(work: _Work) -> None:
    """UnsafeRewriteError when an edit would tear a call from its result, or leave one behind that nothing answers."""
    if groups.facts(work.old.message) == groups.facts(work.new.message):
        return
    before = set(groups.faults(work.items))
    torn = [one for one in groups.faults(work.after) if one not in before]
    if torn:
        raise UnsafeRewriteError(
            f"this edit would break a tool group: {torn[0]}",
            findings=torn,
            hint="keep the calls and results of the message, or drop it with its tool group",
        )


def _difference(handle: Handle, old: Item, fresh: Message, blob: str) -> TokenCount | None:
    if handle.counter is None:
        return None
    before, after = handle.contexts.count(old), handle.counter.message(fresh, blob)
    return TokenCount(after - before, exact=before.exact and after.exact, counter=handle.counter.name)
