"""Errors become one line, a hint and an exit code, at one place."""

from __future__ import annotations

import json

import pytest

from trace_git import errors
from trace_git.cli import app, exits


def kinds(kind):
    return {kind, *(deeper for one in kind.__subclasses__() for deeper in kinds(one))}


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.ConflictError, 1),
        (errors.MergeConflictError, 1),
        (errors.InvalidInputError, 2),
        (errors.AmbiguousRevisionError, 2),
        (errors.StateError, 2),
        (errors.NotFoundError, 3),
        (errors.LockedError, 4),
        (errors.CorruptTraceError, 5),
        (errors.RefusedError, 6),
        (errors.UnsafeRewriteError, 6),
        (errors.BudgetError, 6),
        (errors.StorageError, 7),
        (errors.LLMError, 8),
    ],
)
def test_exit_codes(kind, code):
    assert exits.code_of(kind("x")) == code


def test_every_error_has_an_exit_code():
    assert all(exits.code_of(kind("x")) != exits.BUG for kind in kinds(errors.TraceError) - {errors.TraceError})


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        (("lgo",), "unknown command 'lgo'", "did you mean log?"),
        (("comit", "x"), "unknown command 'comit'", "did you mean commit?"),
        (("zzz",), "unknown command 'zzz'", "`trace --help`"),
        (("op", "lgo"), "unknown command 'lgo'", "did you mean log?"),
        (("op", "zzz"), "unknown command 'zzz'", "`trace op --help`"),
        (("log", "--onelin"), "unknown option --onelin", "did you mean --oneline?"),
        (("--no-pagers", "log"), "unknown option --no-pagers", "did you mean --no-pager?"),
        (("log", "-n", "many"), "'many' is not a whole number", "`trace log --help`"),
        (("import",), "FILE", "`trace import --help`"),
        (("show", "a", "b"), "b", "`trace show --help`"),
        (("\x1b[31m",), r"unknown command '\x1b[31m'", "--help"),
    ],
)
def test_usage_errors_are_two_with_a_suggestion(cli, words, said, hint):
    done = cli(*words)
    assert done.code == 2
    assert done.out == ""
    error, next_step = done.err.splitlines()
    assert error.startswith("error: ")
    assert said in error
    assert next_step.startswith("hint: ")
    assert hint in next_step


@pytest.mark.parametrize("words", [("log", "--json", "nope"), ("log", "--json", "--bogus"), ("lgo", "--json")])
def test_with_json_the_error_is_json_too(trace, words):
    done = trace(*words)
    assert done.code in (2, 3)
    error = done.json["error"]
    assert done.json["schema_version"] == 1
    assert set(error) == {"kind", "message", "hint", "exit_code"}
    assert error["exit_code"] == done.code
    assert done.err.startswith("error: ")


def test_in_the_list_of_commands_no_sentence_is_cut(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for group in ((), ("op",), ("bisect",), ("reorder",)):
        assert "..." not in cli(*group, "--help").out.partition("Commands:")[2]


def test_help_lists_every_command(cli):
    for words in ((), ("--help",), ("-h",)):
        done = cli(*words)
        assert done.code == 0
        assert all(f"  {name} " in done.out for name in app.COMMANDS)


@pytest.mark.parametrize("name", sorted(set(app.COMMANDS) - {"op", "bisect", "completion", "textconv"}))
def test_each_command_explains_itself_and_has_json(cli, name):
    done = cli(name, "--help")
    assert done.code == 0
    assert f"Usage: trace {name} " in done.out
    assert "--json" in done.out


def test_version(cli):
    from trace_git import __version__

    assert cli("--version").out == f"trace {__version__}\n"


def raising(error):
    def log(*_, **__):
        raise error

    return log


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (errors.LockedError("branch main is locked", hint="wait"), 4, "error: branch main is locked\nhint: wait\n"),
        (errors.AmbiguousRevisionError("ab is several", candidates=["abc", "abd"]), 2, "hint: it may be abc, abd\n"),
        (errors.StorageError("bad \x1b[31m\u202e"), 7, "error: bad \\x1b[31m\\u202e\n"),
        (OSError(28, "No space left on device", "file"), 7, "error: file: No space left on device\n"),
        (KeyboardInterrupt(), 130, "error: interrupted\n"),
        (KeyError("x"), 70, "error: internal error: KeyError: 'x'\nhint: this is a bug"),
    ],
)
def test_no_traceback_whatever_happens(trace, monkeypatch, error, code, said):
    monkeypatch.setattr("trace_git.repo.Repo.log", raising(error))
    done = trace("log")
    assert done.code == code
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_traceback_when_it_is_asked_for_with_the_same_code(trace, monkeypatch):
    monkeypatch.setattr("trace_git.repo.Repo.log", raising(KeyError("x")))
    monkeypatch.setenv("TRACE_GIT_DEBUG", "1")
    done = trace("log")
    assert done.code == 70
    assert "Traceback" in done.err


def test_json_has_no_raw_control_characters_and_loses_nothing(trace):
    text = "\x1b[31m\x7f\x9b\u202e é 🚀"
    trace("commit", text)
    done = trace("show", "--json")
    assert done.data.isascii()
    assert "\x7f" not in done.out
    assert json.loads(done.out)["items"][0]["message"]["content"] == text
