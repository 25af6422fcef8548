"""Pauses: what Retry-After may say, and what is done when it says nothing."""

from __future__ import annotations

import pytest

from trace_git import llm
from trace_git.llm.reply import Failure, Reply
from trace_git.llm.retries import persist, seconds_to_wait

NOW = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0.0),
        ("", 0.0),
        ("0", 0.0),
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 0.0),
        ("Sun, 32 Nov 1994 08:49:47 GMT", 0.0),
        ("GMT", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
        ("٣", 0.0),
        ("nan", 0.0),
        ("9" * 400, 0.0),
    ],
)
def test_retry_after(header, seconds):
    assert seconds_to_wait(header, NOW) == seconds


@pytest.mark.parametrize(("chance", "first"), [(0.0, 0.25), (0.999_999, 0.5)])
def test_half_of_a_pause_is_chance(clock, chance, first):
    timing = llm.Timing(clock=lambda: clock.time, sleep=clock.sleep, random=lambda: chance)
    outcomes = iter([Failure("was busy", 99)] * 9 + [Reply("hello")])
    assert persist(lambda _: next(outcomes), name="m", until=1e6, timing=timing).text == "hello"
    assert clock.sleeps == [pytest.approx(min(first * 2**n, 60 * first), rel=1e-3) for n in range(9)]


def test_an_attempt_is_told_what_time_is_left(clock):
    outcomes = iter([Failure("was busy", 9, retry_after="4"), Failure("was busy", 9, retry_after="4"), Reply("hello")])
    left = []

    def attempt(seconds):
        left.append(seconds)
        return next(outcomes)

    persist(attempt, name="m", until=10.0, timing=clock.timing)
    assert left == [10.0, 6.0, 2.0]
