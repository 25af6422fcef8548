"""One message to the other format: what is carried, what is left out and told."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from trace_git.formats.convert import losses, to_anthropic, to_openai, tools_to_anthropic, tools_to_openai
from trace_git.model import ANTHROPIC, OPENAI, SWE_AGENT, Message, assistant, system, tool, user

PNG = {"type": "base64", "media_type": "image/png", "data": "iVBORw0="}
IMAGE = {"type": "image", "source": PNG}
IMAGE_URL = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0="}}
PDF = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
FILE = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}}


def claude(role: str, content: Any, **more: Any) -> Message:
    return Message(role, {"role": role, "content": content, **more}, ANTHROPIC)


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def call(id: str, arguments: str, name: str = "f") -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def result(id: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id, "content": content, **more}


TO_OPENAI = [
    (claude("user", "hi"), [{"role": "user", "content": "hi"}]),
    (claude("user", [text("hi")]), [{"role": "user", "content": "hi"}]),
    (claude("user", [text("a"), IMAGE]), [{"role": "user", "content": [text("a"), IMAGE_URL]}]),
    (claude("user", ["plain"]), [{"role": "user", "content": "plain"}]),
    (claude("system", [text("a"), text("b")]), [{"role": "system", "content": [text("a"), text("b")]}]),
    (
        claude("user", [text("and"), result("t1", "one"), result("t2", [text("two"), IMAGE]), result("t3", None)]),
        [
            {"role": "tool", "tool_call_id": "t1", "content": "one"},
            {"role": "tool", "tool_call_id": "t2", "content": "two"},
            {"role": "tool", "tool_call_id": "t3", "content": ""},
            {"role": "user", "content": [text("and"), IMAGE_URL]},
        ],
    ),
    (
        claude(
            "assistant",
            [
                {"type": "thinking", "thinking": "t", "signature": "s"},
                {"type": "tool_use", "id": "t1", "name": "f", "input": {"é": 1, "a": [2]}},
            ],
            id="m",
        ),
        [{"role": "assistant", "content": None, "tool_calls": [call("t1", '{"é":1,"a":[2]}')]}],
    ),
    (claude("assistant", [text("a"), text("b")]), [{"role": "assistant", "content": [text("a"), text("b")]}]),
    (claude("assistant", []), [{"role": "assistant", "content": ""}]),
    (
        Message("assistant", {"role": "assistant", "content": "x", "thought": "t", "tool_calls": None}, SWE_AGENT),
        [{"role": "assistant", "content": "x"}],
    ),
    (
        Message("tool", {"role": "tool", "content": "o", "tool_call_ids": ["a", "b"], "agent": "m"}, SWE_AGENT),
        [
            {"role": "tool", "content": "o", "tool_call_id": "a"},
            {"role": "tool", "content": "o", "tool_call_id": "b"},
        ],
    ),
]

TO_ANTHROPIC = [
    (user("hi"), {"role": "user", "content": "hi"}),
    (system("s"), {"role": "system", "content": "s"}),
    (Message("developer", {"role": "developer", "content": "d"}), {"role": "system", "content": "d"}),
    (
        Message("user", {"role": "user", "content": [text("a"), IMAGE_URL, FILE]}),
        {"role": "user", "content": [text("a"), IMAGE, {"type": "document", "source": PDF, "title": "a.pdf"}]},
    ),
    (
        Message("user", {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.test/a"}}]}),
        {"role": "user", "content": [{"type": "image", "source": {"type": "url", "url": "https://x.test/a"}}]},
    ),
    (assistant("ok"), {"role": "assistant", "content": "ok"}),
    (
        assistant(None, tool_calls=[call("c1", '{"b": 1}'), call("c2", "")]),
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "c1", "name": "f", "input": {"b": 1}},
                {"type": "tool_use", "id": "c2", "name": "f", "input": {}},
            ],
        },
    ),
    (
        assistant("see", tool_calls=[call("c1", "{broken")], thinking_blocks=[{"type": "thinking", "thinking": "t"}]),
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "t"},
                text("see"),
                {"type": "tool_use", "id": "c1", "name": "f", "input": {"arguments": "{broken"}},
            ],
        },
    ),
    (tool("out", "c1"), {"role": "user", "content": [result("c1", "out")]}),
    (
        Message("tool", {"role": "tool", "content": "o", "tool_call_ids": ["a", "b"]}, SWE_AGENT),
        {"role": "user", "content": [result("a", "o"), result("b", "o")]},
    ),
    (
        Message("assistant", {"role": "assistant", "content": None, "refusal": "No."}),
        {"role": "assistant", "content": [text("No.")]},
    ),
]


@pytest.mark.parametrize(("message", "expected"), TO_OPENAI)
def test_to_openai(message: Message, expected: list[dict[str, Any]]) -> None:
    before = copy.deepcopy(message.body)
    assert to_openai(message) == expected
    assert message.body == before


@pytest.mark.parametrize(("message", "expected"), TO_ANTHROPIC)
def test_to_anthropic(message: Message, expected: dict[str, Any]) -> None:
    before = copy.deepcopy(message.body)
    assert to_anthropic(message) == [expected]
    assert message.body == before


def test_the_same_format_passes_as_it_is() -> None:
    odd = {"content": None, "role": "assistant", "tool_calls": [call("c", "{}")], "x_extra": 1}
    assert to_openai(Message("assistant", odd)) == [odd]
    blocks = [{"type": "redacted_thinking", "data": "d"}, {"type": "tool_use", "id": "t", "name": "f", "input": {}}]
    given = claude("assistant", blocks, id="m", stop_reason="tool_use")
    assert to_anthropic(given) == [{"role": "assistant", "content": blocks}]


def test_a_legacy_call_and_its_result_get_one_id() -> None:
    made = Message(
        "assistant", {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}
    )
    answer = Message("function", {"role": "function", "name": "f", "content": "1"})
    for id in (None, "call_7"):
        (asked,), (answered,) = to_anthropic(made, id), to_anthropic(answer, id)
        assert asked["content"][0]["id"] == answered["content"][0]["tool_use_id"] == (id or "call_f")


@pytest.mark.parametrize(
    ("message", "fmt", "expected"),
    [
        (user("hi"), ANTHROPIC, ()),
        (claude("assistant", [{"type": "thinking"}, {"type": "thinking"}]), OPENAI, ("thinking",)),
        (claude("user", [result("t", "x", is_error=True)]), OPENAI, ("is_error of a tool result",)),
        (claude("assistant", [{"type": "server_tool_use"}]), OPENAI, ("block of type server_tool_use",)),
        (claude("assistant", [text("a") | {"citations": [1]}]), OPENAI, ("citations of a text block",)),
        (claude("assistant", [{"type": "thinking"}]), ANTHROPIC, ()),
        (user("hi", name="ann"), ANTHROPIC, ("name",)),
        (assistant("x", reasoning_content="r"), ANTHROPIC, ("reasoning_content",)),
        (
            Message("user", {"role": "user", "content": [{"type": "input_audio"}]}),
            ANTHROPIC,
            ("part of type input_audio",),
        ),
        (
            assistant(None, tool_calls=[call("c", "[1]")]),
            ANTHROPIC,
            ("form of call arguments that are no JSON object",),
        ),
    ],
)
def test_what_is_left_out_is_told(message: Message, fmt: str, expected: tuple[str, ...]) -> None:
    assert losses(message, fmt) == expected


def test_tool_definitions() -> None:
    schema = {"type": "object", "properties": {"b": {}, "a": {}}}
    openai = {"type": "function", "function": {"name": "f", "description": "d", "parameters": schema}}
    anthropic = {"name": "f", "description": "d", "input_schema": schema}
    own = {"type": "web_search_20250305", "name": "web_search"}
    assert tools_to_anthropic([openai, anthropic, own]) == [anthropic, anthropic, own]
    assert tools_to_openai([openai, anthropic, own]) == [openai, openai, own]
