"""The operation log: every operation ever, read from either end, and never read wrong."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import pytest

from trace_git.errors import CorruptTraceError
from trace_git.store import oplog
from trace_git.store.records import Entry, Move


def entry(seq: int) -> Entry:
    return Entry(seq, seq, 1_700_000_000_000 + seq, "append", ("",), (Move("refs/heads/main", None, f"{seq:040x}"),))


ENTRIES = [entry(seq) for seq in range(1, 31)]


@pytest.fixture
def log(tmp_path: Path) -> tuple[str, int]:
    """A log of 30 operations in three checkpoints, and its size."""
    path, size = str(tmp_path / "oplog"), 0
    for start in (0, 10, 20):
        size = oplog.append(path, size, ENTRIES[start : start + 10])
    return path, size


def test_both_ends_tell_the_same(log: tuple[str, int]) -> None:
    assert list(oplog.oldest_first(*log)) == ENTRIES
    assert list(oplog.newest_first(*log)) == ENTRIES[::-1]


def test_a_log_that_never_was_is_empty(tmp_path: Path) -> None:
    assert list(oplog.newest_first(str(tmp_path / "oplog"), 0)) == []
    assert list(oplog.oldest_first(str(tmp_path / "oplog"), 0)) == []


def test_what_lies_behind_the_stated_size_is_not_there(log: tuple[str, int]) -> None:
    path, size = log
    with open(path, "ab") as file:
        file.write(b"a checkpoint that a crash tore")
    assert list(oplog.newest_first(path, size)) == ENTRIES[::-1]
    longer = oplog.append(path, size, [entry(31)])
    assert list(oplog.oldest_first(path, longer)) == [*ENTRIES, entry(31)]
    assert os.path.getsize(path) == longer


def test_an_append_is_synced(log: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    oplog.append(*log, [entry(31)])
    assert len(synced) == 1


@pytest.mark.parametrize("read", [oplog.newest_first, oplog.oldest_first])
def test_a_cut_log_says_so(log: tuple[str, int], read: object) -> None:
    path, size = log
    os.truncate(path, size - 1)
    with pytest.raises(CorruptTraceError, match="cut"):
        list(read(path, size))  # type: ignore[operator]
    os.unlink(path)
    with pytest.raises(CorruptTraceError, match="cut"):
        list(read(path, size))  # type: ignore[operator]


def test_no_flipped_bit_is_read_as_something_else(log: tuple[str, int]) -> None:
    path, size = log
    whole = Path(path).read_bytes()
    for at in range(size):
        Path(path).write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        for read, expected in ((oplog.oldest_first, ENTRIES), (oplog.newest_first, ENTRIES[::-1])):
            try:
                found = list(read(path, size))
            except CorruptTraceError:
                continue
            assert found == expected  # a flip in the length that the other direction uses


def test_recent_operations_do_not_read_old_ones(log: tuple[str, int]) -> None:
    path, size = log
    whole = bytearray(Path(path).read_bytes())
    whole[30] ^= 0xFF  # inside the oldest checkpoint
    Path(path).write_bytes(whole)
    assert list(islice(oplog.newest_first(path, size), 15)) == ENTRIES[:-16:-1]
    with pytest.raises(CorruptTraceError, match="offset 0"):
        list(oplog.newest_first(path, size))
