"""What is exported can be read again, and what a format cannot hold is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trace_git import formats
from trace_git.errors import InvalidInputError
from trace_git.formats import Turn
from trace_git.model import Message, Usage, user

SAMPLES = Path(formats.__file__).parents[1] / "samples"
TOOLS = [{"name": "f", "input_schema": {"type": "object"}}]


def main_line(path: Path) -> tuple[Turn, ...]:
    (conversation,) = formats.read(path).conversations
    return conversation.path(conversation.tips[0][1])


def again(tmp_path: Path, format: str, messages: list[Message], **more: Any) -> tuple[Turn, ...]:
    path = tmp_path / f"again.{format}"
    path.write_text(formats.export(format, messages, **more), encoding="utf-8", newline="")
    assert formats.read(path).format == format
    return main_line(path)


def test_openai_comes_back_as_it_was(tmp_path: Path) -> None:
    messages = [turn.message for turn in main_line(SAMPLES / "weather.json")]
    assert [turn.message for turn in again(tmp_path, "openai", messages)] == messages


def test_claude_code_comes_back_with_time_and_usage(tmp_path: Path) -> None:
    turns = main_line(SAMPLES / "debug-session.jsonl")
    messages = [turn.message for turn in turns]
    meta = [{"timestamp": turn.timestamp, "usage": turn.usage} for turn in turns]
    back = again(tmp_path, "claude-code", messages, meta=meta)
    assert [(turn.message, turn.timestamp, turn.usage) for turn in back] == [
        (turn.message, turn.timestamp, turn.usage) for turn in turns
    ]
    text = formats.export("claude-code", messages, meta=meta)
    assert text == formats.export("claude-code", messages, meta=meta), "the same input gives the same file"


def test_anthropic_comes_back_with_thinking_and_system(tmp_path: Path) -> None:
    messages = [turn.message for turn in main_line(SAMPLES / "debug-session.jsonl")]
    system = Message("system", {"role": "system", "content": "Be careful."}, messages[0].fmt)
    back = again(tmp_path, "anthropic", [system, *messages], tools=TOOLS)
    assert [(turn.message.role, turn.message.content) for turn in back] == [
        (message.role, message.content) for message in [system, *messages]
    ]


def test_swe_agent_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "run.traj"
    entry = {"role": "tool", "content": "a\r\n", "tool_call_ids": ["c"], "agent": "main"}
    path.write_text(json.dumps({"history": [entry]}))
    messages = [turn.message for turn in main_line(path)]
    assert [turn.message for turn in again(tmp_path, "swe-agent", messages)] == messages


@pytest.mark.parametrize("format", list(formats.FORMATS))
@pytest.mark.parametrize("sample", ["debug-session.jsonl", "weather.json"])
def test_every_sample_in_every_format_keeps_texts_calls_and_answers(tmp_path: Path, format: str, sample: str) -> None:
    messages = [turn.message for turn in main_line(SAMPLES / sample)]
    back = [turn.message for turn in again(tmp_path, format, messages)]
    assert "".join(one.text for one in back) == "".join(one.text for one in messages)
    assert [made.id for one in back for made in one.calls] == [made.id for one in messages for made in one.calls]
    assert [id for one in back for id in one.answers] == [id for one in messages for id in one.answers]


def test_exact_characters() -> None:
    words = "a\r\n\u2028é\x00 ☕"
    assert json.loads(formats.export("openai", [user(words)]))[0]["content"] == words
    assert "☕" in formats.export("openai", [user(words)])


def test_tools_are_written_the_way_of_the_format() -> None:
    assert json.loads(formats.export("anthropic", [user("x")], tools=TOOLS))["tools"] == TOOLS
    (tool,) = json.loads(formats.export("openai", [user("x")], tools=TOOLS))["tools"]
    assert tool == {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def test_one_message_committed_twice_stays_two_in_claude_code(tmp_path: Path) -> None:
    body = {"id": "m", "role": "assistant", "content": [{"type": "text", "text": "yes"}]}
    twice = [Message("assistant", body, "anthropic.messages", model="claude-x")] * 2
    assert [turn.message.text for turn in again(tmp_path, "claude-code", twice)] == ["yes", "yes"]


def test_usage_without_report_is_not_made_up(tmp_path: Path) -> None:
    meta = [{"timestamp": None, "usage": None}, {"usage": Usage(10, 2, 4, "claude-x")}]
    (line, *_), back = (
        [json.loads(line) for line in formats.export("claude-code", [user("a")]).splitlines()],
        again(
            tmp_path,
            "claude-code",
            [user("a"), Message("assistant", {"role": "assistant", "content": "b"}, model="claude-x")],
            meta=meta,
        ),
    )
    assert "timestamp" not in line
    assert [turn.usage for turn in back] == [None, Usage(10, 2, 4, "claude-x")]


def test_what_is_left_out_is_counted() -> None:
    messages = [turn.message for turn in main_line(SAMPLES / "debug-session.jsonl")]
    thinking = sum("thinking" in str(one.content) for one in messages if one.role == "assistant")
    assert f"thinking: left out of {thinking} messages" in formats.left_out("openai", messages)
    assert formats.left_out("claude-code", messages) == formats.left_out("anthropic", messages) == ()


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="unknown format 'xml'"):
        formats.export("xml", [])
