from __future__ import annotations

import json
import re

import pytest

EDITED = "word by word\nsame\nsame\nother\nother\nother\nother\nother"


@pytest.fixture
def filled(trace):
    trace("commit", "--role", "system", "Be brief.")
    trace("commit", EDITED)
    trace("commit", "--role", "assistant", "It expires.")
    return trace


def ids(trace):
    return [item["id"] for item in trace("ls", "--json").json["items"]]


def test_without_revisions_the_last_commit_and_its_parent(filled):
    lines = filled("diff").out.splitlines()
    assert re.fullmatch(r"diff [0-9a-f]{8}\.\.[0-9a-f]{8}", lines[0])
    assert re.fullmatch(r"\+ [0-9a-f]{8} assistant \+\d+", lines[2])
    assert lines[3] == "+   It expires."
    assert lines[5] == "1 added"
    assert re.fullmatch(r"tokens: \d+ → \d+ \(\+\d+\)", lines[6])
    assert re.fullmatch(r"cache: all \d+ tokens stay a prefix", lines[7])


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (("HEAD~2",), [["added"], ["added"]]),
        (("HEAD", "HEAD~1"), [["removed"]]),
        (("HEAD~2..HEAD~1",), [["added"]]),
        (("HEAD~2..",), [["added"], ["added"]]),
        (("HEAD", "HEAD"), []),
        (("..HEAD~1",), [["removed"]]),
    ],
)
def test_which_two_contexts(filled, words, kinds):
    assert [change["kinds"] for change in filled("diff", "--json", *words).json["changes"]] == kinds


def test_the_words_of_an_edit(filled, shown):
    item = ids(filled)[1]
    assert filled("edit", item, EDITED.replace("by", "after")).code == 0
    out = filled("diff").out
    assert re.search(rf"^~ {item[:8]} user +[+-]\d+ edited$", out, re.MULTILINE)
    assert "    word [-by-]{+after+} word\n" in out
    assert out.count("    same\n") == 2
    assert "    … 5 lines\n" in out
    coloured = shown("diff")
    assert "word \x1b[31mby\x1b[0m\x1b[32mafter\x1b[0m word" in coloured
    assert "[-" not in coloured


def test_the_receipt_says_where_the_prefix_breaks(filled):
    item = ids(filled)[1]
    filled("edit", item, "another question")
    line = filled("diff").out.splitlines()[-1]
    assert re.fullmatch(rf"cache: \d+ of \d+ tokens stay a prefix \(\d+ %\), breaks at item {item[:8]}", line)
    receipt = filled("diff", "--json").json["receipt"]
    assert (receipt["breaks_at"], receipt["kept_items"]) == (item, 1)
    assert receipt["share"] == receipt["kept"] / receipt["after"]


def test_pins_are_shown_as_what_they_are(filled):
    item = ids(filled)[1]
    filled("pin", item)
    assert re.search(rf"^◆ {item[:8]} user +\+0 pinned$", filled("diff").out, re.MULTILINE)
    filled("unpin", item)
    assert re.search(rf"^◇ {item[:8]} user +\+0 unpinned$", filled("diff").out, re.MULTILINE)


def test_stat_is_a_line_an_item(filled):
    lines = filled("diff", "HEAD~2", "--stat").out.splitlines()
    assert re.fullmatch(r"\+ [0-9a-f]{8} user +\+\d+ word by word same same.*", lines[2])
    assert re.fullmatch(r"\+ [0-9a-f]{8} assistant +\+\d+ It expires\.", lines[3])
    assert lines[5] == "2 added"
    assert set(filled("diff", "--stat", "--json").json["changes"][0]) == {"id", "role", "kinds", "tokens", "exact"}


def test_an_estimate_is_marked_as_one(filled):
    call = {"id": "a", "type": "function", "function": {"name": "grep", "arguments": "{}"}}
    filled("commit", "--messages", json.dumps({"role": "assistant", "content": None, "tool_calls": [call]}))
    lines = filled("diff").out.splitlines()
    assert re.fullmatch(r"\+ [0-9a-f]{8} assistant ~\+\d+", lines[2])
    assert re.fullmatch(r"tokens: \d+ → ~\d+ \(~\+\d+\)", lines[-2])
    assert re.fullmatch(r"cache: all \d+ tokens stay a prefix", lines[-1])
    assert [change["exact"] for change in filled("diff", "HEAD~2", "--json").json["changes"]] == [True, False]
    assert filled("diff", "HEAD", "HEAD~1").out.splitlines()[-1].startswith("cache: ~")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("diff",), 0),
        (("diff", "--exit-code"), 1),
        (("diff", "--quiet"), 1),
        (("diff", "--exit-code", "--json"), 1),
        (("diff", "HEAD", "HEAD", "--exit-code"), 0),
        (("diff", "HEAD", "HEAD", "--quiet"), 0),
    ],
)
def test_exit_codes(filled, words, code):
    done = filled(*words)
    assert done.code == code
    if "--quiet" in words:
        assert done.out == done.err == ""


def test_nothing_differs_is_said(filled):
    done = filled("diff", "HEAD", "HEAD")
    assert (done.code, done.out, done.err) == (0, "", "nothing differs\n")


@pytest.mark.parametrize(
    ("words", "code"),
    [(("a", "b", "c"), 2), (("HEAD~2...HEAD",), 2), (("nope",), 3), (("HEAD..nope",), 3), (("HEAD~999999",), 3)],
)
def test_bad_revisions(filled, words, code):
    done = filled("diff", *words)
    assert done.code == code
    assert done.out == ""
    assert done.err.startswith("error: ")


def test_an_empty_trace(trace):
    done = trace("diff")
    assert done.code in (0, 3)
    assert "no commits yet" in done.err
    assert done.out == ""


def test_the_first_commit_is_compared_with_nothing(trace):
    trace("commit", "hello")
    lines = trace("diff").out.splitlines()
    assert lines[0].startswith("diff (nothing)..")
    assert lines[-1] == "cache: there was nothing to keep"


def test_a_change_that_is_not_in_the_text_is_named(trace):
    trace("commit", "--messages", input=b'{"role": "user", "content": "hi", "name": "ann"}')
    trace("edit", ids(trace)[0], "--messages", '{"role": "user", "content": "hi", "name": "bob"}')
    assert "    the text is the same, other fields differ: name" in trace("diff").out


def test_line_ends_are_no_noise(trace):
    trace("commit", "--messages", input=b'{"role": "user", "content": "one\\r\\ntwo\\r\\nthree"}')
    trace("edit", ids(trace)[0], "--messages", '{"role": "user", "content": "one\\r\\ntwo\\r\\nfour"}')
    assert "\n    one\n    two\n    [-three-]{+four+}\n" in trace("diff").out


def test_as_it_was_after_an_operation(filled):
    now = filled("diff", "HEAD~1", "HEAD", "--json").json
    filled("commit", "more")
    assert filled("diff", "--at-op", "3", "--json").json == now
