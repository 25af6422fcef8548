"""Which new items of two branches may disagree, found by comparing words: no model is asked.

    same call      both call the same tool on the same thing
    same thing     both name a path, an identifier, a quoted text, a name or an amount, and one of them negates what it
                   says there, or says another number
    near text      almost the same words

It points a judge to where to look. It proves nothing: most pairs are harmless, and two sentences without a common word
are not found. Every language is compared as words between spaces; negation is known in English only.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..model import Item, ToolCall
from ..safe import safe_text

MOST = 60  # pairs
_READ, _READ_OF_TOOLS = 20_000, 4_000  # characters of a message that are looked at
_COMMON = 30  # what more items of a side have says nothing
_NEAR = 0.6  # words that two texts have in common, of all their words
_WORDS = 3  # of a text that can be near another
_MAIN = ("file_path", "path", "file", "filename", "url", "command", "cmd", "query", "pattern", "key", "name", "id")

_THING = re.compile(
    r"""`([^`\n]{2,80})`                                    # code
    |"([^"\n]{2,80})"|“([^”\n]{2,80})”                      # quoted
    |(?<![\w./~-])([\w.~-]{0,80}/[\w./-]{0,200}\w|[\w-]{1,80}\.[A-Za-z]\w{0,4}\b)  # a path, a file
    |\b((?=\w{2,80}\b)(?:[A-Za-z]+\w*_\w+|[a-z]+[A-Z]\w*|[A-Z]\w*[A-Z0-9]\w*))\b  # snake_case, camelCase, API
    |(?<![\w.,])(\d[\d.,]{0,20}\s?(?:%|[a-zA-Zµ]{1,12}\b))   # an amount with its unit
    |(?<=[a-z,]\s)([A-Z][a-z]{2,})\b                        # a name, within a sentence
    """,
    re.VERBOSE,
)
_NUMBER = re.compile(r"(?<![\w.])\d[\d.,:]{0,20}(?<![.,:])|\b(?:one|two|three|four|five|six|seven|eight|nine|ten)\b")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nor|without|cannot|instead|avoid|stop|remove[ds]?|disable[ds]?|false|wrong|\w+n['’]t)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
_WORD = re.compile(r"\w+")


class Pair(NamedTuple):
    """Two items to look at; ``why`` is one line."""

    ours: str
    theirs: str
    why: str


class _Said(NamedTuple):
    """How an item speaks of a thing: whether a sentence about it negates, and the numbers in those sentences."""

    negated: bool
    numbers: frozenset[str]


@dataclass(frozen=True)
class _Read:
    """What is compared of an item."""

    item: str
    calls: frozenset[tuple[str, str]]
    things: Mapping[str, _Said]
    words: frozenset[str]
    whole: _Said


def candidates(ours: Sequence[Item], theirs: Sequence[Item]) -> tuple[Pair, ...]:
    """Pairs of items, the most telling first: same calls, then same things, then near texts; at most ``MOST``."""
    left, right = [_read(item) for item in ours], [_read(item) for item in theirs]
    found: dict[tuple[str, str], Pair] = {}
    for pair in (*_same_calls(left, right), *_same_things(left, right), *_near_texts(left, right)):
        found.setdefault((pair.ours, pair.theirs), pair)
        if len(found) == MOST:
            break
    return tuple(found.values())


def _read(item: Item) -> _Read:
    message = item.message
    text = message.text[: _READ_OF_TOOLS if message.role in ("tool", "function") else _READ]
    things: dict[str, _Said] = {}
    for sentence in _SENTENCE.split(text):
        said = _said(sentence)
        for match in _THING.finditer(sentence):
            thing = " ".join(next(filter(None, match.groups())).split()).lower()
            before = things.get(thing, _Said(False, frozenset()))
            # a number is not said of itself
            numbers = before.numbers | (said.numbers - set(_NUMBER.findall(thing)))
            things[thing] = _Said(before.negated or said.negated, numbers)
    words = frozenset(word.lower() for word in _WORD.findall(text) if not word.isdigit())
    calls = frozenset((call.name, _main(call)) for call in message.calls)
    return _Read(item.id, calls, things, words, _said(text))


def _said(sentence: str) -> _Said:
    return _Said(_NEGATION.search(sentence) is not None, frozenset(_NUMBER.findall(sentence)))


def _main(call: ToolCall) -> str:
    """What a call is about: its path, address, command, …, else all that it is given."""
    given: Any = call.arguments
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return " ".join(given.split())[:500]
    if not isinstance(given, Mapping):
        return str(given)[:500]
    texts = [given[key] for key in (*_MAIN, *given) if isinstance(given.get(key), str)]
    return " ".join((texts[0] if texts else str(sorted(given.items(), key=str))).split())[:500]


def _meeting(
    left: Sequence[_Read], right: Sequence[_Read], keys: Callable[[_Read], Iterable[Any]]
) -> Iterator[tuple[Any, _Read, _Read]]:
    """(key, ours, theirs) for every key that both have, in the order of ours; not for one that many items have."""
    sides: list[dict[Any, list[_Read]]] = [{}, {}]
    for side, some in zip(sides, (left, right), strict=True):
        for one in some:
            for key in sorted(keys(one)):
                side.setdefault(key, []).append(one)
    for key, mine in sides[0].items():
        others = sides[1].get(key, ())
        if max(len(mine), len(others)) <= _COMMON:
            yield from ((key, one, other) for one in mine for other in others)


def _same_calls(left: Sequence[_Read], right: Sequence[_Read]) -> Iterator[Pair]:
    for (tool, main), one, other in _meeting(left, right, lambda read: read.calls):
        yield _pair(one, other, f"both call {tool} on {main}" if main else f"both call {tool}")


def _same_things(left: Sequence[_Read], right: Sequence[_Read]) -> Iterator[Pair]:
    for thing, one, other in _meeting(left, right, lambda read: read.things):
        change = _change(one.things[thing], other.things[thing])
        if change:
            yield _pair(one, other, f"both speak of {thing}, {change}")


def _change(one: _Said, other: _Said) -> str:
    if one.negated != other.negated:
        return "one with a negation"
    return "with other numbers" if one.numbers and other.numbers and one.numbers != other.numbers else ""


def _near_texts(left: Sequence[_Read], right: Sequence[_Read]) -> Iterator[Pair]:
    often = Counter(word for one in (*left, *right) for word in one.words)
    near: dict[tuple[str, str], tuple[float, Pair | None]] = {}
    for _, one, other in _meeting(left, right, lambda read: _rare(read.words, often)):
        if (one.item, other.item) in near:
            continue
        both = len(one.words & other.words)
        share = both / (len(one.words) + len(other.words) - both)
        near[one.item, other.item] = share, _near(one, other) if share >= _NEAR else None
    found = [(share, pair) for share, pair in near.values() if pair is not None]
    yield from (pair for _, pair in sorted(found, key=lambda one: -one[0]))


def _near(one: _Read, other: _Read) -> Pair:
    change = _change(one.whole, other.whole)
    return _pair(one, other, "they say almost the same" + (f", {change}" if change else ""))


def _rare(words: frozenset[str], often: Mapping[str, int]) -> list[str]:
    """So many of the words that a near text has one of them, the rarest; none of a text that is too short."""
    if len(words) < _WORDS:
        return []
    return sorted(words, key=lambda word: (often[word], word))[: int(len(words) * (1 - _NEAR)) + 1]


def _pair(one: _Read, other: _Read, why: str) -> Pair:
    return Pair(one.item, other.item, safe_text(why)[:200])
