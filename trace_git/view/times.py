"""Points in time as people write them in ``main@{…}``: a sensible part of git's approximate dates.

    now · today · yesterday · noon · midnight · 10:30 · 3pm · 2026-11-20 · 2026-11-20 10:00 · 2026-11-20T10:00:00Z
    2 days ago · 2.days.ago · 3 hours 20 minutes ago · last week · two months ago · yesterday noon · @1700000000

Words are read from left to right, each changing the time that is there, which is now at first. So a date without a
time means that day at the present time of day, as in git. Without a zone it is local time. Unlike git, a word that is
not understood is an error and not skipped.
"""

from __future__ import annotations

import re
import time

from ..errors import InvalidInputError

_TOKEN = re.compile(
    r"(?P<date>\d{4}[-/.]\d{1,2}[-/.]\d{1,2})(?:T(?=\d))?"
    r"|(?P<clock>\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?)\s*(?P<half>[ap]m\b)?\s*(?P<zone>Z\b|[+-]\d\d:?\d\d\b)?"
    r"|(?P<hour>\d{1,2})\s*(?P<side>[ap]m\b)"
    r"|(?P<number>\d{1,9})(?!\d)"
    r"|(?P<word>[a-z]+)"
    r"|[\s.,_-]+",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"@?(\d{9,12})(?: [+-]\d{4})?\Z|@(\d{1,8})\Z")
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
_HOURS = {"midnight": 0, "noon": 12}
_FILLERS = ("ago", "and", "at", "now")
_DAY = 86400


def when(text: str, now: int) -> int:
    """The point in time that ``text`` means, in seconds since 1970; ``now`` likewise. InvalidInputError for no time."""
    if match := _EPOCH.match(text.strip()):
        return int(match[1] or match[2])
    try:
        reader = _Reader(now)
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise ValueError(text[at:])
            reader.read(match)
            at = match.end()
        return reader.result()
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidInputError(
            f"{text[:80]!r} is not a time", hint="for example: yesterday, 2 days ago, 2026-11-20 10:00, @1700000000"
        ) from error


class _Reader:
    """The time as far as it was read: ``_at`` is (year, month, day, hour, minute, second), local."""

    def __init__(self, now: int) -> None:
        self._at = list(time.localtime(now)[:6])
        self._number: int | None = None
        self._zone: str | None = None
        self._understood = False

    def read(self, match: re.Match[str]) -> None:
        if match["date"]:
            self._at[:3] = _checked_date(match["date"])
        elif match["clock"]:
            self._at[3:] = _clock(match["clock"], match["half"])
            self._zone = match["zone"]
        elif match["hour"]:
            self._at[3:] = _clock(f"{match['hour']}:00", match["side"])
        elif match["number"]:
            self._take_number(int(match["number"]))
        elif match["word"]:
            self._word(match["word"].lower())
        else:
            return
        self._understood = True

    def result(self) -> int:
        if self._number is not None or not self._understood:
            raise ValueError("a number of what?")
        if self._zone is None:
            return self._local()
        from datetime import datetime

        year, month, day, *clock = self._at
        text = f"{year:04}-{month:02}-{day:02}T{clock[0]:02}:{clock[1]:02}:{clock[2]:02}{self._zone.upper()}"
        return int(datetime.fromisoformat(text).timestamp())

    def _word(self, word: str) -> None:
        unit = word.removesuffix("s")
        if word in _NUMBERS or word == "last":
            self._take_number(1 if word == "last" else _NUMBERS.index(word))
        elif unit in _SECONDS:
            self._back(self._taken() * _SECONDS[unit])
        elif unit in ("month", "year"):
            self._months_back(self._taken() * (12 if unit == "year" else 1))
        elif self._number is not None:
            raise ValueError(word)
        elif word in ("yesterday", "today"):
            self._back(_DAY if word == "yesterday" else 0)
            if word == "today":
                self._at[3:] = [0, 0, 0]
        elif word in _HOURS:
            if self._at[3] < _HOURS[word]:  # the last noon there was
                self._back(_DAY)
            self._at[3:] = [_HOURS[word], 0, 0]
        elif word not in _FILLERS:
            raise ValueError(word)

    def _take_number(self, number: int) -> None:
        if self._number is not None:
            raise ValueError(number)
        self._number = number

    def _taken(self) -> int:
        if self._number is None:
            raise ValueError("how many?")
        number, self._number = self._number, None
        return number

    def _back(self, seconds: int) -> None:
        self._at = list(time.localtime(self._local() - seconds)[:6])

    def _months_back(self, months: int) -> None:
        year, month = divmod(self._at[0] * 12 + self._at[1] - 1 - months, 12)
        self._at[:2] = [year, month + 1]

    def _local(self) -> int:
        year, month, day, hour, minute, second = self._at
        return int(time.mktime((year, month, day, hour, minute, second, 0, 0, -1)))


def _checked_date(text: str) -> list[int]:
    year, month, day = (int(part) for part in re.split("[-/.]", text))
    if not (1 <= month <= 12 and 1 <= day <= 31):
        raise ValueError(text)
    return [year, month, day]


def _clock(text: str, half: str | None) -> list[int]:
    hour, minute, second = (int(part) for part in [*text.partition(".")[0].split(":"), "0"][:3])
    if half is not None:
        if not 1 <= hour <= 12:
            raise ValueError(text)
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError(text)
    return [hour, minute, second]
