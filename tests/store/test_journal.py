"""The journal: what was acknowledged is read back, a torn tail is cut, damage is told, a failed write never counts."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trace_git.errors import CorruptTraceError, StorageError
from trace_git.store.journal import Journal
from trace_git.store.marks import DATA_START

Open = Callable[..., Journal]


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = str(tmp_path / "journal")
    Journal.make(path)
    return path


@pytest.fixture
def opened(path: str) -> Iterator[Open]:
    """``opened()`` is one more handle of the journal, after a first look at it."""
    handles: list[Journal] = []

    def make(*, look: bool = True, readonly: bool = False) -> Journal:
        handles.append(Journal(path, readonly=readonly))
        if look:
            handles[-1].refresh()
        return handles[-1]

    yield make
    for journal in handles:
        journal.close()


def payloads(journal: Journal) -> list[bytes]:
    return [frame.payload for frame in journal.all_frames()]


def flip(path: str, offset: int) -> None:
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 1]))


def failing(call: Any, *, times: int = 1) -> Callable[..., Any]:
    """``call`` that fails with a full disk so many times, then works."""
    left = [times]

    def run(*args: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        return call(*args)

    return run


def test_records_come_back_in_order(opened: Open) -> None:
    journal = opened()
    frames = [journal.append(payload, sync=True) for payload in (b"one", b"", b"three" * 1000)]
    assert [frame.seq for frame in frames] == [1, 2, 3]
    assert payloads(journal) == payloads(opened()) == [b"one", b"", b"three" * 1000]


def test_a_journal_is_made_once(path: str) -> None:
    with pytest.raises(FileExistsError):
        Journal.make(path)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=400), min_size=1, max_size=12))
def test_any_payload_comes_back(tmp_path: Path, some: list[bytes]) -> None:
    path = str(tmp_path / "any")
    Path(path).unlink(missing_ok=True)
    Journal.make(path)
    writer, reader = Journal(path), Journal(path, readonly=True)
    for payload in some:
        writer.append(payload, sync=False)
        assert [frame.payload for frame in reader.refresh()[1]] == [payload]
    assert payloads(reader) == some
    writer.close()
    reader.close()


def test_a_reader_without_the_lock_follows(opened: Open) -> None:
    writer, reader = opened(), opened(readonly=True)
    writer.append(b"one", sync=True)
    assert reader.refresh() == (False, [writer.all_frames()[0]])
    assert reader.refresh() == (False, [])
    writer.append(b"two", sync=True)
    writer.mark_published()
    writer.append(b"three", sync=True)
    renewed, frames = reader.refresh()
    assert not renewed
    assert [frame.payload for frame in frames] == [b"three"]  # what is published is read as git objects
    assert reader.published.seq == 2
    assert payloads(reader) == [b"one", b"two", b"three"]


def test_a_half_written_record_is_not_there_yet(opened: Open, path: str) -> None:
    writer, reader = opened(), opened(readonly=True)
    frame = writer.append(b"x" * 500, sync=True)
    with open(path, "r+b") as file:
        file.seek(frame.end - 1)
        file.write(b"\0")
    assert reader.refresh() == (False, [])
    with open(path, "r+b") as file:
        file.seek(frame.end - 1)
        file.write(b"x")
    assert [found.payload for found in reader.refresh()[1]] == [b"x" * 500]


@pytest.mark.parametrize("back", [1, 50, 500, 520])
def test_a_torn_tail_is_cut(back: int, opened: Open, path: str) -> None:
    writer = opened()
    writer.append(b"kept", sync=True)
    torn = writer.append(b"t" * 500, sync=False)
    flip(path, torn.end - back)
    journal = opened()
    assert payloads(journal) == [b"kept"]
    assert journal.check_tail().lost == 0
    assert journal.append(b"next", sync=True).seq == torn.seq
    assert payloads(opened()) == [b"kept", b"next"]


@pytest.mark.parametrize("victim", [0, 1])
def test_damage_in_the_middle_is_told(victim: int, opened: Open, path: str) -> None:
    writer = opened()
    ends = [DATA_START] + [writer.append(payload, sync=True).end for payload in (b"a" * 99, b"b" * 99, b"c" * 99)]
    flip(path, ends[victim] + 60)
    journal = opened()
    assert journal.next_seq == victim + 1
    with pytest.raises(CorruptTraceError, match=f"record {victim + 1} at offset {ends[victim]}"):
        journal.check_tail()


def test_damage_to_what_was_published_is_told(opened: Open, path: str) -> None:
    writer = opened()
    writer.append(b"a" * 99, sync=True)
    writer.append(b"b" * 99, sync=True)
    writer.mark_published()
    flip(path, DATA_START + 60)
    with pytest.raises(CorruptTraceError):
        opened().all_frames()


def test_records_of_an_earlier_generation_are_not_mistaken_for_new_ones(opened: Open) -> None:
    journal = opened()
    for _ in range(3):
        journal.append(b"same size", sync=True)
    journal.mark_published()
    journal.renew(0)
    journal.append(b"diff size", sync=True)
    assert payloads(journal) == [b"diff size"]
    late = opened()
    assert payloads(late) == [b"diff size"]
    assert late.check_tail().lost == 0
    assert late.next_seq == 5


def test_a_reader_notices_a_new_generation(opened: Open) -> None:
    writer, reader = opened(), opened(readonly=True)
    writer.append(b"old", sync=True)
    writer.mark_published()
    writer.renew(1234)
    writer.append(b"new", sync=True)
    renewed, frames = reader.refresh()
    assert renewed
    assert [(frame.seq, frame.payload) for frame in frames] == [(2, b"new")]
    assert reader.generation.oplog_size == 1234


def test_it_grows_by_itself_and_shrinks_at_rest(opened: Open, path: str) -> None:
    journal = opened()
    large = [bytes([number]) * 100_000 for number in range(9)]
    for payload in large:
        journal.append(payload, sync=False)
    assert os.path.getsize(path) > 900_000
    assert payloads(opened()) == large
    journal.mark_published()
    journal.renew(0)
    journal.shrink()
    assert os.path.getsize(path) <= 16 * 1024
    journal.append(b"x" * 100_000, sync=True)
    assert payloads(opened()) == [b"x" * 100_000]


def test_room_is_made_before_the_record(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is told before anything was written, and with space again the same handle goes on."""
    journal = opened()
    journal.append(b"before", sync=True)
    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", failing(os.posix_fallocate))
        with pytest.raises(StorageError, match="No space left") as caught:
            journal.append(b"x" * 600_000, sync=True)
        assert "free some disk space" in (caught.value.hint or "")
    assert payloads(opened()) == [b"before"]
    journal.append(b"x" * 600_000, sync=True)
    assert payloads(opened()) == [b"before", b"x" * 600_000]


