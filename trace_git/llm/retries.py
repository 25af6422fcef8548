"""Trying again: when, after how long, and until when. Knows neither models nor the network."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from ..errors import LLMError
from .reply import Failure, Reply

ATTEMPTS = 6  # of failures that may pass by themselves
_FIRST_PAUSE = 0.5  # seconds; twice as long each time
_LONGEST_PAUSE = 30.0


def _random() -> float:
    import random  # costs start-up time

    return random.random()


@dataclass(frozen=True, slots=True)
class Timing:
    """Time and chance. ``clock`` never goes back, ``now`` is seconds since 1970, ``random`` is in [0, 1)."""

    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = _random


def persist(attempt: Callable[[float], Reply | Failure], *, name: str, until: float, timing: Timing) -> Reply:
    """The first answer. ``attempt`` is given the seconds that are left, ``until`` is a time of ``timing.clock``.

    LLMError when a failure is not worth another attempt, or the time does not allow one.
    """
    for number in count(1):
        left = until - timing.clock()
        outcome = attempt(left) if left > 0 else Failure("was not asked, as the time for the question is over")
        if isinstance(outcome, Reply):
            return outcome
        if number >= outcome.attempts:
            raise _error(outcome, name, number) from outcome.cause
        pause = _pause(number, outcome.retry_after, timing)
        if pause >= until - timing.clock():
            raise _error(outcome, name, number, "no time is left for another attempt") from outcome.cause
        timing.sleep(pause)
    raise AssertionError("counting does not end")


def _error(failure: Failure, name: str, number: int, why: str = "") -> LLMError:
    notes = [f"{number} attempts"] * (number > 1) + [why] * bool(why)
    return LLMError(f"{name} {failure.text}" + (f" ({', '.join(notes)})" if notes else ""), hint=failure.hint)


def _pause(number: int, retry_after: str | None, timing: Timing) -> float:
    """Seconds before the next attempt: what the server asks for, at least; half of our own pause is chance."""
    longest: float = min(_FIRST_PAUSE * 2 ** (number - 1), _LONGEST_PAUSE)
    own = longest * (0.5 + 0.5 * timing.random())
    return max(own, seconds_to_wait(retry_after, timing.now()))


def seconds_to_wait(header: str | None, now: float) -> float:
    """What ``Retry-After`` asks for (RFC 9110, 10.2.3: seconds, or a date); 0 when it is absent or makes no sense."""
    text = (header or "").strip()
    if text.isascii() and text.replace(".", "", 1).isdigit() and len(text) < 20:
        return float(text)
    if not text.endswith("GMT"):
        return 0.0
    from email.utils import parsedate_to_datetime  # costs start-up time

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return 0.0
