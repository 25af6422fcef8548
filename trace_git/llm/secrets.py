"""Keys in the words of others: providers quote the key they refuse, and an error message ends up in logs."""

from __future__ import annotations

import os
import re

_NAMED = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
_SHAPED = re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf|AKIA|AIza)[-_]?[A-Za-z0-9_*-]{8,}|(?<=Bearer )[^\s'\"]+")
_SHORTEST = 6


def masked(text: str) -> str:
    """``text`` without the values of this process's variables for keys, and without what looks like a key."""
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST and _NAMED.search(name):
            text = text.replace(value, "***")
    return _SHAPED.sub("***", text)
