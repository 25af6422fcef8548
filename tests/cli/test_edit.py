from __future__ import annotations

import json

import pytest

from trace_git import ConflictError, Repo

CALL = {"id": "c1", "type": "function", "function": {"name": "grep", "arguments": "{}"}}


@pytest.fixture
def filled(trace):
    trace("commit", "--role", "system", "Be brief.")
    trace("commit", "one\ntwo")
    return trace


@pytest.fixture
def editor(tmp_path):
    """An editor that runs ``script``, as an environment; it is given --wait and the file."""

    def made(script: str, name: str = "TRACE_GIT_EDITOR") -> dict[str, str]:
        path = tmp_path / f"editor of {name}"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return {name: f"'{path}' --wait"}

    return made


def contents(trace):
    return [message["content"] for message in json.loads(trace("materialize").out)]


def commits(trace):
    return len(trace("log", "--json").json["commits"])


@pytest.mark.parametrize("name", ["id", "short", "HEAD", "@", "main"])
def test_the_item_may_be_named_in_many_ways(filled, name):
    item = filled("ls", "--json").json["items"][1]["id"]
    word = {"id": item, "short": item[:5]}.get(name, name)
    assert filled("edit", word, "new").code == 0
    assert contents(filled) == ["Be brief.", "new"]


def test_a_commit_id_names_the_item_that_it_added(filled):
    commit = filled("log", "--json").json["commits"][1]["short_id"]
    assert filled("edit", commit, "Be terse.").code == 0
    assert contents(filled)[0] == "Be terse."


@pytest.mark.parametrize(
    ("word", "code", "said"),
    [
        ("0000", 3, "no item '0000'"),
        ("nowhere", 3, "no item 'nowhere'"),
        ("abc", 2, "at least 4 hex digits"),
        ("", 2, "'' is not an item id"),
        ("HEAD~9", 3, "the history ends "),
    ],
)
def test_an_item_that_is_not_there(filled, word, code, said):
    done = filled("edit", word, "new")
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert commits(filled) == 2


def test_near_items_are_named(filled):
    item = filled("ls", "--json").json["items"][1]["id"]
    wrong = item[:7] + ("0" if item[7] != "0" else "1") + item[8:]
    assert f"did you mean {item}" in filled("edit", wrong, "new").err


def test_a_commit_of_several_items_lists_them(trace):
    two = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
    trace("commit", "--messages", json.dumps(two))
    done = trace("edit", "HEAD", "new")
    assert done.code == 2
    assert all(item["id"] in done.err for item in trace("ls", "--json").json["items"])


@pytest.mark.parametrize("words", [(), ("-",)])
def test_stdin_is_kept_byte_for_byte(filled, words):
    text = "  one\r\ntwo \ufeff\0\n\n"
    assert filled("edit", "HEAD", *words, input=text.encode()).code == 0
    assert contents(filled)[1] == text


def test_an_empty_text_is_a_content(filled):
    assert filled("edit", "HEAD", "").code == 0
    assert contents(filled)[1] == ""


