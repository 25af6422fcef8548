"""Order keys for items that come between others, and for items that move. Pure functions; see docs/format.md.

A key is seven digits of base 32, and behind a dot a suffix for what was put between two neighbours. It is read as a
fraction: ``1000005.g`` lies halfway between ``1000005`` and ``1000006``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from .format import _DIGITS, FIRST_KEY, MAX_KEY, next_key

_WHOLE = 7


def between(low: str | None, high: str | None, count: int) -> list[str]:
    """``count`` ascending keys above ``low`` and below ``high``; None is an open end.

    ValueError when a key would be longer than the format allows: then the neighbours must get new keys as well.
    """
    if count == 0:
        return []
    if high is None:
        return _after(low, count)
    lower = low if low is not None else _before(high)
    whole, suffix = lower[:_WHOLE], lower[_WHOLE + 1 :]
    end = high[_WHOLE + 1 :] if high[:_WHOLE] == whole else None
    for width in range(len(suffix) + 1, MAX_KEY - _WHOLE):
        first = _number(suffix, width)
        last = _number(end, width) if end is not None else 32**width
        step = (last - first) // (count + 1)
        if step >= 1:
            return [f"{whole}.{_digits(first + step * at, width).rstrip('0')}" for at in range(1, count + 1)]
    raise ValueError(f"no room for {count} keys between {low} and {high}")


def assigned(order: Sequence[str], known: Mapping[str, str], *, after: str | None = None) -> dict[str, str]:
    """A key for each item of ``order``, ascending and above ``after``.

    As many as possible keep the key they are ``known`` by; where there is no room left between two of them, all get
    new keys.
    """
    fixed = _longest_rise([(known[item], item) for item in order if item in known])
    keys: dict[str, str] = {}
    run: list[str] = []
    low = after
    try:
        for item in order:
            if item not in fixed:
                run.append(item)
                continue
            keys.update(zip(run, between(low, known[item], len(run)), strict=True))
            keys[item] = low = known[item]
            run = []
    except ValueError:
        return dict(zip(order, _after(after, len(order)), strict=True))
    keys.update(zip(run, between(low, None, len(run)), strict=True))
    return keys


def _after(low: str | None, count: int) -> list[str]:
    keys = []
    for _ in range(count):
        low = next_key(low)
        keys.append(low)
    return keys


def _before(high: str) -> str:
    """A key with whole digits only below ``high``, far enough for many more."""
    number = int(high[:_WHOLE], 32) - (0 if len(high) > _WHOLE else 1)
    if number < 0:
        raise ValueError(f"no key below {high}")
    return _digits(number, _WHOLE)


def _number(suffix: str, width: int) -> int:
    return int(suffix.ljust(width, "0")[:width], 32)


def _digits(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 32)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def _longest_rise(keyed: Sequence[tuple[str, str]]) -> frozenset[str]:
    """The items of a longest subsequence whose keys rise: those that need not move."""
    tails: list[str] = []
    ends: list[int] = []
    before: list[int] = []
    for at, (key, _) in enumerate(keyed):
        place = bisect_left(tails, key)
        before.append(ends[place - 1] if place else -1)
        tails[place : place + 1] = [key]
        ends[place : place + 1] = [at]
    kept = []
    at = ends[-1] if ends else -1
    while at >= 0:
        kept.append(keyed[at][1])
        at = before[at]
    return frozenset(kept)


__all__ = ["FIRST_KEY", "assigned", "between"]
