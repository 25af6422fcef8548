"""Which tool result answers which call: the tool groups of a context.

A group is an assistant item with calls and the items whose results answer them. A result
belongs to the nearest preceding call with its id that is still open: real conversations
use an id again, so an id alone never identifies a call. Legacy ``function_call`` and
``function`` pairs have no id and pair in the same way.

What a certain provider accepts is not judged here (see ``materializers``), and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from ..model import Item, Message


class Finding(NamedTuple):
    """Something about one item that a reader should know; ``str(finding)`` is one line."""

    kind: str  # orphan, unanswered, interleaved
    item: str
    text: str

    def __str__(self) -> str:
        return self.text


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


@dataclass(frozen=True, slots=True)
class Groups:
    """The pairing of ``items``. All numbers are places in ``items``.

    ``calls`` are all calls in order, ``answers`` all results in order, ``open`` the calls
    that nothing answers yet.
    """

    items: tuple[Item, ...]
    calls: tuple[Call, ...]
    answers: tuple[Answer, ...]
    open: tuple[Call, ...]
    _links: dict[int, Group] = field(default_factory=dict, repr=False, compare=False)

    def of(self, index: int) -> Group | None:
        """The group of the item at ``index``, or None when it stands alone."""
        if not self._links:
            self._links.update(_link(self))
        return self._links.get(index)

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
        follows = range(last + 1, len(self.items))
        if group is None or not set(follows) <= set(group.items):
            return ()
        return tuple(call for call in self.open if call.at == last)


def groups(items: Sequence[Item], *, before: Groups | None = None) -> Groups:
    """Pair the results of ``items`` with their calls.

    ``before`` may be the pairing of an earlier context: when ``items`` begins with
    its items, only what follows is looked at.
    """
    items = tuple(items)
    known = len(before.items) if before else 0
    if before is None or items[:known] != before.items:
        before, known = None, 0
    calls = list(before.calls) if before else []
    answers = list(before.answers) if before else []
    waiting: dict[str | None, list[Call]] = {}
    for call in before.open if before else ():
        waiting.setdefault(call.id, []).append(call)
    for index in range(known, len(items)):
        message = items[index].message
        if _plain(message):
            continue
        for id in message.answers:
            answers.append(Answer(index, id, _nearest(waiting.get(id))))
        if message.role == "assistant" and message.calls:
            for position, made in enumerate(message.calls):
                call = Call(index, position, made.id, made.name)
                calls.append(call)
                waiting.setdefault(made.id, []).append(call)
    return Groups(items, tuple(calls), tuple(answers), tuple(sorted(c for s in waiting.values() for c in s)))


def _plain(message: Message) -> bool:
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
    found: list[tuple[int, Finding]] = []
    for answer in paired.orphans:
        item = paired.items[answer.at]
        text = f"item {item.id} answers {_named(answer.id)} that is not open"
        found.append((answer.at, Finding("orphan", item.id, text)))
    tail = set(paired.tail)
    for call in paired.open:
        if call not in tail:
            item = paired.items[call.at]
            text = f"item {item.id} calls {call.name or 'a tool'}, which nothing answers"
            found.append((call.at, Finding("unanswered", item.id, text)))
    found.extend(_interleaved(paired))
    return tuple(finding for _, finding in sorted(found, key=lambda pair: pair[0]))


def _interleaved(paired: Groups) -> Iterator[tuple[int, Finding]]:
    """Items strictly inside the stretch of a group that is not theirs, each once."""
    spanning = [0] * (len(paired.items) + 1)
    for group in {group.items: group for call in paired.calls if (group := paired.of(call.at))}.values():
        if len(group.items) == 1:
            continue
        spanning[group.items[0] + 1] += 1
        spanning[group.items[-1]] -= 1
    for index, over in enumerate(accumulate(spanning[:-1])):
        if not over:
            continue
        own = paired.of(index)
        if over > (own is not None and own.items[0] < index < own.items[-1]):
            item = paired.items[index]
            yield index, Finding("interleaved", item.id, f"item {item.id} stands between a tool call and its result")


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


def _named(call: str | None) -> str:
    return f"call {call}" if call is not None else "a function call"
