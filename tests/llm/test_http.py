"""A model by name, over real HTTP: what is sent, what is tried again, what is refused, and in what words."""

from __future__ import annotations

import json
import time
import traceback
from contextlib import suppress

import pytest

from trace_git import LLMError, Usage, llm
from trace_git.llm import door

from .conftest import KEY, MODEL, QUESTION
from .server import calls_a_tool, completion, cuts, drips, fails, hangs, says, sends

pytestmark = pytest.mark.filterwarnings("ignore")  # litellm's own


def refused(asker: llm.Asker, **options: float) -> LLMError:
    with pytest.raises(LLMError) as caught:
        asker.ask(QUESTION, **options)
    error = caught.value
    assert "\n" not in str(error)
    assert error.hint
    assert KEY not in "".join(traceback.format_exception(error)) + str(error.hint)
    return error


def test_an_answer_with_its_usage_and_cost(model, server):
    reply = model.ask(QUESTION)
    assert (reply.text, reply.model) == ("hello", "gpt-4o-2024-08-06")
    assert reply.usage == Usage(10, 2, 4, "gpt-4o-2024-08-06")
    assert reply.cost == pytest.approx(6 * 2.5e-06 + 4 * 1.25e-06 + 2 * 1e-05)
    assert model.name == MODEL


def test_the_question_goes_as_it_is_and_nothing_else(model, server):
    asked = [{"role": "system", "content": "Be terse."}, *QUESTION]
    before = json.dumps(asked)
    model.ask(asked)
    assert server.requests == [{"model": "gpt-4o", "messages": asked}]
    assert json.dumps(asked) == before


def test_a_provider_that_changes_the_question_changes_a_copy(model, server, monkeypatch):
    def spoil(**options):
        options["messages"][0]["content"] = "spoilt"
        raise ValueError("no")

    monkeypatch.setattr(door._litellm(), "completion", spoil)
    refused(model)
    assert QUESTION[0]["content"] == "Say hello."


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}])
def test_usage_that_was_not_reported_is_none(model, server, usage):
    server.play(says("hello", usage=usage))
    reply = model.ask(QUESTION)
    assert (reply.text, reply.usage, reply.cost) == ("hello", None, None)


# -- what passes ---------------------------------------------------------------------------


def test_429_is_asked_again_after_what_the_server_says(model, server, clock):
    server.play(fails(429, retry_after="7"), says("there you are"))
    assert model.ask(QUESTION).text == "there you are"
    assert clock.sleeps == [7.0]
    assert len(server.requests) == 2


def test_429_in_real_time(server):
    server.play(fails(429, retry_after="1"), says("there you are"))
    began = time.monotonic()
    assert llm.resolve(MODEL).ask(QUESTION).text == "there you are"
    assert 1.0 <= time.monotonic() - began < 5.0


def test_retry_after_may_be_a_date(model, server, clock):
    server.play(fails(503, retry_after="Mon, 12 Jan 1970 13:46:50 GMT"), says("hello"))  # 10 s after the clock's now
    assert model.ask(QUESTION).text == "hello"
    assert clock.sleeps == [10.0]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
def test_what_may_pass_is_asked_six_times_with_longer_and_longer_pauses(model, server, clock, status):
    server.play(fails(status, "come back"))
    error = refused(model)
    assert str(error) == f"{MODEL} could not answer (HTTP {status}): come back (6 attempts)"
    assert clock.sleeps == [0.375, 0.75, 1.5, 3.0, 6.0]
    assert len(server.requests) == 6


def test_two_failures_then_an_answer(model, server):
    server.play(fails(500), cuts, says("hello"))
    assert model.ask(QUESTION).text == "hello"


@pytest.mark.parametrize(
    "broken",
    [
        cuts,
        sends(200, b"<html>we are down</html>"),
        sends(200, json.dumps(completion({"content": "hello"})).encode()[:60]),
        sends(200, {"id": "chatcmpl-1"}),
        sends(200, b""),
    ],
    ids=["connection cut", "garbage", "truncated JSON", "no choices at all", "nothing"],
)
def test_a_broken_answer_is_asked_for_again(model, server, broken):
    server.play(broken, says("hello"))
    assert model.ask(QUESTION).text == "hello"
    server.play(broken)
    assert "(6 attempts)" in str(refused(model))


