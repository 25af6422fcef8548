"""``trace rebase -i``: what the plan and ``trace conflicts`` say of a list that stops for an edit."""

from __future__ import annotations

import pytest


@pytest.fixture
def forked(trace, monkeypatch):
    """main: a e; topic: a c d, where HEAD is. The editor says edit for the first commit."""
    trace("commit", "a")
    trace("switch", "-c", "topic")
    for text in "cd":
        trace("commit", text)
    trace("switch", "main")
    trace("commit", "e")
    trace("switch", "topic")
    monkeypatch.setenv("TRACE_GIT_EDITOR", "sed -i '1s/^pick/edit/'")
    return trace


def test_a_dry_run_takes_an_edit_for_a_pick(forked):
    before = forked("op", "log", "--json").json["operations"]
    plain = forked("rebase", "main", "--dry-run")
    planned = forked("rebase", "-i", "main", "--dry-run")
    assert (planned.code, planned.out) == (plain.code, plain.out)
    assert len(forked("rebase", "-i", "main", "--dry-run", "--json").json["order"]) == 4
    assert forked("op", "log", "--json").json["operations"] == before


def test_the_text_of_a_commit_may_begin_like_a_command(forked, monkeypatch):
    forked("commit", "edit this", "-m", "edit this")
    monkeypatch.setenv("TRACE_GIT_EDITOR", "sed -i '1s/^pick/  e/;2d'")
    planned = forked("rebase", "-i", "main", "--dry-run")
    assert planned.code == 0
    assert "note: dropped:" in planned.out


def test_no_conflicts_where_it_stopped_for_an_edit(forked):
    assert forked("rebase", "-i", "main", "--yes").code == 0
    shown = forked("conflicts")
    assert shown.code == 0
    assert shown.out.endswith(": no conflicts\n")
    assert forked("rebase", "--abort").code == 0
