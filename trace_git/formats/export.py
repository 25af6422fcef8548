"""Messages as a transcript file in one of the formats that can be read.

A message of another format is converted; what the target cannot hold is left out and named by
``left_out``. Contents come out as they are: what a provider would refuse is not mended here.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..errors import InvalidInputError
from ..model import ANTHROPIC, OPENAI, SWE_AGENT, Message, Usage
from .convert import losses, to_anthropic, to_openai, tools_to_anthropic, tools_to_openai

FORMATS = {
    "claude-code": "Claude Code session, JSON lines with forks, timestamps and usage",
    "openai": "OpenAI chat: a list of messages, an object with `messages`, or JSON lines of either",
    "anthropic": "Anthropic messages: an object with `system`, `messages` and `tools`, or a list",
    "swe-agent": "SWE-agent trajectory (.traj) with a `history`",
}
_TARGETS = {"claude-code": ANTHROPIC, "anthropic": ANTHROPIC, "openai": OPENAI, "swe-agent": OPENAI}
_SYSTEM = ("system", "developer")
_NAMESPACE = uuid.UUID("7d3b1f4e-5a8c-5c6e-9b0a-2f1d6e8c4a90")
_SESSION = str(uuid.uuid5(_NAMESPACE, "session"))


def export(
    format: str,
    messages: Sequence[Message],
    *,
    tools: Sequence[Mapping[str, Any]] | None = None,
    meta: Sequence[Mapping[str, Any]] | None = None,
) -> str:
    """The text of the file.

    ``meta`` has one mapping a message, with ``timestamp`` (seconds) and ``usage`` (``Usage``) where
    they are known; only Claude Code's format has a place for them. Raises InvalidInputError for an
    unknown format, with ``FORMATS`` in the hint.
    """
    check_format(format)
    if format == "claude-code":
        return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in _claude_lines(messages, meta))
    if format == "openai":
        value: Any = [body for message in messages for body in to_openai(message)]
        if tools:
            value = {"messages": value, "tools": tools_to_openai(tools)}
    elif format == "anthropic":
        value = _anthropic(messages, tools)
    else:
        value = {"history": [entry for message in messages for entry in _history(message)]}
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def left_out(format: str, messages: Sequence[Message]) -> tuple[str, ...]:
    """One line for each kind of thing that ``export`` leaves out of these messages."""
    check_format(format)
    kept = SWE_AGENT if format == "swe-agent" else None
    lost = Counter(loss for one in messages if one.fmt != kept for loss in losses(one, _TARGETS[format]))
    return tuple(f"{what}: left out of {count} message{'s' if count > 1 else ''}" for what, count in lost.items())


def check_format(format: str) -> None:
    if not isinstance(format, str) or format not in FORMATS:
        raise InvalidInputError(f"unknown format {format!r}", field="format", hint=f"use one of: {', '.join(FORMATS)}")


def _anthropic(messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] | None) -> dict[str, Any]:
    wires = [wire for message in messages for wire in to_anthropic(message)]
    leading = next((index for index, wire in enumerate(wires) if wire["role"] not in _SYSTEM), len(wires))
    value: dict[str, Any] = {}
    if leading == 1:
        value["system"] = wires[0]["content"]
    elif leading:
        value["system"] = [block for wire in wires[:leading] for block in _as_blocks(wire["content"])]
    value["messages"] = wires[leading:]
    if tools:
        value["tools"] = tools_to_anthropic(tools)
    return value


def _as_blocks(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _history(message: Message) -> Iterator[dict[str, Any]]:
    if message.fmt == SWE_AGENT:
        yield dict(message.body)
        return
    for body in to_openai(message):
        if body.get("role") == "tool":
            body = {**body, "tool_call_ids": [body.get("tool_call_id")]}
            del body["tool_call_id"]
        yield body


def _claude_lines(messages: Sequence[Message], meta: Sequence[Mapping[str, Any]] | None) -> Iterator[dict[str, Any]]:
    """One line a message, chained. The uuids follow from place and content: the same file every time."""
    parent: str | None = None
    used: set[str] = set()
    for place, message in enumerate(messages):
        body = dict(message.body) if message.fmt == ANTHROPIC else to_anthropic(message)[0]
        known = meta[place] if meta else {}
        text = json.dumps(body, ensure_ascii=False, sort_keys=True)
        own = str(uuid.uuid5(_NAMESPACE, f"{parent} {place} {text}"))
        if body["role"] == "assistant":
            body = _response(body, message.model, own, used)
            if isinstance(known.get("usage"), Usage):
                body["usage"] = _usage(known["usage"])
        line: dict[str, Any] = {"parentUuid": parent, "isSidechain": False, "userType": "external"}
        line |= {"sessionId": _SESSION, "type": body["role"], "message": body, "uuid": own}
        if known.get("timestamp") is not None:
            moment = datetime.fromtimestamp(known["timestamp"], UTC)
            line["timestamp"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        yield line
        parent = own


def _response(body: dict[str, Any], model: str | None, own: str, used: set[str]) -> dict[str, Any]:
    """An assistant message as the API gives it. Lines that share an id are one message, so an id comes once."""
    if not isinstance(body.get("id"), str) or body["id"] in used:
        kept = {key: value for key, value in body.items() if key != "id"}
        body = {"id": f"msg_{own.replace('-', '')}", "type": "message", **({"model": model} if model else {}), **kept}
    used.add(body["id"])
    return dict(body)


def _usage(usage: Usage) -> dict[str, int]:
    return {
        "input_tokens": usage.prompt - usage.cached,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.completion,
    }
