"""Tool groups before and after a rewrite: what is torn, and was not torn before.

Groups are those of the context before, and items are followed by id: a call id that is used again may pair a result
with another call in the new order, which is as wrong as a result without one.

    finding             what became of a call and its result
    result-before-call  both are there, the result first
    tool-group          the result would answer another call, or none; the call would never be answered;
                        something stands between them that did not
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...model import Item
from ...results import Finding
from .. import groups
from ..groups import Groups

SPLIT, EARLY = "tool-group", "result-before-call"


class _Open(NamedTuple):
    """A call of an item that nothing answers."""

    item: str
    id: str | None
    name: str


def torn(before: Sequence[Item], after: Sequence[Item]) -> list[Finding]:
    """The errors of a rewrite that concern tool groups, in the order of the new context."""
    old, new = groups.groups(before), groups.groups(after)
    places = {item.id: at for at, item in enumerate(after)}
    pairs = list(_pairs(old, new, places))
    named = {item for one in pairs for item in one.items}  # of these all is said
    found = [*pairs, *[one for one in _dangling(old, new) if one.name not in named], *_between(old, new)]
    return sorted(found, key=lambda one: places[one.name])


def _pairs(old: Groups, new: Groups, places: dict[str, int]) -> Iterator[Finding]:
    now = set(_paired(new))
    for call, result in dict.fromkeys(_paired(old)):
        if call not in places or result not in places or (call, result) in now:
            continue
        if places[result] < places[call]:
            text = f"item {result} would come before the call that it answers, item {call}"
            yield _error(EARLY, result, text, call)
        else:
            yield _error(SPLIT, result, f"item {result} would not answer the call of item {call} any more", call)


def _paired(paired: Groups) -> Iterator[tuple[str, str]]:
    """(call item, result item)"""
    for answer in paired.answers:
        if answer.call is not None:
            yield paired.items[answer.call.at].id, paired.items[answer.at].id


def _dangling(old: Groups, new: Groups) -> Iterator[Finding]:
    """Results that lost their call, and calls that nothing can answer any more."""
    known = {(old.items[one.at].id, one.id) for one in old.orphans}
    for answer in new.orphans:
        item = new.items[answer.at].id
        if (item, answer.id) not in known:
            called = f"call {answer.id}" if answer.id is not None else "a function call"
            yield _error(SPLIT, item, f"item {item} would answer {called}, which is not open there")
    waiting = set(_unanswered(old))
    for call in _unanswered(new):
        if call not in waiting:
            text = f"item {call.item} calls {call.name or 'a tool'}, which nothing would answer"
            yield _error(SPLIT, call.item, text)


def _unanswered(paired: Groups) -> Iterator[_Open]:
    tail = set(paired.tail)
    return (_Open(paired.items[one.at].id, one.id, one.name) for one in paired.open if one not in tail)


def _between(old: Groups, new: Groups) -> Iterator[Finding]:
    """Groups with somebody inside who was not inside before."""
    known: dict[str, set[str]] = {}
    for group in old.all():
        if not group.whole:
            inside = _strangers(old, group)
            for at in group.items:
                known.setdefault(old.items[at].id, set()).update(inside)
    for group in new.all():
        if group.whole:
            continue
        members = [new.items[at].id for at in group.items]
        fresh = [one for one in _strangers(new, group) if not any(one in known.get(member, ()) for member in members)]
        if fresh:
            some = f"item {fresh[0]}" + (f" and {len(fresh) - 1} more" if len(fresh) > 1 else "")
            yield _error(SPLIT, members[0], f"{some} would stand inside the tool group of item {members[0]}", *fresh)


def _strangers(paired: Groups, group: groups.Group) -> list[str]:
    inside = set(group.items)
    return [paired.items[at].id for at in range(group.items[0], group.items[-1]) if at not in inside]


def _error(kind: str, item: str, text: str, *others: str) -> Finding:
    return Finding(kind, item, text, (item, *others), severity="error")
