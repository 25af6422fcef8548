"""Materialize on generated and on real conversations: what holds for any context.

The judges of provider rules below are written on their own, from the providers' documentation
and error messages; they share no code with what they judge.
"""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trace_git.errors import RefusedError
from trace_git.model import ANTHROPIC, Context, Item, Message, Prompt, TokenCount, assistant, system, tool, user
from trace_git.view.materialize import Renderer

FORMS = ("openai", "anthropic", "text", "xml")
DATA = Path(os.environ.get("TRACE_GIT_DATA") or Path(__file__).parents[2].parent / "shared" / "data")


# --- judges -------------------------------------------------------------------------------------------------------


def judge_openai(messages: list[dict[str, Any]]) -> Iterator[str]:
    """What the chat completions API answers 400 to, as far as pairing goes."""
    expected: list[str] = []
    for place, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in expected:
                yield f"{place}: result of {message['tool_call_id']} follows no such call"
            else:
                expected.remove(message["tool_call_id"])
            continue
        if expected:
            yield f"{place}: {expected} not answered"
        expected = [call["id"] for call in message.get("tool_calls") or ()]


def judge_anthropic(output: dict[str, Any]) -> Iterator[str]:
    """What the messages API answers 400 to: turns, pairing, ids, blank text."""
    messages = output["messages"]
    seen: set[str] = set()
    if output.get("system") == []:
        yield "empty system"
    for place, message in enumerate(messages):
        if message["role"] != ("user", "assistant")[place % 2]:
            yield f"{place}: role {message['role']} out of turn"
        blocks = message["content"]
        if isinstance(blocks, str):
            blocks = [{"type": "text", "text": blocks}]
        if not blocks:
            yield f"{place}: empty"
        kinds = [block["type"] for block in blocks]
        if "tool_result" in [kind for kind, before in zip(kinds[1:], kinds, strict=False) if before != "tool_result"]:
            yield f"{place}: a result after other blocks"
        if any(block["type"] == "text" and not block["text"].strip() for block in blocks):
            yield f"{place}: blank text"
        before = messages[place - 1]["content"] if place else []
        open_calls = {block["id"] for block in before if isinstance(block, dict) and block["type"] == "tool_use"}
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if len(results) != len(set(results)) or not set(results) <= open_calls:
            yield f"{place}: results {results} for {open_calls}"
        at_tail = place == len(messages) - 1 and set(kinds) == {"tool_result"}
        if message["role"] == "user" and open_calls - set(results) and not at_tail:
            yield f"{place}: {open_calls - set(results)} not answered"
        for block in blocks:
            if block["type"] == "tool_use":
                if block["id"] in seen or not re.fullmatch("[a-zA-Z0-9_-]+", block["id"]):
                    yield f"{place}: id {block['id']}"
                seen.add(block["id"])


JUDGES: dict[str, Callable[[Any], Iterator[str]]] = {"openai": judge_openai, "anthropic": judge_anthropic}


# --- generated conversations --------------------------------------------------------------------------------------

IDS = st.sampled_from(["a", "b", "c.1"])
TEXTS = st.sampled_from(["hi", "ho", "", " ", "<&>\r"])


def call(id: str) -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}}


def claude(role: str, blocks: list[dict[str, Any]]) -> Message:
    return Message(role, {"role": role, "content": blocks}, ANTHROPIC)


WORDS = TEXTS.map(lambda text: {"type": "text", "text": text})
USES = IDS.map(lambda id: {"type": "tool_use", "id": id, "name": "f", "input": {"x": [1]}})
RESULTS = IDS.map(lambda id: {"type": "tool_result", "tool_use_id": id, "content": "r"})
MESSAGES = st.one_of(
    TEXTS.map(user),
    TEXTS.map(system),
    st.tuples(TEXTS, st.lists(IDS, max_size=2)).map(
        lambda said: assistant(said[0], tool_calls=list(map(call, said[1])))
    ),
    IDS.map(lambda id: tool("r", id)),
    st.lists(st.one_of(WORDS, RESULTS), min_size=1, max_size=3).map(lambda blocks: claude("user", blocks)),
    st.lists(st.one_of(WORDS, USES), min_size=1, max_size=3).map(lambda blocks: claude("assistant", blocks)),
)
TOOLS = st.sampled_from([(), ({"type": "function", "function": {"name": "f"}},)])


def items_of(messages: list[Message], start: int = 0) -> tuple[Item, ...]:
    def item(place: int, message: Message) -> Item:
        return Item(f"{place:016x}", message.role, f"{place:040x}", lambda _: message)

    return tuple(item(place, message) for place, message in enumerate(messages, start))


def shown(renderer: Renderer, context: Context, form: str, repair: bool) -> Any:
    """All that a prompt says, or the refusal, as one comparable value."""
    try:
        prompt = renderer.render(context, form, repair=repair)
    except RefusedError as error:
        return str(error)
    return (prompt.digest, prompt.output, prompt.spans, prompt.warnings)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["append", "append", "append", "edit", "pin", "cut"]), st.integers(0, 99), MESSAGES, TOOLS
    ),
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(form=st.sampled_from(FORMS), repair=st.booleans(), steps=STEPS, digests=st.booleans())
def test_a_renderer_that_remembers_gives_what_a_new_one_gives(
    form: str, repair: bool, steps: Any, digests: bool
) -> None:
    renderer = Renderer()
    items: tuple[Item, ...] = ()
    for count, (verb, where, message, tools) in enumerate(steps):
        at = where % (len(items) + 1)
        (new,) = items_of([message], start=1000 + count)
        if verb == "append":
            items = (*items, new)
        elif verb == "edit":
            items = (*items[:at], new, *items[at + 1 :])
        elif verb == "pin":
            items = tuple(item.with_pinned(True) if place == at else item for place, item in enumerate(items))
        else:
            items = items[:at]
        context = Context(None, items, TokenCount(1), tools)
        if digests or count % 3 == 0:  # a digest that is not read each time must not differ later
            assert shown(renderer, context, form, repair) == shown(Renderer(), context, form, repair)


