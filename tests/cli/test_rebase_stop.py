"""``trace rebase -i`` that stopped for an edit, and what is said when it is given up."""

from __future__ import annotations

import pytest


def texts(trace):
    return [one["message"]["content"] for one in trace("ls", "--json").json["items"]]


@pytest.fixture
def stopped(trace, tmp_path, monkeypatch):
    for text in "abcde":
        trace("commit", text)
    program = tmp_path / "editor"
    program.write_text('#!/bin/sh\nsed -i "1s/^pick/edit/" "$1"\n')
    program.chmod(0o755)
    monkeypatch.setenv("TRACE_GIT_EDITOR", str(program))
    assert trace("rebase", "-i", "HEAD~3", "--yes").code == 0
    return trace


def test_a_reset_at_the_stop_is_part_of_it(stopped):
    stopped("reset", "HEAD~1")
    assert "Rebasing main" in stopped("status").out
    assert stopped("rebase", "--continue", "--yes").code == 0
    assert texts(stopped) == ["a", "b", "d", "e"]


def test_abort_after_a_reset_brings_all_of_it_back(stopped):
    stopped("reset", "HEAD~1")
    told = stopped("rebase", "--abort")
    assert texts(stopped) == ["a", "b", "c", "d", "e"]
    assert "main is where it was" in told.out + told.err


def test_abort_says_so_where_the_branch_went_on_without_it(stopped):
    stopped("undo")
    stopped("commit", "f")
    told = stopped("rebase", "--abort")
    assert texts(stopped) == ["a", "b", "c", "d", "e", "f"]
    assert "where it was moved since" in told.out + told.err


@pytest.mark.parametrize("pin", ["with its commit", "in a commit of its own"])
def test_a_pin_that_comes_behind_the_stop_is_not_lost(trace, tmp_path, monkeypatch, pin):
    for text in "abcd":
        trace("commit", text, *(["--pin"] if (text, pin) == ("c", "with its commit") else []))
    if pin == "in a commit of its own":
        trace("pin", "HEAD~1")
    program = tmp_path / "editor"
    program.write_text('#!/bin/sh\nsed -i "1s/^pick/edit/" "$1"\n')
    program.chmod(0o755)
    monkeypatch.setenv("TRACE_GIT_EDITOR", str(program))
    below = "HEAD~3" if pin == "with its commit" else "HEAD~4"
    assert trace("rebase", "-i", below, "--yes").code == 0
    assert texts(trace) == ["a", "b"]
    trace("edit", "HEAD", "B")
    assert trace("rebase", "--continue", "--yes").code == 0
    assert [(one["message"]["content"], one["pinned"]) for one in trace("ls", "--json").json["items"]] == [
        ("a", False), ("B", False), ("c", True), ("d", False),
    ]  # fmt: skip
