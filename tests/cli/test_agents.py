"""Agents on the command line: begin one, work in it, take its work back, look at the tree, resume."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def team(trace):
    """A trace with one message and the agent ``a``, which said something."""
    trace("commit", "Why does login fail?")
    assert trace("spawn", "a", "--purpose", "Find it", "--budget", "500").code == 0
    assert trace("--agent", "a", "commit", "--role", "assistant", "It expires.").code == 0
    return trace


def test_every_command_works_in_an_agents_repository(team, monkeypatch):
    assert "On branch main of agent a at" in team("--agent", "a", "status").out
    assert "of 500" in team("--agent", "a", "status").out
    assert team("--agent", "a", "status", "--json").json["agent"] == "a"
    assert "HEAD -> agents/a/main" in team("--agent", "a", "log", "--oneline").out
    assert "agents/a" in team("log", "--all", "--oneline", "agents/a").out
    monkeypatch.setenv("TRACE_GIT_AGENT", "a")
    assert team("commit", "more").code == 0
    assert "It expires." in team("ls").out
    assert "It expires." not in team("--agent", "", "ls").out
    assert team("switch", "-c", "try").code == 0
    assert [one["name"] for one in team("branch", "--json").json["branches"]] == ["main", "try"]
    assert [one["name"] for one in team("--agent", "", "branch", "--json").json["branches"]] == ["main"]
    done = team("--agent", "nobody", "status")
    assert (done.code, done.out) == (3, "")
    assert "trace agents" in done.err


def test_spawn(team):
    done = team("spawn", "b", "--context", "empty", "--json").json
    assert (done["agent"]["name"], done["agent"]["context"], done["commit"]["op"]) == ("b", "empty", "spawn")
    item = team("ls", "--json").json["items"][0]["id"]
    assert team("spawn", "c", "--item", item[:6], "--item", "HEAD").code == 0
    assert "Why does login" in team("--agent", "c", "ls").out
    for words, code in (
        (("a",), 2),
        (("../x",), 2),
        (("CON",), 2),
        (("",), 2),
        (("x", "--budget", "0"), 2),
        (("x", "--context", "half"), 2),
        (("x", "--context", "full", "--item", "HEAD"), 2),
        (("x", "--item", "ffff"), 3),
    ):
        done = team("spawn", *words)
        assert (done.code, done.out) == (code, "")
        assert "hint:" in done.err
    assert [one["name"] for one in team("agents", "--json").json["agents"]] == ["a", "b", "c"]


def test_collapse(team, monkeypatch):
    assert "collapse: a: Found it." in team("collapse", "a", "Found it.").out
    assert team("collapse", "a", "again").out.startswith("Already up to date")
    assert team("collapse", "a", "again", "--json").json["new"] is False
    team("--agent", "a", "commit", "more")
    made = team("collapse", "a", "-", "-m", "Why not", "--json", input=b"From a pipe.\n").json
    assert (made["commit"]["subject"], made["items"][0]["message"]["content"]) == ("Why not", "From a pipe.\n")
    assert made["items"][0]["kind"] == "collapse"
    team("--agent", "a", "commit", "and more")
    for words, input, code in (
        (("a",), b"", 2),
        (("a", "x", "--llm"), None, 2),
        (("nobody", "x"), None, 3),
        (("nobody",), b"", 3),
        (("a", "x y z", "--budget", "1"), None, 6),
        (("a", "x", "--as", "c9"), None, 2),
        (("a", "--llm"), None, None),
    ):
        done = team("collapse", *words, input=input)
        assert done.code == code or (code is None and done.code), words
        assert done.out == ""
        assert "hint:" in done.err


def test_the_result_of_a_call(team):
    made = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    call = json.dumps({"role": "assistant", "content": None, "tool_calls": [made]}).encode()
    assert team("commit", "--messages", input=call).code == 0
    done = team("collapse", "a", "Found it.")
    assert done.code == 6
    assert "--as" in done.err
    assert "Open call:      f (c1)" in team("resume").out
    assert team("collapse", "a", "Found it.", "--as", "c1").code == 0
    assert team("resume", "--json").json["calls"] == []


def test_the_tree(team, shown):
    team("--agent", "a", "spawn", "b", "--purpose", "Deeper\x1b[31m and deeper " + "still " * 40)
    team("spawn", "c")
    team("--agent", "b", "commit", "x")
    team("--agent", "a", "collapse", "b", "y")
    top, *lines = team("agents").out.splitlines()
    assert top.startswith("* (trace) ")
    assert "tokens" in top
    assert [line.split()[:2] for line in lines] == [["├─", "a"], ["│", "└─"], ["└─", "c"]]
    assert "\x1b" not in team("agents").out
    assert all(len(line) <= 80 for line in shown("agents", colour=False).splitlines())
    assert team("--agent", "a", "agents").out.splitlines()[1].startswith("* ├─ a ")
    found = {one["name"]: one for one in team("agents", "--json").json["agents"]}
    assert (found["b"]["parent"], found["b"]["state"], found["a"]["state"]) == ("a", "collapsed", "running")


def test_no_agents(trace):
    done = trace("agents")
    assert (done.code, done.out) == (0, "")
    assert trace("agents", "--json").json["agents"] == []
    assert trace("agents", "--force").code == 2


def test_deleting(team):
    done = team("agents", "--delete", "a")
    assert done.code == 6
    assert "trace collapse a" in done.err
    assert team("agents", "--delete", "a", "--force").code == 0
    assert "abandoned" in team("agents").out
    assert team("undo").code == 0
    assert "running" in team("agents").out
    assert team("agents", "--delete", "b").code == 3


def test_the_operation_log_names_agents(team):
    assert "a: main" in team("op", "log").out
    assert team("op", "log", "--json").json["operations"][0]["agents"] == ["a"]
    assert "Agents:  the trace itself, a" in team("op", "show", "2").out


def test_resume(team):
    out = team("resume", "a").out
    assert "Agent a, on branch main" in out
    assert "It expires." in out
    assert team("resume", "nobody").code == 3
    team("bisect", "start")
    assert "Interrupted:    a bisect is open" in team("resume").out
    assert "Bisecting" in team("status").out


def test_names_of_agents_complete(team, monkeypatch):
    from trace_git.cli.completing import candidates

    assert candidates(["collapse", ""]) == ["a"]
    assert candidates(["--agent", ""]) == ["a"]
    assert candidates(["agents", "--delete", ""]) == ["a"]
    assert candidates(["show", "ag"]) == ["agents/a"]


def test_a_near_name_is_offered(team):
    assert "agents/a" in team("show", "agents/b").err


def test_an_agent_that_is_gone_is_shown_and_nobody_is_sent_to_it(team):
    assert team("collapse", "a", "It expires.").code == 0
    assert "to work there: trace --agent a log" in team("expand", "HEAD").err
    assert team("agents", "--delete", "a").code == 0
    done = team("expand", "HEAD")
    assert "It expires." in done.out
    assert "there are no branches of it here" in done.err
    assert "--agent" not in done.err