@pytest.mark.parametrize("call", ["pwrite", "fdatasync"])
def test_a_failed_write_is_taken_back(call: str, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = opened()
    journal.append(b"before", sync=True)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(getattr(os, call)))
        with pytest.raises(StorageError, match="No space left"):
            journal.append(b"never", sync=True)
    assert payloads(journal) == payloads(opened()) == [b"before"]
    assert journal.append(b"after", sync=True).seq == 2
    assert payloads(opened()) == [b"before", b"after"]


def test_a_failed_write_that_cannot_be_taken_back_poisons(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = opened()
    journal.append(b"before", sync=True)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", failing(os.fdatasync, times=2))
        with pytest.raises(StorageError, match="outcome unknown"):
            journal.append(b"perhaps", sync=True)
    with pytest.raises(StorageError, match="outcome unknown"):
        journal.append(b"refused", sync=True)
    fresh = opened()
    assert payloads(fresh) in ([b"before"], [b"before", b"perhaps"])
    fresh.append(b"after", sync=True)
    assert payloads(opened())[-1] == b"after"


def test_only_what_was_not_synced_is_synced(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, synced = opened(), list[int]()
    monkeypatch.setattr(os, "fdatasync", synced.append)
    journal.sync()
    assert not synced
    journal.append(b"one", sync=True)
    journal.sync()
    assert len(synced) == 1
    for _ in range(5):
        journal.append(b"later", sync=False)
    assert len(synced) == 1
    journal.sync()
    journal.sync()
    assert len(synced) == 2


def test_a_damaged_first_page_is_corruption(path: str) -> None:
    with open(path, "r+b") as file:
        file.write(bytes(2048))
    with pytest.raises(CorruptTraceError, match="first page"):
        Journal(path)
