"""How many tokens a model reads at most, from the price list in litellm's package, which is read and not imported.

The list has thousands of models and takes some 25 ms to read, so what was looked up is kept in the trace's cache,
for as long as the list is the same file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..store.kept import Kept
from . import encodings

_LIST = "model_prices_and_context_window_backup.json"
_MOST = 100  # models that are remembered
# What providers put behind the name of a model: a date or version, a variant.
_SUFFIX = re.compile(r"(?:[-@](?:\d{8}|\d{4}-\d\d-\d\d|latest|default)|-v\d+:\d+|:[\w.-]+)$")


def window(model: str, *, folder: str, readonly: bool = False) -> int | None:
    """Tokens that ``model`` takes as input, or None when that is not known. ``folder`` is the trace's."""
    path = _path()
    stamp = _stamp(path) if path else None
    if path is None or stamp is None:
        return None
    kept = Kept(folder, "models", readonly=readonly)
    known = _known(kept.read(), stamp)
    if model not in known:
        known = {**dict(list(known.items())[1 - _MOST :]), model: find(_read(path), model)}
        kept.write((stamp, known))
    return known[model]


def find(listed: Mapping[str, Any], model: str) -> int | None:
    """The window of a model in a price list: of the name itself, else without provider, date and variant."""
    for name in _names(model.strip()):
        if (found := _tokens(listed.get(name))) is not None:
            return found
    bare = _bare(model.strip().rpartition("/")[2])
    dated = sorted(name for name in listed if name.startswith(bare) and "/" not in name and _bare(name) == bare)
    return next((found for name in reversed(dated) if (found := _tokens(listed[name])) is not None), None)


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


def _tokens(entry: Any) -> int | None:
    value = entry.get("max_input_tokens") if isinstance(entry, Mapping) else None
    return value if type(value) is int and value > 0 else None


def _known(value: Any, stamp: tuple[int, int]) -> dict[str, int | None]:
    """What was looked up before in the same list; nothing when the cache is of another one or makes no sense."""
    fits = isinstance(value, tuple) and len(value) == 2 and value[0] == stamp and isinstance(value[1], dict)
    return {name: found for name, found in value[1].items() if found is None or type(found) is int} if fits else {}


def _path() -> str | None:
    package = encodings.litellm_folder()
    return os.path.join(package, _LIST) if package else None


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _read(path: str) -> dict[str, Any]:
    import json  # costs start-up time, and is needed once in a long while

    try:
        with open(path, "rb") as stream:
            listed = json.load(stream)
    except (OSError, ValueError):
        return {}
    return listed if isinstance(listed, dict) else {}
