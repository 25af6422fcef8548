from __future__ import annotations

import re
from itertools import pairwise

import pytest


@pytest.fixture
def filled(trace):
    trace("commit", "--role", "system", "Be brief.")
    trace("commit", "Why does login fail?")
    trace("commit", "--role", "assistant", "The token expires too early.")
    return trace


def test_each_line_says_id_verb_role_tokens_total_refs_subject(filled):
    lines = filled("log").out.splitlines()
    counts = r"+\+\d+ +\d+"
    assert re.fullmatch(rf"[0-9a-f]{{8}} append assistant {counts} \(HEAD -> main\) The token expires .*", lines[0])
    assert re.fullmatch(rf"[0-9a-f]{{8}} append user {counts} Why does login fail\?", lines[1])
    assert len(lines) == 3


def test_the_totals_add_up(filled):
    commits = filled("log", "--json").json["commits"]
    assert commits[-1]["context_tokens"] == commits[-1]["tokens"]
    for later, earlier in pairwise(commits):
        assert later["context_tokens"] == earlier["context_tokens"] + later["tokens"]


def test_oneline_is_short(filled):
    first = filled("log", "--oneline").out.splitlines()[0]
    assert re.fullmatch(r"[0-9a-f]{8} \(HEAD -> main\) assistant: The token expires too early\.", first)


@pytest.mark.parametrize(("limit", "lines"), [("0", 0), ("2", 2), ("9", 3)])
def test_limit(filled, limit, lines):
    assert len(filled("log", "-n", limit).out.splitlines()) == lines
    assert len(filled("log", "--json", "-n", limit).json["commits"]) == lines


def test_from_a_revision(filled):
    assert len(filled("log", "HEAD~1").out.splitlines()) == 2


def test_json_names_everything(filled):
    shape = filled("log", "--json", "-n", "1").json
    assert shape["schema_version"] == 1
    (commit,) = shape["commits"]
    assert set(commit) == {
        "id", "short_id", "parents", "op", "subject", "message", "author", "timestamp", "tokens", "exact", "counter",
        "context_tokens", "usage", "refs",
    }  # fmt: skip
    assert commit["refs"] == ["HEAD -> main"]
    assert commit["author"] == {"name": "assistant", "email": "assistant@trace"}


def test_an_empty_trace_says_so(trace):
    done = trace("log")
    assert (done.code, done.out, done.err) == (0, "", "no commits yet\n")
    assert trace("log", "--json").json == {"schema_version": 1, "commits": []}


@pytest.mark.parametrize("rev", ["nope", "HEAD~999999", "deadbeef"])
def test_an_unknown_revision_is_not_found(filled, rev):
    done = filled("log", rev)
    assert done.code == 3
    assert done.out == ""
    assert rev in done.err


def test_estimates_are_marked(trace):
    call = '{"role": "assistant", "content": null, "tool_calls": [{"id": "a", "type": "function", "function": '
    trace("commit", "--messages", call + '{"name": "f", "arguments": "{}"}}]}')
    assert re.search(r"~\+\d+ ~\d+", trace("log").out)


def test_on_a_terminal_lines_fit_and_are_coloured(filled, terminal):
    filled("commit", "word " * 40)
    filled("commit", "漢字" * 40)
    shown = terminal("log").out
    assert "\x1b[33m" in shown
    plain = re.sub(r"\x1b\[\d*m", "", shown)
    assert all(len(line) <= 80 for line in plain.splitlines())
    assert "…" in plain
