"""FakeLLM, as a user's tests use it."""

from __future__ import annotations

import pytest

from trace_git import LLMError, llm
from trace_git.llm import Reply
from trace_git.testing import FakeLLM

QUESTION = [{"role": "user", "content": "2 + 2?"}]


def test_it_answers_by_a_function_and_remembers_what_it_was_asked():
    fake = FakeLLM(lambda messages: messages[0]["content"].upper())
    asked = [{"role": "user", "content": "hello"}]
    assert fake(asked) == "HELLO"
    asked[0]["content"] = "changed later"
    assert fake.calls == [[{"role": "user", "content": "hello"}]]


def test_it_answers_in_turn_with_texts_replies_and_exceptions():
    fake = FakeLLM.answers(["4", Reply("four", model="m"), ValueError("tired")])
    asker = llm.resolve(fake)
    assert asker.ask(QUESTION).text == "4"
    assert asker.ask(QUESTION) == Reply("four", model="m")
    with pytest.raises(LLMError, match="raised ValueError: tired"):
        asker.ask(QUESTION)
    with pytest.raises(LLMError, match="has 3 answers and is asked once more"):
        asker.ask(QUESTION)
    assert len(fake.calls) == 4


def test_its_function_may_be_async_and_return_an_exception():
    async def think(messages):
        return "4" if len(fake.calls) == 1 else ValueError("tired")

    fake = FakeLLM(think)
    assert llm.resolve(fake).ask(QUESTION).text == "4"
    with pytest.raises(LLMError, match="raised ValueError: tired"):
        llm.resolve(fake).ask(QUESTION)
