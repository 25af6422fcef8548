"""``search``, ``who``, ``knew`` and ``blame``: questions to a history and to agents."""

from __future__ import annotations

import re

import pytest

from trace_git import Repo


@pytest.fixture
def run(trace):
    """A trace with an edit, a drop, a pin, and an agent whose work was taken back."""
    trace("commit", "--role", "system", "Be brief.")
    trace("commit", "Should we use JWT?")
    trace("commit", "--role", "assistant", "JWT it is.")
    with Repo.open(".trace", tokenizer=None) as repo, repo.spawn("researcher", purpose="look") as child:
        child.commit("a jwt expires", role="assistant")
        repo.collapse(child, summary="it expires")
    trace("edit", "HEAD~2", "Should we use sessions?")
    trace("drop", "HEAD~2")
    return trace


def test_each_line_says_commit_item_role_state_route_and_words(run):
    lines = run("search", "jwt").out.splitlines()
    assert re.fullmatch(r"[0-9a-f]{8} [0-9a-f]{8} assistant dropped own JWT it is\.", lines[0])
    assert re.fullmatch(r"[0-9a-f]{8} [0-9a-f]{8} user +edited +own Should we use JWT\?", lines[1])
    assert len(lines) == 2


def test_all_agents_have_their_own_lines(run):
    lines = run("search", "jwt", "--all-agents").out.splitlines()
    assert [re.split(" +", line)[2] for line in lines] == ["researcher"] * 3 + ["(trace)"] * 2
    assert "inherited from (trace)" in lines[1]
    assert len(run("search", "jwt", "--agent", "researcher").out.splitlines()) == 3


@pytest.mark.parametrize(
    ("words", "number"),
    [
        (("jwt",), 2),
        (("jwt", "--live"), 0),
        (("jwt", "-n", "1"), 1),
        (("JWT it", "--case"), 1),
        (("jwt it", "--case"), 0),
        (("-E", "jwt (it|is)"), 1),
        (("jwt", "--at-op", "3"), 2),
        (("jwt (it|is)",), 0),
    ],
)
def test_which_are_found_and_the_exit_code_says_whether_any_was(run, words, number):
    done = run("search", *words)
    assert (done.code, len(done.out.splitlines())) == (0 if number else 1, number)
    assert done.err == ("" if number else "nothing found\n")
    shape = run("search", *words, "--json").json
    assert len(shape["hits"]) == number
    assert shape["schema_version"] == 1


def test_json_names_everything(run):
    hit = run("search", "jwt", "--all-agents", "--json").json["hits"][1]
    assert {**hit, "item": 0, "commit": 0, "time": 0} == {
        "agent": "researcher", "branch": "main", "route": "inherited", "source": "", "state": "live",
        "text": "JWT", "item": 0, "commit": 0, "time": 0,
    }  # fmt: skip


def test_on_a_terminal_a_line_is_cut_around_what_was_found(trace, shown):
    trace("commit", "x" * 300 + " needle \x1b[31m " + "y" * 300)
    (line,) = shown("search", "needle", colour=False).splitlines()
    assert len(line) <= 80
    assert "needle" in line
    assert line.count("…") == 2
    assert "\x1b[31mneedle\x1b[0m" in shown("search", "needle")


def test_a_long_name_and_tabs_leave_room_for_what_was_found(trace, shown):
    trace("commit", "x")
    with Repo.open(".trace", tokenizer=None) as repo, repo.spawn("look-for-the-patterns-of-error-handling") as child:
        child.commit("x")
        repo.collapse(child, summary="one\t\ttwo three four five\n\tneedle and more words behind it")
        repo.commit("a needle")
    lines = shown("search", "needle", colour=False).splitlines()
    coloured = re.sub(r"\x1b\[\d+m", "", shown("search", "needle")).splitlines()
    assert coloured == lines
    assert [len(line) <= 80 and "needle" in line and "\\t" not in line for line in lines] == [True, True]
    assert "two three four five needle and more" in trace("search", "needle").out
    assert all(len(line) <= 80 for line in shown("agents", colour=False).splitlines())


