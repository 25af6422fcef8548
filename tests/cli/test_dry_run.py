"""--dry-run of what changes the context, and the receipt that a change says of itself."""

from __future__ import annotations

import json
import re

import pytest

CALL = {"id": "c1", "type": "function", "function": {"name": "grep", "arguments": "{}"}}
GROUP = [
    {"role": "user", "content": "Look."},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "found"},
    {"role": "assistant", "content": "It is there."},
]


@pytest.fixture
def filled(trace):
    for message in GROUP:
        assert trace("commit", "--messages", json.dumps(message)).code == 0
    return trace


def items(trace):
    return [one["id"] for one in trace("ls", "--json").json["items"]]


def known(trace):
    return trace("op", "log", "--json").json["operations"], trace("log", "--all", "--json").json["commits"]


COMMANDS = [["edit", "0", "Look there."], ["drop", "0"], ["drop", "0", "2"], ["drop", "1", "2"], ["reset", "HEAD~2"]]


def filled_in(trace, words):
    there = items(trace)
    return [there[int(word)] if word.isdigit() else word for word in words]


@pytest.mark.parametrize("words", COMMANDS)
def test_it_says_what_comes_of_it_and_changes_nothing(filled, words):
    command, before = filled_in(filled, words), known(filled)
    planned, shown = filled(*command, "--dry-run", "--json").json, filled(*command, "--dry-run")
    assert known(filled) == before
    assert (planned["schema_version"], planned["dry_run"], shown.code) == (1, True, 0)
    made = filled(*command, "--json").json
    assert planned["receipt"] == made["receipt"]
    lines = shown.out.splitlines()
    assert lines[0].startswith("Would ")
    assert any(line.startswith("tokens: ") for line in lines)
    assert sum(line.startswith("cache: ") for line in lines) == 1
    gone = [change["id"] for change in planned["changes"] if "removed" in change["kinds"]]
    assert set(items(filled)).isdisjoint(gone)
    assert all(any(one[:8] in line for line in lines) for one in gone)


@pytest.mark.parametrize("words", COMMANDS)
def test_a_change_says_its_receipt_in_one_line(filled, words):
    command = filled_in(filled, words)
    told = filled(*command, "--dry-run", "--json").json["receipt"]
    (line,) = [line for line in filled(*command).out.splitlines() if line.startswith("cache: ")]
    assert f"{told['kept']:,} of ~{told['sent']:,} tokens stay a prefix" in line
    assert told["breaks_at"][:8] in line


def test_what_would_change_nothing_says_so(filled):
    for words in (["edit", items(filled)[0], "Look."], ["reset", "HEAD"]):
        done = filled(*words, "--dry-run")
        assert (done.code, done.out, done.err) == (0, "", "nothing would change\n")


def test_it_is_refused_as_the_command_is(filled):
    first = items(filled)[0]
    filled("pin", first)
    for words in (["edit", first, "x"], ["drop", first], ["drop", first, "0000"], ["reset", "nowhere"]):
        dry, real = filled(*words, "--dry-run"), filled(*words)
        assert dry.code == real.code != 0
        assert (dry.out, dry.err) == ("", real.err)


@pytest.fixture
def put_off(trace):
    """Two conflicts that a merge put off."""
    for word in ("one", "two", "three"):
        trace("commit", word)
    first, second, _ = items(trace)
    trace("switch", "-c", "try")
    trace("edit", first, "uno")
    trace("edit", second, "due")
    trace("switch", "main")
    trace("edit", first, "eins")
    trace("edit", second, "zwei")
    assert trace("merge", "try").code == 1
    return trace


def test_an_answer_to_what_was_put_off(put_off):
    put_off("resolve", "--all", "defer")
    put_off("merge", "--continue")
    before = known(put_off)
    for words in (["--all", "both"], ["--all", "drop"], ["--all", "theirs"]):
        planned = put_off("resolve", *words, "--dry-run", "--json")
        assert (planned.code, known(put_off)) == (0, before)
        made = put_off("resolve", *words, "--json")
        assert planned.json["receipt"]["after"] == made.json["receipt"]["after"]
        assert planned.json["receipt"] == made.json["receipt"]
        put_off("undo")
        before = known(put_off)
    assert "Would resolve in main" in put_off("resolve", items(put_off)[0], "ours", "--dry-run").out


def test_an_answer_in_an_open_merge_has_nothing_to_try(put_off):
    before = put_off("conflicts").out
    done = put_off("resolve", "--all", "ours", "--dry-run")
    assert (done.code, done.out) == (2, "")
    assert "open merge" in done.err
    assert put_off("conflicts").out == before


def test_with_a_model_it_says_the_next_call(trace, tmp_path):
    record = {
        "type": "assistant", "uuid": "2", "parentUuid": "1", "sessionId": "s", "timestamp": "2026-01-01T00:00:01Z",
        "message": {"id": "m", "type": "message", "role": "assistant", "model": "claude-haiku-4-5-20251001",
                    "content": [{"type": "text", "text": "It is there."}],
                    "usage": {"input_tokens": 6000, "output_tokens": 5}},
    }  # fmt: skip
    asked = {"type": "user", "uuid": "1", "parentUuid": None, "sessionId": "s", "timestamp": "2026-01-01T00:00:00Z",
             "message": {"role": "user", "content": "word " * 6000}}  # fmt: skip
    path = tmp_path / "session.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in (asked, record)), encoding="utf-8")
    assert trace("import", str(path)).code == 0
    first, last = items(trace)
    done = trace("edit", last, "There.", "--dry-run")
    call = r"up to ~6,\d{3} of ~6,\d{3} tokens \(100 %\) from the cache of claude-haiku-4-5-20251001"
    rule = r"\(Anthropic: from 4,096 tokens, up to a mark\), less than \$0.0001 (dearer|cheaper)"
    assert re.search(rf"\nnext call: {call} {rule}\nnot known:\n  whether", done.out)
    lost = trace("edit", first, "word " * 5999)
    assert re.search(r"^cache: 0 of .*, next call \$0.00\d\d dearer$", lost.out, re.MULTILINE)
    told = trace("diff", "--json").json["receipt"]
    assert (told["model"], told["cacheable"], told["share"]) == ("claude-haiku-4-5-20251001", 0, 0.0)
    assert told["unknown"]
    assert "nothing from the cache of claude-haiku-4-5-20251001" in trace("diff", "--stat").out


def test_the_name_of_a_model_is_safe_to_show(trace):
    response = {"role": "assistant", "content": "There.", "model": "gpt-4o\x1b[31m"}
    trace("commit", "Where?")
    trace("commit", "--messages", json.dumps(response))
    assert "\x1b" not in trace("edit", "HEAD", "Here.", "--dry-run").out
