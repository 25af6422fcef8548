"""drop, pin and unpin: several items at once, tool groups, what is there already."""

from __future__ import annotations

import json

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
    return trace("ls", "--json").json["items"]


def operations(trace):
    return trace("op", "log", "--json").json["operations"]


def test_several_items_are_one_operation_and_one_undo(filled):
    before = items(filled)
    done = filled("drop", before[0]["id"], before[3]["id"], "--json")
    assert done.code == 0
    assert [commit["op"] for commit in done.json["commits"]] == ["drop", "drop"]
    assert items(filled) == before[1:3]
    assert operations(filled)[0]["commits"] == 2
    assert filled("undo").code == 0
    assert items(filled) == before


def test_what_went_with_its_tool_group_is_not_looked_for_again(filled):
    before = items(filled)
    done = filled("drop", before[1]["id"], before[2]["id"])
    assert done.code == 0
    assert sum(line.startswith("[main ") for line in done.out.splitlines()) == 1
    assert items(filled) == [before[0], before[3]]


@pytest.mark.parametrize("verb", ["drop", "pin", "unpin"])
def test_nothing_happens_when_one_of_them_is_not_there(filled, verb):
    before, done_before = items(filled), operations(filled)
    done = filled(verb, before[0]["id"], "0000")
    assert (done.code, done.out) == (3, "")
    assert items(filled) == before
    assert operations(filled) == done_before


def test_a_pin_takes_the_tool_group_along(filled):
    assert filled("pin", items(filled)[2]["id"]).code == 0
    assert [item["pinned"] for item in items(filled)] == [False, True, True, False]
    assert filled("unpin", items(filled)[1]["id"]).code == 0
    assert not any(item["pinned"] for item in items(filled))


@pytest.mark.parametrize(("verb", "said"), [("pin", "pinned already"), ("unpin", "not pinned")])
def test_what_is_so_already_changes_nothing(filled, verb, said):
    if verb == "pin":
        filled("pin", "HEAD")
    before = operations(filled)
    item = items(filled)[3]["id"]
    done = filled(verb, item)
    assert (done.code, done.out) == (0, "")
    assert said in done.err
    assert filled(verb, item, "--json").json["commits"] == []
    assert operations(filled) == before


def test_of_two_pins_only_what_is_new_is_a_commit(filled):
    ids = [item["id"] for item in items(filled)]
    filled("pin", ids[0])
    assert len(filled("pin", ids[0], ids[3], ids[3], "--json").json["commits"]) == 1


def test_a_pinned_item_is_not_dropped(filled):
    filled("pin", "HEAD")
    done = filled("drop", items(filled)[3]["id"])
    assert done.code == 6
    assert "trace unpin" in done.err


def test_the_message_of_a_drop(filled):
    assert filled("drop", "HEAD", "-m", "A dead end").code == 0
    assert filled("show", "--json").json["commit"]["subject"] == "A dead end"


@pytest.mark.parametrize("verb", ["drop", "pin", "unpin"])
def test_an_item_has_to_be_named(filled, verb):
    assert filled(verb).code == 2


@pytest.mark.parametrize("verb", ["drop", "pin", "unpin"])
def test_an_empty_trace_has_no_items(trace, verb):
    done = trace(verb, "HEAD")
    assert done.code in (2, 3)
    assert "Traceback" not in done.err
