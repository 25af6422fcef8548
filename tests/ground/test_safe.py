"""safe_text: nothing that acts on a terminal gets through, and everything else does."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trace_git.safe import safe_number, safe_text

BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize(
    ("text", "line", "block"),
    [
        ("plain é 🚀 漢", "plain é 🚀 漢", "plain é 🚀 漢"),
        ("a\nb\tc", "a\\nb\\tc", "a\nb\tc"),
        ("a\r\nb", "a\\r\\nb", "a\nb"),
        ("progress\rdone", "progress\\rdone", "progress\\rdone"),
        ("\x1b[31m", "\\x1b[31m", "\\x1b[31m"),
        ("\x9b31m\x7f\x00", "\\x9b31m\\x7f\\x00", "\\x9b31m\\x7f\\x00"),
        ("\u202egnp.exe", "\\u202egnp.exe", "\\u202egnp.exe"),
        ("a\u2028b", "a\\u2028b", "a\\u2028b"),
        ("\ud800", "\\ud800", "\\ud800"),
        ("[bold]no markup[/bold]", "[bold]no markup[/bold]", "[bold]no markup[/bold]"),
        ("👩\u200d💻", "👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_examples(text, line, block):
    assert safe_text(text) == line
    assert safe_text(text, multiline=True) == block


@given(st.text(st.characters(codec=None)))
def test_no_control_bidi_or_surrogate_gets_through(text):
    for shown in (safe_text(text), safe_text(text, multiline=True).replace("\n", "").replace("\t", "")):
        assert not BIDI & set(shown)
        assert all(unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp") for char in shown)


@given(st.text())
def test_what_is_safe_stays_as_it_is(text):
    assert safe_text(safe_text(text)) == safe_text(text)


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("312", 312), ("9" * 18, 10**18 - 1)])
def test_a_number_is_read(text: str, number: int) -> None:
    assert safe_number(text) == number


@pytest.mark.parametrize("text", ["", " 1", "-1", "+1", "1.5", "1_0", "\u00b2", "\u0663", "9" * 19, "9" * 5000])
def test_what_is_no_number_is_none_and_never_an_error(text: str) -> None:
    assert safe_number(text) is None
