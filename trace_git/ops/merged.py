"""From the plan of a merge to a tree: keys, new contents, archives. What is computed here ``merge`` writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..conflicts import Conflict, Resolution
from ..errors import InvalidInputError, RefusedError, UnsafeRewriteError
from ..model import Commit, Item, Message
from ..results import Finding
from ..store import codec, format, keys
from ..store.format import Place
from ..store.snapshot import Draft, Entry
from ..store.trees import blob_id
from ..view import deferred, groups
from ..view.handle import Handle
from ..view.merging.outcome import Outcome
from ..view.merging.plan import Merging, Plan
from ..view.merging.sides import Side
from . import edit


@dataclass(frozen=True)
class Merged:
    """The live items of a merge in order, with keys and contents, but for what is the same on all sides.

    ``archived`` is as in ``Plan``, with keys; ``pins`` maps every pinned item to its blob id; ``fresh`` the blob id of
    a content that no tree has to its bytes. ``outcome`` tells what it is.
    """

    entries: tuple[Entry, ...]
    archived: Mapping[str, tuple[Entry, ...]]
    pins: Mapping[str, str]
    fresh: Mapping[str, bytes]
    outcome: Outcome


def merged(handle: Handle, merging: Merging, plan: Plan, ours: Commit) -> Merged:
    """``ours`` is the first parent of the commit to be."""
    made = _Contents(handle, plan, ours.id)
    for conflict, answer in plan.actions:
        made.act(conflict, answer)
    made.unfold(merging.theirs)
    shelved = _shelved(merging, plan)
    known = {one.place.item: one.place.key for one in shelved}
    known |= {one.place.item: one.place.key for one in merging.ours.entries}
    absent = known.keys() - made.blobs.keys()
    first = {item for before, item in pairwise(made.line) if item in absent and known[item] == known.get(before)}
    line = [item for item in made.line if item not in first]  # their key is that of the summary, which keeps it
    placed = keys.assigned(line, known, hold=merging.ours.ends, absent=absent)
    entries = made.entries(placed)
    archived = _put_aside(merging, plan, made, {**known, **placed}, shelved)
    messages = {blob: message for blob, (_, message) in made.fresh.items()}
    outcome = Outcome(handle, merging, ours, entries, made.pins, messages, made.inside)
    fresh = {blob: data for blob, (data, _) in made.fresh.items()}
    return Merged(entries, archived, made.pins, fresh, outcome)


def _shelved(merging: Merging, plan: Plan) -> set[Entry]:
    """What comes out archived as ours had it."""
    ours = merging.ours.archived
    return {one for under, entries in plan.archived.items() for one in entries if one in ours.get(under, ())}


def _put_aside(
    merging: Merging, plan: Plan, made: _Contents, placed: Mapping[str, str], shelved: Collection[Entry]
) -> dict[str, tuple[Entry, ...]]:
    """The archives that come out. What theirs put aside gets keys of this line, so that it comes back where it belongs:
    its own here, or that of the summary right before it, as a compress leaves the first item of it."""
    where = dict(placed)
    mine = {one.place.item for one in shelved}
    for before, item in pairwise(made.line):
        if item not in made.blobs and item not in mine and item in merging.covered(before):
            where[item] = where[before]

    def here(one: Entry) -> Entry:
        key = where.get(one.place.item, one.place.key)
        return one if one in shelved else one._replace(place=one.place._replace(key=key))

    return {under: tuple(map(here, entries)) for under, entries in plan.archived.items()}


class _Contents:
    """What resolutions ask to be written: replaced content, second versions, conflict items."""

    def __init__(self, handle: Handle, plan: Plan, parent: str) -> None:
        self._handle = handle
        self._plan = plan
        self._parent = parent
        self._roles: dict[str, str] = {}
        self.line = list(plan.line)
        self.blobs = {item: plan.states[item].blob for item in plan.order}
        self.pins = dict(plan.pins)
        self.fresh: dict[str, tuple[bytes, Message]] = {}
        self.inside: dict[str, Entry] = {}

    def unfold(self, theirs: Side) -> None:
        """Put into the line what stretches of new items stand for."""
        leaf, line = self._handle.snapshots.leaf, self.line
        self.line = []
        for item in line:
            self.line.append(item)
            inside = [one for oid in theirs.stretches.get(item, ()) for one in leaf(oid)][1:-1]
            self.line += [one.place.item for one in inside]
            self.inside.update([(one.place.item, one) for one in inside])
        self.blobs.update([(item, one.blob) for item, one in self.inside.items()])

    def entries(self, keys: Mapping[str, str]) -> tuple[Entry, ...]:
        """The live items, in order; those that stay as some side has them are that side's."""
        found: list[Entry] = []
        versions, blobs = {**self._plan.entries, **self.inside}, self.blobs
        for item in self.line:
            blob = blobs.get(item)
            if blob is None:
                continue
            key, known = keys[item], versions.get(item)
            if known is None or known.place.key != key or known.blob != blob:
                role = self._roles[item] if known is None else known.place.role
                known = Entry(Place(key, role, item), blob)
            found.append(known)
        return tuple(found)

    def act(self, conflict: Conflict, answer: Resolution) -> None:
        item = next((one for one in conflict.items if one in self.blobs), None)
        if item is None:
            return
        if answer.action == "both" and conflict.kind != "semantic":
            self._second(conflict, item)
        elif answer.action == "replace":
            present = (*conflict.ours, *conflict.theirs)[0].message
            self._set(item, self._put(edit.version(present, answer.content)))
        elif answer.action == "defer":
            self._set(item, self._put_off(conflict, item))

    def _put_off(self, conflict: Conflict, item: str) -> str:
        sides = (conflict.base, conflict.ours, conflict.theirs)
        try:
            return self._put(deferred.make(*sides, reason=conflict.text, kind=conflict.kind))
        except InvalidInputError as error:  # a conflict item holds those that were put off before: that has an end
            raise RefusedError(
                f"conflict {conflict.id} cannot be put off: what it holds is nested too deeply",
                hint=f"take a side of it, or settle what was put off before: trace resolve {item[:8]} ours",
            ) from error

    def _second(self, conflict: Conflict, ours: str) -> None:
        """Theirs' version behind ours, as an item of its own, pinned if it was; unless it stands there already."""
        at = self.line.index(ours) + 1
        there = self.line[at] if at < len(self.line) else ""
        for theirs in reversed(conflict.theirs):
            if self.blobs.get(there) == theirs.blob and (there in self.pins or not theirs.pinned):
                continue
            position = len(self._roles)
            item = format.item_id(self._handle.namespace, self._parent, position, bytes.fromhex(theirs.blob), counter=1)
            self.line.insert(at, item)
            self._roles[item] = theirs.role
            self._set(item, theirs.blob, pinned=theirs.pinned)

    def _set(self, item: str, blob: str, *, pinned: bool = False) -> None:
        self.blobs[item] = blob
        if pinned or item in self.pins:
            self.pins[item] = blob

    def _put(self, message: Message) -> str:
        data = codec.encode(message)
        name = blob_id(data)
        self.fresh[name] = data, message
        return name


