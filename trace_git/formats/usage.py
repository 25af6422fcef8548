"""What Anthropic reported about the tokens of a call.

Shared by every reader of Anthropic messages. It reads numbers, it counts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..model import Usage


def anthropic_usage(reported: Any, model: str | None) -> Usage | None:
    """None when nothing was reported; 0 and 0 mean that, too.

    Anthropic's input tokens leave out what was read from or written to the cache; ``Usage.prompt`` has all.
    """
    if not isinstance(reported, Mapping):
        return None
    cached = _number(reported, "cache_read_input_tokens")
    prompt = _number(reported, "input_tokens") + cached + _number(reported, "cache_creation_input_tokens")
    completion = _number(reported, "output_tokens")
    return Usage(prompt, completion, cached, model) if prompt or completion else None


def _number(reported: Mapping[str, Any], key: str) -> int:
    value = reported.get(key)
    return value if type(value) is int and value > 0 else 0
