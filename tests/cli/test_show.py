from __future__ import annotations

import json
import re


def test_who_when_tokens_and_the_message(trace):
    trace("commit", "first line\nsecond line", "-m", "A subject\n\nand why")
    shown = trace("show").out
    assert re.match(r"commit [0-9a-f]{40} \(HEAD -> main\)\nVerb:    append\nAuthor:  user\nDate:    \d{4}-", shown)
    assert "\n    A subject\n\n    and why\n" in shown
    assert re.search(r"\nuser [0-9a-f]{16}\n    first line\n    second line\n", shown)
    assert "Trace-" not in shown


def test_calls_are_shown(trace):
    call = {"id": "a", "type": "function", "function": {"name": "grep", "arguments": '{"for": "x"}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    trace("commit", "--messages", json.dumps(message))
    assert '    → grep({"for": "x"})\n' in trace("show").out


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
