"""Real files: every message is accounted for, by counting without the importer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trace_git import formats
from trace_git.formats import Conversation
from trace_git.model import Message

# Branches of each session, seen by eye: a cleared context in 7e, a sub-agent in 7e and in 86.
BRANCHES = {"7e-d4051c8a85-0": ["main", "sidechain-1", "earlier-1"], "86-9d11344fce-1": ["main", "sidechain-1"]}


def values(path: Path) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    text = path.read_text(encoding="utf-8")
    at = 0
    while at < len(text.rstrip()):
        value, at = decoder.raw_decode(text, at + len(text[at : at + 9]) - len(text[at : at + 9].lstrip()))
        if isinstance(value, dict):
            yield value


def spoken(path: Path) -> Iterator[dict[str, Any]]:
    """The message of each line that has one, sub-agents' included."""
    for value in values(path):
        for record in (value, (value.get("data") or {}).get("message")):
            if isinstance(record, dict) and isinstance(record.get("message"), dict) and "content" in record["message"]:
                yield record["message"]


def blocks(content: Any) -> Counter[str]:
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return Counter(json.dumps(part) for part in parts)


def assert_whole(messages: list[Message]) -> None:
    """Each result stands behind its call, with nothing but results between."""
    waiting: list[str | None] = []
    for message in messages:
        if message.answers:
            assert set(message.answers) <= set(waiting)
        elif message.role == "assistant":
            waiting = [call.id for call in message.calls]
        else:
            waiting = []


@pytest.mark.parametrize("folder", ["claude_code", "claude_code_fixtures"])
def test_claude_code_sessions(data: Path, folder: str) -> None:
    paths = sorted((data / folder).glob("*.jsonl"))
    assert paths
    for path in paths:
        transcript = formats.read(path)
        (conversation,) = transcript.conversations
        assert transcript.format == "claude-code"
        assert_nothing_lost(path, conversation)
        assert [name for name, _ in conversation.tips] == BRANCHES.get(path.stem, ["main"])
        if folder == "claude_code":
            for _, tip in conversation.tips:
                assert_whole([turn.message for turn in conversation.path(tip)])
            assert all(turn.timestamp for turn in conversation.turns)


def assert_nothing_lost(path: Path, conversation: Conversation) -> None:
    """All blocks, signatures and ids included, in as many messages as the API gave; the last usage of each."""
    expected = list(spoken(path))
    found = [turn.message for turn in conversation.turns]
    api = {message["id"] for message in expected if message.get("id")}
    assert len(found) == len(api) + sum("id" not in message for message in expected)
    assert sum((blocks(one.content) for one in found), Counter()) == sum(
        (blocks(message["content"]) for message in expected), Counter()
    )
    last = {message["id"]: message["usage"]["output_tokens"] for message in expected if "usage" in message}
    reported = {turn.message.body["id"]: turn.usage.completion for turn in conversation.turns if turn.usage}
    assert reported == {id: tokens for id, tokens in last.items() if id in reported}
    assert len(reported) == len(last)
    keys = [turn.key for turn in conversation.turns]
    assert len(set(keys)) == len(keys)
    assert all(turn.parent is None or turn.parent in keys[:place] for place, turn in enumerate(conversation.turns))
    reached = {turn.key for _, tip in conversation.tips for turn in conversation.path(tip)}
    assert reached == set(keys)


def test_compaction_goes_on_with_the_conversation(data: Path) -> None:
    (conversation,) = formats.read(data / "claude_code" / "86-9d11344fce-1.jsonl").conversations
    texts = [turn.message.text for turn in conversation.path(conversation.tips[0][1])]
    place = next(n for n, text in enumerate(texts) if text.startswith("This session is being continued"))
    assert 0 < place < len(texts) - 1


def test_tau_airline(data: Path) -> None:
    path = data / "tau_airline" / "gpt-4o-airline.jsonl"
    lines = list(values(path))
    transcript = formats.read(path)
    assert (transcript.format, transcript.warnings) == ("openai", ())
    assert [one.name for one in transcript.conversations] == [line["id"] for line in lines]
    for conversation, line in zip(transcript.conversations, lines, strict=True):
        found = [json.dumps(turn.message.body) for turn in conversation.turns]
        assert found == [json.dumps(message) for message in line["messages"]]
        assert_whole([turn.message for turn in conversation.turns])


def test_swe_agent(data: Path) -> None:
    paths = sorted((data / "swe_agent").glob("*.traj"))
    assert len(paths) == 18
    for path in paths:
        transcript = formats.read(path)
        (conversation,) = transcript.conversations
        assert (transcript.format, transcript.warnings) == ("swe-agent", ())
        history = json.loads(path.read_bytes())["history"]
        assert [json.dumps(turn.message.body) for turn in conversation.turns] == [
            json.dumps(entry) for entry in history
        ]


@pytest.mark.parametrize("format", list(formats.FORMATS))
def test_exports_can_be_read_again(data: Path, tmp_path: Path, format: str) -> None:
    paths = [*sorted((data / "claude_code").glob("*.jsonl"))[:4], *sorted((data / "swe_agent").glob("*.traj"))[:4]]
    for path in paths:
        (conversation,) = formats.read(path).conversations
        messages = [turn.message for turn in conversation.path(conversation.tips[0][1])]
        copy = tmp_path / "copy"
        copy.write_text(formats.export(format, messages), encoding="utf-8", newline="")
        (again,) = formats.read(copy).conversations
        assert [id for turn in again.turns for id in turn.message.answers] == [
            id for message in messages for id in message.answers
        ]
