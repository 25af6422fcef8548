"""What a caller may hand to ``commit``, read into messages.

Text, a message as a dict or a ``Message``, a list of these, or a provider's response as it
came from the SDK or as its JSON. It recognises and refuses, it never repairs: a body stays
what the caller gave. Whether every value inside can be stored is judged where it is encoded;
files of transcripts are read elsewhere.

    given                                        becomes
    str                                          one message of ``role`` (user)
    dict with role                               that message; Anthropic's when its blocks are
    Message                                      itself
    OpenAI chat completion (SDK, litellm, dict)  its one choice's message, and its usage
    Anthropic message (SDK, dict)                that message without the usage, and its usage
    list or tuple of these                       all of them, in order
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import InvalidInputError
from ..model import ANTHROPIC, OPENAI, Message, Usage
from .shape import check_body, check_role

_ANTHROPIC_BLOCKS = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking", "container_upload"})
_WITH_SOURCE = frozenset({"image", "document", "search_result"})
_STREAMING = ("__next__", "__anext__", "__aiter__", "__await__")


class Given(NamedTuple):
    """What was handed over. ``usage`` and ``model`` are those of the last response in it, or None."""

    messages: tuple[Message, ...]
    usage: Usage | None = None
    model: str | None = None


def read(given: Any, *, role: str | None = None) -> Given:
    """The messages of whatever a caller handed over.

    ``role`` is the role of plain text and must agree with messages that name their own.
    Raises InvalidInputError; ``field`` is the path of the culprit, ``[2].role`` inside a list.
    """
    if role is not None:
        check_role(role)
    if not isinstance(given, list | tuple):
        return _one(given, role)
    if not given:
        raise InvalidInputError("nothing to commit: the list of messages is empty", hint="pass at least one message")
    parts: list[Given] = []
    try:
        for part in given:
            parts.append(_one(part, role))
    except InvalidInputError as error:
        index = len(parts)
        field = f"[{index}].{error.field}" if error.field else f"[{index}]"
        raise InvalidInputError(f"message {index}: {error}", field=field, hint=error.hint) from None
    messages = tuple([message for part in parts for message in part.messages])
    usage = next((part.usage for part in reversed(parts) if part.usage), None)
    return Given(messages, usage, next((part.model for part in reversed(parts) if part.model), None))


def _one(given: Any, role: str | None) -> Given:
    if isinstance(given, str):
        spoken = role or "user"
        return Given((Message(spoken, {"role": spoken, "content": given}),))
    if isinstance(given, Message):
        return Given((_checked(given, role),))
    if isinstance(given, (dict, Mapping)):  # in this order: an abstract class asks around
        return _of_dict(dict(given), role)
    dumped = _dumped(given)
    if dumped is None:
        raise _refused_type(given)
    return _of_dict(dumped, role)


def _checked(message: Message, role: str | None) -> Message:
    if message.kind == "message" and message.fmt in (OPENAI, ANTHROPIC):
        if not isinstance(message.body, Mapping):
            raise InvalidInputError(
                "the body of a message must be a dict", field="body", hint="use user('...') for text"
            )
        check_body(message.body)
        if message.body["role"] != message.role:
            raise InvalidInputError(
                f"the message is {message.role} and its body says {message.body['role']}",
                field="role",
                hint="give both the same role",
            )
    return _agreeing(message, role)


def _agreeing(message: Message, role: str | None) -> Message:
    if role is not None and message.role != role:
        hint = "leave role= out for messages that name their own"
        raise InvalidInputError(
            f"role={role!r} was asked for and the message says {message.role!r}", field="role", hint=hint
        )
    return message


def _of_dict(given: dict[Any, Any], role: str | None) -> Given:
    if "role" not in given:
        if "choices" in given:
            return _of_completion(given, role)
        if given.get("object") == "response" or "output" in given:
            raise InvalidInputError(
                "responses of OpenAI's Responses API cannot be committed as they are",
                hint="commit what it said: commit(response.output_text, role='assistant')",
            )
    if given.get("type") == "message" and ("usage" in given or "stop_reason" in given):
        return _of_anthropic(given, role)
    check_body(given)
    message = Message(given["role"], given, ANTHROPIC if _speaks_anthropic(given) else OPENAI)
    return Given((_agreeing(message, role),))


def _of_completion(response: dict[Any, Any], role: str | None) -> Given:
    choices = response["choices"]
    if not isinstance(choices, list | tuple) or not choices:
        raise InvalidInputError("the response has no choices", field="choices", hint="ask the model again")
    if len(choices) > 1:
        hint = "choose one: commit(response.choices[0].message)"
        raise InvalidInputError(f"the response has {len(choices)} choices", field="choices", hint=hint)
    choice = choices[0] if isinstance(choices[0], Mapping) else {}
    if "delta" in choice:
        raise _unfinished("a chunk of a stream")
    body = choice.get("message")
    if not isinstance(body, Mapping):
        raise InvalidInputError("the choice has no message", field="choices[0].message", hint="ask the model again")
    check_body(body)
    model = _model(response)
    message = Message(body["role"], dict(body), OPENAI, model=model)
    return Given((_agreeing(message, role),), _openai_usage(response.get("usage"), model), model)


def _of_anthropic(response: dict[Any, Any], role: str | None) -> Given:
    body = {key: value for key, value in response.items() if key != "usage"}
    check_body(body)
    model = _model(response)
    message = Message(body["role"], body, ANTHROPIC, model=model)
    return Given((_agreeing(message, role),), _anthropic_usage(response.get("usage"), model), model)


def _speaks_anthropic(body: Mapping[str, Any]) -> bool:
    """Plain text blocks are the same in both formats and count as OpenAI's, the default."""
    content = body.get("content")
    if body.get("tool_calls") or not isinstance(content, list | tuple):
        return False
    return any(isinstance(block, Mapping) and _is_anthropic(block) for block in content)


