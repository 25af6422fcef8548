"""Order keys between keys: always in order, never too long, and nobody moves who need not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trace_git.store.format import FIRST_KEY, MAX_KEY, next_key
from trace_git.store.keys import assigned, between

KEY = re.compile(r"[0-9a-v]{7}(\.[0-9a-v]*[1-9a-v])?\Z")
ENDS = [(None, None), ("1000000", None), (None, "1000000"), ("1000000", "1000001"), ("1000000", "100000v"),
        ("1000000.g", "1000001"), ("1000000", "1000000.01"), ("1000000.g", "1000000.h"), ("1000000.v", "1000001"),
        ("100000v.vvvvvv", "1000010")]  # fmt: skip


@pytest.mark.parametrize(("low", "high"), ENDS)
@pytest.mark.parametrize("count", [0, 1, 2, 31, 32, 33, 1000])
def test_keys_between_two_ascend_and_are_keys(low: str | None, high: str | None, count: int) -> None:
    found = between(low, high, count)
    assert len(found) == count
    assert all(KEY.match(key) and len(key) <= MAX_KEY for key in found)
    line = [*([low] if low else []), *found, *([high] if high else [])]
    assert line == sorted(set(line))


def test_an_end_takes_whole_keys() -> None:
    assert between(None, None, 2) == [FIRST_KEY, "1000001"]
    assert between("1000000.g", None, 1) == ["1000001"]


def test_a_spot_that_is_used_again_and_again_is_full_one_day() -> None:
    low, high = "1000000", "1000001"
    for _ in range(70):
        (high,) = between(low, high, 1)
    assert low < high
    with pytest.raises(ValueError, match="no room"):
        between(low, "1000000." + "0" * 15 + "1", 1)


def test_nobody_moves_without_need() -> None:
    known = dict(zip("abc", _keys(3), strict=True))
    assert assigned("abXc", known).items() >= known.items()
    assert assigned("cab", known)["a"] == known["a"]
    assert assigned("cab", known)["c"] < known["a"]


def test_where_there_is_no_room_only_neighbours_move() -> None:
    tight = ["1000005." + "0" * 15 + "1", "1000005." + "0" * 15 + "2"]
    known = dict(zip("abcdef", [*_keys(3), *tight, "1000009"], strict=True))
    keys = assigned("abcdXef", known)
    _ascending("abcdXef", keys)
    assert {item for item in known if keys[item] != known[item]} <= set("de")


def test_what_is_held_never_moves() -> None:
    known = dict(zip("abcdef", _keys(6), strict=True))
    keys = assigned("efabcd", known, hold="ab")
    _ascending("efabcd", keys)
    assert (keys["a"], keys["b"]) == (known["a"], known["b"])
    with pytest.raises(ValueError, match="no room"):
        assigned("aXb", {"a": "1000005." + "0" * 15 + "1", "b": "1000005." + "0" * 15 + "2"}, hold="ab")


def test_what_is_absent_keeps_its_place_free() -> None:
    known = dict(zip("abcd", _keys(4), strict=True))
    keys = assigned("abcXd", known, absent="bc")
    assert keys.keys() == set("aXd")
    assert known["c"] < keys["X"] < known["d"]


@given(st.data())
def test_any_order_of_known_and_new_items(data: st.DataObject) -> None:
    known = {chr(97 + at): key for at, key in enumerate(_keys(data.draw(st.integers(0, 8))))}
    order = data.draw(st.permutations([*known, *"XYZ"[: data.draw(st.integers(0, 3))]]))
    keys = assigned(order, known)
    _ascending(order, keys)
    held = [item for at, item in enumerate(order) if item in known and all(
        known[one] < known[item] for one in order[:at] if one in known)]  # fmt: skip
    again = assigned(order, known, hold=held)
    _ascending(order, again)
    assert all(again[item] == known[item] for item in held)


def test_many_inserts_at_one_spot_stay_in_order() -> None:
    order = ["a", "b"]
    keys = assigned(order, {})
    for number in range(300):
        order.insert(1, f"n{number}")
        keys = assigned(order, keys)
    _ascending(order, keys)


def _keys(count: int) -> list[str]:
    found: list[str] = []
    for _ in range(count):
        found.append(next_key(found[-1] if found else None))
    return found


def _ascending(order: object, keys: dict[str, str]) -> None:
    found = [keys[item] for item in order]  # type: ignore[attr-defined]
    assert found == sorted(set(found))
    assert all(KEY.match(key) and len(key) <= MAX_KEY for key in found)
