"""Which tool result answers which call: the tool groups of a context.

A group is an assistant item with calls and the items whose results answer them. A result
belongs to the nearest preceding call with its id that is still open: real conversations
use an id again, so an id alone never identifies a call. Legacy ``function_call`` and
``function`` pairs have no id and pair in the same way.

Pairing needs little of a message, its ``Facts``; most messages have none, and ``pair`` is given
only those that do. What a certain provider accepts is not judged here (see ``materializers``), and
nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..model import Item, Message
from . import deferred


class Facts(NamedTuple):
    """What pairing needs to know of a message: its calls as (id, name), and the ids that it answers."""

    calls: tuple[tuple[str | None, str], ...] = ()
    answers: tuple[str | None, ...] = ()


NOTHING = Facts()


class Finding(NamedTuple):
    """Something about one item that a reader should know; ``str(finding)`` is one line."""

    kind: str  # orphan, unanswered, interleaved
    item: str
    text: str

    def __str__(self) -> str:
        return self.text


class Fault(NamedTuple):
    """What a finding is about: a place, its kind, and the name of the call."""

    at: int
    kind: str
    call: str = ""

    def told(self, item: str) -> Finding:
        return Finding(self.kind, item, _TEXTS[self.kind].format(item=item, call=self.call))


_TEXTS = {
    "orphan": "item {item} answers {call} that is not open",
    "unanswered": "item {item} calls {call}, which nothing answers",
    "interleaved": "item {item} stands between a tool call and its result",
}


class Call(NamedTuple):
    """One call: the place of its item in the context, which of its calls, and what it names."""

    at: int
    position: int
    id: str | None
    name: str


class Answer(NamedTuple):
    """One result: the place of its item, and the call it answers (None: an orphan)."""

    at: int
    id: str | None
    call: Call | None


class Group(NamedTuple):
    """Places, ascending, of the items that belong together: calls and their results."""

    items: tuple[int, ...]
    open: tuple[Call, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing stands between its items."""
        return self.items[-1] - self.items[0] < len(self.items)


@dataclass(frozen=True, slots=True)
class Groups:
    """The pairing of a context of ``size`` items. All numbers are places in it.

    ``calls`` are all calls in order, ``answers`` all results in order, ``open`` the calls
    that nothing answers yet. ``items`` is empty when only facts were paired.
    """

    size: int
    calls: tuple[Call, ...]
    answers: tuple[Answer, ...]
    open: tuple[Call, ...]
    items: tuple[Item, ...] = ()
    _links: dict[int, Group] = field(default_factory=dict, repr=False, compare=False)

    def of(self, index: int) -> Group | None:
        """The group of the item at ``index``, or None when it stands alone."""
        return self._linked().get(index)

    def all(self) -> tuple[Group, ...]:
        """Every group once, in order of the first item that is linked to it."""
        return tuple({group.items: group for group in self._linked().values()}.values())

    def closure(self, indices: Iterable[int]) -> tuple[int, ...]:
        """``indices`` with everything that is in a group with one of them, ascending."""
        found: set[int] = set()
        for index in indices:
            group = self.of(index)
            found.update(group.items if group else (index,))
        return tuple(sorted(found))

    @property
    def orphans(self) -> tuple[Answer, ...]:
        """Results whose call is absent or already answered."""
        return tuple(answer for answer in self.answers if answer.call is None)

    @property
    def tail(self) -> tuple[Call, ...]:
        """Open calls that the next messages may still answer: nothing but results follows their item."""
        if not self.open:
            return ()
        last = self.open[-1].at
        group = self.of(last)
        if group is None or sum(index > last for index in group.items) < self.size - last - 1:
            return ()
        return tuple(call for call in self.open if call.at == last)

    def _linked(self) -> dict[int, Group]:
        if not self._links:
            self._links.update(_link(self))
        return self._links


def facts(message: Message) -> Facts:
    """What there is to pair in a message."""
    if message.kind == deferred.KIND:
        message = deferred.shown(message)
    if is_plain(message):
        return NOTHING
    calls = [(_id(call.id), call.name) for call in message.calls] if message.role == "assistant" else ()
    return Facts(tuple(calls), tuple([_id(answered) for answered in message.answers]))


def groups(items: Sequence[Item], *, before: Groups | None = None) -> Groups:
    """Pair the results of ``items`` with their calls.

    ``before`` may be the pairing of an earlier context: when ``items`` begins with
    its items, only what follows is looked at.
    """
    items = tuple(items)
    if before is not None and items[: before.size] != before.items:
        before = None
    known = before.size if before else 0
    found = pair(((at, facts(items[at].message)) for at in range(known, len(items))), len(items), before=before)
    return Groups(found.size, found.calls, found.answers, found.open, items)


