"""What became of each commit when a branch was rewritten: two ranges of commits, matched by what they did.

A commit is the same when it did the same to the same items; else it is matched with one that did something to them,
the one with most in common. Ids of commits, authors and times play no part: a rewrite changes these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..errors import InvalidInputError
from ..model import Commit, Item, TokenCount
from ..results import Fate, ItemChange
from ..store.snapshot import Entry
from . import diff, lanes, revisions
from .handle import Handle
from .revisions import Range


class Touch(NamedTuple):
    """One thing that a commit did: an item's blob before and after it ("" for none), and whether it is pinned then."""

    item: str
    before: str
    after: str
    pinned: bool


class _Patch(NamedTuple):
    commit: Commit
    touches: frozenset[Touch]
    items: frozenset[str]


def range_diff(
    handle: Handle, old: str | Commit, new: str | Commit, *, base: str | Commit | None = None
) -> tuple[Fate, ...]:
    """See ``Reader.range_diff``. In the order of the new range; what was dropped stands where it was in the old one."""
    spans = _spans(handle, old, new, base)
    before, after = ([_patch(handle, oid) for oid in lanes.own(handle, span)] for span in spans)
    return tuple(_told(handle, before, after, _matched(before, after)))


def _spans(handle: Handle, old: str | Commit, new: str | Commit, base: str | Commit | None) -> list[Range]:
    found = [revisions.resolve_range(handle, one) for one in (old, new)]
    if any(len(one.tips) != 1 for one in found):
        raise InvalidInputError("a range has one end here", field="old", hint="give A..B, or revisions")
    if base is not None:
        below: tuple[str, ...] = (revisions.resolve(handle, base),)
    else:
        below = lanes.bases(handle, found[0].tips[0], found[1].tips[0])
    return [one if one.hidden else Range(one.tips, below) for one in found]


def _patch(handle: Handle, oid: str) -> _Patch:
    commit = handle.commit(oid)
    parent = handle.commit(commit.parents[0]) if commit.parents else None
    touches = frozenset(_touches(handle, parent, commit))
    return _Patch(commit, touches, frozenset(one.item for one in touches))


def _touches(handle: Handle, before: Commit | None, after: Commit) -> Iterator[Touch]:
    """What a commit did. An item that only moved has the same blob before and after."""
    old, new = _entries(handle, before, after), _entries(handle, after, before)
    pins = [handle.snapshots.pins(one.tree) if one is not None else {} for one in (before, after)]
    here = [{one.place.item: one for one in some} for some in (old, new)]
    for item in here[0].keys() | here[1].keys():
        was, now = here[0].get(item), here[1].get(item)
        if was != now:
            yield Touch(item, was.blob if was else "", now.blob if now else "", item in pins[1])
    for item in pins[0].keys() ^ pins[1].keys():
        blob = pins[0].get(item) or pins[1][item]
        yield Touch(item, blob, blob, item in pins[1])
    tools = [handle.snapshots.tools(one.tree) if one is not None else None for one in (before, after)]
    if tools[0] != tools[1]:
        yield Touch("tools", tools[0] or "", tools[1] or "", False)


def _entries(handle: Handle, of: Commit | None, beside: Commit | None) -> list[Entry]:
    """The items of a commit's folders that another has not."""
    if of is None:
        return []
    known = set(handle.snapshots.leaf_ids(beside.tree)) if beside is not None else set()
    return [one for oid in handle.snapshots.leaf_ids(of.tree) if oid not in known for one in handle.snapshots.leaf(oid)]


def _matched(old: Sequence[_Patch], new: Sequence[_Patch]) -> dict[int, int]:
    """Number in the new range → number in the old one."""
    found: dict[int, int] = {}
    left = dict(enumerate(old))
    for key in (_deed, _origin):
        by_key: dict[object, list[int]] = {}
        for at, one in left.items():
            by_key.setdefault(key(one), []).append(at)
        for at, one in enumerate(new):
            if at not in found and (same := by_key.get(key(one))):
                found[at] = same.pop(0)
                del left[found[at]]
    by_item: dict[str, list[int]] = {}
    for at, one in left.items():
        for item in one.items:
            by_item.setdefault(item, []).append(at)
    for at, one in enumerate(new):
        if at in found:
            continue
        near = {other for item in one.items for other in by_item.get(item, ()) if other in left}
        if near:
            found[at] = max(near, key=lambda other: (*_alike(old[other], one), -other))
            del left[found[at]]
    return found


def _deed(one: _Patch) -> object:
    """What it did."""
    return one.commit.op, one.touches


def _origin(one: _Patch) -> object:
    """Who did it when and to what: a rewrite keeps that where what came out is another thing."""
    return one.commit.op, one.items, one.commit.author, one.commit.timestamp, one.commit.message


def _alike(one: _Patch, other: _Patch) -> tuple[bool, int, int]:
    return one.commit.op == other.commit.op, len(one.items & other.items), -len(one.items ^ other.items)


def _told(handle: Handle, old: Sequence[_Patch], new: Sequence[_Patch], matched: dict[int, int]) -> Iterator[Fate]:
    """In git's order: what is gone as soon as all before it was told, else the new range's."""
    taken, shown = set(matched.values()), 0
    told: set[int] = set()
    for at, one in enumerate(new):
        while shown < len(old) and (shown in told or shown not in taken):
            if shown not in taken:
                yield Fate("dropped", old[shown].commit, None, shown + 1, None)
            shown += 1
        if at not in matched:
            yield Fate("new", None, one.commit, None, at + 1)
            continue
        other = old[matched[at]]
        told.add(matched[at])
        changes = () if other.touches == one.touches else _changes(handle, other, one)
        same = not changes and other.commit.message == one.commit.message
        yield Fate("kept" if same else "changed", other.commit, one.commit, matched[at] + 1, at + 1, changes)
    for at in range(shown, len(old)):
        if at not in taken:
            yield Fate("dropped", old[at].commit, None, at + 1, None)


def _changes(handle: Handle, old: _Patch, new: _Patch) -> tuple[ItemChange, ...]:
    """How the items that either touched came out."""
    items = old.items | new.items
    before, after = ([one for one in handle.context(patch.commit.id).items if one.id in items] for patch in (old, new))

    def count(item: Item) -> TokenCount | None:
        return handle.contexts.count(item) if handle.counter is not None else None

    return diff.of_items(before, after, count)
