"""What a question costs, from the price list in litellm's package, which is read and not imported.

A price is the list's, for text, without discounts; what a provider charges is on its bill.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ..model import Usage

_LIST = "model_prices_and_context_window_backup.json"
_ABOVE = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")


class Price(NamedTuple):
    """US dollars for one token. ``cached`` is for those of the prompt that the provider's cache had."""

    prompt: float
    completion: float
    cached: float


def cost(usage: Usage | None, *names: str) -> float | None:
    """What ``usage`` costs in US dollars by the first of ``names`` that has a price; None when that is not known."""
    if usage is None:
        return None
    found = next((one for name in names if (one := price(name, prompt=usage.prompt)) is not None), None)
    if found is None:
        return None
    fresh = usage.prompt - usage.cached
    return fresh * found.prompt + usage.cached * found.cached + usage.completion * found.completion


def price(model: str, *, prompt: int = 0) -> Price | None:
    """The price of ``model``, or None. ``prompt`` is the size of the prompt: some models cost more for long ones."""
    path = _path()
    entry = _entry(path, model) if path else None
    return _price(entry, prompt) if entry is not None else None


def _price(entry: Mapping[str, Any], prompt: int) -> Price | None:
    passed = [int(found[1]) for key in entry if (found := _ABOVE.fullmatch(key)) and prompt > int(found[1]) * 1000]
    above = f"_above_{max(passed)}k_tokens" if passed else ""

    def dollars(kind: str) -> float | None:
        value = entry.get(kind + above, entry.get(kind))
        return float(value) if isinstance(value, int | float) and value >= 0 else None

    asked, answered = dollars("input_cost_per_token"), dollars("output_cost_per_token")
    if asked is None or answered is None:
        return None
    cached = dollars("cache_read_input_token_cost")
    return Price(asked, answered, asked if cached is None else cached)


@lru_cache(maxsize=64)
def _entry(path: str, model: str) -> Mapping[str, Any] | None:
    """The list has thousands of models and takes some 25 ms to read; what was asked for is kept, not the list."""
    import json

    try:
        with open(path, "rb") as stream:
            listed = json.load(stream)
    except (OSError, ValueError):
        return None
    entries = (listed.get(name) for name in _names(model)) if isinstance(listed, dict) else iter(())
    return next((entry for entry in entries if isinstance(entry, dict)), None)


def _names(model: str) -> Iterator[str]:
    """The name, then with less of the providers in front of it."""
    while model:
        yield model
        model = model.partition("/")[2]


def _path() -> str | None:
    import importlib.util

    try:
        spec = importlib.util.find_spec("litellm")  # of a top-level name: looks, does not import
    except (ImportError, ValueError):
        return None
    places = spec.submodule_search_locations if spec is not None else None
    return os.path.join(next(iter(places)), _LIST) if places else None
