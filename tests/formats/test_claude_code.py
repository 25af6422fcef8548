"""What a session file of Claude Code becomes: each trap of the format in a file of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trace_git import formats
from trace_git.errors import InvalidInputError
from trace_git.formats import Conversation
from trace_git.model import ANTHROPIC, Usage

Write = Callable[..., Path]


def line(uuid: str, parent: str | None, content: Any, role: str = "user", **more: Any) -> dict[str, Any]:
    message = {"role": role, "content": content, **more.pop("message", {})}
    return {"type": role, "uuid": uuid, "parentUuid": parent, "isSidechain": False, "message": message, **more}


def said(uuid: str, parent: str | None, *blocks: Any, id: str | None = None, **more: Any) -> dict[str, Any]:
    message = {"id": id or f"msg_{uuid}", "type": "message", "model": "claude-x", **more.pop("message", {})}
    return line(uuid, parent, list(blocks), "assistant", message=message, **more)


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


def call(id: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": "Read", "input": {"b": 1, "a": 2}}


def result(uuid: str, parent: str, *ids: str, words: str = "ok") -> dict[str, Any]:
    return line(uuid, parent, [{"type": "tool_result", "tool_use_id": id, "content": words} for id in ids])


def one(path: Path) -> Conversation:
    (conversation,) = formats.read(path).conversations
    return conversation


def keys(conversation: Conversation) -> dict[str, list[str]]:
    return {name: [turn.key for turn in conversation.path(tip)] for name, tip in conversation.tips}


def test_a_message_written_block_by_block_is_one_turn_with_the_last_usage(jsonl: Write) -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "c2ln+/="}
    path = jsonl(
        line("u", None, "go", timestamp="2026-01-02T03:04:05.500Z"),
        said(
            "a1", "u", thought, id="m", message={"stop_reason": None, "usage": {"input_tokens": 5, "output_tokens": 1}}
        ),
        said(
            "a2",
            "a1",
            call("t1"),
            id="m",
            message={
                "stop_reason": "tool_use",
                "usage": {
                    "input_tokens": 5,
                    "cache_read_input_tokens": 100,
                    "cache_creation_input_tokens": 20,
                    "output_tokens": 9,
                },
            },
        ),
    )
    first, second = one(path).turns
    assert first.timestamp == 1767323045.5
    assert second.message.body == {
        "role": "assistant",
        "content": [thought, call("t1")],
        "id": "m",
        "type": "message",
        "model": "claude-x",
        "stop_reason": "tool_use",
    }
    assert (second.message.model, second.message.fmt) == ("claude-x", ANTHROPIC)
    assert second.usage == Usage(prompt=125, completion=9, cached=100, model="claude-x")
    assert list(second.message.body["content"][1]["input"]) == ["b", "a"]


def test_an_edited_message_is_a_fork_and_the_latest_line_is_main(jsonl: Write) -> None:
    path = jsonl(
        line("u1", None, "go"),
        said("a1", "u1", text("which?")),
        line("u2", "a1", "this"),
        said("a2", "u2", text("no")),
        line("u3", "a1", "that"),
        said("a3", "u3", text("yes")),
    )
    assert keys(one(path)) == {"main": ["u1", "a1", "u3", "a3"], "fork-1": ["u1", "a1", "u2", "a2"]}


def test_results_of_parallel_calls_are_no_fork(jsonl: Write) -> None:
    path = jsonl(
        line("u", None, "go"),
        said("a1", "u", call("t1"), id="m"),
        said("a2", "a1", call("t2"), id="m"),
        said("a3", "a2", call("t3"), id="m"),
        result("r2", "a2", "t2"),
        result("r1", "a1", "t1"),
        said("b", "r1", text("one is missing")),  # written before the last result, hanging on another
        result("r3", "a3", "t3"),
    )
    assert keys(one(path)) == {"main": ["u", "a1", "r2", "r1", "r3", "b"]}


def test_a_message_that_goes_on_below_its_first_result_stays_one_turn(jsonl: Write) -> None:
    path = jsonl(
        line("u", None, "go"),
        said("a1", "u", call("t1"), id="m"),
        result("r1", "a1", "t1"),
        said("a2", "r1", call("t2"), id="m"),
        result("r2", "a2", "t2"),
        said("b", "r2", text("done")),
    )
    conversation = one(path)
    assert keys(conversation) == {"main": ["u", "a1", "r1", "r2", "b"]}
    assert [made.id for made in conversation.turns[1].message.calls] == ["t1", "t2"]


def test_two_results_of_one_call_are_two_branches(jsonl: Write) -> None:
    path = jsonl(
        line("u", None, "go"),
        said("a", "u", call("t1")),
        result("r1", "a", "t1", words="first run"),
        said("b1", "r1", text("hm")),
        result("r2", "a", "t1", words="second run"),
        said("b2", "r2", text("ah")),
    )
    assert keys(one(path)) == {"main": ["u", "a", "r2", "b2"], "fork-1": ["u", "a", "r1", "b1"]}


def test_parents_lead_through_lines_without_a_message(jsonl: Write) -> None:
    path = jsonl(
        {"type": "progress", "uuid": "p0", "parentUuid": None},
        line("u", "p0", "go"),
        {"type": "system", "subtype": "turn_duration", "uuid": "s", "parentUuid": "u"},
        {"type": "attachment", "uuid": "x", "parentUuid": "s"},
        said("a", "x", text("hi")),
        {"type": "summary", "summary": "greetings", "leafUuid": "a"},
    )
    transcript = formats.read(path)
    assert keys(transcript.conversations[0]) == {"main": ["u", "a"]}
    assert transcript.warnings == (
        "left out 4 lines without a message (attachment 1, progress 1, summary 1, system 1)",
    )


def test_a_compaction_follows_its_logical_parent(jsonl: Write) -> None:
    path = jsonl(
        line("u", None, "go"),
        said("a", "u", text("long work")),
        {"type": "system", "subtype": "compact_boundary", "uuid": "c", "parentUuid": None, "logicalParentUuid": "a"},
        line("v", "c", "This session is being continued", isCompactSummary=True),
        said("b", "v", text("on")),
    )
    assert keys(one(path)) == {"main": ["u", "a", "v", "b"]}


@pytest.mark.parametrize("logical", [None, "gone"])
def test_a_compaction_without_parent_follows_the_message_before_it(jsonl: Write, logical: str | None) -> None:
    boundary = {"type": "system", "subtype": "compact_boundary", "uuid": "c", "parentUuid": None}
    path = jsonl(
        line("u", None, "go"),
        said("a", "u", text("work")),
        boundary | {"logicalParentUuid": logical},
        line("v", "c", "continued"),
    )
    transcript = formats.read(path)
    assert keys(transcript.conversations[0]) == {"main": ["u", "a", "v"]}
    told = (*transcript.warnings, *transcript.conversations[0].warnings)
    assert any("follows the message before it" in warning for warning in told)


def test_a_dangling_parent_is_told_and_the_order_of_the_file_holds(jsonl: Write) -> None:
    path = jsonl(line("u", "before-the-file", "go"), said("a", "u", text("hi")), line("v", "lost", "more"))
    conversation = one(path)
    assert keys(conversation) == {"main": ["u", "a", "v"]}
    assert conversation.warnings == (
        "line 1: its parent is not in the file; it begins a conversation",
        "line 3: its parent is not in the file; it follows the message before it",
    )


def test_a_cleared_context_is_a_tree_of_its_own(jsonl: Write) -> None:
    path = jsonl(
        line("u", None, "go"),
        said("a", "u", text("hi")),
        {"type": "progress", "uuid": "p", "parentUuid": None, "data": {"hookName": "SessionStart:clear"}},
        line("v", "p", "anew"),
        said("b", "v", text("hello")),
    )
    assert keys(one(path)) == {"main": ["v", "b"], "earlier-1": ["u", "a"]}


def test_a_file_without_parents_is_read_in_order(jsonl: Write) -> None:
    conversation = one(jsonl(line("u", None, "go"), said("a", None, text("hi")), line("v", None, "more")))
    assert keys(conversation) == {"main": ["u", "a", "v"]}
    assert conversation.warnings == ("the lines name no parents; messages are taken in file order",)


def test_parents_in_a_ring_end_somewhere(jsonl: Write) -> None:
    conversation = one(jsonl(line("u", "a", "go"), said("a", "u", text("hi"))))
    assert {turn.key for turn in conversation.turns} == {"u", "a"}
    assert any("ring" in warning for warning in conversation.warnings)


def test_side_chains_and_sub_agents_are_branches(jsonl: Write) -> None:
    def agent(uuid: str, inner: dict[str, Any]) -> dict[str, Any]:
        inner = {key: inner[key] for key in ("type", "uuid", "message")}
        return {"type": "progress", "uuid": uuid, "parentUuid": "a", "data": {"agentId": "x", "message": inner}}

    path = jsonl(
        line("u", None, "go"),
        said("a", "u", call("t1")),
        line("s1", None, "side", isSidechain=True),
        said("s2", "s1", text("side answer"), isSidechain=True),
        agent("p1", line("g1", None, "look")),
        agent("p2", said("g2", None, call("t2"), id="gm")),
        agent("p3", said("g3", None, call("t3"), id="gm")),
        agent("p4", result("g4", "", "t2")),
        agent("p5", result("g5", "", "t3")),
        result("r", "a", "t1"),
        said("b", "p5", text("done")),
    )
    assert keys(one(path)) == {
        "main": ["u", "a", "r", "b"],
        "sidechain-1": ["s1", "s2"],
        "sidechain-2": ["g1", "g2", "g4", "g5"],
    }


def test_the_file_of_a_sub_agent_has_a_main_line(jsonl: Write) -> None:
    path = jsonl(line("u", None, "look", isSidechain=True), said("a", "u", text("seen"), isSidechain=True))
    assert keys(one(path)) == {"main": ["u", "a"]}


def test_a_repeated_line_counts_once_and_a_grown_one_replaces_its_earlier_self(jsonl: Write) -> None:
    path = jsonl(
        line("u", None, "go"),
        line("u", None, "go"),
        said("a", "u", text("hel"), id="m"),
        said("a", "u", text("hello"), id="m"),
        said("a2", "a", call("t"), id="m"),
        said("a3", "a2", call("t"), id="m"),
    )
    first, second = one(path).turns
    assert first.message.text == "go"
    assert second.message.content == [text("hello"), call("t")]


def test_two_messages_with_one_uuid_are_both_kept(jsonl: Write) -> None:
    conversation = one(jsonl(line("u", None, "one"), line("u", None, "two")))
    assert [turn.message.text for turn in conversation.turns] == ["one", "two"]
    assert any("both are kept" in warning for warning in conversation.warnings)


def test_synthetic_turns_are_kept(jsonl: Write) -> None:
    usage = {"input_tokens": 0, "output_tokens": 0}
    synthetic = said("a", "u", text("API Error"), message={"model": "<synthetic>", "usage": usage})
    turn = one(jsonl(line("u", None, "go"), synthetic)).turns[1]
    assert (turn.message.model, turn.usage) == ("<synthetic>", None)


def test_a_timestamp_without_zone_or_sense_is_none(jsonl: Write) -> None:
    path = jsonl(line("u", None, "go", timestamp="yesterday"), line("v", "u", "on", timestamp="2026-01-02T03:04:05"))
    assert [turn.timestamp for turn in one(path).turns] == [None, None]


def test_several_records_on_one_line(jsonl: Write) -> None:
    path = jsonl(json.dumps(line("u", None, "go")) + " " + json.dumps(said("a", "u", text("hi"))))
    assert keys(one(path)) == {"main": ["u", "a"]}


@pytest.mark.parametrize("indent", [None, 2])
def test_a_whole_json_document(tmp_path: Path, indent: int | None) -> None:
    path = tmp_path / "session.jsonl"
    path.write_text(json.dumps([line("u", None, "go"), said("a", "u", text("hi"))], indent=indent))
    assert keys(one(path)) == {"main": ["u", "a"]}


def test_what_is_no_message_is_named_by_its_line(jsonl: Write) -> None:
    path = jsonl(
        line("u", None, "go"),
        '{"type": "user", "mess',
        42,
        "",
        ["x"],
        {"type": "user", "uuid": "e", "parentUuid": "u", "message": "error"},
        line("f", "e", "what", "human") | {"type": "user"},
        line("g", "f", {"no": "list"}),
        '{"type":"user","uuid":"h","parentUuid":"g","message":{"role":"user","content":[{"type":"x","n":NaN}]}}',
        line("i", "h", [{"n": 2**64}]),
        line("j", "i", "end"),
    )
    transcript = formats.read(path)
    assert keys(transcript.conversations[0]) == {"main": ["u", "j"]}
    assert [warning.split(":")[0] for warning in transcript.warnings] == [
        f"line {n}" for n in (2, 3, 5, 6, 7, 8, 9, 10)
    ]
    assert transcript.warnings[6] == "line 9: content[0].n is nan, which no provider can be sent; left out"


def test_a_first_line_that_is_broken_does_not_hide_the_others(jsonl: Write) -> None:
    path = jsonl('{"type": "user", "uuid": "x", "mess', line("u", None, "go"), said("a", "u", text("hi")))
    transcript = formats.read(path)
    assert keys(transcript.conversations[0]) == {"main": ["u", "a"]}
    assert transcript.warnings[0].startswith("line 1: not JSON")


def test_lone_surrogates_and_bad_bytes_are_replaced_and_told(jsonl: Write) -> None:
    path = jsonl(
        '{"type":"user","uuid":"u","parentUuid":null,"message":{"role":"user","content":"a\\ud83db \\ud83d\\ude00"}}',
        b'{"type":"user","uuid":"v","parentUuid":"u","message":{"role":"user","content":"\xff"}}',
    )
    transcript = formats.read(path)
    assert [turn.message.content for turn in transcript.conversations[0].turns] == ["a\ufffdb \U0001f600", "\ufffd"]
    assert transcript.warnings == (
        "line 1: lone surrogates were replaced by U+FFFD",
        "line 2: bytes that are not UTF-8 were replaced by U+FFFD",
    )


def test_contents_survive_byte_for_byte(jsonl: Write) -> None:
    odd = "a\r\nb\rc\u2028\x85\x00 \ufeff\t\n"
    path = jsonl(line("u", None, odd), said("a", "u", text(odd)))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"}\n", b"}\r\n"))
    assert [turn.message.text for turn in one(path).turns] == [odd, odd]


def test_nesting_without_end_is_left_out(jsonl: Write) -> None:
    deep: Any = "x"
    for _ in range(70):
        deep = [deep]
    path = jsonl(line("u", None, "go"), "[" * 100_000, line("v", "u", [{"x": deep}]))
    transcript = formats.read(path)
    assert len(transcript.conversations[0].turns) == 1
    assert [warning.split(":")[0] for warning in transcript.warnings] == ["line 2", "line 3"]


def test_a_file_without_a_message_is_refused(jsonl: Write) -> None:
    path = jsonl({"type": "summary", "summary": "s", "leafUuid": "x"})
    with pytest.raises(InvalidInputError, match=r"session\.jsonl has no message of a Claude Code session"):
        formats.read(path)


def test_progress_counts_bytes_up_to_the_size_of_the_file(jsonl: Write) -> None:
    path = jsonl(*(line(f"u{n}", f"u{n - 1}" if n else None, "x" * n) for n in range(20)))
    seen: list[tuple[int, int]] = []
    formats.read(path, progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)


def test_long_chains_need_no_deep_stack(jsonl: Write) -> None:
    lines = [line("n0", None, "0"), *(line(f"n{n}", f"n{n - 1}", str(n)) for n in range(1, 5000))]
    (path,) = keys(one(jsonl(*reversed(lines)))).values()
    assert len(path) == 5000
