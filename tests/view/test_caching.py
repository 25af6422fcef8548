"""The rules of providers, at their edges, and what they make of a price."""

from __future__ import annotations

import pytest

from trace_git.pricelist import Price
from trace_git.view import caching

OLD_OPENAI, NEW_OPENAI, CLAUDE, GEMINI = "gpt-4o", "gpt-5.6", "claude-sonnet-4-5", "gemini-2.5-pro"


@pytest.mark.parametrize(
    ("model", "prefix", "cacheable"),
    [
        (OLD_OPENAI, 0, 0),
        (OLD_OPENAI, 1023, 0),
        (OLD_OPENAI, 1024, 1024),
        (OLD_OPENAI, 1151, 1024),
        (OLD_OPENAI, 1152, 1152),
        (OLD_OPENAI, 1279, 1152),
        (OLD_OPENAI, 1280, 1280),
        (NEW_OPENAI, 1023, 0),
        (NEW_OPENAI, 1024, 1024),
        (NEW_OPENAI, 1151, 1151),
        (CLAUDE, 1023, 0),
        (CLAUDE, 1024, 1024),
        (CLAUDE, 1025, 1025),
        ("claude-haiku-4-5", 4095, 0),
        ("claude-haiku-4-5", 4096, 4096),
        ("claude-opus-4-7", 2047, 0),
        ("claude-opus-4-7", 2048, 2048),
        ("claude-opus-5", 511, 0),
        ("claude-opus-5", 512, 512),
        (GEMINI, 2047, 0),
        (GEMINI, 2048, 2048),
        ("gemini-3.1-pro-preview", 4095, 0),
        ("gemini-3.1-pro-preview", 4096, 4096),
    ],
)
def test_how_much_of_a_prefix_may_be_read(model: str, prefix: int, cacheable: int) -> None:
    rule = caching.rule(model)
    assert rule is not None
    assert rule.cacheable(prefix) == cacheable


@pytest.mark.parametrize(
    ("model", "provider", "minimum"),
    [
        ("claude-opus-4-6", "Anthropic", 4096),
        ("claude-opus-4-5-20251101", "Anthropic", 4096),
        ("anthropic/claude-haiku-4-5-20251001", "Anthropic", 4096),
        ("openrouter/anthropic/claude-haiku-4.5", "Anthropic", 4096),
        ("replicate/anthropic/claude-4.5-haiku", "Anthropic", 4096),
        ("claude-3-5-haiku-20241022", "Anthropic", 2048),
        ("claude-3-haiku-20240307", "Anthropic", 2048),
        ("claude-3-5-sonnet-20241022", "Anthropic", 1024),
        ("claude-opus-4-20250514", "Anthropic", 1024),
        ("claude-opus-4-1-20250805", "Anthropic", 1024),
        ("claude-opus-4-8", "Anthropic", 1024),
        ("claude-sonnet-5", "Anthropic", 1024),
        ("bedrock/us.anthropic.claude-sonnet-4-20250514-v1:0", "Anthropic", 1024),
        ("claude-fable-5", "Anthropic", 512),
        ("Claude-Next", "Anthropic", 1024),
        ("openai/gpt-4o-mini-2024-07-18", "OpenAI", 1024),
        ("azure/eu/gpt-4.1", "OpenAI", 1024),
        ("chatgpt-4o-latest", "OpenAI", 1024),
        ("o3", "OpenAI", 1024),
        ("o4-mini", "OpenAI", 1024),
        ("gemini/gemini-2.5-flash", "Gemini", 2048),
        ("vertex_ai/gemini-4-argon", "Gemini", 4096),
        ("gemini-pro-latest", "Gemini", 4096),
    ],
)
def test_names_as_providers_write_them(model: str, provider: str, minimum: int) -> None:
    rule = caching.rule(model)
    assert rule is not None
    assert (rule.provider, rule.minimum) == (provider, minimum)


@pytest.mark.parametrize(
    "model", ["", "gpt-4", "gpt-4-turbo", "gpt-3.5-turbo", "gpt-oss-120b", "gemini-1.5-pro", "gemini-2.0-flash",
              "deepseek/deepseek-chat", "openai/my-own", "<synthetic>", "ollama/llama3", "opus-mt"],
)  # fmt: skip
def test_where_no_rule_is_known_none_is_made_up(model: str) -> None:
    assert caching.rule(model) is None


def test_a_list_knows_the_minimum_better() -> None:
    rule = caching.rule("claude-opus-4-6", 512)
    assert rule is not None
    assert (rule.minimum, rule.cacheable(512)) == (512, 512)


@pytest.mark.parametrize(("model", "marks"), [("gpt-5.5", False), ("gpt-5.6", True), ("gpt-5.6-mini", True),
                                              ("gpt-5-2025-08-07", False), ("gpt-6", True), ("gpt-10.1", True),
                                              ("o5", False)])  # fmt: skip
def test_openai_charges_for_writing_from_a_version_on(model: str, marks: bool) -> None:
    rule = caching.rule(model)
    assert rule is not None
    assert (rule.marks, rule.step, rule.write) == ((True, 1, 1.25) if marks else (False, 128, 1.0))


PLAIN = Price(0, 1.0, 10.0, None, None)
WHOLE = Price(0, 1.0, 10.0, 0.25, 2.0)


@pytest.mark.parametrize(
    ("model", "price", "prompt", "cached", "dollars"),
    [
        (CLAUDE, PLAIN, 2000, 0, 2500.0),  # all is written
        (CLAUDE, PLAIN, 2000, 1600, 160 + 500.0),
        (CLAUDE, WHOLE, 2000, 1600, 400 + 800.0),  # the list's prices go first
        (CLAUDE, PLAIN, 1023, 0, 1023.0),  # too short to be written
        (CLAUDE, PLAIN, 1024, 0, 1280.0),
        (OLD_OPENAI, PLAIN, 2000, 1600, 2000.0),  # no price for reading is known
        (OLD_OPENAI, WHOLE, 2000, 1600, 800.0),  # writing is free
        (NEW_OPENAI, WHOLE, 2000, 1600, 400 + 800.0),
        (GEMINI, WHOLE, 4000, 3000, 750 + 1000.0),
    ],
)
def test_what_a_call_costs(model: str, price: Price, prompt: int, cached: int, dollars: float) -> None:
    rule = caching.rule(model)
    assert rule is not None
    assert rule.cost(price, prompt, cached) == pytest.approx(dollars)


def test_what_cannot_be_known_is_said() -> None:
    for model in (OLD_OPENAI, NEW_OPENAI, CLAUDE, GEMINI):
        rule = caching.rule(model)
        assert rule is not None
        assert any("still has it" in one or "how long" in one for one in rule.told(0, "words"))
    claude, openai = caching.rule(CLAUDE), caching.rule(OLD_OPENAI)
    assert claude is not None
    assert openai is not None
    assert not any("near its end" in one for one in claude.told(19, "words"))
    assert any("20 items follow" in one for one in claude.told(20, "words"))
    assert any("words" in one for one in claude.told(0, "words"))
    assert any("server" in one for one in openai.told(500, "words"))
    assert not any("near its end" in one or "words" in one for one in openai.told(500, "words"))


def test_a_rule_says_itself_in_words() -> None:
    said = [str(caching.rule(model)) for model in (OLD_OPENAI, NEW_OPENAI, "claude-opus-4-6", GEMINI)]
    assert said == [
        "OpenAI: from 1,024 tokens, in steps of 128",
        "OpenAI: from 1,024 tokens, up to a mark",
        "Anthropic: from 4,096 tokens, up to a mark",
        "Gemini: from 2,048 tokens",
    ]
