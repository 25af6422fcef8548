"""undo, redo, op and reset on the command line: what they say, and that the refs are as before."""

from __future__ import annotations

import subprocess

import pytest

CHANGES = [
    ("commit", "four"),
    ("edit", "HEAD", "Three"),
    ("pin", "HEAD", "HEAD~1"),
    ("unpin", "HEAD"),
    ("drop", "HEAD"),
    ("reset", "HEAD~1"),
    ("reset", "--hard", "HEAD~2"),
    ("branch", "side"),
    ("switch", "-c", "side", "HEAD~1"),
    ("checkout", "HEAD~1"),
    ("tag", "works"),
    ("tag", "said", "-m", "why"),
    ("tag", "-d", "old"),
]


@pytest.fixture
def filled(trace):
    for text in ("one", "two", "three"):
        trace("commit", text)
    trace("pin", "HEAD~2")
    trace("edit", "HEAD~2", "two again")
    trace("tag", "old")
    return trace


def refs() -> dict[str, str]:
    """All refs as stock git sees them, without what keeps old tips alive, and HEAD."""
    git = ["git", "-C", ".trace"]
    listed = subprocess.run([*git, "for-each-ref"], capture_output=True, text=True, check=True).stdout
    head = subprocess.run(
        [*git, "rev-parse", "--abbrev-ref", "HEAD"], capture_output=True, text=True, check=True
    ).stdout
    found = {line.split("\t")[1]: line.split("\t")[0] for line in listed.splitlines() if "/trace/keep/" not in line}
    return found | {"HEAD": head}


@pytest.mark.parametrize("words", CHANGES, ids=" ".join)
def test_undo_and_redo_of_every_command(filled, words):
    if words[0] == "unpin":
        filled("pin", "HEAD")
    before = refs()
    assert filled(*words).code == 0
    after = refs()
    assert after != before
    assert filled("undo").code == 0
    assert refs() == before
    assert filled("redo").code == 0
    assert refs() == after
    assert subprocess.run(["git", "-C", ".trace", "fsck", "--strict"], capture_output=True, check=True)


def test_back_to_the_beginning_and_to_the_end(filled):
    states = [refs()]
    while filled("undo").code == 0:
        states.append(refs())
    assert states[-1] == {"HEAD": "HEAD\n"} or len(states[-1]) == 1
    for state in reversed(states[:-1]):
        assert filled("redo").code == 0
        assert refs() == state
    assert filled("redo").code == 2


def test_it_says_what_was_undone(filled):
    done = filled("undo")
    assert done.out.startswith("Undid 6: tag, ")
    assert "tag old" in done.out
    assert done.err == "again: trace redo\n"
    assert filled("redo").out.startswith("Did again 6: tag, ")


def test_json(filled):
    made = filled("undo", "--json").json["operation"]
    assert (made["verb"], made["undoes"]) == ("undo", 6)
    (old, new) = made["moves"]["refs/tags/old"].values()
    assert new is None
    assert len(old) == 40
    assert filled("redo", "--json").json["operation"]["verb"] == "redo"


@pytest.mark.parametrize("verb", ["undo", "redo"])
def test_nothing_to_do(trace, verb):
    done = trace(verb)
    assert (done.code, done.out) == (2, "")
    assert f"nothing to {verb}" in done.err


def test_redo_ends_where_something_else_was_done(filled):
    filled("undo")
    filled("commit", "four")
    assert filled("redo").code == 2


# -- op ------------------------------------------------------------------------------------


def test_the_log_has_number_time_verb_refs_and_what_is_undone(filled):
    filled("undo")
    newest, undone, *others = filled("op", "log", "--json").json["operations"]
    assert set(newest) == {"number", "time", "verb", "agents", "moves", "note", "undoes", "undone", "commits"}
    assert (newest["verb"], newest["undoes"]) == ("undo", undone["number"])
    assert undone["undone"] is True
    assert [one["verb"] for one in others] == ["edit", "pin", "append", "append", "append"]
    lines = filled("op", "log").out.splitlines()
    assert len(lines) == 7
    assert " undone " in lines[1]
    assert filled("op").out == filled("op", "log").out


@pytest.mark.parametrize(("limit", "lines"), [("0", 0), ("2", 2), ("99", 6)])
def test_the_log_may_be_cut(filled, limit, lines):
    assert len(filled("op", "log", "-n", limit).out.splitlines()) == lines
    assert len(filled("op", "log", "--json", "-n", limit).json["operations"]) == lines


def test_one_operation_in_full(filled):
    shape = filled("op", "show", "4", "--json").json["operation"]
    assert (shape["number"], shape["verb"]) == (4, "pin")
    assert "refs/heads/main" in filled("op", "show", "4", "--json").json["operation"]["moves"]
    assert "Verb:    pin\n" in filled("op", "show", "4").out


@pytest.mark.parametrize(("number", "code"), [("99", 3), ("0", 3), ("-1", 2), ("x", 2)])
def test_an_operation_that_is_not_there(filled, number, code):
    done = filled("op", "show", number)
    assert (done.code, done.out) == (code, "")


def test_the_trace_as_it_was_after_an_operation(filled):
    assert filled("materialize", "--as", "text", "HEAD").out.count("two again") == 1
    contents = [item["message"]["content"] for item in filled("ls", "--at-op", "2", "--json").json["items"]]
    assert contents == ["one", "two"]


# -- reset ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["--soft", "--hard", None])
def test_reset_says_where_it_was_and_how_to_come_back(filled, mode):
    tip = filled("show", "--json").json["commit"]["short_id"]
    done = filled("reset", *([mode] if mode else []), "HEAD~2")
    assert done.code == 0
    assert f"before: {tip} " in done.err
    assert "trace undo" in done.err
    assert ("cleans up" in done.err) == (mode == "--hard")


def test_reset_json(filled):
    tip = filled("show", "--json").json["commit"]["id"]
    shape = filled("reset", "HEAD~1", "--json").json
    assert (shape["branch"], shape["mode"], shape["old"]) == ("main", "soft", tip)
    assert shape["commit"]["id"] == filled("show", "--json").json["commit"]["id"]


def test_reset_to_where_it_is_changes_nothing(filled):
    before = filled("op", "log", "--json").json
    assert filled("reset", "main").code == 0
    assert filled("op", "log", "--json").json == before


@pytest.mark.parametrize(
    ("words", "code"), [((), 2), (("nowhere",), 3), (("HEAD~9",), 3), (("--mixed", "HEAD"), 2), (("ab",), 2)]
)
def test_reset_to_nowhere(filled, words, code):
    done = filled("reset", *words)
    assert (done.code, done.out) == (code, "")


def test_an_empty_trace_has_nothing_to_reset(trace):
    assert trace("reset", "HEAD").code == 3


def test_an_import_is_one_operation_of_its_own_name(trace, here):
    (here / "two.json").write_text('[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]')
    assert trace("import", "two.json").code == 0
    assert [one["verb"] for one in trace("op", "log", "--json").json["operations"]] == ["import"]
    assert trace("undo").code == 0
    assert "no commits yet" in trace("log").err
