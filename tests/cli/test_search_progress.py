"""The bar of a first question, which reads the whole history; and what is said of a range or an item that is not."""

from __future__ import annotations

import pytest

from trace_git.cli import progress


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(progress, "_PATIENCE", -1.0)
    monkeypatch.setattr(progress, "_PAUSE", 0.0)


@pytest.mark.parametrize("words", [
    ("search", "message"), ("search", "message", "--all-agents"), ("who", "message"), ("blame", "HEAD"),
])  # fmt: skip
def test_what_reads_a_history_for_the_first_time_shows_a_bar(trace, monkeypatch, impatient, words):
    for number in range(3):
        trace("commit", f"message {number}")
    drawn: list[tuple[int, int]] = []
    monkeypatch.setattr(progress.Progress, "_draw", lambda self, total: None)
    monkeypatch.setattr(progress.screen, "on_terminal", lambda stream=None: False)
    told = progress.Progress.__call__
    monkeypatch.setattr(
        progress.Progress,
        "__call__",
        lambda self, done, total: (drawn.append((done, total)), told(self, done, total))[1],
    )
    assert trace(*words).code == 0
    commits = [(0, 1), (0, 2), (0, 3), (1, 3), (2, 3), (3, 3)]
    messages = [] if words[0] == "blame" else [(1, 3), (2, 3), (3, 3)]
    assert drawn == commits + messages
    drawn.clear()
    assert trace(*words).code == 0
    assert drawn == []


def test_on_a_pipe_there_is_no_bar(trace, impatient):
    trace("commit", "message")
    assert trace("search", "message").err == ""


@pytest.mark.parametrize(("word", "error"), [
    ("HEAD~40", "the history ends"),
    ("agents/nobody", "unknown revision"),
    ("agents/child", "brought no item"),
    ("agents/child~0", "brought no item"),
])  # fmt: skip
def test_blame_of_a_commit_that_cannot_be_says_why(trace, word, error):
    trace("commit", "message")
    trace("spawn", "child")
    done = trace("blame", word)
    assert (done.code, done.out) == (3, "")
    assert error in done.err


def test_blame_of_what_another_agent_said_says_so_in_words(trace):
    trace("commit", "message")
    trace("spawn", "child")
    trace("--agent", "child", "commit", "elsewhere")
    done = trace("blame", "agents/child")
    assert done.code == 3
    assert "brought is not in this history" in done.err


def test_an_agent_that_is_gone_can_be_asked_what_it_knew(trace):
    trace("commit", "message")
    trace("spawn", "child")
    trace("--agent", "child", "commit", "elsewhere")
    trace("agents", "--delete", "child", "--force")
    assert "elsewhere" in trace("knew", "child").out
    assert "elsewhere" in trace("knew", "child", "--not", "").out


def test_a_slash_in_the_name_of_an_agent_is_no_trace(trace):
    trace("commit", "message")
    done = trace("search", "message", "--agent", "a/b")
    assert done.code == 3
    assert "no agent 'a/b'" in done.err
