"""Conversations written as the messages of a request: OpenAI chat and Anthropic messages.

    the file holds                                     it is read as
    a list of messages                                 one conversation
    an object with ``messages`` (``tools``, ``system``)  one conversation
    JSON lines of such lists or objects                one conversation a line, named by its ``id``
    JSON lines of messages                             one conversation

Both formats look the same from afar; which one a conversation speaks is seen in its blocks. A
message that no trace can hold refuses the file, naming the place: a conversation with a hole
is another conversation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InvalidInputError
from ..model import ANTHROPIC, OPENAI, Message, Usage
from .entries import entry
from .records import Progress, mended, records
from .transcript import Conversation, Transcript, linear
from .usage import anthropic_usage

FORMATS_OF = {"openai": OPENAI, "anthropic": ANTHROPIC}
_BLOCKS = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking", "image", "document"})


class _Found(NamedTuple):
    number: int  # of the line it begins on
    given: Mapping[str, Any]


def read(path: Path, format: str | None = None, progress: Progress | None = None) -> Transcript:
    """The conversations of the file; ``format`` None decides for each what it speaks.

    Raises InvalidInputError for a message without a known role, without content, or with a value
    that cannot be stored, and for a file without any message.
    """
    warnings: list[str] = []
    found: list[_Found] = []
    loose: list[dict[str, Any]] = []
    for number, value in records(path, warnings, progress):
        if isinstance(value, dict) and "role" in value and "messages" not in value:
            if not loose:
                found.append(_Found(number, {"messages": loose}))
            loose.append(value)
            continue
        given = _conversations(value)
        found.extend(_Found(number, one) for one in given)
        if not given:
            warnings.append(f"line {number}: neither a message nor a conversation; left out")
    if not any(one.given["messages"] for one in found):
        hint = "looked for messages with role and content: a list, an object with `messages`, or JSON lines of either"
        raise InvalidInputError(f"{path} has no messages", hint=hint)
    told: list[Conversation] = []
    for place, one in enumerate(found, 1):
        fmt = FORMATS_OF[format] if format else dialect(one.given)
        told.append(_conversation(path, place if len(found) > 1 else 0, one, fmt, warnings))
    return Transcript(format or _format(found[0].given), tuple(told), tuple(warnings))


def dialect(given: Mapping[str, Any]) -> str:
    """OpenAI's format unless something in it is Anthropic's own: blocks, ``system`` beside the messages, tools."""
    tools = given.get("tools")
    if "system" in given or any("input_schema" in tool for tool in _dicts(tools)):
        return ANTHROPIC
    for message in given.get("messages") or ():
        content = message.get("content") if isinstance(message, dict) else None
        if any(isinstance(block.get("type"), str) and block["type"] in _BLOCKS for block in _dicts(content)):
            return ANTHROPIC
    return OPENAI


def _dicts(values: Any) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _format(given: Mapping[str, Any]) -> str:
    return next(name for name, fmt in FORMATS_OF.items() if fmt == dialect(given))


def _conversations(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value] if isinstance(value.get("messages"), list) else []
    if not isinstance(value, list) or not value or not all(isinstance(inner, dict) for inner in value):
        return []
    if all(isinstance(inner.get("messages"), list) for inner in value):
        return value
    return [{"messages": value}]


def _conversation(path: Path, place: int, found: _Found, fmt: str, warnings: list[str]) -> Conversation:
    """``place`` counts the conversations of the file from 1; 0 when there is only one."""
    tools = found.given.get("tools") or []
    where = f"line {found.number}: " if place else ""
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise InvalidInputError(f"{path}: {where}tools must be a list of objects", field="tools", hint="mend the file")
    id = found.given.get("id")
    name = str(mended(str(id))) if isinstance(id, str | int) and str(id) else path.stem
    if place and name == path.stem:
        name = f"{name}-{place}"
    turns = list(_turns(path, where, found.given, fmt, warnings))
    try:
        return linear(name, turns, tools=tuple(mended(tools)) or None)
    except InvalidInputError as error:
        at = f"{where}tools{error.field}"
        raise InvalidInputError(f"{path}: {at}: {error}", field=at, hint="mend the file") from None


def _turns(
    path: Path, where: str, given: Mapping[str, Any], fmt: str, warnings: list[str]
) -> Iterator[tuple[Message, Usage | None]]:
    if fmt == ANTHROPIC and given.get("system"):
        body = entry(path, f"{where}system", {"role": "system", "content": given["system"]}, warnings)
        yield Message("system", body, fmt), None
    for index, value in enumerate(given["messages"]):
        body = entry(path, f"{where}messages[{index}]", value, warnings)
        model = body["model"] if isinstance(body.get("model"), str) else None
        usage = None
        if fmt == ANTHROPIC and "usage" in body:  # a response, as the API gave it
            usage = anthropic_usage(body["usage"], model)
            body = {key: inner for key, inner in body.items() if key != "usage"}
        yield Message(body["role"], body, fmt, model=model), usage
