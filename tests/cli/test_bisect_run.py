"""``trace bisect run``: what a shell says of a program that cannot be run is no answer; contradictions are refused."""

from __future__ import annotations

import pytest


@pytest.fixture
def numbers(trace):
    for number in range(10):
        trace("commit", f"message {number}")
    return trace


@pytest.mark.parametrize("items", [(), ("--items",)])
@pytest.mark.parametrize(("words", "code"), [
    (("sh", "-c", "exit 127"), 127), (("sh", "-c", "exit 126"), 126), (("no-such-program | cat; exit 127",), 127),
])  # fmt: skip
def test_a_program_that_cannot_be_run_is_not_an_answer(numbers, items, words, code):
    numbers("bisect", "start", "HEAD", "HEAD~9", *items)
    before = numbers("bisect", "log").out
    done = numbers("bisect", "run", *words)
    assert (done.code, done.out) == (2, "")
    assert f"exit code {code} at a good commit too" in done.err
    assert numbers("bisect", "log").out == before


def test_one_that_says_126_of_bad_commits_alone_is_believed(numbers):
    numbers("bisect", "start", "HEAD", "HEAD~9")
    done = numbers("bisect", "run", "sh", "-c", "grep -q 'message 3' && exit 126; exit 0")
    assert "message 3" in done.out
    assert done.out.endswith("is the first bad commit\n")


def test_a_program_that_is_no_program(numbers, here):
    (here / "check").write_text("#!/bin/sh\nexit 0\n")  # nobody may run it
    numbers("bisect", "start", "HEAD", "HEAD~9")
    assert numbers("bisect", "run", "./check").code in (2, 3)
    assert numbers("bisect", "log").out.count("\n") == 1


def test_bad_about_what_is_known_to_be_good_is_refused(numbers):
    numbers("bisect", "start", "HEAD", "HEAD~5")
    before = numbers("bisect", "log").out
    for rev in ("main~5", "main~8"):
        done = numbers("bisect", "bad", rev)
        assert (done.code, done.out) == (2, "")
        assert "it cannot be bad" in done.err
    assert numbers("bisect", "log").out == before


def test_an_answer_about_where_one_went_oneself_is_held_against_the_rest(numbers):
    numbers("bisect", "start", "HEAD~3", "HEAD~9")
    before = numbers("bisect", "log").out
    numbers("switch", "main")
    done = numbers("bisect", "bad")
    assert done.code == 2
    assert "HEAD is not behind" in done.err
    assert numbers("bisect", "log").out == before


def test_bad_about_an_item_of_the_good_context_is_refused(numbers):
    numbers("bisect", "start", "HEAD", "HEAD~5", "--items")
    item = numbers("ls", "--json").json["items"][0]["id"]
    done = numbers("bisect", "bad", item)
    assert done.code == 2
    assert "in the good context too" in done.err
