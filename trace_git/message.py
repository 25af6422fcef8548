"""One message, losslessly, and what can be read off it: its text, its calls, the calls it answers.

A pure value of any provider's format; formats are converted in ``formats``, bytes are made in ``store``.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
KINDS = ("message", "summary", "collapse", "conflict")

OPENAI = "openai.chat"
ANTHROPIC = "anthropic.messages"
SWE_AGENT = "swe-agent"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call inside an assistant message. ``arguments`` is as the model gave it: text or an object."""

    id: str | None
    name: str
    arguments: Any


@dataclass(frozen=True, init=False)
class Message:
    """One message, losslessly, in the format it came in.

    ``body`` is the message as the provider's format writes it (``fmt``), with the
    order of its keys kept. Treat it as read-only; ``to_dict()`` gives a copy of your own.
    """

    role: str
    body: Mapping[str, Any]
    fmt: str = OPENAI
    kind: str = "message"
    model: str | None = None
    name: str | None = None
    provenance: Mapping[str, Any] | None = None

    def __init__(  # what ``dataclass`` would write, in a third of its time: a context has ten thousand of them
        self,
        role: str,
        body: Mapping[str, Any],
        fmt: str = OPENAI,
        kind: str = "message",
        model: str | None = None,
        name: str | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        own = self.__dict__
        own["role"], own["body"], own["fmt"], own["kind"] = role, body, fmt, kind
        own["model"], own["name"], own["provenance"] = model, name, provenance

    def to_dict(self) -> dict[str, Any]:
        """The message as it was given: a fresh dict that the caller may change."""
        return copy.deepcopy(dict(self.body))

    @property
    def content(self) -> Any:
        """The ``content`` of the body: a str, a list of blocks, or None."""
        return self.body.get("content")

    @cached_property
    def text(self) -> str:
        """What a reader sees: text blocks joined by newlines; calls, images and thinking left out."""
        return _text_of(self.content)

    @cached_property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls this message makes, in order (OpenAI, legacy function_call, Anthropic)."""
        return tuple(_calls_of(self.body))

    @cached_property
    def answers(self) -> tuple[str | None, ...]:
        """The ids of the calls this message answers; None for a legacy function result, which has no id."""
        return tuple(_answers_of(self.role, self.body))


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return ""
    parts: list[str] = []
    for block in content:
        if isinstance(block, str):
            parts.append(block)
        elif isinstance(block, Mapping):
            if isinstance(block.get("text"), str):
                parts.append(block["text"])
            elif block.get("type") == "tool_result":
                parts.append(_text_of(block.get("content")))
    return "\n".join(part for part in parts if part)


def _blocks(body: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    content = body.get("content")
    if not isinstance(content, list | tuple):
        return []
    return [block for block in content if isinstance(block, Mapping) and block.get("type") == kind]


def _calls_of(body: Mapping[str, Any]) -> list[ToolCall]:
    calls: list[ToolCall] = []
    listed = body.get("tool_calls")
    for call in listed if isinstance(listed, list | tuple) else ():
        function = (call.get("function") or call.get("custom") or {}) if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            arguments = function.get("arguments", function.get("input"))
            calls.append(ToolCall(call.get("id"), str(function.get("name", "")), arguments))
    legacy = body.get("function_call")
    if isinstance(legacy, Mapping):
        calls.append(ToolCall(None, str(legacy.get("name", "")), legacy.get("arguments")))
    for block in _blocks(body, "tool_use"):
        calls.append(ToolCall(block.get("id"), str(block.get("name", "")), block.get("input")))
    return calls


def _answers_of(role: str, body: Mapping[str, Any]) -> list[str | None]:
    if role == "function":
        return [None]
    if role == "tool":
        several = body.get("tool_call_ids")
        if isinstance(several, list | tuple):
            return list(several)
        return [body.get("tool_call_id")]
    return [block.get("tool_use_id") for block in _blocks(body, "tool_result")]


def system(text: str, **extra: Any) -> Message:
    """A system message in OpenAI's chat format."""
    return Message("system", {"role": "system", "content": text, **extra})


def user(text: str, **extra: Any) -> Message:
    """A user message in OpenAI's chat format."""
    return Message("user", {"role": "user", "content": text, **extra})


def assistant(
    text: str | None = None, *, tool_calls: Sequence[Mapping[str, Any]] | None = None, **extra: Any
) -> Message:
    """An assistant message in OpenAI's chat format; ``text`` may be None beside ``tool_calls``."""
    body: dict[str, Any] = {"role": "assistant", "content": text, **extra}
    if tool_calls:
        body["tool_calls"] = [dict(call) for call in tool_calls]
    return Message("assistant", body)


def tool(text: str, call_id: str, **extra: Any) -> Message:
    """The result of the tool call ``call_id`` in OpenAI's chat format."""
    return Message("tool", {"role": "tool", "tool_call_id": call_id, "content": text, **extra})
