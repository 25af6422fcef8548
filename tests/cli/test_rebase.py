"""``trace rebase``, ``cherry-pick`` and ``range-diff``: the plan, the question, steps, lists, and what is said."""

from __future__ import annotations

from pathlib import Path

import pytest


def texts(trace, rev="HEAD"):
    return [one["message"]["content"] for one in trace("ls", rev, "--json").json["items"]]


def tip(trace, rev="HEAD"):
    return trace("log", rev, "-n", "1", "--json").json["commits"][0]["id"]


@pytest.fixture
def forked(trace):
    """main: a b e; topic: a b c d, where HEAD is."""
    for text in "ab":
        trace("commit", text)
    trace("switch", "-c", "topic")
    for text in "cd":
        trace("commit", text)
    trace("switch", "main")
    trace("commit", "e")
    trace("switch", "topic")
    return trace


@pytest.fixture
def torn(forked):
    """Both edited the first item."""
    forked("edit", "HEAD~3", "a of topic")
    forked("switch", "main")
    forked("edit", "HEAD~2", "a of main")
    forked("switch", "topic")
    return forked


@pytest.fixture
def editor(tmp_path, monkeypatch):
    """``editor(script)``: an editor that runs a sed script on the list, and keeps what it was shown in ``.shown``."""

    def use(script: str) -> Path:
        shown = tmp_path / "shown"
        program = tmp_path / "editor"
        program.write_text(f'#!/bin/sh\ncp "$1" {shown}\nsed -i -n "{script}" "$1"\n')
        program.chmod(0o755)
        monkeypatch.setenv("TRACE_GIT_EDITOR", str(program))
        return shown

    return use


def test_in_a_script_warnings_need_a_yes(forked):
    before = tip(forked)
    refused = forked("rebase", "main")
    assert refused.code == 6
    assert "--yes" in refused.err
    assert "cache-prefix" in refused.err
    assert tip(forked) == before
    done = forked("rebase", "main", "--yes")
    assert done.code == 0
    assert done.out.startswith("[topic ")
    assert texts(forked) == ["a", "b", "e", "c", "d"]
    assert forked("undo").code == 0
    assert tip(forked) == before


def test_without_warnings_nobody_is_asked(forked):
    forked("switch", "main")
    done = forked("cherry-pick", "topic~1")
    assert done.code == 0
    assert texts(forked) == ["a", "b", "e", "c"]


def test_a_person_is_asked(forked, terminal):
    before = tip(forked)
    assert b"Go on?" in terminal("rebase", "main", typed=b"n\n").data
    assert tip(forked) == before
    assert terminal("rebase", "main", typed=b"y\n").code == 0
    assert texts(forked) == ["a", "b", "e", "c", "d"]


def test_a_dry_run_shows_the_plan_and_changes_nothing(forked):
    before = tip(forked)
    shown = forked("rebase", "main", "--dry-run")
    assert shown.code == 0
    assert shown.out.startswith("Would rebase topic onto main\n")
    assert "cache-prefix" in shown.out
    assert "tokens:" in shown.out
    plan = forked("rebase", "main", "--dry-run", "--json").json
    assert plan["dry_run"]
    assert plan["commit"] is None
    assert len(plan["order"]) == 5
    assert plan["conflicts"] == []
    assert tip(forked) == before


def test_a_dry_run_with_conflicts_lists_them_and_says_no(torn):
    shown = torn("rebase", "main", "--dry-run")
    assert shown.code == 1
    assert "1 conflict" in shown.out
    assert "a of main" in shown.out
    assert [one["kind"] for one in torn("rebase", "main", "--dry-run", "--json").json["conflicts"]] == ["edit"]
    assert not Path(".trace/trace/replay").exists()


