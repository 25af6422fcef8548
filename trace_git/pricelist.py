"""What litellm's package knows of models: windows, prices, cache minimums. Its list is a file, read and never imported.

The list has thousands of models and takes some 25 ms to read; who needs a model often keeps its ``Facts``. Prices are
the list's, in US dollars, for text, without discounts; what a provider charges is on its bill.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_PACKAGE = "litellm"
_LIST = "model_prices_and_context_window_backup.json"
_ABOVE = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")
# What providers put behind the name of a model: a date or version, a variant.
_SUFFIX = re.compile(r"(?:[-@](?:\d{8}|\d{4}-\d\d-\d\d|latest|default)|-v\d+:\d+|:[\w.-]+)$")


class Price(NamedTuple):
    """Dollars for one token of a prompt of more than ``above`` tokens.

    ``cached`` is for what the provider's cache had, ``written`` for what it took in; None where the list does not say.
    """

    above: int
    prompt: float
    completion: float
    cached: float | None
    written: float | None


class Facts(NamedTuple):
    """What the list says of a model: the tokens it reads at most, the fewest that are cached, its prices by size."""

    window: int | None = None
    minimum: int | None = None
    prices: tuple[Price, ...] = ()

    def price(self, prompt: int) -> Price | None:
        """The price for a prompt of that many tokens: some models cost more for long ones."""
        return next((one for one in reversed(self.prices) if prompt > one.above or not one.above), None)


def facts(listed: Mapping[str, Any], model: str) -> Facts:
    """What a list says of ``model``: under the name itself, else without provider, date and variant."""
    entries = [entry for entry in _entries(listed, model) if isinstance(entry, Mapping)]
    windows = (_whole(entry.get("max_input_tokens")) for entry in entries)
    minimums = (_whole(entry.get("prompt_cache_min_tokens")) for entry in entries)
    prices = (_prices(entry) for entry in entries)
    return Facts(
        next((found for found in windows if found), None),
        next((found for found in minimums if found), None),
        next((found for found in prices if found), ()),
    )


def _entries(listed: Mapping[str, Any], model: str) -> Iterator[Any]:
    names = list(_names(model.strip()))
    yield from (listed[name] for name in names if name in listed)
    bare = _bare(model.strip().rpartition("/")[2])
    dated = sorted(name for name in listed if name.startswith(bare) and "/" not in name and _bare(name) == bare)
    yield from (listed[name] for name in reversed(dated))


def _names(model: str) -> Iterator[str]:
    """The name, then with less and less of what providers put before and behind it."""
    for name in dict.fromkeys((model, model.lower())):
        while True:
            rest = name
            while rest:
                yield rest
                rest = rest.partition("/")[2]
            shorter = _SUFFIX.sub("", name)
            if shorter == name:
                break
            name = shorter


def _bare(name: str) -> str:
    name = name.lower()
    while (shorter := _SUFFIX.sub("", name)) != name:
        name = shorter
    return name


def _whole(value: Any) -> int | None:
    fits = type(value) in (int, float) and value > 0 and value == int(value)
    return int(value) if fits else None


def _prices(entry: Mapping[str, Any]) -> tuple[Price, ...]:
    """By size, the ordinary one first; none for a model that is not sold by the token."""
    sizes = sorted(int(found[1]) for key in entry if (found := _ABOVE.fullmatch(key)))
    prices = [_price(entry, size) for size in (0, *sizes)]
    return tuple([one for one in prices if one is not None]) if prices[0] is not None else ()


def _price(entry: Mapping[str, Any], thousands: int) -> Price | None:
    above = f"_above_{thousands}k_tokens" if thousands else ""

    def dollars(kind: str) -> float | None:
        value = entry.get(kind + above, entry.get(kind))
        return float(value) if isinstance(value, int | float) and value >= 0 else None

    asked, answered = dollars("input_cost_per_token"), dollars("output_cost_per_token")
    if asked is None or answered is None:
        return None
    cached, written = dollars("cache_read_input_token_cost"), dollars("cache_creation_input_token_cost")
    return Price(thousands * 1000, asked, answered, cached, written)


def folder() -> str | None:
    """Where the package litellm lies, which is not imported; None when it is not installed."""
    try:
        spec = importlib.util.find_spec(_PACKAGE)  # of a top-level name: looks, does not import
    except (ImportError, ValueError):
        return None
    places = spec.submodule_search_locations if spec is not None else None
    return next(iter(places)) if places else None


def path() -> str | None:
    """Where the list lies."""
    package = folder()
    return os.path.join(package, _LIST) if package else None


def read(path: str) -> dict[str, Any]:
    """The list; nothing when it cannot be read."""
    import json  # costs start-up time, and is needed once in a long while

    try:
        with open(path, "rb") as stream:
            listed = json.load(stream)
    except (OSError, ValueError):
        return {}
    return listed if isinstance(listed, dict) else {}
