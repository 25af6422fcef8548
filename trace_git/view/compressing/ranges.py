"""What a range of a compress means: which items it takes, which it leaves where they are, and why.

    None               all but the last turns
    "A..B"             what context(B) has and context(A) has not; a side left out is HEAD
    "B", a Commit      everything up to B
    "FIRST:LAST"       two item ids, with what stands between them
    a list             item ids, Items, Commits (what they added)

An item stays out when it is pinned, a system or developer message that nobody named, a conflict that a merge put off,
part of a tool group that is not wholly inside, or inside one that stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

from ...errors import InvalidInputError, NotFoundError
from ...model import Commit, Item
from ...results import Finding
from .. import ancestry, groups, revisions
from ..handle import Handle
from ..items import find
from .sight import Sight

KEEP_LAST = 2  # turns that stay when no range is given
Range = str | Commit | Item | Sequence[str | Item | Commit] | None

_SPAN = re.compile(r"([0-9a-f]{1,16}):([0-9a-f]{1,16})")  # too short an id is told as one
_INSTRUCTIONS = ("system", "developer")


@dataclass(frozen=True)
class Chosen:
    """``places`` are taken, in order; ``stay`` are pinned places inside the range, which count against its budget."""

    sight: Sight
    places: tuple[int, ...]
    stay: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()

    @cached_property
    def runs(self) -> tuple[tuple[int, ...], ...]:
        """``places`` as stretches without a gap."""
        found = groupby(enumerate(self.places), key=lambda one: one[1] - one[0])
        return tuple([tuple([at for _, at in run]) for _, run in found])

    @cached_property
    def tokens(self) -> int:
        return self.sight.tokens(self.places) + self.fixed

    @cached_property
    def fixed(self) -> int:
        """The tokens of what stays inside the range."""
        return self.sight.tokens(self.stay)

    def before(self, place: int) -> Chosen:
        """The part of the range up to a place that is taken, as FIRST:LAST names it."""
        return replace(self, stay=tuple([at for at in self.stay if self.places[0] < at < place]))

    def behind(self, place: int) -> Chosen:
        """The part of the range from a place on."""
        later = ([at for at in some if at >= place] for some in (self.places, self.stay))
        places, stay = map(tuple, later)
        return Chosen(self.sight, places, stay, self.findings)


def choose(sight: Sight, wanted: Range, *, keep_last: int | None = None) -> Chosen:
    """The items that ``wanted`` takes, the last ``keep_last`` turns apart; NotFoundError, InvalidInputError."""
    if keep_last is not None and (isinstance(keep_last, bool) or not isinstance(keep_last, int) or keep_last < 0):
        raise InvalidInputError(f"keep_last={keep_last!r} is not a number of turns", field="keep_last",
                                hint="give 0 or more")  # fmt: skip
    if keep_last is None:
        keep_last = KEEP_LAST if wanted is None else 0
    places, by_id = _places(sight, wanted)
    last = turns(sight, keep_last)
    return _whole(sight, [at for at in places if at < last], by_id, told=wanted is not None)


def turns(sight: Sight, count: int) -> int:
    """Where the last ``count`` turns begin.

    A turn is one call of the model: what it was told, its reply, and the results of the tools that it called. So it
    begins with what is said to it, or with an assistant that goes on after results.
    """
    at = sight.size
    while count > 0 and at > 0:
        at -= 1
        if _begins(sight, at):
            count -= 1
    return at


def _begins(sight: Sight, at: int) -> bool:
    if sight.role(at) == "assistant":
        return at == 0 or not _told(sight, at - 1)
    return _told(sight, at) and (at == 0 or not _told(sight, at - 1))


def _told(sight: Sight, at: int) -> bool:
    """Whether an item is said to the model, and no result of a tool."""
    return sight.role(at) in ("user", *_INSTRUCTIONS) and not sight.is_output(at)


def _places(sight: Sight, wanted: Range) -> tuple[list[int], frozenset[int]]:
    """The places that are meant, in order, and those of them that were named one by one."""
    if wanted is None:
        return list(range(sight.size)), frozenset()
    if isinstance(wanted, str | Commit):
        found = _up_to(sight, wanted)
        return (found, frozenset()) if found is not None else _named(sight, [wanted])
    if isinstance(wanted, Item):
        wanted = [wanted]
    if not isinstance(wanted, Sequence) or not all(isinstance(one, str | Item | Commit) for one in wanted):
        raise InvalidInputError(f"{wanted!r} is not a range", field="range", hint="give A..B, or a list of item ids")
    return _named(sight, wanted)


def _up_to(sight: Sight, wanted: str | Commit) -> list[int] | None:
    """The places of a range of commits or FIRST:LAST; None when it is the id of an item."""
    if isinstance(wanted, str) and (span := _SPAN.fullmatch(wanted)):
        first, last = (sight.places[find(sight.items, word).id] for word in span.groups())
        if last < first:
            raise InvalidInputError(f"{wanted!r} is the wrong way round: {span[2]} comes first", field="range")
        return list(range(first, last + 1))
    try:
        named = revisions.resolve_range(sight.handle, wanted)
    except NotFoundError:
        if isinstance(wanted, str) and any(entry.place.item.startswith(wanted) for entry in sight.entries):
            return None
        raise
    if len(named.tips) != 1 or len(named.hidden) > 1:
        raise InvalidInputError(f"{wanted!r} is not a range of one line", field="range", hint="give A..B")
    return list(_between(sight, wanted, named.hidden[0] if named.hidden else None, named.tips[0]))


def _between(sight: Sight, wanted: str | Commit, old: str | None, new: str) -> Iterator[int]:
    handle = sight.handle
    shown = wanted.short_id if isinstance(wanted, Commit) else wanted
    for one, other in ((old, new), (new, sight.commit.id)):
        if one is not None and not ancestry.is_ancestor(handle, one, other):
            raise InvalidInputError(
                f"range {shown!r}: commit {one[:8]} is not behind {other[:8]}", field="range",
                hint="give A..B with A before B, and B on this branch",
            )  # fmt: skip
    before = _ids(handle, old) if old is not None else set()
    if new == sight.commit.id:
        return (at for at, entry in enumerate(sight.entries) if entry.place.item not in before)
    wanted_ids = _ids(handle, new) - before
    return (at for at, entry in enumerate(sight.entries) if entry.place.item in wanted_ids)


def _ids(handle: Handle, commit: str) -> set[str]:
    return {entry.place.item for entry in handle.snapshots.entries(handle.store.commit(commit).tree)}


def _named(sight: Sight, wanted: Sequence[str | Item | Commit]) -> tuple[list[int], frozenset[int]]:
    found: set[int] = set()
    for one in wanted:
        if isinstance(one, Commit):
            added = [sight.places[item.id] for item in one.items if item.id in sight.places]
            if not added:
                raise NotFoundError(f"no item of commit {one.short_id} is in this context")
            found.update(added)
        elif (at := sight.places.get(one.id if isinstance(one, Item) else one)) is not None:
            found.add(at)
        else:
            found.add(sight.places[find(sight.items, one).id])
    return sorted(found), frozenset(found)


# -- what stays ----------------------------------------------------------------------------


def _whole(sight: Sight, places: Sequence[int], by_id: frozenset[int], *, told: bool) -> Chosen:
    """``places`` without what has to stay."""
    findings: list[Finding] = []
    stay = sight.pinned.intersection(places)
    unsettled = sight.unsettled.intersection(places)
    system = {at for at in places if sight.role(at) in _INSTRUCTIONS} - by_id - stay
    findings += _found(sight, unsettled, "conflict", "conflicts that a merge put off stay where they are: {}")
    if told:
        findings += _found(sight, system, "system", "system and developer items stay unless named by id: {}", note=True)
    found = set(places) - stay - unsettled - system
    torn: set[int] = set()
    inside: set[int] = set()
    open_: set[int] = set()
    while found:
        paired = sight.groups(found)
        left = {at for call in paired.tail for at in paired.closure([call.at])} & found
        cut = {at for group in paired.all() if not found.issuperset(group.items) for at in group.items} & found
        strangers = _strangers(paired, found)
        if not (left | cut | strangers):
            break
        open_ |= left
        torn |= cut - left
        inside |= strangers - cut - left
        found -= left | cut | strangers
    pinned_groups = {at for at in torn if any(one in stay for one in sight.groups([at]).closure([at]))}
    findings += _found(sight, torn - pinned_groups, "tool-group", "tool groups that are not wholly inside stay out: {}")
    findings += _found(sight, pinned_groups, "pinned", "these stay, in a tool group with a pinned item: {}")
    findings += _found(sight, inside, "inside", "these stand inside a tool group that stays, and stay too: {}")
    findings += _found(sight, open_, "open", "a call that nothing answers yet stays: {}")
    return Chosen(sight, tuple(sorted(found)), tuple(sorted(stay | pinned_groups)), tuple(findings))


def _strangers(paired: groups.Groups, found: set[int]) -> set[int]:
    """Items of ``found`` strictly inside the stretch of a group that stays."""
    return {
        at
        for group in paired.all()
        if not group.whole and not found.issuperset(group.items)
        for at in range(group.items[0] + 1, group.items[-1])
        if at in found and at not in group.items
    }


def _found(sight: Sight, places: AbstractSet[int], kind: str, text: str, *, note: bool = False) -> list[Finding]:
    if not places:
        return []
    ids = tuple([sight.entries[at].place.item for at in sorted(places)])
    shown = ", ".join(one[:8] for one in ids[:4]) + (f" and {len(ids) - 4} more" if len(ids) > 4 else "")
    return [Finding(kind, ids[0], text.format(shown), ids, "note" if note else "warning")]
