"""From the plan of a merge to a tree: keys, new contents, archives. What is computed here ``merge`` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..conflicts import Conflict, Resolution
from ..errors import UnsafeRewriteError
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
from . import edit


@dataclass(frozen=True)
class Merged:
    """The live items of a merge in order, with keys and contents, but for what is the same on all sides.

    ``pins`` maps every pinned item to its blob id; ``fresh`` the blob id of a content that no tree has to its bytes.
    ``outcome`` tells what it is.
    """

    entries: tuple[Entry, ...]
    pins: Mapping[str, str]
    fresh: Mapping[str, bytes]
    outcome: Outcome


def merged(handle: Handle, merging: Merging, plan: Plan, ours: Commit) -> Merged:
    """``ours`` is the first parent of the commit to be."""
    made = _Contents(handle, plan, ours.id)
    for conflict, answer in plan.actions:
        made.act(conflict, answer)
    known = {one.place.item: one.place.key for under in plan.archived.values() for one in under}
    known |= {one.place.item: one.place.key for one in merging.ours.entries}
    placed = keys.assigned(made.line, known, hold=merging.ours.ends, absent=known.keys() - made.blobs.keys())
    entries = tuple([made.entry(item, placed[item]) for item in made.line if item in made.blobs])
    messages = {blob: message for blob, (_, message) in made.fresh.items()}
    outcome = Outcome(handle, merging, ours, entries, made.pins, messages)
    return Merged(entries, made.pins, {blob: data for blob, (data, _) in made.fresh.items()}, outcome)


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

    def entry(self, item: str, key: str) -> Entry:
        known, blob = self._plan.entries.get(item), self.blobs[item]
        if known is None:
            return Entry(Place(key, self._roles[item], item), blob)
        place = known.place
        return known if known.blob == blob and place.key == key else Entry(Place(key, place.role, item), blob)

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
            sides = (conflict.base, conflict.ours, conflict.theirs)
            self._set(item, self._put(deferred.make(*sides, reason=conflict.text, kind=conflict.kind)))

    def _second(self, conflict: Conflict, ours: str) -> None:
        """Theirs' version behind ours, as an item of its own; pinned if it was."""
        for theirs in reversed(conflict.theirs):
            position = len(self._roles)
            item = format.item_id(self._handle.namespace, self._parent, position, bytes.fromhex(theirs.blob), counter=1)
            self.line.insert(self.line.index(ours) + 1, item)
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
    before = {one.place.item: one for one in merging.ours.entries}
    after = {one.place.item: one.place for one in made.entries}
    draft.remove([one for item, one in before.items() if after.get(item) != one.place])
    for one in made.entries:
        if before.get(one.place.item) != one:
            draft.put(one, made.fresh.get(one.blob))
    _pins(draft, merging.ours.pins, made.pins)
    _archives(draft, merging, plan)
    if plan.tools != merging.ours.tools:
        draft.keep_tools(plan.tools)


def _pins(draft: Draft, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    draft.unpin(sorted(before.keys() - after.keys()))
    changed = sorted(item for item, blob in after.items() if before.get(item) != blob)
    draft.pin([Entry(Place("", "", item), after[item]) for item in changed])


def _archives(draft: Draft, merging: Merging, plan: Plan) -> None:
    before, after = ({(under, one) for under, entries in shelves.items() for one in entries}
                     for shelves in (merging.ours.archived, plan.archived))  # fmt: skip
    for under, one in sorted(before - after):
        draft.unshelve(under, [one])
    for under, one in sorted(after - before):
        draft.shelve(under, [one])
