"""textconv: all that a message says, in lines that can be compared; never a failure, never a live escape."""

from __future__ import annotations

import pytest

from trace_git import Message
from trace_git.store import codec


@pytest.fixture
def shown(cli, here):
    """``shown(message or bytes)`` are the lines that textconv prints."""

    def run(given: Message | bytes) -> list[str]:
        (here / "blob").write_bytes(given if isinstance(given, bytes) else codec.encode(given))
        done = cli("textconv", "blob")
        assert (done.code, done.err) == (0, "")
        return done.out.split("\n")[:-1]

    return run


def test_a_text_of_several_lines(shown):
    message = Message("user", {"role": "user", "content": "one\n\ttwo\n\nthree"})
    assert shown(message) == ["user", "", "one", "\ttwo", "", "three"]


def test_calls_with_their_arguments_one_to_a_line(shown):
    arguments = '{"path": "a.py", "text": "x = 1\\ny = 2", "force": true, "at": [1, 2]}'
    call = {"id": "c1", "type": "function", "function": {"name": "write", "arguments": arguments}}
    message = Message("assistant", {"role": "assistant", "content": None, "tool_calls": [call]})
    assert shown(message) == [
        "assistant",
        "",
        "→ write (c1)",
        "    path: a.py",
        "    text:",
        "        x = 1",
        "        y = 2",
        "    force: true",
        "    at: [1, 2]",
    ]


def test_arguments_that_are_no_json_are_shown_as_they_are(shown):
    call = {"id": "c1", "type": "function", "function": {"name": "write", "arguments": '{"path": "a'}}
    assert '    {"path": "a' in shown(Message("assistant", {"role": "assistant", "tool_calls": [call]}))


def test_a_result(shown):
    message = Message("tool", {"role": "tool", "tool_call_id": "c1", "content": "a\nb"})
    assert shown(message) == ["tool", "← answers c1", "", "a", "b"]


def test_blocks(shown):
    content = [
        {"type": "thinking", "thinking": "hm\nhm", "signature": "Zz="},
        {"type": "text", "text": "see", "cache_control": {"type": "ephemeral"}},
        {"type": "tool_use", "id": "t1", "name": "look", "input": {"at": "x"}},
        {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "r"}], "is_error": True},
    ]
    message = Message("assistant", {"role": "assistant", "content": content}, "anthropic.messages", model="m-1")
    assert shown(message) == [
        "assistant",
        "model: m-1",
        "format: anthropic.messages",
        "",
        "[thinking]",
        "    thinking:",
        "        hm",
        "        hm",
        "    signature: Zz=",
        "see",
        '    cache_control: {"type": "ephemeral"}',
        "→ look (t1)",
        "    at: x",
        "← answers t1",
        "r",
        "    is_error: true",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"content": "a"}, {"content": ["a", {"type": "text", "text": ""}]}),
        ({"content": "a"}, {"content": "a", "name": "x"}),
        ({"content": "a"}, {"content": "a", "extra": None}),
        ({"content": None}, {"content": ""}),
        ({"content": {"a": 1}}, {"content": {"a": 2}}),
        (
            {"tool_calls": [{"id": "1", "function": {"name": "f"}}]},
            {"tool_calls": [{"id": "2", "function": {"name": "f"}}]},
        ),
        (
            {"tool_calls": [{"type": "custom", "custom": {"a": 1}}]},
            {"tool_calls": [{"type": "custom", "custom": {"a": 2}}]},
        ),
        ({"function_call": {"name": "f", "arguments": "1"}}, {"function_call": {"name": "f", "arguments": "2"}}),
        ({"content": [{"type": "image", "data": "x"}]}, {"content": [{"type": "image", "data": "y"}]}),
    ],
)
def test_what_differs_is_shown_differently(one, other, shown):
    before, after = (Message("assistant", {"role": "assistant", **body}) for body in (one, other))
    assert shown(before) != shown(after)


def test_tool_definitions(shown):
    tools = [{"type": "function", "function": {"name": "look", "description": "Look\nthere"}}, {"name": "b"}]
    lines = shown(codec.encode_tools(tools))
    assert lines[0] == "tool look"
    assert "tool b" in lines
    assert any('"description": "Look\\nthere"' in line for line in lines)


@pytest.mark.parametrize(
    "data", [b"", b"\xc1", b"trace 1\n", b"\x80" * 9, b"\xdd\xff\xff\xff\xff" * 5000, bytes(70_000)]
)
def test_what_cannot_be_read_is_one_line_that_says_so_and_its_size(data, shown):
    (line,) = shown(data)
    assert line.startswith("(cannot read")
    assert line.endswith(f"{len(data):,} bytes)")


def test_a_file_that_is_not_there_is_no_failure_either(cli):
    done = cli("textconv", "nothing")
    assert (done.code, done.out) == (0, "(cannot be read: No such file or directory)\n")


@pytest.mark.parametrize("text", ["\x1b[31m", "\x1b]8;;http://x\x07", "\u202e", "a\rb", "\x9b1m", "\x00"])
def test_escapes_are_visible(text, shown):
    call = {"id": text, "type": "function", "function": {"name": text, "arguments": '{"a": "x"}'}}
    body = {"role": "assistant", "content": text, "tool_calls": [call], text: text}
    joined = "\n".join(shown(Message("assistant", body, name=text, model=text)))
    assert not set(text) & set("\x1b\x07\u202e\r\x9b\x00") & set(joined)
    assert "\\" in joined


def test_it_loads_no_more_than_it_needs(here):
    import subprocess
    import sys

    from .conftest import environment

    (here / "blob").write_bytes(codec.encode(Message("user", {"role": "user", "content": "x"})))
    code = "import sys; from trace_git.cli import main; main(['textconv', 'blob']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    heavy = {
        "dulwich",
        "tiktoken",
        "rich",
        "trace_git.store.store",
        "trace_git.view.context",
        "trace_git.formats.given",
    }
    assert not heavy & loaded
