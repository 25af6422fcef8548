"""``trace rebase UPSTREAM BRANCH``: another branch than the present one, which is left alone until the plan holds."""

from __future__ import annotations

import pytest


def texts(trace, rev="HEAD"):
    return [one["message"]["content"] for one in trace("ls", rev, "--json").json["items"]]


def branch(trace):
    return trace("status", "--json").json["branch"]


def known(trace):
    return branch(trace), trace("op", "log", "--json").json["operations"]


@pytest.fixture
def forked(trace):
    """main: a b e; topic: a b c d; HEAD is on main."""
    for text in "ab":
        trace("commit", text)
    trace("switch", "-c", "topic")
    for text in "cd":
        trace("commit", text)
    trace("switch", "main")
    trace("commit", "e")
    return trace


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["main", "topic", "--dry-run"], 0),
        (["--onto", "main", "topic~1", "topic", "--dry-run", "--json"], 0),
        (["main", "topic"], 6),
        (["main", "topic", "--json"], 6),
        (["nowhere", "topic", "--yes"], 3),
        (["--onto", "nowhere", "main", "topic", "--yes"], 3),
        (["main", "nowhere", "--yes"], 3),
        (["main", "main~1", "--yes"], 2),
        (["-i", "main", "topic", "--yes"], 3),  # nobody is there to edit a list
    ],
)
def test_what_does_not_rebase_does_not_switch(forked, words, code):
    before = known(forked)
    assert forked("rebase", *words).code == code
    assert known(forked) == before


def test_a_person_who_says_no_stays_where_she_is(forked, terminal):
    before = known(forked)
    assert terminal("rebase", "main", "topic", typed=b"n\n").code == 1
    assert known(forked) == before
    assert terminal("rebase", "main", "topic", typed=b"y\n").code == 0
    assert (branch(forked), texts(forked)) == ("topic", ["a", "b", "e", "c", "d"])


def test_undo_takes_back_the_rebase_before_the_switch(forked):
    assert forked("rebase", "main", "topic", "--yes").code == 0
    assert [one["verb"] for one in forked("op", "log", "-n", "2", "--json").json["operations"]] == ["rebase", "switch"]
    forked("undo")
    assert (branch(forked), texts(forked)) == ("topic", ["a", "b", "c", "d"])


@pytest.mark.parametrize("upstream", ["HEAD", "@", "HEAD~0", "main"])
def test_a_revision_means_what_it_means_from_here(forked, upstream):
    """Git's: the upstream is read before the switch."""
    assert forked("rebase", upstream, "topic", "--yes").code == 0
    assert texts(forked, "topic") == ["a", "b", "e", "c", "d"]


def test_up_to_date_is_on_the_branch_all_the_same(forked):
    done = forked("rebase", "main~1", "topic")
    assert (done.code, done.err) == (0, "already up to date: nothing changed\n")
    assert branch(forked) == "topic"


def test_a_conflict_is_settled_on_the_branch(forked):
    forked("edit", "HEAD~2", "a of main")
    forked("switch", "topic")
    forked("edit", "HEAD~3", "a of topic")
    forked("switch", "main")
    assert forked("rebase", "main", "topic", "--yes").code == 1
    assert branch(forked) == "topic"
    assert forked("resolve", "--all", "theirs").code == 0
    assert forked("rebase", "--continue", "--yes").code == 0
    assert texts(forked) == ["a of topic", "b", "e", "c", "d"]


def test_nothing_to_pick_is_said_in_the_words_that_were_given(forked):
    refused = forked("cherry-pick", "topic..topic")
    assert refused.code == 2
    assert refused.err.startswith("error: 'topic..topic' names no commit\n")


def test_the_share_is_written_as_everywhere(forked):
    assert "(57 %)" in forked("rebase", "main", "topic", "--dry-run").out


@pytest.mark.parametrize(("ends", "code"), [(EOFError, 1), (KeyboardInterrupt, 130)])
def test_no_answer_is_no(forked, monkeypatch, ends, code):
    def ask(*_words):
        raise ends

    before = known(forked)
    monkeypatch.setattr("click.termui.visible_prompt_func", ask)
    monkeypatch.setattr("trace_git.cli.editor.asked", lambda: True)
    assert forked("rebase", "main", "topic").code == code
    assert known(forked) == before
