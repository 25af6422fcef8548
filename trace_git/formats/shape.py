"""The least a message must be: a known role, something said, calls that can be read.

So that readers of a message need no doubt about its outline. It judges shape only; whether
each value inside can be stored is judged where it is encoded, and unknown fields are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import InvalidInputError
from ..model import ROLES

_MAP = (dict, Mapping)  # in this order: a dict is seen at once, an abstract class asks around
_INSTEAD_OF_CONTENT = ("tool_calls", "function_call", "refusal", "audio")
_BLOCK_IDS = {"tool_use": "id", "tool_result": "tool_use_id"}


def check_role(role: Any) -> None:
    """Raises InvalidInputError that lists the roles."""
    if type(role) is not str or role not in ROLES:
        shown = ascii(role[:40]) if type(role) is str else f"of type {type(role).__name__}"
        raise InvalidInputError(f"unknown role {shown}", field="role", hint=f"use one of: {', '.join(ROLES)}")


def check_body(body: Mapping[Any, Any]) -> None:
    """Refuse a message, in OpenAI's or Anthropic's format, that no provider and no reader could use."""
    if "role" not in body:
        raise InvalidInputError("the message has no role", field="role", hint=f"use one of: {', '.join(ROLES)}")
    check_role(body["role"])
    content = body.get("content")
    if content is None and not any(map(body.get, _INSTEAD_OF_CONTENT)):
        raise InvalidInputError(
            "the message has no content and no tool calls",
            field="content",
            hint="use '' for a message that says nothing",
        )
    if content is not None and not isinstance(content, str | list | tuple):
        raise InvalidInputError(
            f"content has type {type(content).__name__}", field="content", hint="use text or a list of blocks"
        )
    _check_calls(body)


def _check_calls(body: Mapping[Any, Any]) -> None:
    calls = body.get("tool_calls")
    if calls is not None and not isinstance(calls, list | tuple):
        raise _misshapen("tool_calls", "a list of calls")
    for index, call in enumerate(calls or ()):
        if not isinstance(call, _MAP):
            raise _misshapen(f"tool_calls[{index}]", "a dict")
        _check_text(call, "id", "tool_calls[{}].id", index)
        for key in ("function", "custom"):
            if call.get(key) is not None and not isinstance(call[key], _MAP):
                raise _misshapen(f"tool_calls[{index}].{key}", "a dict")
    if body.get("function_call") is not None and not isinstance(body["function_call"], _MAP):
        raise _misshapen("function_call", "a dict")
    _check_text(body, "tool_call_id", "tool_call_id")
    content = body.get("content")
    for index, block in enumerate(content if isinstance(content, list | tuple) else ()):
        name = _BLOCK_IDS.get(str(block.get("type"))) if isinstance(block, _MAP) else None
        if name is not None:
            _check_text(block, name, f"content[{{}}].{name}", index)


def _check_text(values: Mapping[Any, Any], key: str, path: str, index: int = 0) -> None:
    value = values.get(key)
    if value is not None and not isinstance(value, str):
        raise _misshapen(path.format(index), "text")


def _misshapen(path: str, expected: str) -> InvalidInputError:
    return InvalidInputError(f"{path} must be {expected}", field=path, hint="see the provider's message format")
