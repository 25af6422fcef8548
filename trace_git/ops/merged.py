"""From the plan of a merge to a tree: keys, new contents, archives. What is computed here ``merge`` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..conflicts import Conflict, Resolution
from ..errors import UnsafeRewriteError
from ..model import Item, Message
from ..results import Finding
from ..store import codec, format, keys
from ..store.format import Place
from ..store.snapshot import Draft, Entry
from ..store.trees import blob_id
from ..view import deferred, groups
from ..view.handle import Handle
from ..view.merging.plan import Merging, Plan
from ..view.merging.sides import LIVE, Side
from . import edit


@dataclass
class Merged:
    """The live items of a merge behind the shared beginning, in order, with keys and contents.

    ``fresh`` maps the blob id of a content that no tree has to its bytes and message.
    """

    entries: list[Entry]
    pins: frozenset[str]
    fresh: dict[str, tuple[bytes, Message]] = field(default_factory=dict)


def merged(handle: Handle, merging: Merging, plan: Plan, *, after: str | None, parent: str) -> Merged:
    """``after`` is the key that the shared beginning ends with, ``parent`` the first parent of the commit to be."""
    made = _Contents(handle, parent)
    blobs = {item: plan.states[item].blob for item in plan.order}
    order = list(plan.order)
    for conflict, answer in plan.actions:
        made.act(conflict, answer, order, blobs)
    known = {one.place.item: one.place.key for one in merging.ours.entries}
    placed = keys.assigned(order, known, after=after)
    roles = {item: plan.entries[item].place.role for item in plan.order} | made.roles
    entries = [Entry(Place(placed[item], roles[item], item), blobs[item]) for item in order]
    return Merged(entries, plan.pins, made.fresh)


class _Contents:
    """What resolutions ask to be written: replaced content, second versions, conflict items."""

    def __init__(self, handle: Handle, parent: str) -> None:
        self._handle = handle
        self._parent = parent
        self.fresh: dict[str, tuple[bytes, Message]] = {}
        self.roles: dict[str, str] = {}

    def act(self, conflict: Conflict, answer: Resolution, order: list[str], blobs: dict[str, str]) -> None:
        item = conflict.items[0]
        if item not in blobs:
            return
        if answer.action == "both":
            self._second(conflict, order, blobs)
        elif answer.action == "replace":
            present = (*conflict.ours, *conflict.theirs)[0].message
            blobs[item] = self._put(edit.version(present, answer.content))
        elif answer.action == "defer":
            blobs[item] = self._put(deferred.make(conflict.base, conflict.ours, conflict.theirs, reason=conflict.text))

    def _second(self, conflict: Conflict, order: list[str], blobs: dict[str, str]) -> None:
        """Theirs' version behind ours, as an item of its own."""
        for at, theirs in enumerate(conflict.theirs):
            item = format.item_id(self._handle.namespace, self._parent, at, bytes.fromhex(theirs.blob), counter=1)
            order.insert(order.index(conflict.items[-1]) + 1 + at, item)
            blobs[item] = theirs.blob
            self.roles[item] = theirs.role

    def _put(self, message: Message) -> str:
        data = codec.encode(message)
        name = blob_id(data)
        self.fresh[name] = data, message
        return name


def items(handle: Handle, made: Merged) -> tuple[Item, ...]:
    """The live items as a reader will see them."""
    found = []
    for one in made.entries:
        pinned = one.place.item in made.pins
        if one.blob in made.fresh:
            found.append(Item.of(one.place.item, one.blob, made.fresh[one.blob][1]).with_pinned(pinned))
        else:
            found.append(handle.contexts.item(one, pinned=pinned))
    return tuple(found)


def check(before: Sequence[Sequence[Item]], after: Sequence[Item]) -> tuple[Finding, ...]:
    """UnsafeRewriteError when a merge would make a context worse than both sides: a call that nothing can answer any
    more, a result without its call, a stranger inside a tool group."""
    known = {(one.kind, one.item) for side in before for one in groups.faults(side)}
    new = [one for one in groups.faults(after) if (one.kind, one.item) not in known]
    found = tuple(Finding("tool-group", one.item, one.text, (one.item,)) for one in new)
    if found:
        raise UnsafeRewriteError(
            f"the merge would break a tool group: {found[0]}",
            findings=found,
            hint="answer the open call first, or drop it, then merge again",
        )
    return found


def write(draft: Draft, merging: Merging, plan: Plan, made: Merged) -> None:
    """Draft the difference from ours' tree."""
    ours = {one.place.item: one for one in merging.ours.entries}
    wanted = {one.place.item: one for one in made.entries}
    draft.remove([one for item, one in ours.items() if item not in wanted or wanted[item].place != one.place])
    for item, one in wanted.items():
        if ours.get(item) != one:
            fresh = made.fresh.get(one.blob)
            draft.put(one, fresh[0] if fresh else None)
    _pins(draft, merging.ours, wanted, made)
    _archives(draft, merging, plan)
    if plan.tools != merging.ours.tools:
        draft.keep_tools(plan.tools)


def _pins(draft: Draft, ours: Side, wanted: Mapping[str, Entry], made: Merged) -> None:
    draft.unpin(sorted(ours.pins - made.pins))
    before = {one.place.item: one.blob for one in ours.entries}
    pinned = [one for item, one in wanted.items() if item in made.pins]
    draft.pin([one for one in pinned if one.place.item not in ours.pins or before.get(one.place.item) != one.blob])


def _archives(draft: Draft, merging: Merging, plan: Plan) -> None:
    """Each archived item under the compress that its state names."""
    mine = {(under, one) for under, found in merging.ours.archived.items() for one in found}
    every = mine | {(under, one) for under, found in merging.theirs.archived.items() for one in found}
    kept = {(under, one) for under, one in every if _stays(plan, under, one)}
    for under, one in sorted(mine - kept):
        draft.unshelve(under, [one])
    for under, one in sorted(kept - mine):
        draft.shelve(under, [one])


def _stays(plan: Plan, under: str, one: Entry) -> bool:
    """Whether an original stays archived; one of a masked item is live as well, and its original stays beside it."""
    state = plan.states.get(one.place.item)
    return state is None or state.presence == under or (state.presence == LIVE and state.blob != one.blob)