def test_a_conflict_is_settled_in_steps(torn):
    before = tip(torn)
    stopped = torn("rebase", "main", "--yes")
    assert stopped.code == 1
    assert "a of topic" in stopped.out
    assert "trace rebase --continue" in stopped.err
    assert tip(torn) == before
    assert "Rebasing topic onto main, stopped at" in torn("status").out
    assert torn("status", "--json").json["replay"]["verb"] == "rebase"
    found = torn("conflicts", "--json").json
    assert found["merge"] is None
    assert found["replay"]["name"] == "main"
    again = torn("rebase", "--continue", "--yes", "--json")
    assert again.code == 1
    assert len(again.json["conflicts"]) == 1
    assert "all settled: trace rebase --continue" in torn("resolve", found["conflicts"][0]["id"], "theirs").err
    unsure = torn("rebase", "--continue")
    assert (unsure.code, "--yes goes on" in unsure.err) == (6, True)
    assert "--dry-run" not in unsure.err  # which --continue does not take
    assert torn("rebase", "--continue", "--yes").code == 0
    assert texts(torn) == ["a of topic", "b", "e", "c", "d"]
    assert torn("status", "--json").json["replay"] is None


def test_skip_and_abort(torn):
    before = tip(torn)
    torn("rebase", "main", "--yes")
    assert torn("rebase", "--abort").out == "The rebase of topic is given up\n"
    assert tip(torn) == before
    torn("rebase", "main", "--yes")
    assert torn("rebase", "--skip", "--yes").code == 0
    assert texts(torn) == ["a of main", "b", "e", "c", "d"]


def test_a_strategy_settles_all(torn):
    assert torn("rebase", "main", "-X", "theirs", "--yes").code == 0
    assert texts(torn)[0] == "a of topic"


@pytest.mark.parametrize(
    "words",
    [["rebase", "main"], ["cherry-pick", "main"], ["merge", "main"], ["rebase", "-i", "main"],
     ["cherry-pick", "--continue"]],
)  # fmt: skip
def test_while_one_is_open_another_is_refused_by_name(torn, words):
    torn("rebase", "main", "--yes")
    refused = torn(*words)
    assert refused.code == 2
    assert "rebase" in refused.err
    assert "--abort" in refused.err


def test_the_list_in_the_editor(forked, editor):
    shown = editor("1{h;d};2{p;x;s/pick/squash/p};")
    assert forked("rebase", "-i", "main", "--yes").code == 0
    assert shown.read_text().startswith("pick ")
    assert "# s, squash COMMIT" in shown.read_text()
    assert texts(forked) == ["a", "b", "e", "d", "c"]
    assert [one["message"] for one in forked("log", "-n", "1", "--json").json["commits"]] == ["user: d\n\nuser: c"]


def test_a_stop_to_edit(forked, editor):
    editor("1s/pick/edit/p;2p")
    stopped = forked("rebase", "-i", "main", "--yes")
    assert stopped.code == 0
    assert "stopped here" in stopped.err
    assert texts(forked) == ["a", "b", "e", "c"]
    assert "1 commit left" in forked("status").out
    forked("edit", "HEAD", "c, better")
    assert forked("rebase", "--continue").code == 0
    assert texts(forked) == ["a", "b", "e", "c, better", "d"]


@pytest.mark.parametrize(("script", "error"), [
    ("s/pick/frob/p", "line 1 of the list: 'frob'"), ("d", "nothing to rebase"),
    ("1s/pick/s/p", "line 1"), ("1p;1p", "line 2"),
])  # fmt: skip
def test_a_wrong_list_changes_nothing(forked, editor, script, error):
    before = tip(forked)
    editor(script)
    refused = forked("rebase", "-i", "main")
    assert refused.code == 2
    assert error in refused.err
    assert tip(forked) == before
    assert not Path(".trace/trace/replay").exists()


def test_onto_and_branch(forked):
    forked("switch", "main")
    assert forked("rebase", "--onto", "main", "topic~1", "topic", "--yes").code == 0
    assert texts(forked, "topic") == ["a", "b", "e", "d"]
    assert forked("status", "--json").json["branch"] == "topic"


