"""Kept counts: found again, never wrong, and never in the way."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from pathlib import Path

import pytest

from trace_git.store import files
from trace_git.store.counts import CountCache


def blob(number: int) -> str:
    return hashlib.sha1(str(number).encode()).hexdigest()


def saved(folder: Path, numbers: range, name: str = "o200k_base") -> Path:
    """A cache file that counts blob n as n; every third is an estimate."""
    cache = CountCache(str(folder), name)
    for number in numbers:
        cache.put(blob(number), number, number % 3 != 0)
    cache.save()
    return folder / f"tokens-{name}"


def read(folder: Path, numbers: range, name: str = "o200k_base") -> list[tuple[int, bool] | None]:
    cache = CountCache(str(folder), name, readonly=True)
    return [cache.get(blob(number)) for number in numbers]


def expected(numbers: range) -> list[tuple[int, bool] | None]:
    return [(number, number % 3 != 0) for number in numbers]


def test_what_was_saved_is_found_by_the_next_process(tmp_path: Path) -> None:
    saved(tmp_path / "not" / "there", range(10))
    assert read(tmp_path / "not" / "there", range(12)) == [*expected(range(10)), None, None]


def test_what_was_put_is_found_before_it_is_saved(tmp_path: Path) -> None:
    cache = CountCache(str(tmp_path), "o200k_base")
    cache.put(blob(1), 2**31 - 1, False)
    assert cache.get(blob(1)) == (2**31 - 1, False)
    assert os.listdir(tmp_path) == []


def test_saves_are_appended_and_an_empty_one_writes_nothing(tmp_path: Path) -> None:
    path = saved(tmp_path, range(5))
    before = path.read_bytes()
    saved(tmp_path, range(0))
    assert path.read_bytes() == before
    saved(tmp_path, range(5, 9))
    assert path.read_bytes().startswith(before)
    assert read(tmp_path, range(9)) == expected(range(9))


def test_the_bytes_of_a_file_are_fixed(tmp_path: Path) -> None:
    cache = CountCache(str(tmp_path), "o200k_base")
    cache.put("01" * 20, 312, True)
    cache.put("02" * 20, 5, False)
    cache.save()
    assert (tmp_path / "tokens-o200k_base").read_bytes().hex(" ", 4) == (
        "74636e74 8f629556 a89cfd78 00000002 "
        "01010101 01010101 01010101 01010101 01010101 00000138 "
        "02020202 02020202 02020202 02020202 02020202 80000005 "
        "78a73b31"
    )


def test_a_missing_file_is_an_empty_cache(tmp_path: Path) -> None:
    assert read(tmp_path, range(2)) == [None, None]
    path = saved(tmp_path, range(3))
    path.unlink()
    assert read(tmp_path, range(2)) == [None, None]


def test_no_cut_of_the_file_gives_a_wrong_count(tmp_path: Path) -> None:
    path = saved(tmp_path, range(4))
    one = path.stat().st_size
    saved(tmp_path, range(4, 8))
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        found = read(tmp_path, range(8))
        assert found == [*(expected(range(4)) if size >= one else [None] * 4), *[None] * 4]


def test_no_flipped_bit_gives_a_wrong_count(tmp_path: Path) -> None:
    path = saved(tmp_path, range(3))
    one = path.stat().st_size
    saved(tmp_path, range(3, 6))
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        found = read(tmp_path, range(6))
        assert all(count in (None, right) for count, right in zip(found, expected(range(6)), strict=True))
        assert found[:3] == expected(range(3)) if place >= one else None in found


def test_a_save_mends_a_damaged_file(tmp_path: Path) -> None:
    path = saved(tmp_path, range(4))
    with path.open("ab") as stream:
        stream.write(b"tcnt torn")
    saved(tmp_path, range(4, 6))
    saved(tmp_path, range(6, 8))
    assert read(tmp_path, range(8)) == expected(range(8))


def test_many_small_saves_are_gathered(tmp_path: Path) -> None:
    for number in range(300):
        path = saved(tmp_path, range(number, number + 1))
    assert read(tmp_path, range(300)) == expected(range(300))
    assert path.read_bytes().count(b"tcnt") < 300


@pytest.mark.parametrize(("one", "other"), [("mine/v1", "mine-v1"), ("mine/v1", "mine:v1"), ("x" * 64, "x" * 65)])
def test_tokenizers_do_not_read_each_others_counts(tmp_path: Path, one: str, other: str) -> None:
    CountCache(str(tmp_path), one).get(blob(1))
    saved(tmp_path, range(3), one)
    assert read(tmp_path, range(3), other) == [None] * 3
    assert read(tmp_path, range(3), one) == expected(range(3))


def test_a_file_under_another_tokenizers_name_is_passed_over(tmp_path: Path) -> None:
    saved(tmp_path, range(3)).rename(tmp_path / "tokens-mine")
    assert read(tmp_path, range(3), "mine") == [None] * 3


def test_new_counting_rules_void_what_was_kept(tmp_path: Path) -> None:
    saved(tmp_path, range(3))
    assert CountCache(str(tmp_path), "o200k_base", rules=2).get(blob(1)) is None


@pytest.mark.parametrize("name", ["../../x", "a/b", "é 🚀", "x" * 500])
def test_a_file_name_never_leaves_the_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "cache"
    cache = CountCache(str(folder), name)
    cache.put(blob(1), 1, True)
    cache.save()
    assert [path.parent for path in tmp_path.rglob("tokens-*")] == [folder]
    assert CountCache(str(folder), name).get(blob(1)) == (1, True)


def test_a_count_too_large_for_the_file_is_not_kept(tmp_path: Path) -> None:
    cache = CountCache(str(tmp_path), "o200k_base")
    cache.put(blob(1), 2**31, True)
    assert cache.get(blob(1)) is None


def test_a_readonly_cache_writes_nothing(tmp_path: Path) -> None:
    cache = CountCache(str(tmp_path), "o200k_base", readonly=True)
    cache.put(blob(1), 1, True)
    cache.save()
    assert os.listdir(tmp_path) == []


def test_a_disk_that_refuses_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path, range(3))
    cache = CountCache(str(tmp_path), "o200k_base")
    cache.put(blob(3), 3, False)

    def refuse(path: str, data: bytes) -> None:
        raise OSError(28, "No space left on device", path)

    with monkeypatch.context() as patch:
        patch.setattr(files, "append", refuse)
        cache.save()
    assert cache.get(blob(3)) == (3, False)
    cache.put(blob(4), 4, True)
    cache.save()  # there is space again: nothing that was known is missing
    assert read(tmp_path, range(5)) == expected(range(5))


def test_a_file_that_cannot_be_read_is_an_empty_cache(tmp_path: Path) -> None:
    (tmp_path / "tokens-o200k_base").mkdir()
    cache = CountCache(str(tmp_path), "o200k_base")
    assert cache.get(blob(1)) is None
    cache.put(blob(1), 1, True)
    cache.save()


def test_threads_share_a_cache(tmp_path: Path) -> None:
    cache = CountCache(str(tmp_path), "o200k_base")

    def work(first: int) -> None:
        for number in range(first, 2_000, 8):
            cache.put(blob(number), number, number % 3 != 0)
            if number % 100 < 8:
                cache.save()

    threads = [threading.Thread(target=work, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cache.save()
    assert read(tmp_path, range(2_000)) == expected(range(2_000))


def test_ten_thousand_counts_are_read_in_milliseconds(tmp_path: Path) -> None:
    saved(tmp_path, range(10_000))
    times = []
    for _ in range(7):
        cache, before = CountCache(str(tmp_path), "o200k_base"), time.perf_counter()
        assert cache.get(blob(9_998)) == (9_998, True)
        times.append(time.perf_counter() - before)
    assert min(times) <= 0.01  # 1 ms on a quiet machine
