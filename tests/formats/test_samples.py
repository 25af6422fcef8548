"""The transcripts that ship with the project show what the demo promises."""

from __future__ import annotations

from pathlib import Path

from trace_git import formats

SAMPLES = Path(formats.__file__).parents[1] / "samples"


def test_the_debug_session_forks_once_and_reports_usage() -> None:
    transcript = formats.read(SAMPLES / "debug-session.jsonl")
    (conversation,) = transcript.conversations
    assert transcript.format == "claude-code"
    assert [name for name, _ in conversation.tips] == ["main", "fork-1"]
    assert [len(conversation.path(tip)) for _, tip in conversation.tips] == [21, 14]
    assert conversation.warnings == ()
    assert all(turn.timestamp for turn in conversation.turns)
    spoken = [turn for turn in conversation.turns if turn.message.role == "assistant"]
    assert all(turn.usage and turn.usage.prompt > turn.usage.cached for turn in spoken)
    assert all(block["signature"] for turn in spoken for block in turn.message.content if block["type"] == "thinking")
    assert max(len(turn.message.calls) for turn in spoken) == 3


def test_the_weather_chat_has_tools_and_null_content() -> None:
    transcript = formats.read(SAMPLES / "weather.json")
    (conversation,) = transcript.conversations
    assert transcript.format == "openai"
    assert conversation.tools is not None
    assert [tool["function"]["name"] for tool in conversation.tools] == ["get_weather", "get_hourly"]
    asked = conversation.turns[2].message
    assert (asked.content, len(asked.calls)) == (None, 2)
