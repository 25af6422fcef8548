"""A callable of the user's: what it may return, what its faults become, and that it may be ``async``."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time

import pytest

from trace_git import LLMError, Usage, llm
from trace_git.llm import Reply
from trace_git.testing import FakeLLM

QUESTION = [{"role": "user", "content": "Say hello."}]
KEY = "sk-test-0123456789abcdef"


def ask(function, **options) -> Reply:
    return llm.resolve(function).ask(QUESTION, **options)


def test_a_text_or_a_reply():
    assert ask(lambda messages: "hello") == Reply("hello")
    whole = Reply("hello", Usage(3, 1, model="own"), "own", 0.01)
    assert ask(lambda messages: whole) is whole


def test_it_is_asked_once_in_the_callers_thread_with_a_copy():
    threads = []

    def spoil(messages):
        threads.append(threading.current_thread())
        messages[0]["content"] = "spoilt"
        return "hello"

    ask(spoil)
    assert threads == [threading.current_thread()]
    assert QUESTION[0]["content"] == "Say hello."


class Response:
    choices = ()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "answered with None, which is neither a str nor a Reply"),
        (b"hello", "answered with a bytes, which"),
        ({"choices": []}, "answered with a dict, which"),
        (Response(), "answered with a Response, which"),
        (iter("hello"), "answered with a str_ascii_iterator, which"),
        ("", "gave an empty answer"),
        (" \n\t", "gave an empty answer"),
        ("a" * 1_000_001, "answered with 1,000,001 characters, and 1,000,000 are allowed"),
        ("\udcff", "answered with text that is not valid Unicode"),
        (Reply(None), "answered with a Reply whose text is None"),
        (Reply("x", usage={"prompt_tokens": 1}), "answered with a Reply whose usage is a dict"),
        (Reply("x", cost="1 $"), "answered with a Reply whose cost is a str"),
    ],
)
def test_what_is_no_answer_is_refused_by_name(answer, words):
    fake = FakeLLM(lambda messages: answer)
    with pytest.raises(LLMError) as caught:
        ask(fake)
    assert str(caught.value).startswith(f"FakeLLM {words}")
    assert "callable" in caught.value.hint
    assert len(fake.calls) == 1


def test_what_it_raises_is_the_cause():
    fault = ValueError("no\nmore \x1b[31mtokens " + "x" * 1000)
    with pytest.raises(LLMError) as caught:
        ask(FakeLLM.answers([fault]))
    assert str(caught.value).startswith("FakeLLM raised ValueError: no more \\x1b[31mtokens xxx")
    assert len(str(caught.value)) < 300
    assert caught.value.__cause__ is fault


def test_a_key_in_what_it_raises_is_masked():
    with pytest.raises(LLMError) as caught:
        ask(FakeLLM.answers([ValueError(f"bad key {KEY}")]))
    assert str(caught.value) == "FakeLLM raised ValueError: bad key ***"


def test_its_own_llm_error_comes_as_it_is():
    mine = LLMError("the model is asleep", hint="wake it")
    with pytest.raises(LLMError) as caught:
        ask(FakeLLM.answers([mine]))
    assert caught.value is mine


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_passes(stop):
    with pytest.raises(stop):
        ask(FakeLLM.answers([stop()]))


def test_it_is_called_what_it_is_called():
    def summarise(messages):
        return "x"

    assert llm.resolve(summarise).name.endswith("summarise")
    assert llm.resolve(FakeLLM(summarise)).name == "FakeLLM"


# -- async -----------------------------------------------------------------------------------


async def later(messages):
    await asyncio.sleep(0.01)
    return "hello"


def test_a_coroutine_is_waited_for():
    assert ask(later) == Reply("hello")


def test_also_where_a_loop_is_running_already():
    async def program():
        return ask(later)

    assert asyncio.run(program()) == Reply("hello")


def test_all_coroutines_share_one_loop_so_that_a_client_can_be_used_twice():
    loops = []

    async def remember(messages):
        loops.append(asyncio.get_running_loop())
        return "hello"

    asker = llm.resolve(remember)
    asker.ask(QUESTION)
    asker.ask(QUESTION)
    ask(remember)
    assert len(loops) == 3
    assert len(set(loops)) == 1


def test_a_coroutine_sees_the_callers_context():
    user = contextvars.ContextVar("user", default="nobody")

    async def who(messages):
        return user.get()

    user.set("somebody")
    assert ask(who).text == "somebody"


def test_a_coroutine_that_hangs_is_stopped_at_the_deadline():
    stopped = threading.Event()

    async def hang(messages):
        try:
            await asyncio.sleep(30)
        finally:
            stopped.set()

    began = time.monotonic()
    with pytest.raises(LLMError, match="hang did not answer within"):
        ask(hang, deadline=0.1)
    assert time.monotonic() - began < 1.0
    assert stopped.is_set()


@pytest.mark.parametrize("fault", [ValueError("no"), TimeoutError("no")])
def test_what_a_coroutine_raises_is_the_cause(fault):
    async def fail(messages):
        raise fault

    with pytest.raises(LLMError, match=f"raised {type(fault).__name__}: no") as caught:
        ask(fail)
    assert caught.value.__cause__ is fault


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_in_a_coroutine_passes_and_the_next_one_runs(stop):
    async def interrupt(messages):
        raise stop

    with pytest.raises(stop):
        ask(interrupt)
    assert ask(later).text == "hello"


def test_a_coroutine_that_cancels_itself_is_an_error():
    async def cancel(messages):
        raise asyncio.CancelledError

    with pytest.raises(LLMError, match="raised CancelledError"):
        ask(cancel)


def test_after_one_that_blocks_the_loop_the_next_one_runs():
    async def block(messages):
        time.sleep(6)
        return "late"

    with pytest.raises(LLMError, match="did not answer within"):
        ask(block, deadline=0.1)
    assert ask(later, deadline=0.5).text == "hello"
