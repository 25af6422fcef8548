"""Which values can be stored without loss, and the path to the first that cannot.

One walk over a value, before it is packed and after it was unpacked. It accepts what JSON
can carry (and bytes where no provider will ever see them) in exact types, within 64 bit and
64 levels. It does not know messages, and it does not pack anything itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any

from ..errors import InvalidInputError

MAX_DEPTH = 64  # maps and lists inside one another

_SIMPLE_KEY = re.compile(r"[\w-]{1,40}", re.ASCII)

Checks = Mapping[type, Callable[[Any, int, Any], None]]


class Unfit(Exception):
    """A value that cannot be stored. The path to it grows as the walk unwinds, innermost step first."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why)
        self.why = why
        self.hint = hint
        self.steps: list[str] = []

    @property
    def path(self) -> str:
        return "".join(reversed(self.steps)).removeprefix(".")

    def __str__(self) -> str:
        path = self.path or "value"
        return f"{path if len(path) <= 120 else f'{path[:117]}...'} {self.why}"


def check(value: Any, room: int, checks: Checks) -> None:
    """Refuse what cannot be stored without loss; ``room`` is how many maps and lists may still open."""
    check = checks.get(type(value))
    if check is None:
        raise Unfit(f"has type {type(value).__qualname__}", _advice(type(value)))
    check(value, room, checks)


def _check_map(value: dict[Any, Any], room: int, checks: Checks) -> None:
    _check_room(room)
    for key, item in value.items():
        if type(key) is not str:
            raise Unfit(f"has the key {quote(key)}, which is not text", "write keys as text, as JSON does")
        try:
            if not key.isascii():
                _check_text(key, 0, checks)
            if type(item) is not str or not item.isascii():  # the common case costs no call
                check(item, room - 1, checks)
        except Unfit as error:
            error.steps.append(_step(key))
            raise


def _check_list(value: Sequence[Any], room: int, checks: Checks) -> None:
    _check_room(room)
    for index, item in enumerate(value):
        try:
            check(item, room - 1, checks)
        except Unfit as error:
            error.steps.append(f"[{index}]")
            raise


def _check_room(room: int) -> None:
    if room <= 0:
        raise Unfit(f"is nested deeper than {MAX_DEPTH}, or contains itself", "flatten it, or keep it as JSON text")


def _check_text(value: str, room: int, checks: Checks) -> None:
    if value.isascii():
        return
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Unfit(
            f"holds a lone surrogate (U+{ord(value[error.start]):04X} at {error.start})",
            "replace it: text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')",
        ) from None


def _check_int(value: int, room: int, checks: Checks) -> None:
    if not -(2**63) <= value < 2**64:
        raise Unfit("is an integer beyond 64 bit", "write it as text")


def _check_float(value: float, room: int, checks: Checks) -> None:
    if not math.isfinite(value):
        raise Unfit(f"is {value}, which JSON cannot carry", "use null or text instead")


def _accept(value: Any, room: int, checks: Checks) -> None:
    pass


# Exact types: a subclass would come back as its base, so it is for the caller to convert. A tuple is written as a
# list, because neither msgpack nor JSON knows the difference.
JSON: Checks = {
    str: _check_text,
    dict: _check_map,
    list: _check_list,
    tuple: _check_list,
    int: _check_int,
    float: _check_float,
    bool: _accept,
    NoneType: _accept,
}
JSON_AND_BYTES: Checks = {**JSON, bytes: _accept}


def fit(value: Any, checks: Checks, *, room: int = MAX_DEPTH, inside: str = "") -> None:
    """The walk for a caller's value: InvalidInputError whose ``field`` is the path, without the step ``inside``."""
    try:
        check(value, room, checks)
    except Unfit as error:
        if error.steps[-1:] == [inside] and len(error.steps) > 1:
            error.steps.pop()
        raise InvalidInputError(str(error), field=error.path or "value", hint=error.hint) from None


def _step(key: str) -> str:
    return f".{key}" if _SIMPLE_KEY.fullmatch(key) else f"[{quote(key)}]"


def quote(value: Any) -> str:
    """One short printable line for text of any content, and the type's name for anything else."""
    if type(value) is str:
        import json  # costs start-up time, and is for errors only

        return json.dumps(value[:40])
    if type(value) is int and value.bit_length() <= 64:
        return str(value)
    return f"<{type(value).__qualname__}>"


def _advice(kind: type) -> str:
    if issubclass(kind, bytes | bytearray | memoryview):
        return "keep binary data as base64 text"
    for base in (str, int, float, dict, list, tuple):
        if issubclass(kind, base):
            return f"convert it to a plain value with {base.__name__}(...)"
    return "use text, numbers, true, false, null, lists and dicts only"
