from __future__ import annotations

import json
import re

import pytest


def test_who_when_tokens_and_the_message(trace):
    trace("commit", "first line\nsecond line", "-m", "A subject\n\nand why")
    shown = trace("show").out
    assert re.match(r"commit [0-9a-f]{40} \(HEAD -> main\)\nVerb:    append\nAuthor:  user\nDate:    \d{4}-", shown)
    assert "\n    A subject\n\n    and why\n" in shown
    assert re.search(r"\nuser [0-9a-f]{16}  \d+ tokens\n    first line\n    second line\n", shown)
    assert "Trace-" not in shown


def test_calls_are_shown(trace):
    trace("commit", "--messages", calling('{"for": "x", "deep": [1]}'))
    assert '\n    → grep(for="x", deep=[1])\n' in trace("show").out


def calling(arguments):
    call = {"id": "a", "type": "function", "function": {"name": "grep", "arguments": arguments}}
    return json.dumps({"role": "assistant", "content": None, "tool_calls": [call]})


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ("{}", ["→ grep()"]),
        ("not json", ["→ grep(not json)"]),
        ("[1]", ["→ grep([1])"]),
        ("[" * 5000, ["→ grep(" + "[" * 5000 + ")"]),
        (
            json.dumps({"file": "a" * 80, "new": "one\ntwo\n", "all": True}),
            ["→ grep", "    file: " + "a" * 80, "    new:", "        one", "        two", "    all: true"],
        ),
    ],
    ids=["none", "broken", "list", "deep", "long"],
)
def test_arguments_are_readable_whatever_the_model_wrote(trace, arguments, lines):
    trace("commit", "--messages", calling(arguments))
    assert trace("show").out.endswith("".join(f"    {line}\n" for line in lines))


def test_what_is_no_text_is_named(trace):
    blocks = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]
    trace("commit", "--messages", json.dumps({"role": "user", "content": blocks}))
    assert trace("show").out.endswith("    [image_url]\n    look\n")
    trace("commit", "--messages", '{"role": "tool", "tool_call_id": "lost", "content": "42"}')
    assert trace("show").out.endswith("    ← lost\n    42\n")


# -- one item ------------------------------------------------------------------------------


@pytest.fixture
def filled(trace):
    for text in ("one", "two", "three"):
        trace("commit", text)
    return trace


def ids(trace):
    return [item["id"] for item in trace("ls", "--json").json["items"]]


@pytest.mark.parametrize("rev", ["HEAD", "HEAD~1", "", "main", "HEAD^{/two}"])
def test_an_item_of_a_context(filled, rev):
    item = ids(filled)[1]
    for wanted in (item, item[:6]):
        shape = filled("show", f"{rev}:{wanted}", "--json").json
        assert (shape["item"]["id"], shape["item"]["message"]["content"]) == (item, "two")
    assert re.fullmatch(rf"user {item}  \d+ tokens\n    two\n", filled("show", f"{rev}:{item}").out)


def test_an_item_is_looked_for_in_that_context_only(filled):
    assert filled("show", f"HEAD~1:{ids(filled)[2]}").code == 3


def test_an_item_as_it_was(filled):
    item = ids(filled)[0]
    filled("edit", item, "another")
    assert filled("show", f"HEAD~1:{item}", "--json").json["item"]["message"]["content"] == "one"
    assert filled("show", f"HEAD:{item}", "--json").json["item"]["message"]["content"] == "another"


def test_an_unknown_item_with_a_near_name(filled):
    item = ids(filled)[0]
    done = filled("show", "HEAD:" + item[:-1] + ("0" if item[-1] != "0" else "1"))
    assert done.code == 3
    assert f"did you mean {item}" in done.err


@pytest.mark.parametrize("wanted", ["HEAD:", "HEAD:abc", "HEAD: "])
def test_what_is_no_item_id(filled, wanted):
    done = filled("show", wanted)
    assert done.code == 2
    assert "`trace ls` lists items" in done.err


def test_a_search_is_a_revision_not_an_item(filled):
    assert filled("show", ":/two", "--json").json["items"][0]["message"]["content"] == "two"
    assert filled("show", "HEAD@{2999-01-01 10:00}", "--json").json["items"][0]["message"]["content"] == "three"


def test_as_it_was_after_an_operation(filled):
    assert filled("show", "--at-op", "2", "--json").json["items"][0]["message"]["content"] == "two"
    assert filled("show", "--at-op", "99").code == 3


def test_an_older_commit(trace):
    trace("commit", "one")
    trace("commit", "two")
    assert trace("show", "HEAD~1", "--json").json["items"][0]["message"]["content"] == "one"


def test_usage_that_a_response_reported(trace):
    trace("commit", "hi")
    response = {
        "object": "chat.completion",
        "model": "gpt-4o",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}],
        "usage": {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10},
    }
    assert trace("commit", "--messages", json.dumps(response)).code == 0
    assert trace("show", "--json").json["commit"]["usage"] == {
        "prompt": 8,
        "completion": 2,
        "cached": 0,
        "model": "gpt-4o",
    }
    shown = trace("show").out
    assert "Author:  assistant, gpt-4o\n" in shown
    assert "Usage:   prompt 8 (0 cached), completion 2\n" in shown


def test_an_empty_trace_has_nothing_to_show(trace):
    done = trace("show")
    assert done.code == 3
    assert "no commit" in done.err


def test_a_commit_that_stock_git_dated_oddly_is_shown(trace):
    from trace_git.cli import shapes

    assert shapes.when(10**15) == str(10**15)
    assert shapes.when(0) == "1970-01-01 00:00:00 +0000"


@pytest.mark.parametrize("word", ["{}", ":{}", "HEAD:{}"])
def test_an_item_by_the_id_that_ls_shows(trace, word):
    trace("commit", "first")
    trace("commit", "second")
    item = trace("ls", "--json").json["items"][0]["id"]
    assert trace("show", word.format(item[:8])).out == trace("show", f"HEAD:{item}").out
    assert trace("show", word.format(item), "--json").json["item"]["message"]["content"] == "first"


def test_what_is_neither_commit_nor_item_is_an_unknown_revision(trace):
    trace("commit", "first")
    done = trace("show", "0000beef")
    assert (done.code, done.out) == (3, "")
    assert "unknown revision '0000beef'" in done.err
