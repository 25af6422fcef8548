"""Which trace a command is about."""

from __future__ import annotations

import subprocess

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
        ("TRACE_GIT_BUDGET", "9" * 5000),
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


@pytest.mark.parametrize("bare", [True, False], ids=["bare", "work tree"])
@pytest.mark.parametrize("beside", [True, False], ids=["below a trace", "elsewhere"])
def test_a_clone_is_meant_by_who_stands_in_it_and_no_trace_above(bare, beside, trace, here, tmp_path, monkeypatch):
    trace("commit", "hello")
    clone = (here if beside else tmp_path) / "clone"
    subprocess.run(["git", "clone", "-q", *(["--bare"] if bare else []), ".trace", str(clone)], cwd=here, check=True)
    trace("commit", "only in the first")
    monkeypatch.chdir(clone if bare else clone / "messages")
    assert [one["subject"] for one in trace("log", "--json").json["commits"]] == ["user: hello"]
    assert trace("fsck").err == "all is well\n"
    done = trace("commit", "into the clone")
    assert done.code == (0 if bare else 2), done.err
    monkeypatch.chdir(here)
    assert trace("log", "--json").json["commits"][0]["subject"] == "user: only in the first"


def test_a_source_repository_with_a_file_named_format_is_looked_past(trace, here, monkeypatch):
    trace("commit", "hello")
    (here / "code").mkdir()
    (here / "code" / "format").write_text("black .")
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=here / "code", check=True)
    monkeypatch.chdir(here / "code")
    assert "hello" in trace("log").out
