"""What a question costs, from the price list in litellm's package (see ``pricelist``)."""

from __future__ import annotations

from functools import lru_cache

from .. import pricelist
from ..model import Usage


def cost(usage: Usage | None, *names: str) -> float | None:
    """What ``usage`` costs in US dollars by the first of ``names`` that has a price; None when that is not known."""
    if usage is None:
        return None
    found = next((one for name in names if (one := price(name, prompt=usage.prompt)) is not None), None)
    if found is None:
        return None
    cached = found.prompt if found.cached is None else found.cached
    return (usage.prompt - usage.cached) * found.prompt + usage.cached * cached + usage.completion * found.completion


def price(model: str, *, prompt: int = 0) -> pricelist.Price | None:
    """The price of ``model``, or None. ``prompt`` is the size of the prompt in tokens."""
    path = pricelist.path()
    return _facts(path, model).price(prompt) if path else None


@lru_cache(maxsize=64)
def _facts(path: str, model: str) -> pricelist.Facts:
    """What was asked for is kept, not the list."""
    return pricelist.facts(pricelist.read(path), model)
