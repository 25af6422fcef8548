"""tag and config: what is set, listed and taken away; names of branches and tags."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

BAD = ["trace/x", "agents/x", "a/.b", "a\x7fb", "bad \udcff", "-x", "--all"]  # beside those that git refuses
GOOD = [
    "é",
    "🚀",
    "$(touch gotcha)".replace(" ", "${IFS}"),
    ";touch${IFS}gotcha",
    "`id`",
    "a/b",
    "漢字",
    "a'b",
    'a"b',
    "%s",
]
MAKERS = [("branch",), ("switch", "-c"), ("tag",)]


@pytest.fixture
def filled(trace):
    trace("commit", "one")
    trace("commit", "two")
    return trace


def git(*words: str) -> str:
    return subprocess.run(["git", "-C", ".trace", *words], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", BAD, ids=ascii)
@pytest.mark.parametrize("maker", MAKERS, ids=" ".join)
def test_a_name_that_cannot_be_is_refused_and_named(filled, maker, name):
    before = git("for-each-ref")
    done = filled(*maker, "--", name)
    assert (done.code, done.out) == (2, "")
    assert "name" in done.err
    assert git("for-each-ref") == before


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("maker", MAKERS, ids=" ".join)
def test_any_other_name_works_and_nothing_in_it_is_run(filled, here, maker, name):
    assert filled(*maker, name).code == 0
    assert name in git("log", "--format=%D", "--decorate=short", "-1")
    assert not (here / "gotcha").exists()
    place = "tags" if maker == ("tag",) else "branches"
    assert name in [one["name"] for one in filled(place[:3] if place == "tags" else "branch", "--json").json[place]]


@pytest.mark.parametrize("maker", MAKERS, ids=" ".join)
def test_a_name_that_is_taken(filled, maker):
    assert filled(*maker, "taken").code == 0
    done = filled(*maker, "taken")
    assert done.code == 2
    assert "'taken' exists already" in done.err


def test_a_tag_is_git_s(filled):
    filled("tag", "light", "HEAD~1")
    filled("tag", "heavy", "-m", "All of it")
    assert git("cat-file", "-t", "light") == "commit\n"
    assert git("cat-file", "-t", "heavy") == "tag\n"
    assert "All of it" in git("cat-file", "-p", "heavy")
    assert filled("show", "light", "--json").json["commit"]["subject"] == "user: one"
    assert filled("show", "heavy", "--json").json["commit"]["subject"] == "user: two"


def test_tags_are_listed_by_name(filled):
    assert (filled("tag").out, filled("tag").err) == ("", "no tags\n")
    filled("tag", "b")
    filled("tag", "a", "HEAD~1")
    assert [one["name"] for one in filled("tag", "--json").json["tags"]] == ["a", "b"]
    assert [line.split()[0] for line in filled("tag").out.splitlines()] == ["a", "b"]


def test_a_tag_goes_and_comes_back(filled):
    made = filled("tag", "works", "--json").json["tag"]
    assert filled("tag", "-d", "works", "--json").json["deleted"] == made
    assert filled("tag", "--json").json["tags"] == []
    filled("undo")
    assert filled("tag", "--json").json["tags"] == [made]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("-d", "nope"), 3, "no tag 'nope'"),
        (("-d", "work"), 3, "did you mean works"),
        (("-d",), 2, "NAME is missing"),
        (("-m", "why"), 2, "NAME is missing"),
        (("x", "nowhere"), 3, "'nowhere'"),
        (("x", "-m", ""), 2, "message is empty"),
        (("x", "-d", "-m", "why"), 2, "nothing else"),
        (("-d", "works", "HEAD"), 2, "nothing else"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_tags_that_cannot_be(filled, words, code, said):
    filled("tag", "works")
    done = filled("tag", *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_an_empty_trace_has_nothing_to_name(trace):
    assert trace("tag", "x").code == 3
    assert trace("branch", "x").code == 3


# -- config --------------------------------------------------------------------------------


def test_the_budget_is_kept_and_used(filled):
    assert filled("config", "budget", "1000").code == 0
    assert filled("config", "budget").out == "1000\n"
    assert filled("config", "--list").out == "budget=1000\n"
    assert filled("config").out == "budget=1000\n"
    status = filled("status", "--json").json
    assert (status["budget"], status["budget_from"]) == (1000, "config")
    assert filled("status", "--budget", "2000", "--json").json["budget"] == 2000


def test_the_budget_is_forgotten(filled):
    filled("config", "budget", "1000")
    assert filled("config", "budget", "--unset").code == 0
    assert filled("config", "--list").out == ""
    assert filled("config", "budget", "--unset").code == 0
    done = filled("config", "budget")
    assert (done.code, done.out) == (1, "")
    assert "not set" in done.err


def test_config_json(filled):
    assert filled("config", "--list", "--json").json["config"] == {"budget": None, "model": None}
    assert filled("config", "budget", "1000", "--json").json["config"] == {"budget": "1000"}
    assert filled("config", "--json").json["config"] == {"budget": "1000", "model": None}


def users(name: str) -> str:
    done = subprocess.run(["git", "config", "--global", name], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def test_a_model_is_the_users_and_not_the_traces(filled):
    before = Path(".trace/config").read_bytes()
    done = filled("config", "model", "evil/model")
    assert (done.code, done.out) == (6, "")
    assert "a trace chooses no model" in done.err
    assert "trace config --global model" in done.err
    assert filled("config", "--global", "model", "openai/gpt-4o").out == "model is openai/gpt-4o now\n"
    assert Path(".trace/config").read_bytes() == before
    assert users("trace.model") == "openai/gpt-4o"
    subprocess.run(["git", "-C", ".trace", "config", "trace.model", "evil/model"], check=True)
    assert filled("config", "model").out == "openai/gpt-4o\n"
    assert filled("config", "--global", "model", "--unset").code == 0
    assert (filled("config", "model").code, users("trace.model")) == (1, "")


def test_what_is_kept_for_all_traces_needs_none(cli):
    assert cli("config", "--global", "budget", "5000").code == 0
    assert users("trace.budget") == "5000"
    assert cli("config", "--global", "--json").json["config"] == {"budget": "5000", "model": None}
    cli("init")
    assert cli("status", "--json").json["budget"] == 5000


@pytest.mark.parametrize("name", ["", " ", "a\nb", "\x1b[31m"])
def test_a_model_has_a_name(cli, name):
    assert cli("config", "--global", "model", name).code == 2
    assert users("trace.model") == ""


def test_a_users_configuration_that_is_no_file_is_left_alone(cli, monkeypatch, tmp_path):
    (tmp_path / "pipe").mkdir()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "pipe"))
    done = cli("config", "--global", "model", "openai/gpt-4o")
    assert (done.code, (tmp_path / "pipe").is_dir()) == (2, True)
    assert "GIT_CONFIG_GLOBAL" in done.err


@pytest.mark.parametrize("there", [(), (".gitconfig",), ("x/git/config",), (".gitconfig", "x/git/config")])
def test_the_file_is_the_one_that_git_writes(cli, monkeypatch, tmp_path, there):
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "x"))
    for name in there:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    cli("config", "--global", "model", "openai/gpt-4o")
    subprocess.run(["git", "config", "--global", "--add", "trace.model", "second"], check=True)
    found = [path for path in (tmp_path / ".gitconfig", tmp_path / "x/git/config") if path.exists()]
    assert sorted(path.read_text().count("model") for path in found) == [0] * (len(found) - 1) + [2]


@pytest.mark.parametrize(
    "words",
    [
        ("budget", "many"), ("budget", "0"), ("budget", "1.5"), ("budget", ""), ("nope",), ("nope", "1"), ("--unset",),
        ("budget", "1", "--unset"), ("--list", "budget"), ("budget", "--", "-1"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_cannot_be_configured(filled, words):
    filled("config", "budget", "1000")
    done = filled("config", *words)
    assert (done.code, done.out) == (2, "")
    assert filled("config", "budget").out == "1000\n"


@pytest.mark.parametrize("maker", ["branch", "tag"])
def test_a_long_name_is_whole_in_a_pipe_and_cut_on_a_terminal(filled, shown, maker):
    name = "a-long-name-that-somebody-gave/" + "x" * 30
    filled(maker, name)
    assert name in filled(maker).out
    assert name not in shown(maker, colour=False)
    assert name[:39] + "…" in shown(maker, colour=False)
    assert name in filled("undo").out
