"""Which items changed their place between two orders, told such that no tie is decided by chance."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence


def moved(before: Sequence[str], after: Sequence[str]) -> frozenset[str]:
    """The items of both orders that may be said to have moved.

    Whoever takes the fewest items out and puts them elsewhere has a choice at times: of two neighbours that changed
    places either may have moved. Both are told then; an item is left out only when it stays whatever one chooses.
    """
    places = {item: at for at, item in enumerate(before)}
    common = [item for item in after if item in places]
    numbers = [places[item] for item in common]
    left = _lengths(numbers)
    right = _lengths([-number for number in reversed(numbers)])[::-1]
    longest = max(left, default=0)
    lying = [a + b - 1 == longest for a, b in zip(left, right, strict=True)]  # in one of the longest orders that stay
    there = Counter(length for length, lies in zip(left, lying, strict=True) if lies)
    return frozenset(
        item for item, length, lies in zip(common, left, lying, strict=True) if not lies or there[length] > 1
    )


def _lengths(numbers: Sequence[int]) -> list[int]:
    """The length of the longest rising part that ends with each number."""
    tops: list[int] = []
    found = []
    for number in numbers:
        at = bisect_left(tops, number)
        tops[at : at + 1] = [number]
        found.append(at + 1)
    return found
