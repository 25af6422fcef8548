"""Journal records: what goes in comes out, and bytes of others are refused."""

from __future__ import annotations

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trace_git.errors import CorruptTraceError
from trace_git.store import records
from trace_git.store.records import BLOB, Entry, Move, Record

ids = st.binary(min_size=20, max_size=20).map(bytes.hex)
values = st.none() | ids | st.just("ref: refs/heads/é") | st.just("ref: refs/heads/" + "x" * 24)
moves = st.builds(Move, st.text(min_size=1), values, values)
numbers = st.integers(0, 2**40)
entries = st.builds(
    Entry, numbers, numbers, numbers, st.text(), st.tuples(st.text()), st.lists(moves).map(tuple), st.text(), numbers
)
objects = st.dictionaries(st.binary(min_size=20, max_size=20), st.tuples(st.integers(1, 4), st.binary()))


@given(st.builds(Record, entries, objects, st.lists(ids).map(tuple)))
def test_a_record_comes_back_as_it_was(record: Record) -> None:
    found = records.unpack_record(records.pack_record(record))
    assert found == record
    assert list(found.objects) == list(record.objects)  # publication packs them in order


@given(st.lists(entries))
def test_entries_come_back_without_their_objects(some: list[Entry]) -> None:
    assert records.unpack_entries(records.pack_entries(some)) == tuple(some)


def test_an_id_takes_twenty_bytes() -> None:
    short = Record(Entry(1, 1, 1, "append", ("",), (Move("refs/heads/main", "a" * 40, "b" * 40),)))
    assert len(records.pack_record(short)) < 90


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xc1",
        b"\x93",
        msgpack.packb(5),
        msgpack.packb([1, 2, 3]),
        msgpack.packb([[1, 1, 1, "append", [""], [["refs/heads/main", None]], "", 0], [], []]),
        msgpack.packb([[1, 1, 1, "append", [""], [], "", 0], [], []]) + b"\x00",
        b"\xdd\xff\xff\xff\xff",
    ],
)
def test_other_bytes_are_refused(payload: bytes) -> None:
    with pytest.raises(CorruptTraceError):
        records.unpack_record(payload)


@pytest.mark.parametrize("payload", [b"", b"\xc1", msgpack.packb(5), msgpack.packb([[1, 2]])])
def test_other_bytes_are_no_entries(payload: bytes) -> None:
    with pytest.raises(CorruptTraceError):
        records.unpack_entries(payload)


@given(objects)
def test_damage_is_refused_or_read_as_a_record(some: dict[bytes, tuple[int, bytes]]) -> None:
    """Whatever is cut off, nothing but a CorruptTraceError comes out."""
    whole = records.pack_record(Record(Entry(1, 1, 1, "append", ("",), ()), {**some, bytes(20): (BLOB, b"x")}))
    for end in range(len(whole)):
        with pytest.raises(CorruptTraceError):
            records.unpack_record(whole[:end])
