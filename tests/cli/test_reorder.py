"""``trace reorder``: whole orders, one item, plans, the question before a warning, refusals."""

from __future__ import annotations

import json

import pytest

from trace_git import Repo, llm
from trace_git.testing import FakeLLM

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
TALK = [
    {"role": "user", "content": "Look at the yard."},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "1. a dog 2. a cat"},
    {"role": "user", "content": "Tell me about the second one."},
]


@pytest.fixture
def filled(trace):
    for message in TALK:
        assert trace("commit", "--messages", json.dumps(message)).code == 0
    return trace


@pytest.fixture
def ids(filled) -> list[str]:
    return [item["id"] for item in filled("ls", "--json").json["items"]]


def now(trace) -> list[str]:
    return [item["id"] for item in trace("ls", "--json").json["items"]]


def test_a_plan_says_what_moves_where_and_what_is_wrong_with_it(filled, ids):
    shown = filled("reorder", "move", ids[3], "--before", ids[2], "--dry-run")
    assert shown.code == 0
    head, rows, found, receipt = shown.out.split("\n\n")
    assert head == "Would reorder main"
    assert rows == f"> {ids[3][:8]} user 4 → 2 Tell me about the second one."
    assert f'warning: reference: item {ids[3][:8]} refers to item {ids[2][:8]} ("the second one")' in found
    assert "warning: cache-prefix: " in found
    assert receipt.startswith("tokens: ")
    assert now(filled) == ids


def test_a_plan_as_json(filled, ids):
    plan = filled("reorder", *ids[1:3], ids[0], ids[3], "--dry-run", "--force", "--json").json
    assert (plan["dry_run"], plan["commit"], plan["order"]) == (True, None, [*ids[1:3], ids[0], ids[3]])
    assert [(one["id"], one["from"], one["to"]) for one in plan["changes"]] == [(ids[0], 1, 3)]
    assert [one["kind"] for one in plan["findings"]] == ["first-turn", "cache-prefix"]
    assert {"before", "after", "kept", "breaks_at"} <= plan["receipt"].keys()
    assert plan["sends"] == []


def test_a_script_must_say_yes(filled, ids):
    move = ("reorder", "move", ids[3], "--before", ids[1])
    refused = filled(*move)
    assert (refused.code, refused.out, now(filled)) == (6, "", ids)
    assert "warning: reference: " in refused.err
    assert "--yes" in refused.err
    error = filled(*move, "--json").json["error"]
    assert (error["kind"], error["exit_code"]) == ("UnsafeRewriteError", 6)
    assert {one["kind"] for one in error["findings"]} == {"reference", "cache-prefix"}
    assert error["findings"][0]["items"] == [ids[3], ids[2]]
    done = filled(*move, "--yes", "-m", "The question first")
    assert done.code == 0
    assert done.out.startswith("[main ")
    assert "The question first (" in done.out
    assert "cache: " in done.out
    assert "trace undo" in done.err
    assert now(filled) == [ids[0], ids[3], *ids[1:3]]
    assert filled("op", "log", "--json").json["operations"][0]["verb"] == "reorder"


def test_done_as_json(filled, ids):
    done = filled("reorder", "move", ids[3], "--before", ids[1], "--yes", "--json").json
    assert (done["dry_run"], done["changed"], done["commit"]["op"]) == (False, True, "reorder")
    assert [one["kind"] for one in done["findings"]] == ["reference", "cache-prefix"]
    same = filled("reorder", *now(filled), "--json").json
    assert (same["changed"], same["commit"]["id"]) == (False, done["commit"]["id"])


def test_the_order_that_it_has_asks_nothing(filled, ids):
    same = filled("reorder", *[one[:6] for one in ids])
    assert (same.code, same.out, same.err) == (0, "", "already up to date: nothing changed\n")


