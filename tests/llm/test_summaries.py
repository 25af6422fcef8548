"""A summary over real HTTP: what reaches the provider, and what of its misbehaviour reaches a summary. Nothing does."""

from __future__ import annotations

import pytest

from trace_git import LLMError, llm
from trace_git.errors import BudgetError, TraceError
from trace_git.model import Item, assistant, user
from trace_git.ops import asking, portions, summarize

from .server import calls_a_tool, completion, cuts, drips, fails, hangs, says, sends

pytestmark = pytest.mark.filterwarnings("ignore")  # litellm's own

TALK = [user("Fix src/app.py; never touch config.yaml. " * 5), assistant("max_items is 40 now, in src/app.py. " * 5)]
GOOD = "src/app.py is fixed (max_items 40); never touch config.yaml"


def count(text: str) -> int:
    return 4 + len(text.split())


def summary(model: llm.Asker) -> summarize.Summary:
    items = tuple([Item.of(f"{at:016x}", f"{at:040x}", one) for at, one in enumerate(TALK)])
    tasks = portions.tasks([summarize.Run(items, 200)], budget=40, count=count)
    (made,) = summarize.summarize(model, asking.Asked(), tasks, count=count)
    assert made is not None
    return made


def test_the_question_goes_as_it_was_planned_and_nothing_else(model, server):
    server.play(says(GOOD))
    made = summary(model)
    assert (made.text, made.model, made.attempts) == (GOOD, "gpt-4o-2024-08-06", 1)
    assert made.cost == pytest.approx(6 * 2.5e-06 + 4 * 1.25e-06 + 2 * 1e-05)
    (request,) = server.requests
    assert set(request) == {"model", "messages"}
    assert [one["role"] for one in request["messages"]] == ["system", "user"]


def test_too_long_and_then_good(model, server):
    server.play(says("word " * 100), says(GOOD))
    made = summary(model)
    assert (made.text, made.attempts, len(server.requests)) == (GOOD, 2, 2)
    assert "64 more than the 36" in server.requests[1]["messages"][3]["content"]


def test_a_server_that_was_busy_and_then_is_not(model, server):
    server.play(fails(429), fails(503), says(GOOD))
    assert summary(model).text == GOOD


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (says(""), LLMError),
        (says(None), LLMError),
        (says(" \n "), LLMError),
        (says("half of it", ending="length"), LLMError),
        (says("\ud83d"), LLMError),
        (calls_a_tool(), LLMError),
        (sends(200, completion({"role": "assistant", "content": "x"}, choices=[])), LLMError),
        (sends(200, b"<html>"), LLMError),
        (fails(401), LLMError),
        (fails(400, "context_length_exceeded"), LLMError),
        (cuts, LLMError),
        (says("word " * 100), BudgetError),
        (says("lorem ipsum " * 850_000), LLMError),
    ],
    ids=["empty", "none", "blank", "cut off", "surrogate", "tool calls", "no choices", "no json", "key", "window",
         "broken off", "too long", "ten megabytes"],
)  # fmt: skip
def test_what_comes_of_an_answer_that_cannot_be_used(model, server, behaviour, error):
    server.play(behaviour)
    with pytest.raises(error) as caught:
        summary(model)
    assert isinstance(caught.value, TraceError)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("behaviour", [hangs, drips])
def test_who_never_answers_is_given_up(server, behaviour, monkeypatch):
    monkeypatch.setattr(asking, "DEADLINE", 0.5)
    server.play(behaviour)
    model = llm.resolve("openai/gpt-4o")
    assert model is not None
    with pytest.raises(LLMError):
        summary(model)
