"""resolve: settle a conflict that a merge put off. One commit: the item is a message again, or it goes.

| action | what stands in the context then |
|---|---|
| ours, theirs | that side's version, pinned if it was there, or since; nothing, where that side took the item away |
| both | ours, and theirs behind it as an item of its own |
| replace | the content that was given |
| drop | nothing; the tool group goes with it, as in drop |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..conflicts import Conflict, Resolution
from ..errors import InvalidInputError, RefusedError, StateError
from ..model import Author, Commit, Item, Message, TokenCount
from ..results import RewriteResult
from ..store import codec, format, keys
from ..store.format import Place
from ..store.snapshot import Draft, Entry
from ..store.trees import blob_id
from ..view import deferred, groups
from ..view.handle import Handle
from ..view.items import find
from . import edit, labels, merged, planned, resolving, write
from .subject import words


def conflicts(handle: Handle, commit: str | None) -> tuple[Conflict, ...]:
    """The conflicts that merges put off and nobody settled since; see ``Repo.conflicts``."""
    return deferred.conflicts(handle.context(commit).items)


def resolve(
    handle: Handle,
    item: str | Item | Commit | Conflict,
    answer: Resolution,
    *,
    message: str | None = None,
    timestamp: float | datetime | None = None,
) -> Commit:
    """Commit the answer to one of them; see ``Repo.resolve``."""
    branch = write.branch_of(handle)
    with handle.store.transaction("resolve", [branch], spaces=(handle.namespace,)) as transaction:
        work = _work(handle, transaction.ref(branch), item, answer)
        parent, found = work.parent, work.found
        draft = Draft(transaction, handle.snapshots, parent.tree, handle.namespace)
        work.write(draft, handle.snapshots.entries(parent.tree))
        said = words(work.made.versions[0]) if work.made.versions else words(found.message)
        title = f"resolve: {found.id[:8]} {answer.action}, {said}"[:72]
        question = deferred.conflict(found)
        change = write.Change("resolve", title, Author("trace-git", "resolve@trace"), work.tokens(),
                              write.seconds(timestamp), message,
                              {"Trace-Resolved": f"{question.kind}:{found.id}={answer.action}"})  # fmt: skip
        oid = write.commit(handle, transaction, draft, parent, change)
        labels.relabel(handle, transaction)
    return handle.commit(oid)


def dry_run(
    handle: Handle,
    item: str | Item | Commit | Conflict,
    answer: Resolution,
    *,
    message: str | None = None,
    timestamp: float | datetime | None = None,
) -> RewriteResult:
    """What the same answer would give."""
    work = _work(handle, planned.tip(handle, message=message, timestamp=timestamp), item, answer)
    return planned.result(handle, work.parent, work.after)


def _work(handle: Handle, tip: str | None, item: str | Item | Commit | Conflict, answer: Resolution) -> _Work:
    parent = planned.parent(handle, tip)
    items = handle.context(tip).items
    found = find(items, item.items[0] if isinstance(item, Conflict) else item)
    if found.kind != deferred.KIND:
        raise StateError(f"item {found.id} is no deferred conflict", hint="`trace conflicts` lists what is open")
    question = deferred.conflict(found)
    work = _Work(handle, parent, items, found, _made(found, question, _checked(question, answer)))
    merged.check((items,), work.after)
    return work


def _checked(question: Conflict, answer: Resolution) -> Resolution:
    if isinstance(answer, Resolution) and answer.action == "defer":
        raise InvalidInputError(
            f"item {question.items[0]} is put off already", field="action",
            hint=f"one of: {', '.join(deferred.actions(question))}",
        )  # fmt: skip
    return resolving.checked(question, answer)


@dataclass(frozen=True)
class _Made:
    """What an answer puts in the place of a conflict item; nothing when it goes."""

    versions: tuple[Message, ...]
    pinned: bool = False


def _made(found: Item, question: Conflict, answer: Resolution) -> _Made:
    if answer.action == "drop":
        return _Made(())
    if answer.action == "replace":
        return _Made((edit.version(found.message, answer.content),), found.pinned)
    sides = {"ours": (question.ours,), "theirs": (question.theirs,), "both": (question.ours, question.theirs)}
    chosen = [item for side in sides[answer.action] for item in side]
    since = found.pinned and not any(one.pinned for one in (*question.ours, *question.theirs))
    return _Made(tuple([one.message for one in chosen]), bool(chosen) and (chosen[0].pinned or since))


class _Work:
    """The context after an answer, told and written."""

    def __init__(self, handle: Handle, parent: Commit, items: Sequence[Item], found: Item, made: _Made) -> None:
        self._handle = handle
        self.parent = parent
        self.found = found
        self.made = made
        self._data = [codec.encode(version) for version in made.versions]
        blobs = [blob_id(data) for data in self._data]
        names = [found.id] + [
            format.item_id(handle.namespace, parent.id, at, bytes.fromhex(blob), counter=1)
            for at, blob in enumerate(blobs[1:])
        ]
        fresh = [Item.of(*one) for one in zip(names, blobs, made.versions, strict=False)]
        self._fresh = [one.with_pinned(made.pinned) if one.id == found.id else one for one in fresh]
        self._gone = _closure(items, found) if not made.versions else [found]
        gone = {one.id for one in self._gone}
        self.after = tuple([
            one for item in items
            for one in (self._fresh if item.id == found.id else () if item.id in gone else (item,))
        ])  # fmt: skip

    def tokens(self) -> TokenCount | None:
        handle = self._handle
        if handle.counter is None:
            return None
        before, after = ([handle.contexts.count(item) for item in some] for some in (self._gone, self._fresh))
        exact = all(one.exact for one in (*before, *after))
        return TokenCount(sum(after) - sum(before), exact=exact, counter=handle.counter.name)

    def write(self, draft: Draft, entries: Sequence[Entry]) -> None:
        places = {entry.place.item: entry for entry in entries}
        here = places[self.found.id]
        if self.found.pinned and not self.made.pinned:
            draft.unpin([self.found.id])
        if not self._fresh:
            draft.remove([places[item.id] for item in self._gone])
            return
        draft.replace(here, self._data[0], pinned=self.made.pinned)
        if len(self._fresh) > 1:
            self._second(draft, entries)

    def _second(self, draft: Draft, entries: Sequence[Entry]) -> None:
        """Theirs' version behind ours. Where no key is free between two items, those behind get new ones."""
        fresh = self._fresh[1]
        order = [entry.place.item for entry in entries]
        order.insert(order.index(self.found.id) + 1, fresh.id)
        placed = keys.assigned(order, {entry.place.item: entry.place.key for entry in entries})
        moved = [entry for entry in entries if placed[entry.place.item] != entry.place.key]
        draft.remove(moved)
        for entry in moved:
            blob = self._fresh[0].blob if entry.place.item == self.found.id else entry.blob
            draft.put(Entry(Place(placed[entry.place.item], entry.place.role, entry.place.item), blob))
        draft.put(Entry(Place(placed[fresh.id], fresh.role, fresh.id), fresh.blob), self._data[1])


def _closure(items: Sequence[Item], found: Item) -> list[Item]:
    """What goes with an item that goes: its tool group. A pin of another member holds it."""
    members = [items[at] for at in groups.groups(items).closure([items.index(found)])]
    held = next((one for one in members if one.pinned and one.id != found.id), None)
    if held is not None:
        raise RefusedError(
            f"item {found.id} is in a tool group with {held.id}, which is pinned",
            hint=f"unpin that first: trace unpin {held.id[:8]}",
        )
    return members
