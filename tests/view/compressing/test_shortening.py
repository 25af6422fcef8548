"""Tool outputs made shorter: the result block alone, in every format, and the same bytes each time."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from trace_git.formats import convert
from trace_git.model import ANTHROPIC, OPENAI, SWE_AGENT, Item, Message
from trace_git.view import groups
from trace_git.view.compressing.shortening import HEAD, TAIL, shortened

LONG = "\n".join(f"line {number} of the output" for number in range(300))
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "openai": (OPENAI, {"role": "tool", "tool_call_id": "c", "content": LONG}),
    "openai, parts": (OPENAI, {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": LONG}]}),
    "legacy": (OPENAI, {"role": "function", "name": "look", "content": LONG}),
    "swe-agent": (SWE_AGENT, {"role": "tool", "tool_call_ids": ["c", "d"], "content": LONG}),
    "swe-agent, old": (SWE_AGENT, {"role": "user", "message_type": "observation", "content": LONG}),
    "anthropic": (ANTHROPIC, {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "c", "is_error": True, "content": LONG},
        {"type": "tool_result", "tool_use_id": "d", "content": [{"type": "text", "text": LONG}]},
        {"type": "text", "text": "and what I say"},
    ]}),
}  # fmt: skip


def item(fmt: str, body: dict[str, Any], **more: Any) -> Item:
    return Item.of("0" * 16, "b" * 40, Message(body["role"], body, fmt, **more))


@pytest.mark.parametrize("how", ["mask", "trim"])
@pytest.mark.parametrize("name", BODIES)
def test_a_result_gets_shorter_and_answers_the_same_calls(name: str, how: str) -> None:
    one = item(*BODIES[name])
    made = shortened(one, how)
    assert made is not None
    assert len(str(made.body)) < len(str(one.message.body)) / 2
    assert groups.facts(made) == groups.facts(one.message)
    assert (made.role, made.fmt, made.kind) == (one.message.role, one.message.fmt, "message")
    assert list(made.body) == list(one.message.body)
    assert made.provenance == {"items": [one.id], "digests": [one.blob], "how": how}
    assert convert.to_openai(made)
    assert convert.to_anthropic(made)
    assert shortened(one, how) == made


def test_a_stub_tells_size_and_digest() -> None:
    made = shortened(item(*BODIES["openai"]), "mask")
    assert made is not None
    digest = sha256(LONG.encode()).hexdigest()[:12]
    assert made.content == f"[tool output masked: {len(LONG):,} bytes, sha256 {digest}]"


@pytest.mark.parametrize("how", ["mask", "trim"])
def test_of_a_mixed_message_only_the_results_change(how: str) -> None:
    fmt, body = BODIES["anthropic"]
    made = shortened(item(fmt, body), how)
    assert made is not None
    first, second, said = made.content
    assert said == body["content"][2]
    assert (first["is_error"], first["tool_use_id"], second["tool_use_id"]) == (True, "c", "d")


def test_trimming_keeps_head_and_tail_and_says_how_much_was_cut() -> None:
    made = shortened(item(*BODIES["openai"]), "trim")
    assert made is not None
    head, rest = made.content.split("[… ")
    cut, tail = rest.split(" characters cut …]\n")
    assert LONG.startswith(head)
    assert head.endswith("\n")
    assert LONG.endswith(tail)
    assert int(cut.replace(",", "")) == len(LONG) - len(head) - len(tail)
    assert len(head) <= HEAD
    assert len(tail) <= TAIL


def test_pictures_stay_when_text_is_trimmed() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:,"}}
    body = {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": LONG}, picture]}
    made = shortened(item(OPENAI, body), "trim")
    assert made is not None
    assert made.content[1] == picture


@pytest.mark.parametrize(
    "one",
    [
        item(OPENAI, {"role": "tool", "tool_call_id": "c", "content": "ok"}),
        item(OPENAI, {"role": "tool", "tool_call_id": "c", "content": ""}),
        item(OPENAI, {"role": "user", "content": LONG}),
        item(OPENAI, {"role": "assistant", "content": LONG, "tool_calls": []}),
        item(ANTHROPIC, {"role": "user", "content": [{"type": "text", "text": LONG}]}),
        item(*BODIES["openai"], kind="collapse"),
        item(*BODIES["openai"], provenance={"items": ["1" * 16]}),
    ],
)
def test_what_is_short_said_by_somebody_or_made_by_trace_stays(one: Item) -> None:
    assert shortened(one, "mask") is None
    assert shortened(one, "trim") is None


def test_a_stub_that_counts_more_than_the_output_is_none() -> None:
    one = item(*BODIES["openai"])
    assert shortened(one, "mask", lambda message: len(message.text.split())) is not None
    assert shortened(one, "mask", lambda message: 7) is None
