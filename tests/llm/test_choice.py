"""Who is asked: what ``llm=`` may be, and which model when it does not say."""

from __future__ import annotations

import sys

import pytest

from trace_git import InvalidInputError, LLMError, llm
from trace_git.llm import door
from trace_git.testing import FakeLLM


def test_nobody_unless_a_call_says_so():
    assert llm.resolve(None, default="gpt-4o") is None
    assert llm.resolve(False, default="gpt-4o") is None


def test_true_means_the_default():
    fake = FakeLLM(lambda messages: "hello")
    assert llm.resolve(True, default="openai/gpt-4o").name == "openai/gpt-4o"
    assert llm.resolve(True, default=fake).ask([]).text == "hello"
    asker = llm.resolve(fake)
    assert llm.resolve(True, default=asker) is asker
    assert llm.resolve(asker) is asker


def test_true_without_a_default_says_how_to_choose():
    with pytest.raises(LLMError, match="no model is chosen") as caught:
        llm.resolve(True)
    assert all(way in caught.value.hint for way in ("llm=", "TRACE_GIT_MODEL", "trace config --global model"))


@pytest.mark.parametrize("given", ["", " ", "gpt\n4", "gpt-4o ", 7, ["gpt-4o"], {"model": "x"}, b"gpt-4o"])
def test_what_is_nobody_is_refused(given):
    with pytest.raises(InvalidInputError) as caught:
        llm.resolve(given)
    assert caught.value.field == "llm"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("environ", "config", "name"),
    [
        ({}, {}, None),
        ({"TRACE_GIT_MODEL": "a"}, {"model": "b"}, "a"),
        ({"TRACE_GIT_MODEL": " "}, {"model": " b "}, "b"),
        ({}, {"model": ""}, None),
        ({"OPENAI_MODEL": "c"}, {"budget": "1"}, None),
    ],
)
def test_the_environment_goes_before_the_users_configuration(environ, config, name):
    assert llm.configured(environ, config) == name


def test_without_litellm_a_name_cannot_be_asked_and_a_callable_can(monkeypatch):
    monkeypatch.setitem(sys.modules, "litellm", None)
    with pytest.raises(LLMError, match="only with litellm") as caught:
        llm.resolve("openai/gpt-4o").ask([{"role": "user", "content": "x"}])
    assert "pip install 'trace-git[llm]'" in caught.value.hint
    assert llm.resolve(lambda messages: "hello").ask([]).text == "hello"


@pytest.mark.filterwarnings("ignore")  # litellm's own
def test_litellm_gets_the_settings_of_a_library_where_the_user_has_set_none(api, monkeypatch):
    import os

    monkeypatch.delenv("LITELLM_MODE")
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "False")
    litellm = door._litellm()
    assert os.environ["LITELLM_MODE"] == "PRODUCTION"
    assert os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] == "False"
    assert (litellm.telemetry, litellm.suppress_debug_info, litellm.set_verbose) == (False, True, False)