def check(before: Sequence[Sequence[Item]], after: Sequence[Item]) -> None:
    """UnsafeRewriteError when a context has a fault in its tool groups that those before did not have."""
    known = {(one.kind, one.item) for side in before for one in groups.faults(side)}
    refuse([one for one in groups.faults(after) if (one.kind, one.item) not in known])


def refuse(faults: Sequence[groups.Finding]) -> None:
    """UnsafeRewriteError for faults that a merge would make: a call that nothing can answer any more, a result without
    its call, a stranger inside a tool group."""
    found = tuple(Finding("tool-group", one.item, one.text, (one.item,)) for one in faults)
    if found:
        raise UnsafeRewriteError(
            f"the merge would break a tool group: {found[0]}",
            findings=found,
            hint="answer the open call first, or drop it, then merge again",
        )


def write(draft: Draft, merging: Merging, plan: Plan, made: Merged) -> None:
    """Draft the difference from ours' tree."""
    before, after = set(merging.ours.entries), {one.place for one in made.entries}
    draft.remove([one for one in merging.ours.entries if one.place not in after])
    for one in made.entries:
        if one not in before:
            draft.put(one, made.fresh.get(one.blob))
    _pins(draft, merging.ours.pins, made.pins)
    _archives(draft, merging, made)
    if plan.tools != merging.ours.tools:
        draft.keep_tools(plan.tools)


def _pins(draft: Draft, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    draft.unpin(sorted(before.keys() - after.keys()))
    changed = sorted(item for item, blob in after.items() if before.get(item) != blob)
    draft.pin([Entry(Place("", "", item), after[item]) for item in changed])


def _archives(draft: Draft, merging: Merging, made: Merged) -> None:
    before, after = ({(under, one) for under, entries in shelves.items() for one in entries}
                     for shelves in (merging.ours.archived, made.archived))  # fmt: skip
    for under, one in sorted(before - after):
        draft.unshelve(under, [one])
    for under, one in sorted(after - before):
        draft.shelve(under, [one])
