"""What may be handed to ``commit``: one row for each thing that is taken, one for each that is refused."""

from __future__ import annotations

import asyncio
import enum
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from trace_git.errors import InvalidInputError
from trace_git.formats.given import Given, read
from trace_git.model import ANTHROPIC, OPENAI, ROLES, SWE_AGENT, Message, Usage, assistant, tool, user

CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"b": 1, "a": 2}'}}
LEGACY = {"name": "f", "arguments": "{}"}


def completion(message: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """The JSON of an OpenAI chat completion."""
    message = message or {"role": "assistant", "content": "Hello.", "refusal": None, "annotations": []}
    usage = {
        "prompt_tokens": 20,
        "completion_tokens": 5,
        "total_tokens": 25,
        "prompt_tokens_details": {"cached_tokens": 8},
    }
    choice = {"index": 0, "finish_reason": "stop", "logprobs": None, "message": message}
    fields = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-08-06"}
    return {**fields, "choices": [choice], "usage": usage, **changes}


def anthropic(**changes: Any) -> dict[str, Any]:
    """The JSON of an Anthropic message."""
    blocks = [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"b": 1, "a": 2}},
    ]
    usage = {"input_tokens": 10, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 7, "output_tokens": 3}
    fields = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "content": blocks}
    return {**fields, "stop_reason": "tool_use", "stop_sequence": None, "usage": usage, **changes}


def only(given: Given) -> Message:
    (message,) = given.messages
    return message


# --- what is taken ------------------------------------------------------------------------------------------------


def test_text_is_a_user_message() -> None:
    assert read("hi") == Given((user("hi"),), None, None)


@pytest.mark.parametrize("role", ROLES)
def test_text_takes_any_role(role: str) -> None:
    assert only(read("hi", role=role)) == Message(role, {"role": role, "content": "hi"})


@pytest.mark.parametrize(
    "body",
    [
        {"role": "user", "content": ""},
        {"content": "order of keys is kept", "role": "user", "x": {"z": 1, "a": 2}},
        {"role": "user", "content": []},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "assistant", "content": None, "function_call": LEGACY},
        {"role": "assistant", "content": None, "refusal": "I cannot."},
        {"role": "assistant", "content": None, "audio": {"id": "audio_1"}},
        {"role": "assistant", "content": "x", "tool_calls": None, "function_call": None},
        {"role": "assistant", "content": "", "tool_calls": [{"id": None, "type": "custom", "custom": {"name": "f"}}]},
        {"role": "tool", "content": "a result without its call"},
        {"role": "function", "name": "f", "content": "3"},
        {"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "image_url", "image_url": {"url": "u"}}]},
        {"role": "user", "content": [{"type": ["odd"]}, 5, "plain"]},
    ],
)
def test_a_dict_is_the_message_as_it_was_given(body: dict[str, Any]) -> None:
    message = only(read(body))
    assert message == Message(body["role"], body, OPENAI)
    assert list(message.to_dict()) == list(body)
    assert message.calls is not None  # the outline is sound enough to be read
    assert message.answers is not None


@pytest.mark.parametrize(
    "block",
    [
        {"type": "tool_use", "id": "t", "name": "f", "input": {}},
        {"type": "tool_result", "tool_use_id": "t", "content": "3"},
        {"type": "thinking", "thinking": "", "signature": "s"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "server_tool_use", "id": "t", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "t", "content": []},
        {"type": "mcp_tool_use", "id": "t", "name": "f", "server_name": "s", "input": {}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "x"}},
        {"type": "document", "source": {"type": "text", "data": "x"}},
    ],
)
def test_blocks_that_only_anthropic_has_make_it_anthropics(block: dict[str, Any]) -> None:
    body = {"role": "user", "content": [{"type": "text", "text": "x"}, block]}
    assert only(read(body)) == Message("user", body, ANTHROPIC)


def test_the_caller_may_go_on_with_its_dict() -> None:
    body = {"role": "user", "content": "before"}
    message = only(read(body))
    body["content"] = "after"
    assert message.content == "before"


