from __future__ import annotations

import re
from itertools import pairwise

import pytest


@pytest.fixture
def filled(trace):
    trace("commit", "--role", "system", "Be brief.")
    trace("commit", "Why does login fail?")
    trace("commit", "--role", "assistant", "The token expires too early.")
    return trace


def test_each_line_says_id_verb_role_tokens_total_refs_subject(filled):
    lines = filled("log").out.splitlines()
    counts = r"+\+\d+ +\d+"
    assert re.fullmatch(rf"[0-9a-f]{{8}} append assistant {counts} \(HEAD -> main\) The token expires .*", lines[0])
    assert re.fullmatch(rf"[0-9a-f]{{8}} append user {counts} Why does login fail\?", lines[1])
    assert len(lines) == 3


def test_the_totals_add_up(filled):
    commits = filled("log", "--json").json["commits"]
    assert commits[-1]["context_tokens"] == commits[-1]["tokens"]
    for later, earlier in pairwise(commits):
        assert later["context_tokens"] == earlier["context_tokens"] + later["tokens"]


def test_oneline_is_short(filled):
    first = filled("log", "--oneline").out.splitlines()[0]
    assert re.fullmatch(r"[0-9a-f]{8} \(HEAD -> main\) assistant: The token expires too early\.", first)


@pytest.mark.parametrize(
    ("words", "lines"),
    [(("-n", "0"), 0), (("-n", "2"), 2), (("-n9",), 3), (("-2",), 2), (("-0",), 0), (("HEAD~1", "-1"), 1)],
)
def test_limit(filled, words, lines):
    assert len(filled("log", *words).out.splitlines()) == lines
    assert len(filled("log", "--json", *words).json["commits"]) == lines


def test_a_number_is_no_limit_where_an_option_wants_a_text(filled):
    filled("commit", "minus -5 degrees")
    (commit,) = filled("log", "--json", "--grep", "-5").json["commits"]
    assert commit["subject"] == "user: minus -5 degrees"


def test_from_a_revision(filled):
    assert len(filled("log", "HEAD~1").out.splitlines()) == 2


def test_json_names_everything(filled):
    shape = filled("log", "--json", "-n", "1").json
    assert shape["schema_version"] == 1
    (commit,) = shape["commits"]
    assert set(commit) == {
        "id", "short_id", "parents", "op", "subject", "message", "author", "timestamp", "tokens", "exact", "counter",
        "context_tokens", "usage", "refs", "role", "pinned",
    }  # fmt: skip
    assert commit["refs"] == ["HEAD -> main"]
    assert commit["author"] == {"name": "assistant", "email": "assistant@trace"}


def test_an_empty_trace_says_so(trace):
    done = trace("log")
    assert (done.code, done.out, done.err) == (0, "", "no commits yet\n")
    assert trace("log", "--json").json == {"schema_version": 1, "commits": []}


@pytest.mark.parametrize("rev", ["nope", "HEAD~999999", "deadbeef"])
def test_an_unknown_revision_is_not_found(filled, rev):
    done = filled("log", rev)
    assert done.code == 3
    assert done.out == ""
    assert rev in done.err


def test_estimates_are_marked(trace):
    call = '{"role": "assistant", "content": null, "tool_calls": [{"id": "a", "type": "function", "function": '
    trace("commit", "--messages", call + '{"name": "f", "arguments": "{}"}}]}')
    assert re.search(r"~\+\d+ ~\d+", trace("log").out)


def test_on_a_terminal_lines_fit_and_are_coloured(filled, terminal):
    filled("commit", "word " * 40)
    filled("commit", "漢字" * 40)
    shown = terminal("log").out
    assert "\x1b[33m" in shown
    plain = re.sub(r"\x1b\[\d*m", "", shown)
    assert all(len(line) <= 80 for line in plain.splitlines())
    assert "…" in plain


# -- which commits ---------------------------------------------------------------------------


def subjects(trace, *words):
    return [commit["subject"].split(": ", 1)[1] for commit in trace("log", "--json", *words).json["commits"]]


@pytest.fixture
def forked(filled):
    """main: system, question, answer. try: system, question, other."""
    filled("switch", "-c", "try", "HEAD~1")
    filled("commit", "--role", "assistant", "Other.")
    return filled


OTHER, ANSWER, QUESTION, SYSTEM = "Other.", "The token expires too early.", "Why does login fail?", "Be brief."


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), [OTHER, QUESTION, SYSTEM]),
        (("main..try",), [OTHER]),
        (("main..",), [OTHER]),
        (("..main",), [ANSWER]),
        (("try", "^main"), [OTHER]),
        (("--role", "user"), [QUESTION]),
        (("--grep", "brief"), [SYSTEM]),
        (("--role", "user", "--grep", "brief"), []),
        (("--role", "system", "-n", "1"), [SYSTEM]),
        (("--at-op", "2"), [QUESTION, SYSTEM]),
    ],
    ids=" ".join,
)
def test_which_commits(forked, words, found):
    assert subjects(forked, *words) == found


def test_all_branches(forked):
    assert sorted(subjects(forked, "--all")) == sorted([OTHER, ANSWER, QUESTION, SYSTEM])
    assert subjects(forked, "--all")[2:] == [QUESTION, SYSTEM]


def test_the_graph_has_a_star_for_each_commit_and_the_same_lines_otherwise(forked):
    drawn = forked("log", "--graph", "--all").out.splitlines()
    stars = [line for line in drawn if "*" in line.split("append")[0]]
    assert len(stars) == 4
    assert any("|/" in line for line in drawn)
    plain = {line.lstrip("*|/\\ ").rstrip() for line in stars}
    assert plain == set(forked("log", "--all").out.splitlines())


def test_nothing_found_is_said(filled):
    done = filled("log", "--grep", "nowhere")
    assert (done.code, done.out, done.err) == (0, "", "nothing to show\n")


def test_tags_and_a_detached_head_are_named(filled):
    filled("tag", "v1")
    assert "(HEAD -> main, tag: v1)" in filled("log", "-1").out
    filled("checkout", "HEAD~1")
    assert "(HEAD)" in filled("log", "-1").out


def test_what_is_pinned_is_marked(filled):
    assert "◆" not in filled("log").out
    item = filled("ls", "--json").json["items"][1]["id"]
    filled("pin", item)
    lines = filled("log").out.splitlines()
    assert ["◆" in line for line in lines] == [True, False, True, False]
    assert [one["pinned"] for one in filled("log", "--json").json["commits"]] == [True, False, True, False]


def test_stat_names_the_items_with_their_tokens(filled):
    item = filled("ls", "--json").json["items"][1]["id"]
    filled("edit", item, "Why?")
    lines = filled("log", "--stat", "-2").out.splitlines()
    assert re.fullmatch(rf"    ~ {item[:8]} user -\d+ edited: Why\?", lines[1])
    assert re.fullmatch(r"    \+ [0-9a-f]{8} assistant \+\d+ The token expires too early\.", lines[3])
    changes = filled("log", "--stat", "-1", "--json").json["commits"][0]["changes"]
    assert [(change["id"], change["kinds"]) for change in changes] == [(item, ["edited"])]


def test_the_first_lines_come_before_the_history_is_read(filled, monkeypatch):
    """A reader of the first lines does not wait for the last commit."""
    from trace_git.cli import history

    read = []

    def commits(repo):
        commit = repo.get("HEAD")
        for number in range(10_000):
            read.append(number)
            yield commit

    from trace_git import Repo

    with Repo.open(".trace", create=False) as repo:
        lines = history.History(repo).lines((None, commit) for commit in commits(repo))
        next(lines)
    assert len(read) <= 200