def test_an_order_from_a_pipe(filled, ids):
    lines = filled("ls").out.splitlines()
    done = filled("reorder", "-", "--yes", input="\n".join([lines[0], lines[3], *lines[1:3], ""]).encode())
    assert done.code == 0
    assert now(filled) == [ids[0], ids[3], *ids[1:3]]
    bad = filled("reorder", "-", input=b"nothing here\n")
    assert (bad.code, "no id in the line 'nothing here'" in bad.err) == (2, True)


@pytest.mark.parametrize("flags", [(), ("--yes",), ("--force", "--yes"), ("--dry-run",)])
def test_what_tears_a_tool_group_is_never_done(filled, ids, flags):
    torn = filled("reorder", ids[0], ids[2], ids[1], ids[3], *flags)
    assert (torn.code, torn.out, now(filled)) == (6, "", ids)
    assert f"error: result-before-call: item {ids[2]} would come before the call" in torn.err
    lines = torn.err.splitlines()
    assert len({line.replace(ids[2], ids[2][:8]) for line in lines}) == len(lines)  # nothing is said twice


def test_an_order_that_is_not_whole(filled, ids):
    for words, said in [
        (ids[:3], f"missing: {ids[3]}"),
        ([*ids, ids[0]], f"named twice: {ids[0]}"),
        ([*ids, "0badc0de"], "not there: 0badc0de"),
    ]:
        wrong = filled("reorder", *words)
        assert (wrong.code, said in wrong.err) == (2, True)
        assert "hint: `trace ls`" in wrong.err
    assert filled("reorder", *ids, "nosuch").code == 3


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("move",),
        ("move", "ITEM"),
        ("move", "ITEM", "--before", "OTHER", "--after", "OTHER"),
        ("move", "ITEM", "OTHER", "--before", "OTHER"),
        ("ITEM", "--before", "OTHER"),
    ],
)
def test_wrong_usage(filled, ids, words):
    names = {"ITEM": ids[3], "OTHER": ids[0]}
    assert filled("reorder", *[names.get(word, word) for word in words]).code == 2
    assert now(filled) == ids


def test_a_person_is_asked(filled, ids, terminal):
    move = ("reorder", "move", ids[3], "--before", ids[1])
    no = terminal(*move, typed=b"n\n")
    assert no.code == 1
    assert "2 warnings. Go on? [y/N]" in no.out
    assert "the second one" in no.out
    assert "nothing has changed" in no.out
    assert now(filled) == ids
    assert terminal(*move, typed=b"\x04").code == 1
    assert now(filled) == ids
    assert terminal(*move, typed=b"y\n").code == 0
    assert now(filled) == [ids[0], ids[3], *ids[1:3]]


def test_a_judge_is_asked_before_the_person(filled, ids, monkeypatch):
    said = json.dumps({"findings": [{"items": [ids[3]], "confidence": 0.9, "reason": "\x1b[2JIt asks about nothing."}]})
    fake = FakeLLM.answers([said, said])
    real = llm.resolve(fake)
    monkeypatch.setattr("trace_git.ops.asking.asker", lambda handle, given: real if given else None)
    move = ("reorder", "move", ids[3], "--before", ids[1], "--llm", "some/model")
    refused = filled(*move)
    assert refused.code == 6
    assert "warning: meaning: (0.90) " in refused.err
    assert "\x1b" not in refused.err
    assert now(filled) == ids
    assert filled(*move, "--yes").code == 0
    assert len(fake.calls) == 2
    with Repo.open(".trace") as repo:
        assert repo.get("HEAD").trailers["Trace-Prompt"].startswith("order-judge.v1@")


def test_a_dry_run_shows_what_would_be_sent(filled, ids, monkeypatch):
    fake = FakeLLM.answers([])
    real = llm.resolve(fake)
    monkeypatch.setattr("trace_git.ops.asking.asker", lambda handle, given: real if given else None)
    plan = filled("reorder", "move", ids[3], "--before", ids[1], "--dry-run", "--llm", "--json").json
    assert fake.calls == []
    (sent,) = plan["sends"]
    assert [one["role"] for one in sent["messages"]] == ["system", "user"]
    assert plan["findings"][-1]["kind"] == "llm"
