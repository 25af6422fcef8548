from __future__ import annotations

import json
import re

import pytest


@pytest.fixture
def filled(trace):
    trace("commit", "--role", "system", "--pin", "Be brief.")
    trace("commit", "Why does login fail?")
    call = {"id": "a", "type": "function", "function": {"name": "grep", "arguments": "{}"}}
    trace(
        "commit", "--messages", input=json.dumps({"role": "assistant", "content": None, "tool_calls": [call]}).encode()
    )
    trace("commit", "--messages", input=b'{"role": "tool", "tool_call_id": "a", "content": "src/auth.py:12"}')
    return trace


def test_each_line_says_id_role_tokens_pin_and_first_words(filled):
    lines = filled("ls").out.splitlines()
    assert re.fullmatch(r"[0-9a-f]{8} system    +\d+ ◆ Be brief\.", lines[0])
    assert re.fullmatch(r"[0-9a-f]{8} user      +\d+   Why does login fail\?", lines[1])
    assert re.fullmatch(r"[0-9a-f]{8} assistant +~\d+   → grep", lines[2])
    assert re.fullmatch(r"[0-9a-f]{8} tool      +~\d+   src/auth\.py:12", lines[3])


def test_the_tokens_are_those_of_the_context(filled):
    items = filled("ls", "--json").json["items"]
    assert sum(item["tokens"] for item in items) + 3 == filled("status", "--json").json["tokens"]


def test_ids_are_what_the_other_commands_take(filled):
    short = filled("ls").out.splitlines()[1][:8]
    shown = filled("show", f"HEAD:{short}", "--json").json["item"]
    assert shown["id"].startswith(short)
    assert shown["message"]["content"] == "Why does login fail?"


@pytest.mark.parametrize(
    ("words", "roles"),
    [
        ((), ["system", "user", "assistant", "tool"]),
        (("--role", "tool"), ["tool"]),
        (("--pinned",), ["system"]),
        (("--pinned", "--role", "user"), []),
        (("HEAD~2",), ["system", "user"]),
        (("--at-op", "1"), ["system"]),
    ],
)
def test_which_items(filled, words, roles):
    assert [item["role"] for item in filled("ls", "--json", *words).json["items"]] == roles


def test_no_such_items_says_so(filled):
    done = filled("ls", "--pinned", "--role", "user")
    assert (done.code, done.out, done.err) == (0, "", "no such items\n")


def test_an_empty_trace_says_so(trace):
    done = trace("ls")
    assert (done.code, done.out, done.err) == (0, "", "no commits yet\n")
    assert trace("ls", "--json").json == {"schema_version": 1, "commit": None, "items": []}


def test_long_has_the_whole_id_and_the_kind(filled):
    assert all(re.match(r"[0-9a-f]{16} \w+ +message +", line) for line in filled("ls", "--long").out.splitlines())


def test_json_names_everything(filled):
    shape = filled("ls", "--json").json
    assert shape["schema_version"] == 1
    assert shape["commit"] == filled("log", "--json", "-1").json["commits"][0]["id"]
    assert all(
        set(item) == {"id", "role", "kind", "pinned", "message", "tokens", "exact", "counter"}
        for item in shape["items"]
    )


def test_eight_digits_grow_until_they_tell_the_items_apart():
    from trace_git.cli import shapes
    from trace_git.model import Item, user

    ids = ["aaaaaaaaaa000000", "aaaaaaaaab000000", "b" * 16]
    short = shapes.short_ids(Item.of(one, "0" * 40, user("x")) for one in ids)
    assert list(short.values()) == ["aaaaaaaaaa", "aaaaaaaaab", "bbbbbbbbbb"]


def test_lines_fit_the_terminal(filled, shown):
    filled("commit", "word " * 100)
    lines = shown("ls", colour=False).splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[-1].endswith("…")