def test_nobody_is_listening(clock, server, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    assert "(6 attempts)" in str(refused(llm.resolve(MODEL, timing=clock.timing)))


# -- answers that cannot be used -------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (says("x", choices=[]), "answered without any choices"),
        (calls_a_tool(), "answered with tool calls instead of text"),
        (says(""), "gave an empty answer (it ended with stop)"),
        (says(" \n"), "gave an empty answer"),
        (says(None, ending="content_filter"), "gave an empty answer (it ended with content_filter)"),
        (says("a" * 10_000_000), "answered with 10,000,000 characters, and 1,000,000 are allowed"),
        (says("\ud800"), "answered with text that is not valid Unicode (a lone surrogate)"),
    ],
    ids=["empty choices", "tool calls", "empty", "blank", "filtered", "ten megabytes", "surrogate"],
)
def test_an_unusable_answer_is_asked_for_once_more(model, server, bad, words):
    server.play(bad, says("hello"))
    assert model.ask(QUESTION).text == "hello"
    server.play(bad)
    assert str(refused(model)) == f"{MODEL} {words} (2 attempts)"
    assert len(server.requests) == 2


def test_the_limit_is_the_callers(model, server):
    server.play(says("a" * 101))
    assert len(model.ask(QUESTION, limit=101).text) == 101
    assert "101 characters, and 100 are allowed" in str(refused(model, limit=100))


def test_an_answer_that_was_cut_off_at_the_output_limit_is_not_passed_on(model, server):
    server.play(says("and then they", ending="length"))
    assert "cut off" in str(refused(model))
    assert len(server.requests) == 1


# -- what does not pass ----------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_not_tried_again_and_its_variable_is_named(model, server, status):
    server.play(fails(status, f"Incorrect API key provided: {KEY}. Try Bearer {KEY}"))
    error = refused(model)
    assert str(error) == f"{MODEL} was refused: the key is not accepted (HTTP {status})"
    assert error.hint == f"set OPENAI_API_KEY to a key that may use {MODEL}"
    assert len(server.requests) == 1


def test_a_missing_key_is_named(model, server, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    error = refused(model)
    assert (str(error), error.hint) == (f"{MODEL} cannot be asked: there is no key for it", "set OPENAI_API_KEY")
    assert not server.requests


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_bad_question_is_not_tried_again(model, server, status):
    server.play(fails(status, "no such \x1b[31mthing"))
    error = refused(model)
    assert MODEL in str(error)
    assert f"(HTTP {status}): no such \\x1b[31mthing" in str(error)
    assert len(server.requests) == 1


def test_a_key_in_the_servers_words_is_masked(model, server, monkeypatch):
    monkeypatch.setenv("OTHER_TOKEN", "correct horse")
    server.play(fails(400, f"what is {KEY}, correct horse, sk-proj-abcdefghijkl?"))
    assert str(refused(model)).endswith("what is ***, ***, ***?")


def test_a_name_that_no_provider_has(clock, server):
    error = refused(llm.resolve("nosuch", timing=clock.timing))
    assert str(error) == "nosuch is no model that litellm can place"
    assert "openai/gpt-4o" in (error.hint or "")
    assert not server.requests


# -- the deadline ----------------------------------------------------------------------------


@pytest.mark.parametrize("slow", [hangs, drips])
def test_the_deadline_holds_whatever_the_server_does(server, slow):
    server.play(slow)
    began = time.monotonic()
    error = refused(llm.resolve(MODEL), deadline=0.6)
    assert time.monotonic() - began < 2.0
    assert str(error) == f"{MODEL} did not answer within 1 s"


def test_all_attempts_share_the_deadline(model, server, clock):
    server.play(fails(500))
    error = refused(model, deadline=3.0)
    assert sum(clock.sleeps) < 3.0
    assert "no time is left for another attempt" in str(error)


def test_a_server_that_wants_more_time_than_there_is_gets_no_further_attempt(model, server, clock):
    server.play(fails(429, retry_after="3600"))
    assert "no time is left" in str(refused(model))
    assert clock.sleeps == []
    assert len(server.requests) == 1


def test_an_interrupt_passes(model, server, monkeypatch):
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(door._litellm(), "completion", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.ask(QUESTION)


# -- JSON ------------------------------------------------------------------------------------


def test_a_structured_answer_is_mended_once(model, server):
    server.play(says('{"action": '), says('```json\n{"action": "ours"}\n```'))
    value, reply = model.structured(QUESTION, lambda found: found["action"])
    assert value == "ours"
    assert reply.usage == Usage(20, 4, 8, "gpt-4o-2024-08-06")
    first, second = (request["messages"] for request in server.requests)
    assert second[: len(first)] == first
    assert [one["role"] for one in second[len(first) :]] == ["assistant", "user"]


def test_nothing_is_printed(model, server, capfd):
    for behaviour in (says("hello"), fails(401), fails(500), sends(200, b"<html>"), says("x", choices=[])):
        server.play(behaviour)
        with suppress(LLMError):
            model.ask(QUESTION)
    assert capfd.readouterr() == ("", "")
