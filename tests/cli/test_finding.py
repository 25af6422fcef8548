"""Which trace a command is about."""

from __future__ import annotations

import pytest


def test_it_is_found_upwards(trace, here, monkeypatch):
    trace("commit", "hello")
    (here / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(here / "a" / "b")
    assert "hello" in trace("log").out


@pytest.mark.parametrize("inside", [".", "objects", "refs/heads"])
def test_it_is_found_from_inside(trace, here, monkeypatch, inside):
    trace("commit", "hello")
    monkeypatch.chdir(here / ".trace" / inside)
    assert "hello" in trace("log").out


def test_minus_c_works_elsewhere_and_adds_up(trace, here, monkeypatch):
    trace("commit", "hello")
    (here / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir("/")
    assert "hello" in trace("-C", str(here), "-C", "a/b", "log").out


def test_trace_git_dir_wins(trace, here, monkeypatch):
    trace("init", "other.trace")
    monkeypatch.setenv("TRACE_GIT_DIR", str(here / "other.trace"))
    trace("commit", "in the other")
    monkeypatch.delenv("TRACE_GIT_DIR")
    assert trace("log", "--json").json["commits"] == []


def test_no_trace_is_not_found_and_says_how_to_make_one(cli):
    done = cli("log")
    assert done.code == 3
    assert done.out == ""
    assert done.err.startswith("error: no trace in ")
    assert "trace init" in done.err


def test_a_source_repository_is_no_trace(cli, here, monkeypatch):
    (here / "objects").mkdir()
    (here / "HEAD").write_text("ref: refs/heads/main\n")
    monkeypatch.setenv("TRACE_GIT_DIR", str(here))
    done = cli("log")
    assert done.code == 3
    assert "is not a trace" in done.err
    assert sorted(path.name for path in here.iterdir()) == ["HEAD", "objects"]


def test_a_folder_that_is_not_there(cli):
    done = cli("-C", "nowhere", "log")
    assert done.code == 3
    assert "cannot work in 'nowhere'" in done.err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRACE_GIT_BUDGET", "many"),
        ("TRACE_GIT_BUDGET", "0"),
        ("TRACE_GIT_TOKENIZER", "bogus"),
        ("TRACE_GIT_DURABILITY", "hope"),
    ],
)
def test_nonsense_in_the_environment_is_named(trace, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    done = trace("status")
    assert done.code in (2, 3)
    assert value in done.err


def test_tokenizer_none_commits_without_counts(trace, monkeypatch):
    monkeypatch.setenv("TRACE_GIT_TOKENIZER", "none")
    done = trace("commit", "hello", "--json")
    assert done.code == 0
    assert done.json["commit"]["tokens"] is None
