"""OpenAI and Anthropic conversations, SWE-agent trajectories, and which is which."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trace_git import formats
from trace_git.errors import InvalidInputError, NotFoundError
from trace_git.model import ANTHROPIC, OPENAI, SWE_AGENT, Usage

Write = Callable[..., Path]

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"b": 1,\r\n"a": 2}'}}
CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "hi"},
    {"content": None, "role": "assistant", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "name": "f", "content": ""},
]
BLOCKS = [
    {"role": "user", "content": "hi"},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
]


def bodies(path: Path, format: str | None = None) -> list[list[dict[str, Any]]]:
    return [
        [turn.message.to_dict() for turn in conversation.turns]
        for conversation in formats.read(path, format).conversations
    ]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("value", [CHAT, {"messages": CHAT}, {"id": "x", "reward": 1.0, "messages": CHAT}])
def test_openai_documents(tmp_path: Path, value: Any, indent: int | None) -> None:
    path = tmp_path / "chat.json"
    path.write_text(json.dumps(value, indent=indent))
    transcript = formats.read(path)
    (conversation,) = transcript.conversations
    assert (transcript.format, transcript.warnings, conversation.tools) == ("openai", (), None)
    assert [list(turn.message.body.items()) for turn in conversation.turns] == [list(body.items()) for body in CHAT]
    assert {turn.message.fmt for turn in conversation.turns} == {OPENAI}
    assert [(turn.key, turn.parent) for turn in conversation.turns] == [("1", None), ("2", "1"), ("3", "2"), ("4", "3")]
    assert conversation.tips == (("main", "4"),)


def test_tools_come_along(jsonl: Write) -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    (conversation,) = formats.read(jsonl({"messages": CHAT, "tools": tools})).conversations
    assert conversation.tools == tuple(tools)


def test_json_lines_of_messages_are_one_conversation(jsonl: Write) -> None:
    assert bodies(jsonl(*CHAT)) == [CHAT]


def test_json_lines_of_conversations_are_named_by_their_id(jsonl: Write) -> None:
    path = jsonl({"id": "0-1", "messages": CHAT}, CHAT[:2], {"id": 7, "messages": BLOCKS}, name="many.jsonl")
    transcript = formats.read(path)
    assert [conversation.name for conversation in transcript.conversations] == ["0-1", "many-2", "7"]
    assert [conversation.turns[-1].message.fmt for conversation in transcript.conversations] == [
        OPENAI,
        OPENAI,
        ANTHROPIC,
    ]
    assert transcript.format == "openai"


def test_a_broken_line_is_told(jsonl: Write) -> None:
    transcript = formats.read(jsonl(CHAT[0], '{"role": "user", "con', "17", CHAT[1]))
    assert [len(conversation.turns) for conversation in transcript.conversations] == [2]
    assert [warning.split(":")[0] for warning in transcript.warnings] == ["line 2", "line 3"]


def test_anthropic_documents(jsonl: Write) -> None:
    system = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    tools = [{"name": "f", "input_schema": {"type": "object"}}]
    transcript = formats.read(jsonl({"system": system, "messages": BLOCKS, "tools": tools}))
    (conversation,) = transcript.conversations
    assert transcript.format == "anthropic"
    assert [turn.message.body for turn in conversation.turns] == [{"role": "system", "content": system}, *BLOCKS]
    assert {turn.message.fmt for turn in conversation.turns} == {ANTHROPIC}
    assert conversation.tools == tuple(tools)


def test_an_anthropic_response_in_a_list_reports_usage(jsonl: Write) -> None:
    usage = {"input_tokens": 7, "cache_read_input_tokens": 3, "output_tokens": 2}
    response = {"id": "m", "type": "message", "model": "claude-x", "usage": usage, **BLOCKS[1]}
    (conversation,) = formats.read(jsonl([BLOCKS[0], response])).conversations
    turn = conversation.turns[1]
    assert turn.usage == Usage(prompt=10, completion=2, cached=3, model="claude-x")
    assert "usage" not in turn.message.body
    assert turn.message.model == "claude-x"


def test_anthropic_blocks_far_into_the_file_are_seen(jsonl: Write) -> None:
    path = jsonl([{"role": "user", "content": "x" * 100_000}, *BLOCKS])
    assert formats.read(path).format == "anthropic"


def test_blocks_of_no_known_shape_are_kept(jsonl: Write) -> None:
    odd = {"role": "user", "content": [{"type": ["odd"]}, 5, None, "plain"]}
    assert bodies(jsonl([odd], name="odd.json")) == [[odd]]


def test_a_forced_format_holds(jsonl: Write) -> None:
    transcript = formats.read(jsonl([{"role": "user", "content": "hi"}]), "anthropic")
    assert (transcript.format, transcript.conversations[0].turns[0].message.fmt) == ("anthropic", ANTHROPIC)


def test_swe_agent_keeps_every_key(tmp_path: Path) -> None:
    history = [
        {"role": "system", "content": "You fix bugs.", "agent": "main", "message_type": "system_prompt"},
        {"role": "user", "content": "demo\r\n", "agent": "main", "is_demo": True},
        {"role": "assistant", "content": "", "thought": "t", "action": "ls", "tool_calls": [CALL], "agent": "main"},
        {"role": "tool", "content": "a\r\nb", "tool_call_ids": ["c1"], "agent": "main", "message_type": "observation"},
    ]
    path = tmp_path / "run.traj"
    path.write_text(json.dumps({"environment": "e", "trajectory": [{"x": {"history": 1}}], "history": history}))
    transcript = formats.read(path)
    assert transcript.format == "swe-agent"
    assert bodies(path) == [history]
    assert {turn.message.fmt for turn in transcript.conversations[0].turns} == {SWE_AGENT}
    assert transcript.conversations[0].turns[3].message.answers == ("c1",)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ([CHAT[1], {"role": "human", "content": "x"}], "messages[1].role"),
        ({"messages": [{"role": "ai", "content": "x"}]}, "messages[0].role"),
        ([CHAT[1], {"role": "assistant", "content": None}], "messages[1].content"),
        ([CHAT[1], {"content": "x"}], "messages[1].role"),
        ({"messages": [CHAT[1], "x"]}, "messages[1]"),
        ({"messages": [CHAT[1] | {"x": {"y": [float("nan")]}}]}, "messages[0].x.y[0]"),
        ({"messages": [CHAT[1] | {"x": -(2**63) - 1}]}, "messages[0].x"),
        ({"history": [{"role": "judge", "content": "x"}]}, "history[0].role"),
        ({"messages": CHAT, "tools": {"f": 1}}, "tools"),
        ({"messages": CHAT, "tools": 5}, "tools"),
        ({"messages": CHAT, "tools": [{"x": [float("inf")]}]}, "tools[0].x[0]"),
    ],
)
def test_a_message_no_trace_can_hold_refuses_the_file_and_names_the_place(jsonl: Write, value: Any, field: str) -> None:
    path = jsonl(value, name="bad.json")
    with pytest.raises(InvalidInputError) as caught:
        formats.read(path)
    assert caught.value.field == field
    assert "bad.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_line_is_named_where_there_are_many(jsonl: Write) -> None:
    path = jsonl({"messages": CHAT}, {"messages": [{"role": "judge", "content": ""}]})
    with pytest.raises(InvalidInputError, match=r"line 2: messages\[0\]\.role"):
        formats.read(path)


def test_lone_surrogates_are_replaced_in_keys_and_values_and_told(jsonl: Write) -> None:
    path = jsonl('[{"role": "user", "content": "a\\udc00", "k\\ud800": ["\\ud800", 1]}]')
    assert bodies(path) == [[{"role": "user", "content": "a\ufffd", "k\ufffd": ["\ufffd", 1]}]]
    assert formats.read(path).warnings == ("messages[0]: lone surrogates were replaced by U+FFFD",)


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (b'{"type":"queue-operation","operation":"enqueue","sessionId":"s"}\n', "x", "claude-code"),
        (b'{"type":"summary","summary":"s","leafUuid":"l"}\n', "x.json", "claude-code"),
        (b'"massive error"\n42\n[1]\n{"parentUuid":null,"type":"user","uuid":"u"', "x", "claude-code"),
        (
            b'\xef\xbb\xbf[{"type":"user","uuid":"u","message":{"role":"user","content":[{"type":"tool_result"',
            "x",
            "claude-code",
        ),
        (b'{"id": "0", "messages": [{"role"', "x.traj", "openai"),
        (b'[{"role": "user", "content": "{\\"history\\": 1}"', "x", "openai"),
        (
            b'[\n {"content": "hi", "role": "user"},\n {"role": "assistant", "content": [{"type": "thinking"',
            "x",
            "anthropic",
        ),
        (b'{"messages": [], "system": "s"}', "x", "anthropic"),
        (b'{"environment": "e", "trajectory": [{"role": "user", "messages": [', "x", "swe-agent"),
        (b'{"info": {"x": [', "run.traj", "swe-agent"),
    ],
)
def test_recognised_by_looking(content: bytes, name: str, expected: str) -> None:
    assert formats.recognise(content, name) == expected


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"{}", b"[1, 2]", b"\x00\xff\xfe", b'{"name": "package", "version": "1"}']
)
def test_not_a_transcript(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "thing.json"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"thing\.json looks like no transcript") as caught:
        formats.read(path)
    assert "--format" in str(caught.value.hint)
    for format in formats.FORMATS:
        with pytest.raises(InvalidInputError, match=r"thing\.json has no"):
            formats.read(path, format)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"none\.json"):
        formats.read(tmp_path / "none.json")
    with pytest.raises(InvalidInputError, match="is a folder"):
        formats.read(tmp_path)


def test_an_unknown_format_lists_the_known_ones(jsonl: Write) -> None:
    with pytest.raises(InvalidInputError) as caught:
        formats.read(jsonl(CHAT), "gemini")
    assert all(name in str(caught.value.hint) for name in formats.FORMATS)