def test_what_cannot_be_is_refused_with_a_reason(forked):
    forked("edit", "HEAD", "d, better")
    edited = tip(forked)
    forked("switch", "main")
    refused = forked("cherry-pick", edited)
    assert refused.code == 6
    assert "edit-target" in refused.err
    assert "hint:" in refused.err
    assert forked("cherry-pick", edited, "--force").code == 0
    assert texts(forked) == ["a", "b", "e"]


@pytest.mark.parametrize(("at", "expected"), [("start", "cabe"), ("1", "acbe"), ("end", "abec")])
def test_a_pick_goes_where_it_is_told(forked, at, expected):
    forked("switch", "main")
    assert forked("cherry-pick", "topic~1", "--at", at, "--yes").code == 0
    assert "".join(texts(forked)) == expected


def test_a_pick_goes_before_an_item(forked):
    forked("switch", "main")
    item = forked("ls", "--json").json["items"][1]["id"]
    assert forked("cherry-pick", "topic~2..topic", "--at", item[:6], "--yes").code == 0
    assert "".join(texts(forked)) == "acdbe"


def test_what_is_here_already_is_said(forked):
    forked("switch", "main")
    forked("cherry-pick", "topic")
    again = forked("cherry-pick", "topic")
    assert again.code == 0
    assert "up to date" in again.err
    assert "nothing changed" in again.err
    assert "is here already" in again.err
    onto_itself = forked("rebase", "main")
    assert (onto_itself.code, onto_itself.out) == (0, "")
    assert "up to date" in onto_itself.err


@pytest.mark.parametrize(
    "words",
    [["rebase"], ["cherry-pick"], ["rebase", "--continue", "--abort"], ["rebase", "main", "--skip"],
     ["rebase", "--continue", "--dry-run"], ["range-diff", "topic"], ["range-diff", "a", "b", "c", "d"],
     ["cherry-pick", "topic", "--mainline", "0"]],
)  # fmt: skip
def test_wrong_usage(forked, words):
    assert forked(*words).code == 2


@pytest.mark.parametrize("words", [["rebase", "--continue"], ["rebase", "--abort"], ["cherry-pick", "--skip"]])
def test_nothing_to_go_on_with(forked, words):
    refused = forked(*words)
    assert refused.code == 2
    assert "is open" in refused.err


# -- range-diff ------------------------------------------------------------------------------


def signs(result):
    return [(one["kind"], one["old_number"], one["new_number"]) for one in result.json["commits"]]


def test_range_diff_says_what_became_of_each_commit(forked, editor):
    forked("commit", "f")
    forked("edit", "HEAD", "f, better")
    editor("1p;3p;4p")
    assert forked("rebase", "-i", "main", "--yes", "-X", "theirs").code == 0
    assert signs(forked("range-diff", "main", "topic@{1}", "topic", "--json")) == [
        ("kept", 1, 1), ("dropped", 2, None), ("kept", 3, 2), ("kept", 4, 3),
    ]  # fmt: skip
    shown = forked("range-diff", "main", "topic@{1}", "topic").out.splitlines()
    assert [line.split(" ")[2] for line in shown] == ["=", "<", "=", "="]
    assert forked("range-diff", "main", "topic@{1}", "topic", "--exit-code").code == 1
    assert forked("range-diff", "topic", "topic").code == 0


def test_range_diff_shows_what_changed_in_a_commit(torn):
    torn("rebase", "main", "--yes")
    conflict = torn("conflicts", "--json").json["conflicts"][0]["id"]
    torn("resolve", conflict, "replace", "a of both")
    torn("rebase", "--continue", "--yes")
    for words in (["main", "topic@{1}", "topic"], ["main..topic@{1}", "main..topic"]):
        assert [kind for kind, *_ in signs(torn("range-diff", *words, "--json"))] == ["kept", "kept", "changed"]
    shown = torn("range-diff", "main..topic@{1}", "main..topic").out
    assert "a of [-topic-]{+both+}" in shown
    three = torn("range-diff", "topic@{1}...topic", "--json")
    assert [kind for kind, *_ in signs(three)].count("new") == 2