def _is_anthropic(block: Mapping[str, Any]) -> bool:
    kind = block.get("type")
    if not isinstance(kind, str):
        return False
    if kind in _ANTHROPIC_BLOCKS or kind.endswith(("_tool_use", "_tool_result")):
        return True
    return kind in _WITH_SOURCE and "source" in block


# --- usage --------------------------------------------------------------------------------------------------------


def _openai_usage(usage: Any, model: str | None) -> Usage | None:
    """Prompt tokens include the cached ones already. DeepSeek names the cached ones its own way as well."""
    if not isinstance(usage, Mapping):
        return None
    details = usage.get("prompt_tokens_details")
    cached = _number(details, "cached_tokens") or _number(usage, "prompt_cache_hit_tokens")
    return _reported(_number(usage, "prompt_tokens"), _number(usage, "completion_tokens"), cached, model)


def _anthropic_usage(usage: Any, model: str | None) -> Usage | None:
    """Anthropic's input tokens leave out what was read from or written to the cache."""
    cached = _number(usage, "cache_read_input_tokens")
    prompt = _number(usage, "input_tokens") + cached + _number(usage, "cache_creation_input_tokens")
    return _reported(prompt, _number(usage, "output_tokens"), cached, model)


def _reported(prompt: int, completion: int, cached: int, model: str | None) -> Usage | None:
    return Usage(prompt, completion, cached, model) if prompt or completion else None  # 0 and 0: nobody counted


def _number(values: Any, key: str) -> int:
    value = values.get(key) if isinstance(values, Mapping) else None
    return value if type(value) is int and value > 0 else 0


def _model(response: Mapping[Any, Any]) -> str | None:
    model = response.get("model")
    return model if isinstance(model, str) and model else None


# --- objects ------------------------------------------------------------------------------------------------------


def _dumped(given: Any) -> dict[Any, Any] | None:
    """An SDK's object as the dict its JSON was, or None.

    Fields nobody sent are left out. litellm sets some to None itself, so a message's nulls go as well, except
    ``content``: null content beside tool calls is part of the message.
    """
    dump = getattr(given, "model_dump", None)
    if isinstance(given, type) or not callable(dump):
        return None
    try:
        dumped = dump(exclude_unset=True, warnings=False)
    except TypeError:  # a look-alike without pydantic's options
        dumped = dump()
    if not isinstance(dumped, dict):
        return None
    for choice in dumped.get("choices") or ():
        if isinstance(choice, dict) and isinstance(choice.get("message"), dict):
            choice["message"] = _without_nulls(choice["message"])
    return dumped if "choices" in dumped else _without_nulls(dumped)


def _without_nulls(body: dict[Any, Any]) -> dict[Any, Any]:
    return {key: value for key, value in body.items() if value is not None or key == "content"}


def _refused_type(given: Any) -> InvalidInputError:
    if not isinstance(given, type) and any(hasattr(given, name) for name in _STREAMING):
        return _unfinished(f"a {type(given).__name__}")
    hint = "pass text, a dict with role and content, a Message, a list of these, or a provider's response"
    if isinstance(given, bytes | bytearray):
        hint = "decode it first: data.decode()"
    return InvalidInputError(f"cannot commit a value of type {type(given).__name__}", hint=hint)


def _unfinished(what: str) -> InvalidInputError:
    hint = "read it to its end, then commit the finished response (or list(...) of messages)"
    return InvalidInputError(f"cannot commit {what}: it is not a finished response", hint=hint)
