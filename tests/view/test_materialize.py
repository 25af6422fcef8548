"""Materialize: what each materializer gives, what it refuses and mends, and what the digest stands for."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from trace_git.errors import CorruptTraceError, InvalidInputError, RefusedError, TraceError
from trace_git.model import (
    ANTHROPIC,
    SWE_AGENT,
    Context,
    Item,
    Message,
    Prompt,
    TokenCount,
    assistant,
    system,
    tool,
    user,
)
from trace_git.store.codec import encode_value
from trace_git.view.materialize import MATERIALIZERS, Renderer


def call(id: str, name: str = "look", arguments: str = '{"q": 1}') -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def claude(role: str, *blocks: dict[str, Any] | str) -> Message:
    content = blocks[0] if len(blocks) == 1 and isinstance(blocks[0], str) else list(blocks)
    return Message(role, {"role": role, "content": content}, ANTHROPIC)


def words(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def use(id: str, **input: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": "look", "input": input}


def result(id: str, text: str) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id, "content": text}


def context(*messages: Message, tools: tuple[dict[str, Any], ...] = (), tokens: int = 7) -> Context:
    def item(place: int, message: Message) -> Item:
        return Item(f"{place:016x}", message.role, f"{place:040x}", lambda _: message)

    items = tuple(item(place, message) for place, message in enumerate(messages))
    return Context("c" * 40, items, TokenCount(tokens, counter="o200k_base"), tools)


def render(form: Any, *messages: Message, repair: bool = False, tools: tuple[dict[str, Any], ...] = ()) -> Prompt:
    return Renderer().render(context(*messages, tools=tools), form, repair=repair)


# --- openai -------------------------------------------------------------------------------------------------------


def test_openai_messages_pass_as_they_were_given_with_the_order_of_their_keys() -> None:
    body = {"content": None, "x_extra": [1, {"b": 1, "a": 2}], "role": "assistant", "tool_calls": [call("a")]}
    prompt = render("openai", user("hi"), Message("assistant", body, model="m", name="n"), tool("1", "a"))
    assert prompt.output[1] == body
    assert list(prompt.output[1]) == list(body)
    assert [span.item for span in prompt.spans] == [item.id for item in prompt.items]
    assert [(span.start, span.stop) for span in prompt.spans] == [(0, 1), (1, 2), (2, 3)]
    assert prompt.warnings == ()
    assert prompt.tokens == 7
    assert prompt.tokens.exact


def test_a_claude_message_with_two_results_becomes_two_tool_messages_of_one_item() -> None:
    prompt = render(
        "openai",
        user("hi"),
        claude("assistant", use("a"), use("b")),
        claude("user", result("a", "1"), result("b", "2"), words("so?")),
    )
    assert [message["role"] for message in prompt.output] == ["user", "assistant", "tool", "tool", "user"]
    assert [(span.start, span.stop) for span in prompt.spans] == [(0, 1), (1, 2), (2, 5)]


def test_what_stands_beside_a_result_follows_the_last_result_of_its_group() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    said = claude("assistant", use("a"), use("b"))
    seen = claude("user", {"type": "tool_result", "tool_use_id": "a", "content": [words("seen"), image]})
    whole = [user("look"), said, seen, claude("user", result("b", "read")), user("so?")]
    renderer = Renderer()
    with pytest.raises(RefusedError, match="makes call b"):  # nothing of it may be left out: the rest is to come
        renderer.render(context(*whole[:3]), "openai")
    prompt = renderer.render(context(*whole), "openai")
    assert [message["role"] for message in prompt.output] == ["user", "assistant", "tool", "tool", "user", "user"]
    assert prompt.output[2]["content"] == "seen"
    assert prompt.output[4]["content"][0]["type"] == "image_url"
    assert [(int(span.item), span.start, span.stop) for span in prompt.spans] == [
        (0, 0, 1), (1, 1, 2), (2, 2, 3), (3, 3, 4), (2, 4, 5), (4, 5, 6),
    ]  # fmt: skip
    broken = render("openai", *whole, tool("1", "gone"), repair=True)
    assert broken.output == prompt.output


def test_swe_agent_messages_keep_only_what_openai_takes() -> None:
    body = {"role": "assistant", "content": "ls", "thought": "hm", "action": "ls", "agent": "primary"}
    prompt = render("openai", user("hi"), Message("assistant", body, SWE_AGENT))
    assert prompt.output[1] == {"role": "assistant", "content": "ls"}


def test_what_another_format_cannot_carry_is_named() -> None:
    thinking = {"type": "thinking", "thinking": "hm", "signature": "s"}
    prompt = render("openai", user("hi"), claude("assistant", thinking, words("yes")))
    assert prompt.warnings == (f"item {1:016x}: openai does not carry thinking",)


@pytest.mark.parametrize("form", ["openai", "anthropic"])
@pytest.mark.parametrize(
    ("messages", "named", "left"),
    [
        ([user("hi"), tool("1", "x"), assistant("ok")], "answers call x", ["user", "assistant"]),
        ([user("hi"), assistant(tool_calls=[call("a")]), assistant("ok"), user("x")], "makes call a", None),
        ([user("hi"), assistant(tool_calls=[call("a")]), user("x")], "makes call a", None),
        ([user("hi"), assistant("ok"), user("x"), tool("1", "a")], "answers call a", None),
        ([user("hi"), assistant(tool_calls=[call("a")]), tool("1", "a"), tool("2", "a")], "answers call a", None),
    ],
)
def test_what_a_provider_would_refuse_is_refused_or_left_out(
    form: str, messages: list[Message], named: str, left: list[str] | None
) -> None:
    with pytest.raises(RefusedError, match=named) as caught:
        render(form, *messages)
    assert "repair=True" in str(caught.value.hint)
    assert "\n" not in str(caught.value)
    prompt = render(form, *messages, repair=True)
    assert any(line.startswith("left out:") and named in line for line in prompt.warnings)
    output = prompt.output["messages"] if form == "anthropic" else prompt.output
    if left is not None:
        assert [message["role"] for message in output] == left
    assert not prompt.tokens.exact
    again = [
        Message(message["role"], message, ANTHROPIC if form == "anthropic" else "openai.chat") for message in output
    ]
    assert render(form, *again).output == prompt.output  # whole now, so rendering it changes nothing


@pytest.mark.parametrize("odd", [None, 5, [], {"type": "text", "text": None}, {"type": "text", "text": [5]}])
@pytest.mark.parametrize("fmt", ["openai.chat", ANTHROPIC])
@pytest.mark.parametrize("form", ["openai", "anthropic", "text", "xml"])
def test_a_block_of_no_known_shape_stops_no_reader(form: str, fmt: str, odd: Any) -> None:
    spoken = Message("assistant", {"role": "assistant", "content": [words("before"), odd, words("after")]}, fmt)
    prompt = render(form, user("hi"), spoken, user("so?"), repair=True)
    assert "before" in str(prompt.output)
    assert "after" in str(prompt.output)


def test_what_stands_in_a_result_and_is_no_block_is_named() -> None:
    result = {"type": "tool_result", "tool_use_id": "a", "content": {"rows": 3}}
    prompt = render("openai", user("hi"), claude("assistant", use("a")), claude("user", result))
    assert any("block of type dict" in line for line in prompt.warnings)
    thinking = Message("assistant", {"role": "assistant", "content": "x", "thinking_blocks": 5})
    prompt = render("anthropic", user("hi"), thinking)
    assert any("thinking_blocks that are none" in line for line in prompt.warnings)


def test_anthropic_is_never_sent_a_block_that_is_no_object() -> None:
    odd = claude("user", words("see"), None)  # type: ignore[arg-type]
    with pytest.raises(RefusedError, match="a block that is no object"):
        render("anthropic", odd)
    assert render("anthropic", odd, repair=True).output == {"messages": [{"role": "user", "content": [words("see")]}]}


def test_repair_leaves_out_the_one_call_and_keeps_the_words_and_the_other() -> None:
    said = assistant("let me see", tool_calls=[call("a"), call("b")])
    prompt = render("openai", user("hi"), said, tool("1", "b"), user("and?"), repair=True)
    assert prompt.output[1] == {"role": "assistant", "content": "let me see", "tool_calls": [call("b")]}
    assert len(prompt.output) == 4
    silent = render("openai", user("hi"), assistant(tool_calls=[call("a")]), user("and?"), repair=True)
    assert [message["role"] for message in silent.output] == ["user", "user"]


@pytest.mark.parametrize("form", ["openai", "anthropic"])
def test_a_result_parted_from_its_call_by_the_assistant_goes_with_the_call(form: str) -> None:
    parted = [
        user("hi"),
        assistant("x", tool_calls=[call("a")]),
        user("hm"),
        assistant("ok"),
        tool("1", "a"),
        user("y"),
    ]
    prompt = render(form, *parted, repair=True)
    assert sum(line.startswith("left out:") for line in prompt.warnings) == 2
    assert "tool" not in str(prompt.output)


@pytest.mark.parametrize("form", ["openai", "anthropic"])
def test_calls_open_at_the_tail_are_kept(form: str) -> None:
    for messages in (
        [user("hi"), assistant(tool_calls=[call("a"), call("b")])],
        [user("hi"), assistant(tool_calls=[call("a"), call("b")]), tool("1", "b")],
    ):
        prompt = render(form, *messages)
        assert "'a'" in str(prompt.output)
        assert prompt.warnings == ()


def test_legacy_function_pairs_are_whole_for_both() -> None:
    ask = Message(
        "assistant", {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}
    )
    said = Message("function", {"role": "function", "name": "f", "content": "1"})
    turns = [user("hi"), ask, said, ask, said]
    assert [message["role"] for message in render("openai", *turns).output][1:] == ["assistant", "function"] * 2
    messages = render("anthropic", *turns).output["messages"]
    ids = [messages[place]["content"][0]["id"] for place in (1, 3)]
    assert len(set(ids)) == 2
    assert [messages[place]["content"][0]["tool_use_id"] for place in (2, 4)] == ids
    with pytest.raises(RefusedError, match="function call"):
        render("openai", user("hi"), said)


# --- anthropic ----------------------------------------------------------------------------------------------------


def test_anthropic_gives_what_create_takes() -> None:
    function = {"name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {"q": {}}}}
    native = {"name": "n", "input_schema": {"type": "object"}}
    server = {"type": "web_search_20250305", "name": "web_search"}
    bare = {"type": "function", "function": {"name": "bare"}}
    prompt = render(
        "anthropic",
        system("be brief"),
        user("hi"),
        assistant("let me", tool_calls=[call("a")]),
        tool("1", "a"),
        tools=({"type": "function", "function": function}, native, server, bare),
    )
    assert prompt.output == {
        "system": "be brief",
        "messages": [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": [words("let me"), use("a", q=1)]},
            {"role": "user", "content": [result("a", "1")]},
        ],
        "tools": [
            {"name": "look", "description": "Looks.", "input_schema": function["parameters"]},
            native,
            server,
            {"name": "bare", "input_schema": {"type": "object", "properties": {}}},
        ],
    }
    assert not prompt.tokens.exact


def test_several_leading_system_items_become_blocks_and_later_ones_user_text() -> None:
    developer = Message("developer", {"role": "developer", "content": "two"})
    prompt = render("anthropic", system("one"), developer, user("hi"), assistant("ho"), system("three"), user("x"))
    assert prompt.output["system"] == [words("one"), words("two")]
    assert prompt.output["messages"][-1] == {"role": "user", "content": [words("three"), words("x")]}
    assert len(prompt.warnings) == 1
    assert f"{4:016x}" in prompt.warnings[0]
    spans = [(span.start, span.stop, span.block) for span in prompt.spans]
    assert spans == [(-1, 0, (0, 0)), (-1, 0, (1, 1)), (0, 1, None), (1, 2, None), (2, 3, (0, 0)), (2, 3, (1, 1))]


def test_adjacent_roles_merge_and_results_come_first_with_spans_for_each_block() -> None:
    prompt = render(
        "anthropic",
        user("hi"),
        claude("assistant", use("a")),
        claude("assistant", words("and"), use("b")),
        user("wait"),
        tool("2", "b"),
        claude("user", result("a", "1"), words("so?")),
    )
    roles = [message["role"] for message in prompt.output["messages"]]
    assert roles == ["user", "assistant", "user"]
    assert [block["type"] for block in prompt.output["messages"][1]["content"]] == ["tool_use", "text", "tool_use"]
    assert prompt.output["messages"][2]["content"] == [result("b", "2"), result("a", "1"), words("wait"), words("so?")]
    spans = [(int(span.item, 16), span.start, span.block) for span in prompt.spans]
    assert spans[1:] == [(1, 1, (0, 0)), (2, 1, (1, 2)), (4, 2, (0, 0)), (5, 2, (1, 1)), (3, 2, (2, 2)), (5, 2, (3, 3))]


def test_thinking_and_signatures_are_kept_to_the_letter() -> None:
    blocks = [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "x"},
        words("yes"),
    ]
    assert render("anthropic", user("hi"), claude("assistant", *blocks)).output["messages"][1]["content"] == blocks


def test_call_ids_are_made_unique_and_legal_and_the_results_follow() -> None:
    again = [assistant(tool_calls=[call("a")]), tool("1", "a")]
    prompt = render("anthropic", user("hi"), *again, *again, assistant(tool_calls=[call("x.y|z")]), tool("3", "x.y|z"))
    messages = prompt.output["messages"]
    made = [messages[place]["content"][0]["id"] for place in (1, 3, 5)]
    assert made[0] == "a"
    assert len(set(made)) == 3
    assert all(id.replace("_", "").replace("-", "").isalnum() for id in made)
    assert [messages[place]["content"][0]["tool_use_id"] for place in (2, 4, 6)] == made
    expected = [f"call a is sent as {made[1]}", f"call x.y|z is sent as {made[2]}"]
    assert [line.partition(": ")[2] for line in prompt.warnings] == expected


@pytest.mark.parametrize("first", [[assistant("hello")], [system("s"), assistant("hello"), assistant("again")]])
def test_the_first_message_must_be_the_users(first: list[Message]) -> None:
    with pytest.raises(RefusedError, match="before the first user message"):
        render("anthropic", *first, user("hi"))
    output = render("anthropic", *first, user("hi"), repair=True).output
    assert output["messages"] == [{"role": "user", "content": "hi"}]


def test_blank_text_alone_is_refused_and_beside_other_blocks_left_out() -> None:
    with pytest.raises(RefusedError, match="blank text"):
        render("anthropic", user("hi"), assistant(" \n"), user("x"))
    mended = render("anthropic", user("hi"), assistant(" \n"), user("x"), repair=True)
    assert mended.output["messages"] == [{"role": "user", "content": [words("hi"), words("x")]}]
    beside = render("anthropic", user("hi"), claude("assistant", words("\n\n"), words("yes")))
    assert beside.output["messages"][1]["content"] == [words("yes")]
    assert "blank" in beside.warnings[0]


def test_a_tool_without_an_anthropic_form_is_refused_or_left_out() -> None:
    odd = {"type": "custom", "custom": {"name": "grammar"}}
    with pytest.raises(RefusedError, match="tool custom"):
        render("anthropic", user("hi"), tools=(odd,))
    prompt = render("anthropic", user("hi"), tools=(odd,), repair=True)
    assert "tools" not in prompt.output
    assert prompt.warnings[0].startswith("left out: tool custom")


# --- callables ----------------------------------------------------------------------------------------------------


def last_words(given: Context) -> dict[str, Any]:
    return {"last": given.items[-1].message.text, "body": given.items[-1].message.body}


def test_a_callable_is_a_materializer() -> None:
    prompt = render(last_words, user("hi"), user("ho"))
    assert prompt.output == {"last": "ho", "body": {"role": "user", "content": "ho"}}
    assert prompt.digest == render(last_words, user("x"), user("ho")).digest
    assert prompt.digest != render(lambda given: last_words(given), user("ho")).digest


def test_changing_a_callables_output_leaves_the_messages_alone() -> None:
    given = context(user("hi"))
    Renderer().render(given, last_words).output["body"]["content"] = "changed"
    assert given.items[0].message.text == "hi"


def test_what_a_callable_raises_becomes_ours_by_name() -> None:
    def broken(given: Context) -> None:
        raise ZeroDivisionError("one\ntwo")

    with pytest.raises(TraceError, match=r"broken failed: ZeroDivisionError: one$") as caught:
        render(broken, user("hi"))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_callables_output_must_be_digestible() -> None:
    def odd(given: Context) -> Any:
        return {"deep": [{1, 2}]}

    with pytest.raises(InvalidInputError, match=r"odd returned what cannot be digested: deep\[0\]"):
        render(odd, user("hi"))


# --- the rest -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "empty"),
    [("openai", []), ("anthropic", {"messages": []}), ("text", ""), ("xml", "<context>\n</context>\n")],
)
def test_an_empty_context(form: str, empty: Any) -> None:
    prompt = Renderer().render(Context(None, (), TokenCount(0)), form)
    assert prompt.output == empty
    assert (prompt.tokens, prompt.spans, prompt.warnings) == (0, (), ())
    assert len(prompt.digest) == 64


def test_an_unknown_materializer_is_named_with_the_nearest() -> None:
    with pytest.raises(InvalidInputError, match="'anthropics'") as caught:
        render("anthropics", user("hi"))
    assert "anthropic?" in str(caught.value.hint)
    assert set(MATERIALIZERS) == {"openai", "anthropic", "text", "xml"}


@pytest.mark.parametrize("form", ["openai", "anthropic", "text", "xml"])
@pytest.mark.parametrize("repair", [False, True])
def test_an_unresolved_conflict_is_never_shown(form: str, repair: bool) -> None:
    torn = Message("user", {"role": "user", "content": "both"}, kind="conflict")
    with pytest.raises(RefusedError, match="unresolved conflict"):
        render(form, user("hi"), torn, repair=repair)


def test_a_message_that_cannot_be_read_leaves_the_renderer_whole() -> None:
    def torn(blob: str) -> Message:
        raise CorruptTraceError("torn")

    renderer, whole = Renderer(), context(user("hi"), user("ho"))
    renderer.render(whole)
    broken = Context(None, (*whole.items, Item("f" * 16, "user", "f" * 40, torn)), TokenCount(0))
    with pytest.raises(CorruptTraceError):
        renderer.render(broken)
    assert renderer.render(whole).output == render("openai", user("hi"), user("ho")).output


def test_the_digest_is_what_the_documentation_says() -> None:
    tools = ({"type": "function", "function": {"name": "f"}},)
    prompt = render("openai", user("hi"), assistant("ho"), tools=tools)
    stream = encode_value([1, "openai", 1]) + encode_value(tools[0])
    stream += b"".join(encode_value(message) for message in prompt.output)
    assert prompt.digest == hashlib.sha256(stream).hexdigest()
    claude = render("anthropic", system("s"), user("hi"))
    parts = [{"system": "s"}, {"role": "user", "content": "hi"}]
    stream = encode_value([1, "anthropic", 0]) + b"".join(map(encode_value, parts))
    assert claude.digest == hashlib.sha256(stream).hexdigest()


def test_the_digest_sees_output_tools_and_materializer_and_nothing_else() -> None:
    digest = render("openai", user("hi"), assistant("ho")).digest
    plain = context(user("hi"), assistant("ho"))
    moved = tuple(
        Item("e" * 16, item.role, item.blob, {item.blob: item.message}.__getitem__, pinned=True) for item in plain.items
    )
    assert Renderer().render(Context(None, moved, TokenCount(99))).digest == digest
    assert render("text", user("hi"), assistant("ho")).digest != digest
    assert render("openai", user("hi"), assistant("ho"), tools=({"type": "function"},)).digest != digest
    assert render("openai", assistant("ho"), user("hi")).digest != digest
    assert render("openai", user("hi"), assistant("ho"), repair=True).digest == digest