def test_any_mapping_is_a_dict() -> None:
    assert only(read(MappingProxyType({"role": "user", "content": "hi"}))) == user("hi")


@pytest.mark.parametrize(
    "message",
    [
        user("hi"),
        tool("3", "call_1"),
        assistant(tool_calls=[CALL]),
        Message("user", {"content": "told"}, kind="summary"),
        Message("tool", {"tool_call_ids": ["a"]}, SWE_AGENT),
    ],
)
def test_a_message_is_itself(message: Message) -> None:
    assert only(read(message)) is message


@pytest.mark.parametrize("make", [list, tuple])
def test_a_list_of_anything_is_read_in_order(make: Any) -> None:
    given = read(make(["hi", {"role": "assistant", "content": "a"}, tool("t", "1"), completion(), anthropic()]))
    assert [message.role for message in given.messages] == ["user", "assistant", "tool", "assistant", "assistant"]
    assert given.model == "claude-sonnet-4-5"
    assert given.usage == Usage(117, 3, 100, "claude-sonnet-4-5")


# --- providers' responses -----------------------------------------------------------------------------------------


def test_a_chat_completion_is_its_message_and_its_usage() -> None:
    response = completion()
    given = read(response)
    body = response["choices"][0]["message"]
    assert given == Given(
        (Message("assistant", body, OPENAI, model="gpt-4o-2024-08-06"),), given.usage, "gpt-4o-2024-08-06"
    )
    assert given.usage == Usage(prompt=20, completion=5, cached=8, model="gpt-4o-2024-08-06")


def test_an_anthropic_message_is_itself_without_the_usage() -> None:
    response = anthropic()
    given = read(response)
    body = {key: value for key, value in response.items() if key != "usage"}
    assert given.messages == (Message("assistant", body, ANTHROPIC, model="claude-sonnet-4-5"),)
    assert given.usage == Usage(prompt=117, completion=3, cached=100, model="claude-sonnet-4-5")
    assert "usage" in response


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, None),
        ({}, None),
        ("many", None),
        ({"prompt_tokens": 0, "completion_tokens": 0}, None),
        ({"prompt_tokens": 5, "completion_tokens": 0}, (5, 0, 0)),
        ({"prompt_tokens": 5, "completion_tokens": None, "prompt_tokens_details": None}, (5, 0, 0)),
        ({"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 4}}, (5, 1, 4)),
        ({"prompt_tokens": 5, "completion_tokens": 1, "prompt_cache_hit_tokens": 3}, (5, 1, 3)),
        ({"prompt_tokens": -5, "completion_tokens": "7"}, None),
    ],
)
def test_usage_that_was_not_reported_is_none(usage: Any, expected: tuple[int, int, int] | None) -> None:
    given = read(completion(usage=usage))
    assert given.usage == (Usage(*expected, model="gpt-4o-2024-08-06") if expected else None)


@pytest.mark.parametrize("usage", [None, {"input_tokens": 0, "output_tokens": 0, "cache_read_input_tokens": None}])
def test_anthropic_usage_that_was_not_reported_is_none(usage: Any) -> None:
    assert read(anthropic(usage=usage)).usage is None


def test_an_openai_object_reads_like_its_json() -> None:
    chat = pytest.importorskip("openai.types.chat")
    body = {"role": "assistant", "content": None, "tool_calls": [CALL], "reasoning_content": "Hm."}
    sdk = chat.ChatCompletion.model_validate(completion({**body, "refusal": None}))
    from_sdk, from_json = read(sdk), read(completion(body))
    assert from_sdk == from_json
    assert "content" in only(from_sdk).body
    assert read(sdk.choices[0].message).messages == (Message("assistant", body),)


def test_a_chunk_object_is_refused() -> None:
    chat = pytest.importorskip("openai.types.chat")
    delta = {"index": 0, "delta": {"role": "assistant", "content": "He"}, "finish_reason": None}
    chunk = {**completion(object="chat.completion.chunk"), "choices": [delta]}
    for given in (chunk, chat.ChatCompletionChunk.model_validate(chunk)):
        with pytest.raises(InvalidInputError, match="chunk of a stream"):
            read(given)


