"""Text of strangers, made harmless: the one place that decides what may reach a screen, and what is a number.

A message may hold escape sequences, control or bidirectional characters that recolour, retitle, rewrite
or reorder what a reader sees. They are shown as visible escapes instead. Nothing else is changed: this
is no sanitiser for HTML or shells, and it never touches what is stored as content.
"""

from __future__ import annotations

import re

# C0, DEL, C1 · bidi marks, embeddings, overrides, isolates · line and paragraph separator · lone surrogates
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSAFE_IN_BLOCK = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def safe_text(text: str, *, multiline: bool = False) -> str:
    """``text`` with every escape, control and bidi character shown as ``\\x1b``, ``\\u202e``, …

    With ``multiline`` newlines and tabs stay, and a CR LF pair becomes a plain newline; a lone CR never stays.
    """
    if text.isprintable():  # true for almost everything, and a hundred times faster than looking
        return text
    if multiline:
        return _UNSAFE_IN_BLOCK.sub(_visible, text.replace("\r\n", "\n"))
    return _UNSAFE.sub(_visible, text)


def safe_number(text: str) -> int | None:
    """The number that ``text`` is, in digits of ASCII and below 10 ** 18; else None.

    ``int()`` raises for some that ``isdigit()`` lets pass, and for thousands of digits.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _visible(match: re.Match[str]) -> str:
    char = match.group()
    return _NAMED.get(char) or (f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}")
