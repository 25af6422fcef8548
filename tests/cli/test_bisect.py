"""``trace bisect``, as git has it."""

from __future__ import annotations

import pytest


@pytest.fixture
def numbers(trace):
    for number in range(10):
        trace("commit", f"message {number}")
    return trace


def test_by_hand(numbers):
    assert "waiting for a bad and a good commit" in numbers("bisect", "start").err
    assert "waiting for a good commit" in numbers("bisect", "bad").err
    assert "message 5" in numbers("bisect", "good", "HEAD~8").out
    assert "Looking at" in numbers("status").out
    assert "message 7" in numbers("bisect", "good").out
    assert "message 6" in numbers("bisect", "bad").out
    done = numbers("bisect", "bad").out
    assert "message 6" in done
    assert done.endswith("is the first bad commit\n")
    log = numbers("bisect", "log").out
    assert log.startswith("trace bisect start ")
    assert log.count("\n") == 4
    assert "On branch main" in numbers("bisect", "reset").out
    assert "On branch main" in numbers("status").out


def test_what_the_log_says_tells_it_again(numbers):
    numbers("bisect", "start", "HEAD", "HEAD~9")
    numbers("bisect", "good")
    numbers("bisect", "skip")
    before = numbers("bisect", "log", "--json").json
    lines = numbers("bisect", "log").out.splitlines()
    numbers("bisect", "reset")
    for line in lines:
        assert numbers(*line.split()[1:]).code == 0
    assert numbers("bisect", "log", "--json").json == before


@pytest.mark.parametrize("way", ["stdin", "file", "script"])
@pytest.mark.parametrize("items", [(), ("--items",)])
def test_a_program_is_asked(numbers, here, way, items):
    numbers("bisect", "start", "HEAD", "HEAD~9", *items)
    count = f"echo x >> {here}/count; "
    words = {
        "stdin": ("sh", "-c", count + "! grep -q 'message 6'"),
        "file": ("sh", "-c", count + '! grep -q "message 6" "$1"', "sh", "{}"),
        "script": ("./check",),
    }[way]
    (here / "check").write_text(f"#!/bin/sh\n{count}! grep -q 'message 6'\n")
    (here / "check").chmod(0o755)
    done = numbers("bisect", "run", "--json", *words).json["bisect"]
    assert done["done"]
    assert len(done["found"]) == 1
    assert "message 6" in numbers("show", done["found"][0]).out
    assert len((here / "count").read_text().split()) <= 4
    assert numbers("bisect", "reset").code == 0


def test_exit_codes_as_git_has_them(numbers):
    numbers("bisect", "start", "HEAD", "HEAD~3")
    before = numbers("bisect", "log").out
    done = numbers("bisect", "run", "sh", "-c", "exit 128")
    assert (done.code, done.out) == (2, "")
    assert "exit code 128" in done.err
    assert numbers("bisect", "run", "sh", "-c", "kill -9 $$").code == 2
    assert numbers("bisect", "run", "no-such-program").code == 3
    assert numbers("bisect", "log").out == before
    done = numbers("bisect", "run", "sh", "-c", "exit 125")
    assert done.code == 1
    assert "one of these" in done.out
    assert numbers("bisect", "run").code == 2


def test_what_is_asked_about_is_shown(numbers):
    numbers("bisect", "start", "HEAD", "HEAD~9", "--items")
    assert '"message 4"' in numbers("bisect", "show").out
    assert '"message 5"' not in numbers("bisect", "show").out


def test_refusals(numbers):
    for words in (("good",), ("log",), ("reset",), ("show",), ("run", "true")):
        done = numbers("bisect", *words)
        assert (done.code, done.out) == (2, "")
        assert "no bisect is open" in done.err
    assert numbers("bisect", "start", "HEAD~3", "HEAD").code == 2
    assert numbers("bisect", "start", "nobody").code == 3
    numbers("bisect", "start", "HEAD", "HEAD~3")
    numbers("bisect", "good")
    numbers("bisect", "good")
    done = numbers("bisect", "good", "HEAD")
    assert done.code in (0, 2)


def test_an_empty_trace(trace):
    done = trace("bisect", "start")
    assert done.code == 2
    assert "no commits yet" in done.err
