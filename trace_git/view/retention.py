"""What a summary keeps of the facts of the messages that it stands for, found out without a model.

Facts are urls, paths, numbers and identifiers (see ``facts``). A tool's output names hundreds that nobody ever comes
back to: what stands only in output of one item, or in a file that a call wrote, is bulk and does not count. What does:

    said      in the words of a user or an assistant, or in an earlier summary; not in a block of code
    called    in the short arguments of a tool call: the paths, commands and names that a call was about

A fact is kept when the summary names it, be it in other letter case, with fewer folders in front where that still means
this one only, or without its unit. What also stands in items beside the summary, such as pins, cannot be lost.
Whether what the summary says of a fact is true is not known here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..model import SWE_AGENT, Item, Message
from ..safe import safe_text
from . import facts

_SHORT = 300  # characters of an argument that says what a call is about
_USER, _SAID, _CALLED = 3.0, 2.0, 1.0  # what it weighs that an item names a fact
_MANY = 40  # facts in one item, above which each of them weighs less
_SHOWN = 10  # lost facts in a line

_FENCED = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_SENTENCE = re.compile(r"(?<=[.!?;])\s|\n")
_CLAUSE = re.compile(r"(?<=[.!?;,])\s|\n|\bbut\b")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nor|without|cannot|instead|avoid|except|unless|only)\b|n['’]t\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Fact:
    """``kind`` is url, path, number or identifier; ``text`` is as it was first written.

    ``items`` are the ids of the items that name it, in order; ``weight`` grows with who names it, and how often.
    """

    kind: str
    text: str
    items: tuple[str, ...]
    weight: float

    def __str__(self) -> str:
        return safe_text(self.text)


@dataclass(frozen=True)
class Retention:
    """``kept`` and ``lost`` are the facts that count, the weightiest first.

    ``unsaid`` are those of the kept ones that a user spoke of with a negation or a restriction (not, never, only), and
    the summary without any.
    """

    kept: tuple[Fact, ...] = ()
    lost: tuple[Fact, ...] = ()
    unsaid: tuple[Fact, ...] = ()

    @property
    def share(self) -> float:
        """The part of the facts that is kept, 0 to 1; 1 when there are none."""
        total = len(self.kept) + len(self.lost)
        return len(self.kept) / total if total else 1.0

    def __str__(self) -> str:
        """One line: ``retention 87 %: 3 of 23 lost``."""
        total = len(self.kept) + len(self.lost)
        if not total:
            return "no facts to check"
        return f"retention {int(100 * self.share)} %: {len(self.lost)} of {total} lost"

    @property
    def told(self) -> str:
        """The same with the weightiest of the lost facts."""
        return f"{self}: {self.named()}" if self.lost else str(self)

    def named(self, most: int = _SHOWN) -> str:
        """The weightiest of the lost facts, on one line."""
        more = len(self.lost) - most
        return ", ".join(map(str, self.lost[:most])) + (f" and {more} more" if more > 0 else "")


def retention(originals: Sequence[Item], text: str, *, beside: Iterable[Item] = ()) -> Retention:
    """What ``text`` keeps of the facts of ``originals``. ``beside`` are items that stay as they are."""
    return Originals(originals, beside=beside).kept_by(text)


@dataclass
class _Known:
    """What is known of one fact so far."""

    first: facts.Found
    items: list[str] = field(default_factory=list)
    weight: float = 0.0
    negated: bool = False


class Originals:
    """The facts of some messages, read once, to be compared with several texts."""

    def __init__(self, items: Sequence[Item], *, beside: Iterable[Item] = ()) -> None:
        known: dict[str, _Known] = {}
        before: Message | None = None
        for item in items:
            _note(known, item, before)
            before = item.message
        staying = {key for item in beside for stretch in _texts(item.message) for key in facts.said(stretch)}
        counting = {key: one for key, one in known.items() if one.weight and key not in staying}
        self._known = dict(sorted(counting.items(), key=lambda entry: -entry[1].weight))
        self._meanings = Counter(short for key in known for short in facts.shorter(key))

    def kept_by(self, text: str) -> Retention:
        said = facts.said(text)
        kept = {key: one for key, one in self._known.items() if self._is_in(key, said)}
        lost = [_fact(one) for key, one in self._known.items() if key not in kept]
        negated = {key for key, one in kept.items() if one.negated}
        spoken = _negated(text, _SENTENCE) if negated else frozenset()
        unsaid = [_fact(kept[key]) for key in negated if not self._is_in(key, spoken)]
        return Retention(tuple([_fact(one) for one in kept.values()]), tuple(lost), tuple(unsaid))

    def _is_in(self, key: str, said: frozenset[str]) -> bool:
        if key in said:
            return True
        return any(short in said and self._meanings[short] == 1 and _telling(short) for short in facts.shorter(key))


def _fact(one: _Known) -> Fact:
    return Fact(one.first.kind, one.first.text, tuple(one.items), one.weight)


def _telling(short: str) -> bool:
    """Whether a part of a path or name is still more than a word."""
    return any(True for _ in facts.facts(short))


def _note(known: dict[str, _Known], item: Item, before: Message | None) -> None:
    seen: dict[str, float] = {}
    by = 0.0 if _is_output(item.message, before) else _USER if item.role == "user" else _SAID
    for weight, stretch in _stretches(item.message, by):
        for found in facts.facts(stretch):
            one = known.get(found.key)
            if one is None:
                one = known[found.key] = _Known(found)
            seen[found.key] = max(weight, seen.get(found.key, 0.0))
            if one.items[-1:] != [item.id]:
                one.items.append(item.id)
        if weight == _USER:
            for key in _negated(stretch, _CLAUSE) & known.keys():
                known[key].negated = True
    crowd = max(1.0, len(seen) / _MANY)
    for key, weight in seen.items():
        known[key].weight += weight / crowd


def _is_output(message: Message, before: Message | None) -> bool:
    """Whether a message is a tool's output as a whole; SWE-agent shows it as a user's message."""
    if message.fmt == SWE_AGENT and message.role == "user":
        return bool(message.body.get("is_demo")) or (before is not None and before.role == "assistant")
    return message.role in ("tool", "function")


def _negated(text: str, cut: re.Pattern[str]) -> frozenset[str]:
    """Keys of what is named beside a negation or a restriction: in the same clause of a text, or sentence."""
    return facts.said("\n".join([part for part in cut.split(text) if _NEGATION.search(part)]))


def _stretches(message: Message, by: float) -> Iterator[tuple[float, str]]:
    """(weight, text) for each stretch of a message; weight 0 is bulk. What it says itself weighs ``by``."""
    content = message.content
    for block in [content] if isinstance(content, str) else content or ():
        if isinstance(block, Mapping) and block.get("type") == "tool_result":
            yield 0.0, _shown(block.get("content"))
        elif text := _shown([block]):
            yield from _prose(text, by) if by else [(0.0, text)]
    for call in message.calls:
        for text in _leaves(call.arguments):
            yield (_CALLED if len(text) <= _SHORT else 0.0), text


def _texts(message: Message) -> Iterator[str]:
    return (text for _, text in _stretches(message, _SAID))


def _prose(text: str, by: float) -> Iterator[tuple[float, str]]:
    if "```" not in text and "~~~" not in text:
        yield by, text
        return
    yield 0.0, "\n".join(match.group() for match in _FENCED.finditer(text))
    yield by, _FENCED.sub("\n", text)


def _shown(content: Any) -> str:
    return Message("user", {"content": content}).text


def _leaves(arguments: Any) -> Iterator[str]:
    """The texts inside the arguments of a call."""
    if isinstance(arguments, str):
        import json  # costs start-up time

        try:
            arguments = json.loads(arguments)
        except (ValueError, RecursionError):
            yield arguments
            return
    waiting = [arguments]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            waiting.extend(reversed(list(one.values())))
        elif isinstance(one, list | tuple):
            waiting.extend(reversed(one))
        elif isinstance(one, str):  # a number without a name is a limit or an offset
            yield one
