"""Word differences: exact when put together again, readable, and bounded in time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trace_git.view.words import words

TEXTS = st.one_of(st.text(max_size=40), st.text(alphabet="ab \n.é_", max_size=60))


@given(TEXTS, TEXTS)
@settings(max_examples=500, deadline=None)
def test_the_pieces_give_both_texts(old: str, new: str) -> None:
    pieces = words(old, new)
    assert "".join(text for op, text in pieces if op != "+") == old
    assert "".join(text for op, text in pieces if op != "-") == new
    assert all(text and op in ("=", "-", "+") for op, text in pieces)
    assert all(one[0] != other[0] for one, other in pairwise(pieces))


@pytest.mark.parametrize(
    ("old", "new", "pieces"),
    [
        ("", "", ()),
        ("same", "same", (("=", "same"),)),
        ("", "new", (("+", "new"),)),
        ("old", "", (("-", "old"),)),
        ("cat", "cart", (("-", "cat"), ("+", "cart"))),
        ("a cat sat", "a cat sat down", (("=", "a cat sat"), ("+", " down"))),
        ("price: 10.50", "price: 10.75", (("=", "price: 10."), ("-", "50"), ("+", "75"))),
        ("X. Y.", "X. Z. Y.", (("=", "X. "), ("+", "Z. "), ("=", "Y."))),
        ("one\ntwo\nthree\n", "one\nthree\n", (("=", "one\n"), ("-", "two\n"), ("=", "three\n"))),
        (
            "the quick brown fox jumps",
            "the slow brown fox leaps",
            (("=", "the "), ("-", "quick"), ("+", "slow"), ("=", " brown fox "), ("-", "jumps"), ("+", "leaps")),
        ),
    ],
)
def test_examples(old: str, new: str, pieces: tuple[tuple[str, str], ...]) -> None:
    assert words(old, new) == pieces


def test_what_stays_by_chance_between_two_changes_goes_with_them() -> None:
    old, new = "I like cats and dogs a lot these days", "You love cows or birds a lot these days"
    assert words(old, new) == (
        ("-", "I like cats and dogs"),
        ("+", "You love cows or birds"),
        ("=", " a lot these days"),
    )


def test_small_edits_far_apart_in_a_large_text_are_found() -> None:
    lines = [f"It was a bright cold day in April, and clock {at} was striking thirteen.\n" for at in range(20_000)]
    old = "".join(lines)
    lines[3_000] += "Something new.\n"
    lines[13_000] = lines[13_000].replace("April", "May")
    pieces = words(old, "".join(lines))
    assert ("+", "Something new.\n") in pieces
    assert ("-", "April") in pieces
    assert ("+", "May") in pieces
    assert sum(len(text) for op, text in pieces if op != "=") < 100


def prose(seed: int, size: int) -> str:
    dice = random.Random(seed)
    return " ".join(dice.choices([f"w{number}" for number in range(500)], k=size // 4))


@pytest.mark.parametrize(
    "make",
    [
        lambda: (prose(1, 300_000), prose(2, 300_000)),
        lambda: (prose(1, 5_000_000), prose(2, 5_000_000)),
        lambda: ("a" * 20_000_000, "a" * 19_000_000 + "b"),
        lambda: ("a b " * 40_000, "b a " * 40_000 + "a"),
        lambda: ("x y\n" * 100_000, "x z\n" * 100_000),
    ],
    ids=["unlike", "unlike and large", "one word", "alike everywhere", "every line"],
)
def test_time_is_bounded(make: Callable[[], tuple[str, str]]) -> None:
    old, new = make()
    begun = time.process_time()
    pieces = words(old, new)
    assert time.process_time() - begun < 4
    assert "".join(text for op, text in pieces if op != "+") == old
    assert "".join(text for op, text in pieces if op != "-") == new
