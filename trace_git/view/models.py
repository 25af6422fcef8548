"""What is known of a model (its window, prices, cache minimum), from litellm's price list (see ``pricelist``).

Reading the list takes a while, so what was looked up is kept in the trace's cache, for as long as the list is the
same file.
"""

from __future__ import annotations

import os
from typing import Any

from .. import pricelist
from ..pricelist import Facts, Price
from ..store.kept import Kept

_MOST = 100  # models that are remembered


def window(model: str, *, folder: str, readonly: bool = False) -> int | None:
    """Tokens that ``model`` takes as input, or None when that is not known. ``folder`` is the trace's."""
    return facts(model, folder=folder, readonly=readonly).window


def facts(model: str, *, folder: str, readonly: bool = False) -> Facts:
    """What the list says of ``model``. ``folder`` is the trace's."""
    path = pricelist.path()
    stamp = _stamp(path) if path else None
    if path is None or stamp is None:
        return Facts()
    kept = Kept(folder, "models", readonly=readonly)
    known = _known(kept.read(), stamp)
    if model not in known:
        found = pricelist.facts(pricelist.read(path), model)
        known = {**dict(list(known.items())[1 - _MOST :]), model: found}
        kept.write((stamp, known))
    return known[model]


def _known(value: Any, stamp: tuple[int, int]) -> dict[str, Facts]:
    """What was looked up before in the same list; nothing when the cache is of another one or makes no sense."""
    fits = isinstance(value, tuple) and len(value) == 2 and value[0] == stamp and isinstance(value[1], dict)
    try:
        return {name: _facts(*found) for name, found in value[1].items()} if fits else {}
    except TypeError:  # of another version
        return {}


def _facts(window: int | None, minimum: int | None, prices: tuple[Any, ...]) -> Facts:
    return Facts(window, minimum, tuple([Price(*one) for one in prices]))


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