@settings(max_examples=30, deadline=None)
@given(
    form=st.sampled_from(FORMS), sizes=st.lists(st.integers(0, 90), min_size=1, max_size=5), edit=st.integers(0, 400)
)
def test_digests_of_long_contexts_agree_with_a_new_renderers(form: str, sizes: list[int], edit: int) -> None:
    renderer = Renderer()
    items: tuple[Item, ...] = ()
    for size in sizes:
        said = [user(str(place)) if place % 2 == 0 else assistant(str(place)) for place in range(size - size % 2)]
        items = (*items, *items_of(said, start=len(items)))
        context = Context(None, items, TokenCount(1))
        assert renderer.render(context, form).digest == Renderer().render(context, form).digest
    if items:
        at = edit % len(items)
        changed = items_of([Message(items[at].role, {"role": items[at].role, "content": "changed"})], start=9999)
        context = Context(None, (*items[:at], *changed, *items[at + 1 :]), TokenCount(1))
        assert renderer.render(context, form).digest == Renderer().render(context, form).digest


@settings(max_examples=200, deadline=None)
@given(form=st.sampled_from(tuple(JUDGES)), messages=st.lists(MESSAGES, max_size=12))
def test_what_is_given_passes_the_provider_and_what_is_refused_can_be_mended(
    form: str, messages: list[Message]
) -> None:
    context = Context(None, items_of(messages), TokenCount(1))
    try:
        prompt = Renderer().render(context, form)
    except RefusedError:
        prompt = Renderer().render(context, form, repair=True)
        assert any(line.startswith("left out: ") for line in prompt.warnings)
    assert list(JUDGES[form](prompt.output)) == []
    assert_spans_cover(prompt, form)


def assert_spans_cover(prompt: Prompt, form: str) -> None:
    """Each part of the output belongs to exactly one item."""
    places: list[tuple[int, int]] = []
    messages = prompt.output["messages"] if form == "anthropic" else prompt.output
    for span in prompt.spans:
        for place in range(span.start, span.stop):
            message = messages[place] if place >= 0 else {"content": prompt.output["system"]}
            blocks = message.get("content") if form == "anthropic" else None
            whole = (0, len(blocks) - 1) if isinstance(blocks, list) else (0, 0)
            first, last = span.block or whole
            places.extend((place, block) for block in range(first, last + 1))
    assert len(places) == len(set(places))
    expected = dict.fromkeys(range(len(messages)), 1)
    if form == "anthropic":
        expected = {
            place: len(m["content"]) if isinstance(m["content"], list) else 1 for place, m in enumerate(messages)
        }
        if "system" in prompt.output:
            given_system = prompt.output["system"]
            expected[-1] = len(given_system) if isinstance(given_system, list) else 1
    assert set(places) == {(place, block) for place, count in expected.items() for block in range(count)}


def spoil(value: Any) -> None:
    """Change a value at every depth."""
    if isinstance(value, dict):
        for inner in value.values():
            spoil(inner)
        value["cache_control"] = {"type": "ephemeral"}
    elif isinstance(value, list):
        for inner in value:
            spoil(inner)
        value.append("spoiled")


@settings(max_examples=100, deadline=None)
@given(form=st.sampled_from(("openai", "anthropic")), messages=st.lists(MESSAGES, max_size=8), tools=TOOLS)
def test_what_a_caller_does_to_an_output_touches_nothing_else(form: str, messages: list[Message], tools: Any) -> None:
    renderer = Renderer()
    context = Context(None, items_of(messages), TokenCount(1), tools)
    given_bodies = copy.deepcopy([message.body for message in messages])
    first = renderer.render(context, form, repair=True)
    before = copy.deepcopy(first.output)
    spoil(first.output)
    again = renderer.render(context, form, repair=True)
    assert again.output == before
    assert again.digest == first.digest
    assert [message.body for message in messages] == given_bodies


# --- real conversations -------------------------------------------------------------------------------------------


def conversations() -> list[list[dict[str, Any]]]:
    files = sorted((DATA / "tau_airline").glob("*.jsonl"))
    if not files:
        pytest.skip(f"no real conversations at {DATA}: set TRACE_GIT_DATA")
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return [json.loads(line)["messages"] for line in lines]


@pytest.mark.parametrize("form", FORMS)
def test_real_conversations_render_and_the_provider_would_take_them(form: str) -> None:
    for messages in conversations():
        items = items_of([Message(message["role"], message) for message in messages])
        prompt = Renderer().render(Context(None, items, TokenCount(1)), form)
        if form == "openai":
            assert prompt.output == messages
        if form in JUDGES:
            assert list(JUDGES[form](prompt.output)) == []
            assert_spans_cover(prompt, form)
        assert {span.item for span in prompt.spans} == {item.id for item in items}
