"""What a question costs, by the list that litellm brings."""

from __future__ import annotations

import json

import pytest

from trace_git import Usage, pricelist
from trace_git.llm import prices

LIST = {
    "sample_spec": {"input_cost_per_token": 9.0, "output_cost_per_token": 9.0},
    "plain": {"input_cost_per_token": 1.0, "output_cost_per_token": 10.0},
    "caching": {"input_cost_per_token": 1.0, "output_cost_per_token": 10.0, "cache_read_input_token_cost": 0.25},
    "long": {
        "input_cost_per_token": 1.0,
        "input_cost_per_token_above_128k_tokens": 2.0,
        "input_cost_per_token_above_200k_tokens": 3.0,
        "output_cost_per_token": 10.0,
        "output_cost_per_token_above_200k_tokens": 30.0,
    },
    "free": {"input_cost_per_token": 0, "output_cost_per_token": 0},
    "azure/plain": {"input_cost_per_token": 5.0, "output_cost_per_token": 5.0},
    "image": {"output_cost_per_image": 0.1},
    "odd": {"input_cost_per_token": "1", "output_cost_per_token": None},
    "none": None,
}


@pytest.fixture
def listed(tmp_path, monkeypatch):
    path = tmp_path / "prices.json"
    path.write_text(json.dumps(LIST))
    monkeypatch.setattr(pricelist, "path", lambda: str(path))
    return path


@pytest.mark.parametrize(
    ("names", "usage", "dollars"),
    [
        (["plain"], Usage(100, 3), 130.0),
        (["plain"], Usage(100, 3, cached=50), 130.0),
        (["caching"], Usage(100, 3, cached=80), 70.0),
        (["openai/plain"], Usage(100, 3), 130.0),
        (["openrouter/openai/plain"], Usage(100, 3), 130.0),
        (["azure/plain"], Usage(100, 3), 515.0),
        (["mine", "plain"], Usage(100, 3), 130.0),
        (["long"], Usage(128_000, 1), 128_010.0),
        (["long"], Usage(128_001, 1), 256_012.0),
        (["long"], Usage(200_001, 1), 600_033.0),
        (["free"], Usage(100, 3), 0.0),
        (["plain"], None, None),
        *[([name], Usage(100, 3), None) for name in ("mine", "image", "odd", "none", "", "/")],
    ],
)
def test_cost(listed, names, usage, dollars):
    assert prices.cost(usage, *names) == dollars


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_a_list_that_is_none_prices_nothing(listed, text):
    listed.write_text(text)
    assert prices.price("plain") is None


def test_without_litellm_nothing_has_a_price(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert prices.price("gpt-4o") is None


def test_the_real_list_knows_a_common_model():
    found = prices.price("openai/gpt-4o")
    assert found is not None
    assert 0 < found.cached < found.prompt < found.completion < 0.001
