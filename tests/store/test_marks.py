"""The journal's first page: a torn write leaves the generation before it, and marks of another boot say nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from trace_git.store import marks
from trace_git.store.marks import DATA_START, Generation, Published

OLD = Generation(4, b"o" * 16, 100, 5000)
NEW = Generation(5, b"n" * 16, 200, 9000)
BOOT, OTHER = b"b" * 16, b"c" * 16


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    """A page with two generations, the newer one published up to record 205."""
    fd = os.open(tmp_path / "journal", os.O_RDWR | os.O_CREAT)
    os.pwrite(fd, bytes(DATA_START), 0)
    marks.write_generation(fd, OLD)
    marks.write_generation(fd, NEW)
    marks.write_published(fd, NEW, Published(205, 8192), BOOT)
    yield fd
    os.close(fd)


def page(fd: int) -> bytes:
    return os.pread(fd, DATA_START, 0)


def test_the_newest_generation_is_read_with_its_marks(fd: int) -> None:
    assert marks.read(page(fd), BOOT) == (NEW, Published(205, 8192), True)


def test_marks_of_another_boot_are_not_believed(fd: int) -> None:
    assert marks.read(page(fd), OTHER) == (NEW, None, False)


def test_without_a_boot_id_nothing_is_believed(fd: int) -> None:
    marks.write_published(fd, NEW, Published(205, 8192), bytes(16))
    assert marks.read(page(fd), bytes(16)) == (NEW, None, False)


def test_marks_of_an_earlier_generation_are_not_believed(fd: int) -> None:
    marks.write_generation(fd, Generation(6, b"6" * 16, 300, 9000))
    assert marks.read(page(fd), BOOT) == (Generation(6, b"6" * 16, 300, 9000), None, True)


@pytest.mark.parametrize("at", range(0, 64, 7))
def test_a_torn_generation_leaves_the_older_one(fd: int, at: int) -> None:
    marks.write_published(fd, OLD, Published(OLD.base, 8192), BOOT)  # those of the new one were not written yet
    tear(fd, at)
    assert marks.read(page(fd), BOOT) == (OLD, Published(OLD.base, 8192), True)
    assert marks.read(page(fd), OTHER) == (OLD, None, False)


@pytest.mark.parametrize("at", range(0, 64, 7))
def test_a_generation_that_is_damaged_later_does_not(fd: int, at: int) -> None:
    tear(fd, at)
    assert marks.read(page(fd), BOOT) is None
    assert marks.read(page(fd), OTHER) == (OLD, None, False)  # its marks may have come to disk before it did


def tear(fd: int, at: int) -> None:
    slot = NEW.counter % 2 * 512
    os.pwrite(fd, bytes([page(fd)[slot + at] ^ 1]), slot + at)


def test_torn_marks_are_no_marks(fd: int) -> None:
    os.pwrite(fd, b"\xff" * 4, 1024 + 20)
    assert marks.read(page(fd), BOOT) == (NEW, None, False)


@pytest.mark.parametrize("raw", [b"", bytes(DATA_START), b"\xff" * DATA_START, b"TRACEJ1\n" * 512])
def test_a_page_of_anything_else_has_no_generation(raw: bytes) -> None:
    assert marks.read(raw, BOOT) is None


def test_every_generation_is_synced(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    marks.write_generation(fd, Generation(6, b"6" * 16, 300, 9000))
    assert synced == [fd]
    marks.write_published(fd, NEW, Published(206, 8192), BOOT)  # after each commit: a sync here would halve the speed
    assert synced == [fd]


def test_the_boot_id_stays_while_the_machine_runs() -> None:
    assert marks.boot_id() == marks.boot_id()
    assert len(marks.boot_id()) == 16