def pair(known: Iterable[tuple[int, Facts]], size: int, *, before: Groups | None = None) -> Groups:
    """Pair a context of ``size`` items from what is known of them, as (place, facts), in order."""
    calls = list(before.calls) if before else []
    answers = list(before.answers) if before else []
    waiting: dict[str | None, list[Call]] = {}
    for call in before.open if before else ():
        waiting.setdefault(call.id, []).append(call)
    for index, (made, answered) in known:
        for id in answered:
            answers.append(Answer(index, id, _nearest(waiting.get(id))))
        for position, (id, name) in enumerate(made):
            call = Call(index, position, id, name)
            calls.append(call)
            waiting.setdefault(id, []).append(call)
    return Groups(size, tuple(calls), tuple(answers), tuple(sorted(c for s in waiting.values() for c in s)))


def _id(given: object) -> str | None:
    """An id as it is; what providers would refuse as one may not stop a reader."""
    return given if given is None or isinstance(given, str) else repr(given)


def is_plain(message: Message) -> bool:
    """Whether a glance shows that a message neither calls nor answers; most do not, and looking closer costs."""
    if message.role in ("tool", "function"):
        return False
    body = message.body
    return isinstance(body.get("content"), str) and not body.get("tool_calls") and not body.get("function_call")


def _nearest(waiting: list[Call] | None) -> Call | None:
    """Takes the call of the nearest item; of several there, the first."""
    if not waiting:
        return None
    at = len(waiting) - 1
    while at and waiting[at - 1].at == waiting[-1].at:
        at -= 1
    return waiting.pop(at)


def faults(items: Sequence[Item] | Groups) -> tuple[Finding, ...]:
    """What is not whole about the tool groups of a context, in order of place.

    ``orphan``: a result without its call. ``unanswered``: a call without result that is
    not open at the tail. ``interleaved``: an item that stands between a call and its result.
    """
    paired = items if isinstance(items, Groups) else groups(items)
    return tuple(fault.told(paired.items[fault.at].id) for fault in in_order([*dangling(paired), *between(paired)]))


def in_order(faults: Iterable[Fault]) -> list[Fault]:
    """By place; of one place first what it answers, then what it calls, then where it stands."""
    return sorted(faults, key=lambda fault: (fault.at, _RANKS[fault.kind]))


_RANKS = {kind: rank for rank, kind in enumerate(_TEXTS)}


def dangling(paired: Groups) -> Iterator[Fault]:
    """Results without a call, and calls without a result that are not open at the tail."""
    for answer in paired.orphans:
        yield Fault(answer.at, "orphan", f"call {answer.id}" if answer.id is not None else "a function call")
    tail = set(paired.tail)
    for call in paired.open:
        if call not in tail:
            yield Fault(call.at, "unanswered", call.name or "a tool")


def between(paired: Groups) -> Iterator[Fault]:
    """Items strictly inside the stretch of a group that is not theirs, each once, in order."""
    steps: dict[int, int] = {}  # only groups with something in between can have a stranger inside
    for group in paired.all():
        if not group.whole:
            steps[group.items[0] + 1] = steps.get(group.items[0] + 1, 0) + 1
            steps[group.items[-1]] = steps.get(group.items[-1], 0) - 1
    over, start = 0, 0
    for stop in sorted(steps):
        if over:
            yield from (Fault(at, "interleaved") for at in range(start, stop) if over > _inside_own(paired, at))
        over, start = over + steps[stop], stop


def _inside_own(paired: Groups, at: int) -> bool:
    own = paired.of(at)
    return own is not None and not own.whole and own.items[0] < at < own.items[-1]


def _link(paired: Groups) -> dict[int, Group]:
    """Place of an item → its group; an item that answers several assistants joins them."""
    members: dict[int, list[int]] = {}
    for call in paired.calls:
        members.setdefault(call.at, [call.at])
    for answer in paired.answers:
        if answer.call is None:
            continue
        mine, theirs = members.get(answer.at), members[answer.call.at]
        if mine is None:
            members[answer.at] = theirs
            theirs.append(answer.at)
        elif mine is not theirs:
            theirs.extend(mine)
            for index in mine:
                members[index] = theirs
    waiting: dict[int, list[Call]] = {}
    for call in paired.open:
        waiting.setdefault(id(members[call.at]), []).append(call)
    made: dict[int, Group] = {}
    for some in members.values():
        if id(some) not in made:
            made[id(some)] = Group(tuple(sorted(set(some))), tuple(waiting.get(id(some), ())))
    return {index: made[id(some)] for index, some in members.items()}
