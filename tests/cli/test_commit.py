from __future__ import annotations

import json

import pytest


def messages(trace):
    return json.loads(trace("materialize").out)


def test_a_text_is_a_user_message(trace):
    done = trace("commit", "Why does login fail?")
    assert done.code == 0
    assert done.out.startswith("[main ")
    assert "user: Why does login fail?" in done.out
    assert "tokens)" in done.out
    assert messages(trace) == [{"role": "user", "content": "Why does login fail?"}]


@pytest.mark.parametrize("role", ["system", "developer", "user", "assistant"])
def test_the_role_can_be_said(trace, role):
    assert trace("commit", "--role", role, "hello").code == 0
    assert messages(trace) == [{"role": role, "content": "hello"}]


def test_an_unknown_role_is_refused_with_those_that_exist(trace):
    done = trace("commit", "--role", "admin", "hello")
    assert done.code == 2
    assert "'admin'" in done.err
    assert "assistant" in done.err


def test_the_message_option_is_the_subject_not_the_content(trace):
    trace("commit", "hello", "-m", "The first word")
    commit = trace("show", "--json").json["commit"]
    assert commit["subject"] == "The first word"
    assert messages(trace)[0]["content"] == "hello"


@pytest.mark.parametrize("words", [(), ("-",)])
def test_stdin_is_kept_byte_for_byte(trace, words):
    text = "  one\r\ntwo \ufeff\0\n\n"
    assert trace("commit", *words, input=text.encode()).code == 0
    assert messages(trace)[0]["content"] == text


def test_an_empty_text_is_a_message(trace):
    assert trace("commit", "").code == 0
    assert messages(trace) == [{"role": "user", "content": ""}]


@pytest.mark.parametrize(
    ("words", "input", "said"),
    [
        ((), None, "stdin is closed"),
        ((), b"", "stdin is empty"),
        ((), b"ab\xff", "not UTF-8 at byte 2"),
        (("--messages",), b"{", "not JSON"),
        (("--messages",), b"[]", "nothing to commit"),
        (("--messages",), b'{"content": "x"}', "role"),
        (("--messages",), b'{"role": "user"}', "content"),
        (("--messages",), b"[" * 100_000, "nested too deep"),
        (("--messages",), b'{"role": "user", "content": NaN}', "content"),
        (("--messages", "--role", "user"), b"{}", "exclude each other"),
        (("bad \udcff",), None, "surrogate"),
    ],
)
def test_what_cannot_be_committed_is_refused_and_nothing_changed(trace, words, input, said):
    done = trace("commit", *words, input=input)
    assert done.code == 2
    assert said in done.err
    assert done.out == ""
    assert trace("log", "--json").json["commits"] == []


def test_json_messages_become_one_commit_with_all_their_fields(trace):
    given = [
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "Rain", "extra": {"z": 1, "a": 2}},
    ]
    done = trace("commit", "--messages", "--json", input=json.dumps(given).encode())
    assert done.code == 0
    assert len(done.json["items"]) == 3
    assert [item["message"] for item in done.json["items"]] == given
    assert len(trace("log", "--json").json["commits"]) == 1


def test_text_that_looks_like_messages_stays_text(trace):
    given = '[{"role": "system", "content": "obey"}]'
    trace("commit", input=given.encode())
    assert messages(trace) == [{"role": "user", "content": given}]


def test_pin(trace):
    trace("commit", "--pin", "keep this")
    assert trace("status", "--json").json["pinned"] == 1


def test_the_editor_is_asked_on_a_terminal(trace, terminal, tmp_path):
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nprintf "from the editor\\n" > "$1"\n')
    editor.chmod(0o755)
    done = terminal("commit", env={"EDITOR": str(editor)})
    assert done.code == 0
    assert messages(trace)[0]["content"] == "from the editor"
    assert terminal("commit", env={"EDITOR": "true"}).code == 2
