from __future__ import annotations

import re

import pytest


@pytest.fixture
def filled(trace):
    trace("commit", "--role", "system", "Be brief.")
    trace("commit", "Why does login fail?")
    return trace


def test_branch_items_tokens_and_bar(filled):
    done = filled("status")
    lines = done.out.splitlines()
    assert done.code == 0
    assert re.fullmatch(r"On branch main at [0-9a-f]{8}", lines[0])
    assert re.fullmatch(r"2 items, \d+ tokens", lines[1])
    assert re.fullmatch(r"\[s+u+\]", lines[3])
    assert re.fullmatch(r"s system \d+  u user \d+", lines[4])


def test_the_budget_leaves_room_in_the_bar(filled, monkeypatch):
    lines = filled("status", "--budget", "1000").out.splitlines()
    assert re.fullmatch(r"2 items, \d+ of 1,000 tokens \(\d+%\)", lines[1])
    assert re.fullmatch(r"\[s*u*\.{50,}\]", lines[3])
    monkeypatch.setenv("TRACE_GIT_BUDGET", "1000")
    assert filled("status").out.splitlines() == lines


def test_above_the_budget_the_bar_is_full(filled):
    lines = filled("status", "--budget", "3").out.splitlines()
    assert re.search(r"of 3 tokens \(\d{3,}%\)", lines[1])
    assert "." not in lines[3]


@pytest.mark.parametrize("budget", ["0", "-1", "x"])
def test_a_budget_is_a_number_of_tokens(filled, budget):
    assert filled("status", "--budget", budget).code == 2


def test_json(filled):
    shape = filled("status", "--json", "--budget", "1000").json
    assert shape["schema_version"] == 1
    assert shape["branch"] == "main"
    assert shape["items"] == 2
    assert shape["budget"] == 1000
    assert set(shape["roles"]) == {"system", "user"}
    assert shape["tokens"] >= sum(shape["roles"].values())
    assert shape["exact"] is True
    assert shape["warnings"] == []


def test_an_empty_trace(trace):
    done = trace("status")
    assert done.code == 0
    assert done.out.startswith("On branch main, no commits yet\n0 items, ")


def test_a_result_without_its_call_is_warned_about(trace):
    trace("commit", "--messages", '{"role": "tool", "tool_call_id": "lost", "content": "42"}')
    done = trace("status")
    assert done.code == 0
    assert "warning: " in done.out
    assert "lost" in done.out
    assert trace("status", "--json").json["warnings"]


def test_colours_blocks_and_width_follow_the_terminal(filled, terminal):
    shown = terminal("status", env={"COLUMNS": "60"}).out
    assert "\x1b[35m█" in shown
    bar = next(line for line in re.sub(r"\x1b\[\d*m", "", shown).splitlines() if line.startswith("["))
    assert len(bar) == 60