@pytest.mark.parametrize(
    ("words", "input", "said"),
    [
        ((), None, "stdin is closed"),
        ((), b"", "stdin is empty"),
        ((), b"ab\xff", "not UTF-8 at byte 2"),
        (("--messages",), b"{", "not JSON"),
        (("--messages",), b"[" * 100_000, "nested too deep"),
        (("--messages",), b'{"role": "assistant", "content": "x"}', "keeps the role 'user'"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changed(filled, words, input, said):
    done = filled("edit", "HEAD", *words, input=input)
    assert done.code == 2
    assert said in done.err
    assert commits(filled) == 2


def test_the_same_again_changes_nothing(filled):
    done = filled("edit", "HEAD", "one\ntwo", "--json")
    assert done.code == 0
    assert done.json["changed"] is False
    assert filled("edit", "HEAD", "one\ntwo").err == "nothing changed\n"
    assert commits(filled) == 2


def test_json(filled):
    shape = filled("edit", "HEAD", "new", "-m", "Why", "--json").json
    assert shape["schema_version"] == 1
    assert shape["changed"] is True
    assert shape["commit"]["subject"] == "Why"
    assert shape["items"][0]["message"]["content"] == "new"


def test_a_pinned_item_wants_force(filled):
    filled("pin", "HEAD")
    done = filled("edit", "HEAD", "new")
    assert done.code == 6
    assert "--force" in done.err
    assert filled("edit", "HEAD", "new", "--force").code == 0
    assert contents(filled)[1] == "new"


def test_a_whole_message(filled):
    filled("commit", "--messages", json.dumps({"role": "assistant", "content": "a", "tool_calls": [CALL]}))
    given = {"role": "assistant", "content": "b", "extra": 1}
    assert filled("edit", "HEAD", "--messages", json.dumps(given)).code == 0
    assert json.loads(filled("materialize").out)[-1]["content"] == "b"


# -- the editor ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["TRACE_GIT_EDITOR", "VISUAL", "EDITOR"])
def test_the_editor_gets_the_present_text(filled, terminal, editor, name):
    done = terminal("edit", "HEAD", env=editor('shift; sed -i s/two/three/ "$1"', name))
    assert done.code == 0, done.out
    assert contents(filled)[1] == "one\nthree"


def test_ours_goes_before_the_others(filled, terminal, editor):
    env = {**editor("exit 1", "EDITOR"), **editor("exit 1", "VISUAL"), **editor('shift; echo ours > "$1"')}
    assert terminal("edit", "HEAD", env=env).code == 0
    assert contents(filled)[1] == "ours"


@pytest.mark.parametrize("text", ["plain", "ends\n", "\n\n", "", "a\r\nb\r\n", "\ufeffbom"])
def test_saved_unchanged_is_nothing_changed(trace, terminal, editor, text):
    trace("commit", text)
    done = terminal("edit", "HEAD", env=editor('shift; cat "$1" > "$1.new"; mv "$1.new" "$1"'))
    assert (done.code, done.out) == (0, "nothing changed\n")
    assert commits(trace) == 1


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ('shift; : > "$1"', "the editor gave no text"),
        ('shift; echo "  " > "$1"', "the editor gave no text"),
        ('shift; rm "$1"', "the editor gave no text"),
        ('shift; printf "a\\377" > "$1"', "not UTF-8 at byte 1"),
        ("exit 3", "ended with exit code 3"),
    ],
)
def test_an_editor_that_gives_nothing(filled, terminal, editor, script, said):
    done = terminal("edit", "HEAD", env=editor(script))
    assert done.code == 2
    assert said in done.out
    assert commits(filled) == 2


def test_an_editor_that_is_not_there(filled, terminal):
    done = terminal("edit", "HEAD", env={"TRACE_GIT_EDITOR": "no-such-editor"})
    assert done.code == 2
    assert "'no-such-editor' ended with exit code 127" in done.out


def test_a_message_with_more_than_text_opens_as_json(trace, terminal, editor):
    trace("commit", "--messages", json.dumps({"role": "assistant", "content": None, "tool_calls": [CALL]}))
    done = terminal("edit", "HEAD", env=editor('shift; sed -i s/grep/find/ "$1"'))
    assert done.code == 0, done.out
    message = trace("show", "--json").json["items"][0]["message"]
    assert message == {
        "role": "assistant",
        "content": None,
        "tool_calls": [{**CALL, "function": {"name": "find", "arguments": "{}"}}],
    }
    assert terminal("edit", "HEAD", env=editor("exit 0")).out == "nothing changed\n"


def test_a_pinned_item_is_refused_before_the_editor_opens(filled, terminal, editor, here):
    filled("pin", "HEAD")
    assert terminal("edit", "HEAD", env=editor(f"touch '{here}/opened'")).code == 6
    assert not (here / "opened").exists()


def test_what_is_done_is_told_though_its_receipt_cannot_be_made_any_more(filled, monkeypatch):
    """Another program redacts right behind it."""

    def gone(*given, **also):
        raise ConflictError("removed meanwhile")

    monkeypatch.setattr(Repo, "receipt", gone)
    done = filled("edit", "HEAD", "other words")
    assert (done.code, done.out.count("[main ")) == (0, 1)
    assert filled("drop", "HEAD", "--json").json["receipt"] is None
    done = filled("reset", "HEAD~1")
    assert (done.code, done.out.count("main is at")) == (0, 1)
    assert filled("reset", "HEAD~1", "--json").json["receipt"] is None
