"""checkout, switch and branch: looking, going, coming back."""

from __future__ import annotations

import pytest


@pytest.fixture
def filled(trace):
    for text in ("one", "two", "three"):
        trace("commit", text)
    return trace


def here(trace):
    """The present branch (None on a look), and the subject there."""
    return trace("status", "--json").json["branch"], trace("show", "--json").json["commit"]["subject"]


def test_a_look_and_back_by_name(filled):
    done = filled("checkout", "HEAD~1")
    assert (done.code, here(filled)) == (0, (None, "user: two"))
    assert "trace checkout main" in done.err
    assert filled("materialize", "--as", "text").out.count("one") == 1
    assert filled("checkout", "main").code == 0
    assert here(filled) == ("main", "user: three")


def test_back_with_a_minus_and_there_again(filled):
    filled("checkout", "HEAD~2")
    assert filled("checkout", "-").code == 0
    assert here(filled) == ("main", "user: three")
    assert filled("checkout", "-").code == 0
    assert here(filled) == (None, "user: one")


def test_switch_goes_back_to_a_branch_past_any_look(filled):
    filled("switch", "-c", "side")
    filled("switch", "main")
    filled("checkout", "HEAD~1")
    filled("checkout", "main")
    assert filled("switch", "-").code == 0
    assert here(filled)[0] == "side"


def test_nothing_can_be_changed_while_looking(filled):
    filled("checkout", "HEAD~1")
    before = filled("op", "log", "--json").json
    for words in (("commit", "x"), ("edit", "HEAD", "x"), ("pin", "HEAD"), ("drop", "HEAD"), ("reset", "HEAD~1")):
        done = filled(*words)
        assert done.code == 2, words
        assert "trace switch -c" in done.err
    assert filled("op", "log", "--json").json == before


def test_a_branch_from_what_is_looked_at(filled):
    filled("checkout", "HEAD~1")
    assert filled("switch", "-c", "try-2").code == 0
    filled("commit", "another way")
    assert here(filled) == ("try-2", "user: another way")
    assert filled("switch", "-").code == 0
    assert here(filled) == ("main", "user: three")


def test_json(filled):
    shape = filled("checkout", "HEAD~1", "--json").json
    assert (shape["schema_version"], shape["branch"], shape["commit"]["subject"]) == (1, None, "user: two")
    assert filled("checkout", "main", "--json").json["branch"] == "main"
    shape = filled("switch", "-c", "x", "--json").json
    assert (shape["branch"], shape["created"], len(shape["commit"])) == ("x", True, 40)
    shape = filled("branch", "y", "HEAD~1", "--json").json
    assert shape["branch"]["name"] == "y"
    assert shape["branch"]["commit"] == shape["commit"]["id"]
    assert [(one["name"], one["current"]) for one in filled("branch", "--json").json["branches"]] == [
        ("main", False),
        ("x", True),
        ("y", False),
    ]


@pytest.mark.parametrize("verb", ["checkout", "switch"])
def test_there_is_no_place_before_the_first(filled, verb):
    done = filled(verb, "-")
    assert done.code == 3
    assert "no place before" in done.err


def test_a_new_branch_at_a_revision_is_one_operation(filled):
    assert filled("switch", "-c", "try-2", "HEAD~2").code == 0
    assert here(filled) == ("try-2", "user: one")
    assert filled("undo").code == 0
    assert here(filled) == ("main", "user: three")
    assert [one["name"] for one in filled("branch", "--json").json["branches"]] == ["main"]


def test_switch_to_the_present_branch(filled):
    assert filled("switch", "main").out == "Already on branch main\n"


def test_a_branch_that_has_the_name_already(filled):
    done = filled("branch", "-m", "main", "main")
    assert (done.code, done.out, done.err) == (0, "", "branch main has that name already\n")  # nothing to undo
    assert filled("branch", "-m", "absent", "absent").code == 3


def test_a_branch_before_the_first_commit(trace):
    done = trace("switch", "-c", "start")
    assert (done.code, done.out) == (0, "On new branch start, no commits yet\n")
    trace("commit", "hello")
    assert here(trace)[0] == "start"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("switch", "nowhere"), 3, "no branch 'nowhere'"),
        (("switch", "-c", "main"), 2, "exists already"),
        (("switch", "main", "HEAD~1"), 2, "trace switch -c NAME REV"),
        (("switch",), 2, "missing argument"),
        (("branch", "main"), 2, "exists already"),
        (("branch", "x", "nowhere"), 3, "'nowhere'"),
        (("checkout", "nowhere"), 3, "'nowhere'"),
        (("checkout", "HEAD~9"), 3, "HEAD~9"),
        (("checkout",), 2, "missing argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_is_refused_and_nothing_changed(filled, words, code, said):
    before = filled("op", "log", "--json").json
    done = filled(*words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert filled("op", "log", "--json").json == before
