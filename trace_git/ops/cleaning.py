r"""Finding a text wherever a message may hold it, and putting something else in its place.

A literal is also found as JSON writes it, to any depth (``\n``, ``\"``, ``\u0073``), since the arguments of a tool call
are JSON inside of a text. A regular expression is tried on each text, and on what each JSON string inside of it means.
Keys of dicts and ids are texts too. Words of the message format are left alone: without them it is no message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..errors import InvalidInputError, RefusedError
from ..message import KINDS, ROLES, Message
from ..safe import safe_text

_ESCAPES = {"\n": "n", "\t": "t", "\r": "r", "\b": "b", "\f": "f"}
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_DEPTH = 4  # JSON inside of JSON
_ROUNDS = 50
_IDS = frozenset({"id", "tool_call_id", "tool_use_id", "call_id"})  # keys under which two messages name one call
_KINDS = frozenset({"role", "type", "kind", "fmt"})  # keys whose value is a word of the format
_KIND = re.compile(r"[a-z][a-z0-9._-]{0,40}\Z")
_WORDS = frozenset({
    *ROLES, *KINDS, *_IDS, *_KINDS, "content", "text", "name", "function", "arguments", "input", "tool_calls",
    "function_call", "tool_call_ids", "custom", "conflict", "base", "ours", "theirs", "body", "model", "provenance",
    "pinned", "reason", "source", "data", "media_type", "image_url", "url", "parameters", "properties", "required",
    "description", "refusal", "thinking", "signature", "cache_control",
})  # fmt: skip
_OWN = re.compile(r"[0-9a-f]{16}\Z|[0-9a-f]{40}\Z")  # ids of items and blobs, in provenance

Replace = Callable[[str], str]


class Eraser:
    """Puts ``replacement`` in the place of a text. ``words`` are words of the format in which it was found."""

    def __init__(self, replace: Replace, in_commit: Replace) -> None:
        self._replace = replace
        self._in_commit = in_commit
        self._calls: dict[str, str] = {}
        self._taken: set[str] = set()
        self.words: set[str] = set()

    def text(self, text: str) -> str:
        """A text without it. What was JSON stays JSON."""
        done = self._replace(text)
        if done == text or text[:1] not in '{["':
            return done
        import json  # costs start-up time

        try:
            value = json.loads(text)
        except ValueError:
            return done
        try:
            json.loads(done)
        except ValueError:
            return self._replace(json.dumps(self.value(value), ensure_ascii=False))
        return done

    def commit_text(self, text: str) -> str:
        """A commit message, where white space and control characters of a message are written in another way."""
        return self._in_commit(self.text(text))

    def value(self, value: Any, *, inside: str = "") -> Any:
        """A plain value without it, in texts, keys and ids; ``inside`` is the key it stands under."""
        if isinstance(value, str):
            return self._string(value, inside)
        if isinstance(value, Mapping):
            return self._map(value, inside)
        if isinstance(value, list | tuple):
            return [self.value(one, inside="id" if inside == "tool_call_ids" else inside) for one in value]
        return value

    def _string(self, text: str, inside: str) -> str:
        if inside in _KINDS and _KIND.match(text):
            return self._word(text)
        if inside == "provenance" and _OWN.match(text):
            return text
        return self._call(text) if inside in _IDS else self.text(text)

    def _map(self, value: Mapping[str, Any], inside: str) -> dict[str, Any]:
        done: dict[str, Any] = {}
        for key, one in value.items():
            below = "provenance" if inside == "provenance" or key == "provenance" else key
            name = self._word(key) if key in _WORDS else self.text(key)
            done[_unused(name, done)] = self.value(one, inside=below)
        return done

    def _word(self, text: str) -> str:
        if self._replace(text) != text:
            self.words.add(text)
        return text

    def _call(self, text: str) -> str:
        """The id of a call. Two different ones stay different, so that each result finds its call."""
        if text not in self._calls:
            done = self.text(text)
            self._calls[text] = _unused(done, self._taken) if done != text else text
            self._taken.add(self._calls[text])
        return self._calls[text]


def _unused(name: str, taken: Iterable[str]) -> str:
    found, number = name, 2
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found


def literal(text: str, replacement: str) -> Eraser:
    """An eraser of exactly this text; InvalidInputError for none."""
    if not isinstance(text, str) or not text.strip():
        raise InvalidInputError("the text to redact is empty", field="text", hint="give what must go")
    try:
        pattern = _tolerant(text)
    except UnicodeEncodeError:
        raise InvalidInputError(
            "the text to redact holds a lone surrogate, which no message can",
            field="text",
            hint="give it as it is said",
        ) from None
    _check(replacement, pattern)
    shown = {" ".join(text.split()), safe_text(text), safe_text(" ".join(text.split()))} - {text}
    lines = [(re.compile(re.escape(one)), replacement) for one in sorted(shown, key=len, reverse=True)]

    def gone(given: str) -> str:
        if "\\" not in given:
            return _until_gone(lambda one: one.replace(text, replacement), given)
        return _until_gone(lambda one: pattern.sub(lambda match: replacement, one), given)

    def in_commit(given: str) -> str:
        for one, new in lines:
            given = one.sub(lambda match, new=new: new, given)  # type: ignore[misc]
        return given

    return Eraser(gone, in_commit)


def expression(regex: str, replacement: str) -> Eraser:
    """An eraser of what a regular expression matches; InvalidInputError for one that is none, or matches nothing."""
    try:
        pattern = re.compile(regex)
        pattern.search("")
    except (re.error, TypeError, OverflowError, RecursionError) as error:
        raise InvalidInputError(f"{regex!r} is no regular expression: {error}", field="regex") from error
    if pattern.search(""):
        raise InvalidInputError(f"{regex!r} matches where nothing is", field="regex", hint="let it match some text")
    _check(replacement, pattern)

    def plain(text: str) -> str:
        return pattern.sub(lambda match: replacement if match[0] else "", text)

    return Eraser(lambda given: _until_gone(lambda one: _meant(plain(one), plain, _DEPTH), given), lambda text: text)


def _until_gone(replace: Replace, text: str) -> str:
    """What is left on both sides may make the text again."""
    for _ in range(_ROUNDS):
        done = replace(text)
        if done == text:
            return text
        text = done
    raise RefusedError("replacing the text makes it again and again", hint="give another replacement")


def _check(replacement: str, pattern: re.Pattern[str]) -> None:
    if not isinstance(replacement, str):
        raise InvalidInputError(f"{replacement!r} is no text", field="replacement")
    if pattern.search(replacement):
        raise InvalidInputError(
            f"the replacement {replacement!r} has the text itself in it", field="replacement", hint="give another one"
        )
    if any(0xD800 <= ord(char) < 0xE000 for char in replacement):
        raise InvalidInputError("the replacement is not valid Unicode", field="replacement")


def _meant(text: str, plain: Replace, depth: int) -> str:
    """``text`` with ``plain`` applied to what the JSON strings inside of it mean."""
    if not depth or "\\" not in text:
        return text
    import json  # costs start-up time

    def one(match: re.Match[str]) -> str:
        try:
            meant = json.loads(match[0], strict=False)
        except ValueError:
            return match[0]
        done = _meant(plain(meant), plain, depth - 1)
        return match[0] if done == meant else json.dumps(done)

    return _STRING.sub(one, text)


def _tolerant(text: str) -> re.Pattern[str]:
    """A pattern for a text whose characters may be written as JSON writes them, in JSON inside of JSON too."""
    first = r"\\*" if text[0] in 'nrtbfu"/\\' else ""  # not half of an escape may be left
    return re.compile(first + "".join(map(_char, text)))


def _char(char: str) -> str:
    units = char.encode("utf-16-be")
    code = "".join(rf"\\+u(?i:{units[at : at + 2].hex()})" for at in range(0, len(units), 2))
    ways = [re.escape(char), code]
    if char in _ESCAPES:
        ways.append(rf"\\+{_ESCAPES[char]}")
    elif char in '"/':
        ways.append(rf"\\+{char}")
    elif char == "\\":
        ways[0] = r"\\+"
    return f"(?:{'|'.join(ways)})"


def placeholder(message: Message, text: str) -> Message:
    """The message with ``text`` for all it said: role, format, and the ids by which calls find their results stay."""
    body = {key: _emptied(key, value, text) for key, value in message.body.items() if key in _KEPT}
    if not body.get("content") and not message.calls:
        body["content"] = text
    return replace(message, body=body, name=None)


_KEPT = _IDS | _KINDS | {"content", "tool_calls", "tool_call_ids", "function_call", "function", "name", "input",
                         "arguments", "custom", "text", "conflict", "base", "ours", "theirs", "body", "pinned",
                         "provenance", "items", "digests", "how", "level", "runs"}  # fmt: skip


def _emptied(key: str, value: Any, text: str) -> Any:
    if key in _KINDS or key in _IDS or key in ("name", "tool_call_ids", "pinned", "provenance"):
        return value
    if key == "arguments":
        return "{}" if isinstance(value, str) else {}
    if key == "input":
        return {}
    if isinstance(value, str):
        return text
    if isinstance(value, Mapping):
        if value.get("type", "text") not in _BLOCKS and key == "content":
            return {"type": "text", "text": text}
        return {one: _emptied(one, below, text) for one, below in value.items() if one in _KEPT}
    if isinstance(value, list | tuple):
        return [_emptied(key, one, text) for one in value]
    return None


_BLOCKS = ("text", "tool_use", "tool_result", "input_text", "output_text")


def check_words(eraser: Eraser) -> None:
    """RefusedError when the text is a part of what makes a message one."""
    if eraser.words:
        word = sorted(eraser.words)[0]
        raise RefusedError(
            f"the text is in {word!r}, a word of the message format, which cannot be redacted",
            hint="give more of the text, or a --regex that matches less; nothing was changed",
        )