def test_who_knows_it_and_since_when(run):
    out = run("who", "jwt").out
    assert re.fullmatch(
        r"\(trace\)\n"
        r"  [0-9a-f]{8} own in [0-9a-f]{8}, [^:]+, dropped: JWT it is\.\n"
        r"  [0-9a-f]{8} own in [0-9a-f]{8}, [^:]+, edited: Should we use JWT\?\n"
        r"researcher\n"
        r"  [0-9a-f]{8} own in [0-9a-f]{8}, [^:]+: a jwt expires\n"
        r"  [0-9a-f]{8} inherited from \(trace\) in [0-9a-f]{8}, [^:]+: JWT it is\.\n"
        r"  [0-9a-f]{8} inherited from \(trace\) in [0-9a-f]{8}, [^:]+: Should we use JWT\?\n",
        out,
    )
    assert [one["agent"] for one in run("who", "jwt", "--json").json["agents"]] == ["", "researcher"]
    assert run("who", "expires", ".trace", ".trace").out.count("-2/researcher") == 1
    done = run("who", "nobody said this")
    assert (done.code, done.err) == (1, "nobody knows it\n")


def test_what_an_agent_knew(run):
    assert [line[9:] for line in run("knew", "researcher").out.splitlines()] == [
        "system    Be brief.", "user      Should we use JWT?", "assistant JWT it is.", "assistant a jwt expires",
    ]  # fmt: skip
    assert run("knew").out == run("knew", "").out
    assert "sessions" in run("knew").out
    then = run("knew", "researcher", "--at", "agents/researcher~1", "--json").json
    assert len(then["items"]) == 3


def test_what_an_agent_knew_and_another_did_not(run):
    lines = run("knew", "researcher", "--not", "").out.splitlines()
    assert [line[0] + line[10:] for line in lines] == [
        "~ user      Should we use JWT?", "+ assistant JWT it is.", "+ assistant a jwt expires",
    ]  # fmt: skip
    shape = run("knew", "researcher", "--not", "", "--json").json
    assert (len(shape["items"]), len(shape["changed"])) == (2, 1)
    done = run("knew", "--not", "")
    assert (done.code, done.err) == (1, "nothing that (trace) did not know\n")


def test_blame_tells_the_life_of_an_item(run):
    item = run("search", "use jwt", "--json").json["hits"][0]["item"]["id"]
    lines = run("blame", item).out.splitlines()
    assert lines[0] == f"{item} user live Should we use sessions?"
    assert re.fullmatch(r"[0-9a-f]{8} edited user .* edit: [0-9a-f]{8} Should we use sessions\?", lines[1])
    assert re.fullmatch(r"[0-9a-f]{8} added  user .* user: Should we use JWT\?", lines[2])
    assert "[-JWT-]{+sessions+}" in run("blame", item, "--words").out
    steps = run("blame", item, "--json").json["steps"]
    assert [step["change"] for step in steps] == ["edited", "added"]
    assert [op for op, _ in steps[0]["words"]] == ["=", "-", "+", "="]


def test_blame_of_the_work_of_an_agent_names_what_it_was_made_of(run):
    done = run("blame", run("search", "it expires", "--json").json["hits"][0]["item"]["id"][:8])
    assert re.search(r"collapsed .*from researcher", done.out)
    assert "\nmade of, by researcher:\n" in done.out
    assert done.out.splitlines()[-1].endswith("assistant a jwt expires")


def test_blame_takes_a_commit_and_an_item_that_is_gone(run):
    gone = run("search", "it is", "--json").json["hits"][0]
    assert run("blame", gone["item"]["id"][:8]).out == run("blame", gone["commit"][:10]).out
    assert " dropped " in run("blame", gone["item"]["id"]).out.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("search", ""), 2, "there is nothing to search for"),
        (("search", "-E", "("), 2, "not a regular expression"),
        (("search", "x", "--agent", "nobody"), 3, "no agent 'nobody'"),
        (("search", "x", "--agent", "a", "--all-agents"), 2, "exclude each other"),
        (("search", "x", "-n", "-1"), 2, "-1"),
        (("who", "x", "nowhere.trace"), 3, "nowhere.trace is not a trace"),
        (("knew", "nobody"), 3, "no agent 'nobody'"),
        (("knew", "--at", "banana"), 3, "unknown revision 'banana'"),
        (("knew", "researcher", "--at", "@1000000000"), 3, "had no commit by then"),
        (("blame", "ffffffff"), 3, "no item 'ffffffff'"),
        (("blame", "what?"), 2, "'what?' is not an item id"),
    ],
)
def test_refusals_name_the_input(run, words, code, error):
    done = run(*words)
    assert done.code == code
    assert error in done.err
    assert done.out == ""
