"""One message from the format it came in to the format a provider takes.

    from \\ to      openai                                  anthropic
    openai         as it is                                blocks; a tool message becomes a user tool_result
    anthropic      tool_results first, one tool message    role and content as they are, thinking included
                   each, then the rest as a user message
    swe-agent      its own keys left out                   as from openai

Pure and per message: order of roles, merging, ids used twice and what a provider refuses are
judged in ``view.materializers``. Results share nested values with the message: do not change them.
What a target cannot carry is left out and named by ``losses``; no text is ever added.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..model import ANTHROPIC, OPENAI, SWE_AGENT, Message
from .media import anthropic_media, openai_media

_SWE_KEYS = ("role", "content", "name", "tool_calls", "thinking_blocks", "reasoning_content")
_THINKING = ("thinking", "redacted_thinking")
_ANTHROPIC_KEPT = ("role", "content", "tool_calls", "function_call", "tool_call_id", "tool_call_ids", "refusal")
_TEXT_KEYS = {"type", "text", "cache_control"}


def to_openai(message: Message) -> list[dict[str, Any]]:
    """The chat messages that say the same; several when a user message answers several calls.

    >>> to_openai(Message("user", {"role": "user", "content": [
    ...     {"type": "tool_result", "tool_use_id": "t1", "content": "42"}]}, fmt="anthropic.messages"))
    [{'role': 'tool', 'tool_call_id': 't1', 'content': '42'}]
    """
    return list(_openai(message, []))


def to_anthropic(message: Message, call_id: str | None = None) -> list[dict[str, Any]]:
    """``{"role": "user" | "assistant" | "system", "content": str | list of blocks}``, one in the list.

    ``call_id`` is used for a legacy ``function_call`` or function result, which has none of its
    own; without it the id is ``call_`` and the function's name, the same on both sides.
    """
    return [_anthropic(message, call_id, [])]


def losses(message: Message, fmt: str) -> tuple[str, ...]:
    """What ``to_openai`` or ``to_anthropic`` leaves out or bends of ``message``: a few words each."""
    lost: list[str] = []
    if fmt == OPENAI:
        list(_openai(message, lost))
    elif fmt == ANTHROPIC:
        _anthropic(message, None, lost)
    return tuple(dict.fromkeys(lost))


def _openai(message: Message, lost: list[str]) -> Iterator[dict[str, Any]]:
    body = message.body
    if message.fmt == SWE_AGENT:
        yield from _openai_from_swe(message, lost)
    elif message.fmt != ANTHROPIC:
        yield dict(body)
    elif message.role == "assistant":
        yield _openai_assistant(message, lost)
    elif isinstance(body.get("content"), str):
        yield {"role": message.role, "content": body["content"]}
    else:
        yield from _openai_user(message, lost)


def _openai_from_swe(message: Message, lost: list[str]) -> Iterator[dict[str, Any]]:
    body = message.body
    plain = {key: body[key] for key in _SWE_KEYS if body.get(key) is not None or (key == "content" and key in body)}
    if not plain.get("tool_calls", True):
        del plain["tool_calls"]
    if plain.pop("thinking_blocks", None):
        lost.append("thinking")
    if message.role != "tool":
        yield plain
        return
    for answered in message.answers or (None,):  # one observation may stand for several calls
        yield {**plain, "tool_call_id": answered}


def _openai_assistant(message: Message, lost: list[str]) -> dict[str, Any]:
    said: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    for block in _blocks_of(message.content):
        kind = block.get("type")
        if kind == "tool_use":
            arguments = json.dumps(block.get("input", {}), ensure_ascii=False, separators=(",", ":"))
            function = {"name": block.get("name"), "arguments": arguments}
            calls.append({"id": block.get("id"), "type": "function", "function": function})
        elif kind in _THINKING:
            lost.append("thinking")
        else:
            said.extend(_openai_part(block, lost))
    body: dict[str, Any] = {"role": "assistant", "content": _joined(said, None if calls else "")}
    if calls:
        body["tool_calls"] = calls
    return body


def _openai_user(message: Message, lost: list[str]) -> Iterator[dict[str, Any]]:
    rest: list[dict[str, Any]] = []
    for block in _blocks_of(message.content):
        if block.get("type") != "tool_result":
            rest.extend(_openai_part(block, lost))
            continue
        parts = [part for inner in _blocks_of(block.get("content")) for part in _openai_part(inner, lost)]
        texts = [part for part in parts if part["type"] == "text"]
        rest.extend(part for part in parts if part["type"] != "text")  # a tool message carries text only
        if block.get("is_error"):
            lost.append("is_error of a tool result")
        yield {"role": "tool", "tool_call_id": block.get("tool_use_id"), "content": _joined(texts, "")}
    if rest or not message.answers:
        yield {"role": message.role, "content": _joined(rest, "")}


def _openai_part(block: Mapping[str, Any], lost: list[str]) -> Iterator[dict[str, Any]]:
    if block.get("type") == "text":
        lost.extend(f"{key} of a text block" for key in block if key not in _TEXT_KEYS and block[key])
        yield {"type": "text", "text": _words(block.get("text", ""), lost)}
        return
    part = openai_media(block)
    if part is None:
        lost.append(f"block of type {block.get('type')}")
    else:
        yield part


def _joined(parts: list[dict[str, Any]], empty: str | None) -> Any:
    """One text as a plain str, several parts as they are: joining them would invent what is between."""
    if not parts:
        return empty
    if len(parts) == 1 and parts[0]["type"] == "text":
        return parts[0]["text"]
    return parts


def _anthropic(message: Message, call_id: str | None, lost: list[str]) -> dict[str, Any]:
    body, role = message.body, message.role
    if role == "developer":
        role = "system"
    if message.fmt == ANTHROPIC:
        return {"role": role, "content": body.get("content")}
    _name_unkept(message, lost)
    if role in ("tool", "function"):
        return {"role": "user", "content": list(_results(message, call_id, lost))}
    content = body.get("content")
    if role == "assistant":
        return {"role": role, "content": _anthropic_assistant(message, call_id, lost)}
    return {"role": role, "content": _anthropic_content(content, lost)}


def _name_unkept(message: Message, lost: list[str]) -> None:
    if message.fmt != OPENAI:  # SWE-agent's own keys are notes of its run, never sent to a provider
        return
    named = {"name"} if message.role == "function" else {"thinking_blocks"}
    lost.extend(key for key, value in message.body.items() if value and key not in _ANTHROPIC_KEPT and key not in named)


def _results(message: Message, call_id: str | None, lost: list[str]) -> Iterator[dict[str, Any]]:
    content = _anthropic_content(message.content, lost)
    for answered in message.answers or (None,):
        id = answered if message.role == "tool" else call_id or _legacy_id(message.body.get("name"))
        yield {"type": "tool_result", "tool_use_id": id, "content": content}


def _anthropic_content(content: Any, lost: list[str]) -> Any:
    if isinstance(content, str) or content is None:
        return content or ""
    return [block for part in _blocks_of(content) for block in _anthropic_block(part, lost)]


def _anthropic_block(part: Mapping[str, Any], lost: list[str]) -> Iterator[dict[str, Any]]:
    if part.get("type") in ("text", "refusal"):
        block = {"type": "text", "text": _words(part.get("text", part.get("refusal", "")), lost)}
        if "cache_control" in part:
            block["cache_control"] = part["cache_control"]
        yield block
        return
    media = anthropic_media(part)
    if media is None:
        lost.append(f"part of type {part.get('type')}")
    else:
        yield media


def _anthropic_assistant(message: Message, call_id: str | None, lost: list[str]) -> Any:
    body, content = message.body, message.content
    if not message.calls and isinstance(content, str) and not body.get("thinking_blocks"):
        return content
    given = list(_blocks_of(body.get("thinking_blocks")))
    blocks: list[Any] = [block for block in given if block.get("type") in _THINKING]
    if len(blocks) < len(given):
        lost.append("thinking_blocks that are none")
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    blocks.extend(block for part in _blocks_of(content) for block in _anthropic_block(part, lost))
    if isinstance(body.get("refusal"), str):
        blocks.append({"type": "text", "text": body["refusal"]})
    blocks = [block for block in blocks if block.get("type") != "text" or block["text"].strip()]
    for call in message.calls:
        id = call.id if call.id is not None else call_id or _legacy_id(call.name)
        blocks.append({"type": "tool_use", "id": id, "name": call.name, "input": _input(call.arguments, lost)})
    return blocks


def _input(arguments: Any, lost: list[str]) -> Any:
    """Anthropic wants an object. A model that wrote broken JSON is quoted under the key ``arguments``."""
    if isinstance(arguments, Mapping):
        return arguments
    if not arguments:
        return {}
    try:
        value = json.loads(arguments) if isinstance(arguments, str) else arguments
    except ValueError:
        value = None
    if isinstance(value, dict):
        return value
    lost.append("form of call arguments that are no JSON object")
    return {"arguments": arguments}


def _legacy_id(name: Any) -> str:
    return f"call_{name}"


def _blocks_of(content: Any) -> Iterator[Mapping[str, Any]]:
    """The blocks of any content: a str is one text, a str in a list too. What is no block has the type of its value."""
    for block in content if isinstance(content, list | tuple) else () if content is None else (content,):
        if isinstance(block, str):
            yield {"type": "text", "text": block}
        elif isinstance(block, Mapping) and block is not content:
            yield block
        else:
            yield {"type": type(block).__name__}


def _words(text: Any, lost: list[str]) -> str:
    """The text of a text block, which a trace keeps whatever it is."""
    if isinstance(text, str):
        return text
    if text is not None:
        lost.append("text that is no text")
    return ""


def tools_to_openai(tools: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Tool definitions as OpenAI writes them; those that are already, and a provider's own tools, as they are."""
    return [_openai_tool(tool) if "input_schema" in tool else dict(tool) for tool in tools]


def tools_to_anthropic(tools: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Tool definitions as Anthropic writes them; those that are already, and a provider's own tools, as they are."""
    return [_anthropic_tool(tool["function"]) if _is_function(tool) else dict(tool) for tool in tools]


def _is_function(tool: Mapping[str, Any]) -> bool:
    return tool.get("type") == "function" and isinstance(tool.get("function"), Mapping)


def _openai_tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    function = {key: tool[key] for key in ("name", "description") if key in tool}
    return {"type": "function", "function": {**function, "parameters": tool["input_schema"]}}


def _anthropic_tool(function: Mapping[str, Any]) -> dict[str, Any]:
    named = {key: function[key] for key in ("name", "description") if key in function}
    return {**named, "input_schema": function.get("parameters") or {"type": "object", "properties": {}}}
