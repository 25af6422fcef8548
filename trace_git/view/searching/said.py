"""What a message says, as far as it is searched, and whether a text is in it.

Searched is what a model reads: text, thinking, names and arguments of tool calls. What carries no words is not: ids,
signatures, images.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import InvalidInputError
from ...message import Message
from .. import deferred

_FIELDS = ("reasoning_content", "reasoning", "refusal", "thought", "action")  # beside ``content``, in some formats
_BLOCKS = ("thinking", "refusal", "reasoning")  # of content, besides text

Span = tuple[int, int]


def said(message: Message) -> str:
    """All of it as one text; of a conflict that a merge put off, what each side says."""
    if message.kind == deferred.KIND:
        versions = [deferred.version(message, side) for side in deferred.SIDES]
        return "\n".join(dict.fromkeys(said(one) for one in versions if one is not None))
    return "\n".join(part for part in _parts(message) if part)


def _parts(message: Message) -> Iterator[str]:
    yield from (text for field in _FIELDS if isinstance(text := message.body.get(field), str))
    for block in message.content if isinstance(message.content, list | tuple) else ():
        if isinstance(block, Mapping):
            yield from (text for field in _BLOCKS if isinstance(text := block.get(field), str))
    yield message.text
    for call in message.calls:
        yield call.name
        yield from _arguments(call.arguments)


def _arguments(given: Any) -> Iterator[str]:
    """As the model wrote them; and where JSON had to write a text with backslashes, that text as well."""
    import json

    written = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    yield written
    if "\\" in written:
        try:
            yield from _texts(json.loads(written) if isinstance(given, str) else given)
        except (ValueError, RecursionError):
            return  # the model wrote what is no JSON


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


@dataclass(frozen=True)
class Wanted:
    """What is looked for: ``find`` gives where a text has it, or None. ``folded`` is in any folded text that has it."""

    find: Callable[[str], Span | None]
    folded: str | None = None


def wanted(text: str, *, regex: bool = False, case: bool = False) -> Wanted:
    """``text`` to the letter, or as a regular expression; upper and lower case are one unless ``case``."""
    if not isinstance(text, str):
        raise InvalidInputError(f"{text!r} is not text", field="text", hint="give what to search for as text")
    if not text:
        raise InvalidInputError("there is nothing to search for", field="text", hint="`trace ls` lists all items")
    if regex:
        from .. import pattern

        flags = re.MULTILINE if case else re.MULTILINE | re.IGNORECASE
        expression = pattern.compiled(text, field="text", flags=flags)
        return Wanted(lambda said: match.span() if (match := expression.search(said)) else None)
    folded = text.casefold()
    if not case:
        return Wanted(lambda said: _folded(said, folded), folded)
    return Wanted(lambda said: (at, at + len(text)) if (at := said.find(text)) >= 0 else None, folded)


def _folded(said: str, wanted: str) -> Span | None:
    """Where ``said``, folded, has ``wanted``: in characters of ``said`` itself, of which one may fold into several."""
    whole = said.casefold()
    start = whole.find(wanted)
    if start < 0:
        return None
    stop = start + len(wanted)
    if len(whole) == len(said):
        return start, stop
    first, at = len(said), 0
    for place, character in enumerate(said):
        if at >= stop:
            return first, place
        at += len(character.casefold())
        if at > start:
            first = min(first, place)
    return first, len(said)
