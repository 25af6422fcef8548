"""Names on disk: golden values, because every later release must find what this one wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trace_git.errors import CorruptTraceError
from trace_git.store import format
from trace_git.store.format import Place

BLOB = bytes.fromhex("ce013625030ba8dba906f756967f9e9ca394464a")
PARENT = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@pytest.mark.parametrize(
    ("key", "following"),
    [
        (None, "1000000"),
        ("1000000", "1000001"),
        ("1000009", "100000a"),
        ("100000v", "1000010"),
        ("1vvvvvv", "2000000"),
        ("1000003.g", "1000004"),
    ],
)
def test_appends_count_up_in_base_32(key: str | None, following: str) -> None:
    assert format.next_key(key) == following


@given(st.integers(32**6, 32**7 - 2))
def test_the_next_key_sorts_behind(number: int) -> None:
    digits = "0123456789abcdefghijklmnopqrstuv"
    key = "".join(digits[number >> 5 * place & 31] for place in reversed(range(7)))
    assert int(key, 32) == number
    assert format.next_key(key) > key
    assert int(format.next_key(key), 32) == number + 1


def test_item_ids_are_what_they_always_were() -> None:
    assert format.item_id("", None, 0, BLOB) == "f646131e39d7c495"
    assert format.item_id("", PARENT, 0, BLOB) == "354fce4ee6418a84"
    assert format.item_id("", PARENT, 1, BLOB) == "b33369aac3e81ddd"
    assert format.item_id("researcher", PARENT, 0, BLOB) == "0c201a717aea50f9"
    assert format.item_id("", PARENT, 0, BLOB, counter=1) == "c77387eb6ff97bf9"


def test_everything_that_names_an_item_counts() -> None:
    ids = {
        format.item_id(space, parent, position, blob, counter)
        for space in ("", "a")
        for parent in (None, PARENT)
        for position in (0, 1)
        for blob in (BLOB, bytes(20))
        for counter in (0, 1)
    }
    assert len(ids) == 32


def test_where_things_live() -> None:
    place = Place("10000a3", "user", "d0e8fca8b10d9166")
    assert b"/".join(format.message_path(place)) == b"messages/10000/a/10000a3-user-d0e8fca8b10d9166.msgpack"
    assert b"/".join(format.pin_path(place.item)) == b"pins/d0e8fca8b10d9166.msgpack"


@pytest.mark.parametrize("key", ["1000000", "10000a3.g", "vvvvvvv.00v"])
def test_a_name_is_read_back(key: str) -> None:
    place = Place(key, "assistant", "0123456789abcdef")
    assert format.parse_name(format.file_name(place)) == place


@pytest.mark.parametrize(
    "name",
    [
        b"",
        b"notes.txt",
        b"1000000-user-d0e8fca8b10d9166",
        b"100000-user-d0e8fca8b10d9166.msgpack",
        b"100000w-user-d0e8fca8b10d9166.msgpack",
        b"1000000.0-user-d0e8fca8b10d9166.msgpack",  # a suffix never ends in 0: nothing would sort before it
        b"1000000.-user-d0e8fca8b10d9166x.msgpack",
        b"1000000-user-D0E8FCA8B10D9166.msgpack",
        b"1000000-user-d0e8fca8b10d916.msgpack",
        b"1000000-USER-d0e8fca8b10d9166.msgpack",
        b"1000000-user-d0e8fca8b10d9166.msgpack\n",
        b"../1000000-user-d0e8fca8b10d9166.msgpack",
        b"1000000-\xff-d0e8fca8b10d9166.msgpack",
        b"x" * 5000,
    ],
)
def test_strange_names_are_refused(name: bytes) -> None:
    with pytest.raises(CorruptTraceError) as caught:
        format.parse_name(name)
    assert len(str(caught.value)) < 300


def test_names_sort_as_their_keys_do() -> None:
    keys = ["1000000", "1000000.1", "1000000.g", "1000000.g1", "1000001", "100000a", "1000010"]
    names = [format.file_name(Place(key, role, "0" * 16)) for key in keys for role in ("user",)]
    assert names == sorted(names)
