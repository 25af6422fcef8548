"""The half of a materializer that all of them share: an output that grows with its context.

A draft is folded from the items in order and can be rewound to an earlier item, so that an
append costs what was appended. Nothing here knows a provider's format.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from types import NoneType
from typing import Any, NamedTuple

from ...model import Item, Message, Span

_LEAVES = frozenset((str, int, float, bool, NoneType))
_place = itemgetter(0)


class Fault(NamedTuple):
    """What a provider would refuse. ``part`` is the block or call inside the item, None for all of it."""

    at: int
    part: int | None
    text: str


@dataclass(slots=True)
class Draft:
    """An output in the making. The parts are shared with messages: never change them, see ``fresh``.

    ``cuts`` are places where the output starts anew: what stands before one never depends
    on items after it. Each is (place of the item, number of parts before).
    """

    items: tuple[Item, ...] = ()
    parts: list[Any] = field(default_factory=list)
    cuts: list[tuple[int, int]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[tuple[int, str]] = field(default_factory=list)
    call_ids: dict[str, int] = field(default_factory=dict)  # id sent → place of its item, in order
    spans: list[Span] | None = None  # collected only when asked for

    def rewind(self, kept: int) -> int:
        """Forget all that items from ``kept`` on may change; returns the place to fold from."""
        at = bisect_right(self.cuts, kept - 1, key=_place) - 1
        place, parts = self.cuts[at] if at >= 0 else (0, 0)
        del self.cuts[max(at, 0) :]
        del self.parts[parts:]
        del self.faults[bisect_left(self.faults, place, key=_place) :]
        del self.warnings[bisect_left(self.warnings, place, key=_place) :]
        while self.call_ids and next(reversed(self.call_ids.values())) >= place:
            self.call_ids.popitem()
        return place


@dataclass(frozen=True, slots=True)
class Form:
    """A built-in materializer.

    ``fold(items, start, draft)`` appends what the items from ``start`` on become.
    ``finish(parts, tools)`` makes an output that shares nothing with the parts.
    ``split(item)`` gives one item for each message of its wire form, and ``leave_out(item, parts)``
    the item without those parts, or None when nothing is left: both for mending only.
    ``tools(tools)`` is what the output says of the tools, and what the provider would refuse of them.
    """

    name: str
    fold: Callable[[Sequence[Item], int, Draft], None]
    finish: Callable[[Sequence[Any], Sequence[Mapping[str, Any]]], Any]
    split: Callable[[Item], list[Item]] = lambda item: [item]
    leave_out: Callable[[Item, set[int]], Item | None] = lambda item, parts: item
    tools: Callable[[Sequence[Mapping[str, Any]]], tuple[list[Any], tuple[str, ...]]] = lambda tools: (list(tools), ())


def folded(form: Form, items: Sequence[Item], *, spans: bool = False) -> Draft:
    """A draft of ``items`` from nothing."""
    draft = Draft(spans=[] if spans else None)
    form.fold(items, 0, draft)
    draft.items = tuple(items)
    return draft


def mended(form: Form, items: Sequence[Item]) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """The items with what the provider would refuse left out, and one line for each thing left out.

    What is left out can bare another fault (a result whose call went), so this goes on until
    none is left; each round leaves out something, so it ends.
    """
    kept = [part for item in items for part in form.split(item)]
    told: list[str] = []
    while faults := folded(form, kept).faults:
        gone: dict[int, set[int] | None] = {}
        for fault in faults:
            told.append(f"left out: {fault.text}")
            parts = gone.setdefault(fault.at, set())
            if fault.part is None or parts is None:
                gone[fault.at] = None
            else:
                parts.add(fault.part)
        kept = list(_without(form, kept, gone))
    return tuple(kept), tuple(told)


def _without(form: Form, items: Sequence[Item], gone: Mapping[int, set[int] | None]) -> Iterator[Item]:
    for index, item in enumerate(items):
        if index not in gone:
            yield item
            continue
        parts = gone[index]
        left = form.leave_out(item, parts) if parts is not None else None
        if left is not None:
            yield left


def stand_in(item: Item, body: Mapping[str, Any], fmt: str) -> Item:
    """``item`` as if its message were ``body``: for mending, never stored."""
    given = item.message
    message = Message(str(body["role"]), body, fmt=fmt, kind=given.kind)
    return Item(item.id, message.role, item.blob, lambda _: message, pinned=item.pinned)


def fresh(value: Any) -> Any:
    """A copy down to the leaves, far cheaper than ``copy.deepcopy`` for plain data."""
    kind = type(value)
    if kind is dict:
        copied = value.copy()
        for key, inner in copied.items():
            if type(inner) not in _LEAVES:
                copied[key] = fresh(inner)
        return copied
    if kind is list or kind is tuple:
        return [inner if type(inner) in _LEAVES else fresh(inner) for inner in value]
    return fresh(dict(value)) if isinstance(value, Mapping) else value