@pytest.mark.filterwarnings("ignore")  # litellm's own
def test_a_litellm_response_reads_without_the_nulls_nobody_sent() -> None:
    litellm = pytest.importorskip("litellm")
    sent = litellm.ModelResponse(**completion({"role": "assistant", "content": None, "tool_calls": [CALL]}))
    given = read(sent)
    assert only(given).to_dict() == {"content": None, "role": "assistant", "tool_calls": [CALL]}
    assert given.usage == Usage(20, 5, 8, "gpt-4o-2024-08-06")
    assert set(only(read(litellm.ModelResponse(**completion()))).body) >= {"content", "role"}
    assert None not in only(read(litellm.ModelResponse(**completion()))).body.values()


def test_an_object_that_can_dump_itself_is_enough() -> None:
    pydantic = pytest.importorskip("pydantic")

    class AnthropicMessage(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        model_config = pydantic.ConfigDict(extra="allow")
        id: str
        container: str | None = None

    class LookAlike:
        def model_dump(self) -> dict[str, Any]:
            return anthropic()

    body = {key: value for key, value in anthropic().items() if key not in ("usage", "stop_sequence")}
    for given in (AnthropicMessage(**anthropic()), LookAlike()):
        assert only(read(given)) == Message("assistant", body, ANTHROPIC, model="claude-sonnet-4-5")


# --- what is refused ----------------------------------------------------------------------------------------------


class Role(enum.StrEnum):
    USER = "user"


REFUSED: dict[str, tuple[Any, str | None]] = {
    "no role": ({"content": "hi"}, "role"),
    "empty dict": ({}, "role"),
    "unknown role": ({"role": "robot", "content": "hi"}, "role"),
    "role of another type": ({"role": ["user"], "content": "hi"}, "role"),
    "role null": ({"role": None, "content": "hi"}, "role"),
    "role enum": ({"role": Role.USER, "content": "hi"}, "role"),
    "no content": ({"role": "user"}, "content"),
    "null content": ({"role": "user", "content": None}, "content"),
    "null content, no calls": ({"role": "assistant", "content": None, "tool_calls": []}, "content"),
    "content a number": ({"role": "user", "content": 5}, "content"),
    "content a dict": ({"role": "tool", "content": {"a": 1}}, "content"),
    "content a set": ({"role": "user", "content": {"a"}}, "content"),
    "tool_calls a number": ({"role": "assistant", "tool_calls": 5}, "tool_calls"),
    "call a text": ({"role": "assistant", "tool_calls": ["f"]}, "tool_calls[0]"),
    "call id a list": ({"role": "assistant", "tool_calls": [{"id": []}]}, "tool_calls[0].id"),
    "function a text": ({"role": "assistant", "tool_calls": [{"function": "f"}]}, "tool_calls[0].function"),
    "function_call a text": ({"role": "assistant", "function_call": "f"}, "function_call"),
    "answer to a list": ({"role": "tool", "content": "", "tool_call_id": []}, "tool_call_id"),
    "tool_use id a list": ({"role": "assistant", "content": [{"type": "tool_use", "id": []}]}, "content[0].id"),
    "message of two roles": (Message("user", {"role": "assistant", "content": "hi"}), "role"),
    "message without a role inside": (Message("user", {"content": "hi"}), "role"),
    "message without content": (assistant(), "content"),
    "message without a body": (Message("user", "hi"), "body"),  # type: ignore[arg-type]
    "in a list": (["hi", {"role": "user"}], "[1].content"),
    "type in a list": (["hi", 5], "[1]"),
    "list in a list": ([["hi"]], "[0]"),
    "no choices": (completion(choices=[]), "choices"),
    "choices null": (completion(choices=None), "choices"),
    "several choices": (completion(choices=completion()["choices"] * 2), "choices"),
    "choice without a message": (completion(choices=[{"index": 0}]), "choices[0].message"),
    "silent choice": (completion({"role": "assistant", "content": None}), "content"),
    "silent anthropic": (anthropic(content=None), "content"),
    "responses api": ({"object": "response", "output": [], "usage": {}}, None),
    "provider's error": ({"error": {"message": "overloaded"}}, "role"),
    "bytes": (b"hi", None),
    "none": (None, None),
    "number": (5, None),
    "object": (object(), None),
    "class": (Message, None),
    "look-alike without a dump": (SimpleNamespace(choices=[]), None),
    "generator": ((text for text in ["hi"]), None),
    "iterator": (iter(["hi"]), None),
    "file": (io.StringIO("hi"), None),
}


@pytest.mark.parametrize(("given", "field"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_message_is_refused_with_a_hint(given: Any, field: str | None) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(given)
    assert caught.value.field == field
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("given", [{"content": "x"}, {"role": "\x1b[31m" * 99, "content": "x"}])
def test_a_bad_role_lists_the_roles(given: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(given)
    assert all(role in str(caught.value.hint) for role in ROLES)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("empty", [[], ()])
def test_an_empty_list_is_nothing_to_commit(empty: Any) -> None:
    with pytest.raises(InvalidInputError, match="nothing to commit"):
        read(empty)


@pytest.mark.parametrize("role", ["", "robot", 5])
def test_an_unknown_role_for_text_is_refused(role: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read("hi", role=role)
    assert caught.value.field == "role"


@pytest.mark.parametrize("given", [{"role": "user", "content": "hi"}, user("hi"), ["hi", user("hi")]])
def test_a_role_that_contradicts_the_message_is_refused(given: Any) -> None:
    with pytest.raises(InvalidInputError, match="system"):
        read(given, role="system")
    assert read(given, role="user").messages[-1] == user("hi")


def test_an_unfinished_stream_is_refused_with_what_to_do() -> None:
    class Stream:
        def __iter__(self) -> Iterator[str]:
            return iter(())

        def __next__(self) -> str:
            raise StopIteration

    class AsyncStream:
        def __aiter__(self) -> AsyncStream:
            return self

    async def call() -> str:
        return "late"

    pending = call()
    for unfinished in (Stream(), AsyncStream(), pending):
        with pytest.raises(InvalidInputError, match="not a finished response") as caught:
            read(unfinished)
        assert "commit the finished response" in str(caught.value.hint)
    assert asyncio.run(pending) == "late"  # and it was left alone


# --- recorded traffic ---------------------------------------------------------------------------------------------


def exchanges() -> list[tuple[str, Any, Any]]:
    root = Path(os.environ.get("TRACE_GIT_DATA", Path(__file__).parents[3] / "shared" / "data")) / "provider_wire"
    if not root.is_dir():
        pytest.skip("no real transcripts here: set TRACE_GIT_DATA to their folder")
    found = []
    for path in sorted(root.glob("*.json")):
        for one in json.loads(path.read_text(encoding="utf-8")):
            found.append((path.name, one["request"], one["response"]))
    return found


def test_every_recorded_chat_response_can_be_committed() -> None:
    seen = 0
    for name, _, response in exchanges():
        if not isinstance(response, dict) or not ("choices" in response or response.get("type") == "message"):
            continue
        given, seen = read(response), seen + 1
        wire = response["choices"][0]["message"] if "choices" in response else response
        message = only(given)
        assert message.to_dict() == {key: value for key, value in wire.items() if key != "usage"}, name
        assert message.fmt == (OPENAI if "choices" in response else ANTHROPIC), name
        assert message.model == given.model == response["model"], name
        assert given.usage is not None, name
        assert given.usage.prompt >= given.usage.cached, name
        assert given.usage.completion > 0, name
    assert seen > 50


def test_every_recorded_request_can_be_committed() -> None:
    seen = 0
    for name, request, _ in exchanges():
        if isinstance(request, dict) and request.get("messages"):
            given, seen = read(request["messages"]), seen + 1
            assert [message.to_dict() for message in given.messages] == request["messages"], name
    assert seen > 50
