"""The texts that models are asked with: one file each, whose name ends in its version.

A commit names the prompt that a decision in it came from, with the digest of its text. So a text is never changed once
it was released: a better one is another file with a higher version.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple


class Prompt(NamedTuple):
    """A text by its name. ``digest`` is 12 hex of its SHA-256."""

    name: str
    text: str
    digest: str

    @property
    def mark(self) -> str:
        """What a trailer says of it: ``name@digest``."""
        return f"{self.name}@{self.digest}"


@cache
def load(name: str) -> Prompt:
    """The prompt ``name``, which is a file beside this module."""
    import hashlib
    from importlib import resources

    text = resources.files(__name__).joinpath(f"{name}.txt").read_text("utf-8")
    return Prompt(name, text.strip(), hashlib.sha256(text.strip().encode()).hexdigest()[:12])
