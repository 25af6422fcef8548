"""Order keys for items that come between others, and for items that move. Pure functions; see docs/format.md.

A key is seven digits of base 32, and behind a dot a suffix for what was put between two neighbours. It is read as a
fraction: ``1000005.g`` lies halfway between ``1000005`` and ``1000006``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from operator import lt

from .format import _DIGITS, MAX_KEY, next_key

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


def assigned(
    order: Sequence[str],
    known: Mapping[str, str],
    *,
    hold: Collection[str] = (),
    absent: Collection[str] = (),
) -> dict[str, str]:
    """A key for each item of ``order``, ascending.

    As many as possible keep the key they are ``known`` by. Where there is no room left between two of them, their
    neighbours get new keys as well, as few as will do; those of ``hold`` never, whose known keys ascend in ``order``.
    ``absent`` items get no key, but if they are known, the others keep to the side of theirs where that is possible.
    """
    keep = _kept(order, known, hold)
    line = [item for item in order if item in keep or item not in absent]
    keys: dict[str, str] = {}
    at = 0
    while at < len(line):
        if line[at] in keep:
            keys[line[at]] = known[line[at]]
            at += 1
            continue
        stop = at
        while stop < len(line) and line[stop] not in keep:
            stop += 1
        at = _fill(line, at, stop, keep, keys, known, set(hold))
    return {item: key for item, key in keys.items() if item not in absent}


def _fill(
    line: list[str],
    start: int,
    stop: int,
    keep: set[str],
    keys: dict[str, str],
    known: Mapping[str, str],
    hold: set[str],
) -> int:
    """Give keys to ``line[start:stop]``, and to as many neighbours as it takes; where that ends."""
    while True:
        run = line[start:stop]
        low = keys[line[start - 1]] if start else None
        high = known[line[stop]] if stop < len(line) else None
        try:
            keys.update(zip(run, between(low, high, len(run)), strict=True))
            return stop
        except ValueError:
            wider = (start > 0 and line[start - 1] not in hold, stop < len(line) and line[stop] not in hold)
            if not any(wider):
                raise
            start, stop = start - wider[0], stop + wider[1]
            keep.difference_update(line[start:stop])
            while stop < len(line) and line[stop] not in keep:
                stop += 1


def _kept(order: Sequence[str], known: Mapping[str, str], hold: Collection[str]) -> set[str]:
    """The items that keep their keys: those to hold, and between two of these as many as possible."""
    before = [item for item in order if item in known]
    rising = [known[item] for item in before]
    if all(map(lt, rising, rising[1:])):  # the usual case: nothing moved
        return set(before)
    held = set(hold)
    kept: set[str] = set()
    low: str | None = None
    stretch: list[tuple[str, str]] = []
    for item in (*order, None):
        if item is not None and item not in held:
            if item in known:
                stretch.append((known[item], item))
            continue
        high = known[item] if item is not None else None
        fitting = [one for one in stretch if (low is None or low < one[0]) and (high is None or one[0] < high)]
        kept |= _longest_rise(fitting)
        if item is not None:
            kept.add(item)
        low, stretch = high, []
    return kept


def _after(low: str | None, count: int) -> list[str]:
    keys: list[str] = []
    while len(keys) < count:
        low = next_key(low)
        later = _DIGITS[_DIGITS.index(low[-1]) + 1 :]  # up to the next carry only the last digit changes
        keys += [low, *(low[:-1] + digit for digit in later)]
        low = keys[-1]
    return keys[:count]


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


def _longest_rise(keyed: Sequence[tuple[str, str]]) -> set[str]:
    """The items of a longest subsequence whose keys rise: those that need not move."""
    tails: list[str] = []
    ends: list[int] = []
    before: list[int] = []
    for at, (key, _) in enumerate(keyed):
        place = bisect_left(tails, key)
        before.append(ends[place - 1] if place else -1)
        tails[place : place + 1] = [key]
        ends[place : place + 1] = [at]
    kept = set()
    at = ends[-1] if ends else -1
    while at >= 0:
        kept.add(keyed[at][1])
        at = before[at]
    return kept
