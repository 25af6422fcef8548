from __future__ import annotations

import json
import re

import pytest

from trace_git import Repo


@pytest.fixture
def filled(trace):
    trace("commit", "--role", "system", "Be brief.")
    trace("commit", "Why does login fail?")
    return trace


def plain(text):
    return re.sub(r"\x1b\[\d*m", "", text)


def test_branch_items_tokens_and_bar(filled):
    done = filled("status")
    lines = done.out.splitlines()
    assert done.code == 0
    assert re.fullmatch(r"On branch main at [0-9a-f]{8}", lines[0])
    assert lines[2] == "Items:    2"
    assert re.fullmatch(r"Tokens:   \d+, counted with o200k_base", lines[3])
    assert lines[4] == "Budget:   none, `trace config budget TOKENS` sets one"
    assert re.fullmatch(r"\[s+u+\]", lines[6])
    assert re.fullmatch(r"s system \d+   u user \d+", lines[7])


def test_the_budget_leaves_room_in_the_bar(filled, monkeypatch):
    lines = filled("status", "--budget", "1000").out.splitlines()
    assert re.fullmatch(r"Tokens:   \d+ of 1,000 \(\d+ %\), counted with o200k_base", lines[3])
    assert lines[4] == "Budget:   1,000, as given"
    assert re.fullmatch(r"\[s*u*\.{50,}\]", lines[6])
    assert re.search(r"   \. free 9\d\d$", lines[7])
    monkeypatch.setenv("TRACE_GIT_BUDGET", "1000")
    assert filled("status").out.splitlines() == lines


def test_a_budget_that_is_kept_and_one_that_the_model_brings(filled):
    message = {"role": "assistant", "content": "hi"}
    response = {
        "object": "chat.completion",
        "model": "gpt-4o",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 2, "total_tokens": 22},
    }
    filled("commit", "--messages", input=json.dumps(response).encode())
    assert "Budget:   128,000, the window of gpt-4o\n" in filled("status").out
    assert filled("config", "budget", "5000").code == 0
    assert "Budget:   5,000, from `trace config budget`\n" in filled("status").out
    assert filled("status", "--json").json["budget_from"] == "config"


def test_what_an_api_reported_stands_apart_from_what_was_counted(filled):
    message = {"role": "assistant", "content": "hi"}
    response = {
        "object": "chat.completion",
        "model": "unheard-of",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 500, "completion_tokens": 2, "total_tokens": 502},
    }
    filled("commit", "--messages", input=json.dumps(response).encode())
    lines = filled("status", "--budget", "1000").out.splitlines()
    assert re.fullmatch(r"Tokens:   \d+ of 1,000 \(\d %\), counted with o200k_base", lines[3])
    assert re.fullmatch(r"Reported: ~?5\d\d of 1,000 \(5\d %\), by the API.*", lines[4])


def test_above_the_budget_the_bar_is_full_and_the_number_red(filled, shown):
    lines = filled("status", "--budget", "3").out.splitlines()
    assert re.search(r"of 3 \(\d{3,} %\)", lines[3])
    assert "." not in lines[6]
    assert "\x1b[31m" in shown("status", "--budget", "3")


@pytest.mark.parametrize("budget", ["0", "-1", "x"])
def test_a_budget_is_a_number_of_tokens(filled, budget):
    assert filled("status", "--budget", budget).code == 2


def test_tool_definitions_come_beside_the_context(filled):
    with Repo.open(".trace") as repo:
        before = repo.status().tokens
        repo.set_tools([{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}])
        assert repo.status().tokens == before
        tools = repo.status().tools
    assert (tools > 7, tools.exact) == (True, False)
    assert f"Tools:    ~{tools} more, for their definitions\n" in filled("status").out
    assert filled("status", "--json").json["tools"] == tools


def test_json(filled):
    shape = filled("status", "--json", "--budget", "1000").json
    assert shape["schema_version"] == 1
    assert shape["branch"] == "main"
    assert shape["items"] == 2
    assert (shape["budget"], shape["budget_from"]) == (1000, "given")
    assert set(shape["roles"]) == {"system", "user"}
    assert shape["tokens"] >= sum(shape["roles"].values())
    assert shape["exact"] is True
    assert shape["reported"] is shape["reported_exact"] is None
    assert shape["warnings"] == []


def test_an_empty_trace(trace):
    done = trace("status")
    assert done.code == 0
    assert done.out.startswith("On branch main, no commits yet\n\nItems:    0\n")


def test_a_look_at_a_commit_is_on_no_branch(filled):
    assert filled("checkout", "HEAD~1").code == 0
    assert re.match(r"Looking at [0-9a-f]{8}, on no branch\n", filled("status").out)
    assert filled("status", "--json").json["branch"] is None


def test_as_it_was_after_an_operation(filled):
    assert filled("status", "--at-op", "1", "--json").json["items"] == 1


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ('{"role": "tool", "tool_call_id": "lost", "content": "42"}', "lost"),
        (
            '[{"role": "assistant", "content": null, "tool_calls": [{"id": "a", "type": "function",'
            ' "function": {"name": "grep", "arguments": "{}"}}]}, {"role": "user", "content": "well?"}]',
            "grep",
        ),
    ],
    ids=["orphan result", "open call"],
)
def test_a_broken_tool_group_is_warned_about(trace, messages, said):
    trace("commit", "--messages", input=messages.encode())
    done = trace("status")
    assert done.code == 0
    assert any(line.startswith("warning: ") and said in line for line in done.out.splitlines())
    assert trace("status", "--json").json["warnings"]


def test_colours_blocks_and_width_follow_the_terminal(filled, terminal):
    text = terminal("status", "--budget", "100", env={"COLUMNS": "60"}).out
    assert "\x1b[35m█" in text
    (bar,) = [line for line in plain(text).splitlines() if line.startswith("█")]
    assert len(bar) == 60
    assert bar.endswith("░")


def test_the_legend_breaks_where_the_terminal_ends(filled, shown):
    lines = shown("status", colour=False, width=20).splitlines()
    assert all(len(line) <= 20 for line in lines if re.match(r"\[|[su] ", line))


@pytest.mark.parametrize("width", [80, 20])
def test_the_grid_is_ten_by_ten_with_a_legend(filled, shown, width):
    lines = shown("status", "--grid", "--budget", "100", colour=False, width=width).splitlines()
    rows = [line[:19] for line in lines if re.match(r"([su.] ){9}[su.]", line)]
    assert len(rows) == 10
    cells = "".join(rows).replace(" ", "")
    tokens = filled("status", "--json").json["roles"]
    assert cells.count("s") == pytest.approx(tokens["system"], abs=2)
    assert cells.count("u") == pytest.approx(tokens["user"], abs=2)
    assert re.search(r"s system +\d+ +\d+\.\d %", "\n".join(lines))
    assert len(cells) == 100


def test_the_shares_of_the_grid_are_of_the_budget(filled):
    lines = filled("status", "--grid", "--budget", "50").out.splitlines()
    shares = {found[1]: (int(found[2]), float(found[3])) for line in lines
              if (found := re.search(r" (\w+) +(\d+) +([\d.]+) %", line))}  # fmt: skip
    assert set(shares) == {"system", "user", "free"}
    assert all(share == 2 * tokens for tokens, share in shares.values())
