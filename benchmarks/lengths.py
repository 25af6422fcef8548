"""Rows about length: many messages in one commit, and appends to a long context against a short one."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from . import data, git
from .bench import Bench, Row, seconds
from .stores import Trace
from .writing import write

APPENDS = 200


class Listening:
    """A tokenizer that only remembers what it was asked to count."""

    name = "listening"

    def __init__(self) -> None:
        self.texts: list[str] = []

    def count(self, text: str) -> int:
        self.texts.append(text)
        return len(text) // 4


def one_commit(bench: Bench) -> list[Row]:
    """Many messages in one commit: the tokenizer alone, on the very texts the commit counted, against all of it."""
    from trace_git import Repo
    from trace_git.view import encodings

    number, salt = bench.sizes.small, iter(range(1, 1000))
    count = encodings.load("o200k_base").count
    write(bench, Trace, data.messages(20))
    alone: list[float] = []

    def commit() -> float:
        messages, listening = data.messages(number, salt=next(salt)), Listening()
        with Repo.open(bench.fresh(".trace"), tokenizer=listening) as repo:
            repo.commit(messages)
        with Repo.open(bench.fresh(".trace")) as repo:
            spent = seconds(lambda: repo.commit(messages))
        alone.append(seconds(lambda: [count(text) for text in listening.texts]))
        return spent

    took = bench.interleave(f"{number:,} in one commit", {"commit": commit, "tokenizing": lambda: alone[-1]})
    share = took.ratio("tokenizing", "commit")
    return [
        Row(
            f"{number:,} messages in one commit",
            f"{took.median('commit') * 1e3:.0f} ms",
            f"tokenizing alone {took.median('tokenizing') * 1e3:.0f} ms",
            f"{share:.0%}",
            ("over half is tokenizing", share > 0.5),
            ("over 80 %", share > 0.8),
        )
    ]


def appends(bench: Bench) -> list[Row]:
    """Append to a long and to a short context: time, and bytes of the objects each append makes.

    Without syncs and with a tokenizer that costs nothing: both would hide how the rest grows.
    """
    sizes = (bench.sizes.small, bench.sizes.huge)
    folders = {size: _long_context(bench, size) for size in sizes}
    salt = iter(range(1, 1000))

    def append(size: int) -> float:
        from trace_git import Repo

        messages = data.messages(APPENDS + 1, salt=next(salt))
        with Repo.open(folders[size], tokenizer=Listening(), durability="os") as repo:
            repo.commit(messages[0])  # an open handle knows its context
            begin = time.perf_counter()
            for message in messages[1:]:
                repo.commit(message)
            repo.flush()
            return (time.perf_counter() - begin) / APPENDS

    works = {f"at {size:,}": partial(append, size) for size in sizes}
    took = bench.interleave("append", works)
    micros = [took.median(f"at {size:,}") * 1e6 for size in sizes]
    written = [git.new_bytes(folders[size], APPENDS) / APPENDS for size in sizes]
    bench.samples |= {f"append: bytes at {size:,}": [value] for size, value in zip(sizes, written, strict=True)}
    slower, bigger = took.ratio(*(f"at {size:,}" for size in reversed(sizes))), written[1] / written[0]
    worst = max(slower, bigger)
    return [
        Row(
            f"append at context length {sizes[1]:,} against {sizes[0]:,}",
            f"{micros[1]:.0f} µs, {written[1] / 1e3:.1f} KB",
            f"{micros[0]:.0f} µs, {written[0] / 1e3:.1f} KB",
            f"time {slower:.2f}x, bytes {bigger:.2f}x",
            ("≤ 3x", worst <= 3),
            ("≤ 2x", worst <= 2),
        )
    ]


def _long_context(bench: Bench, size: int) -> Path:
    from trace_git import Repo

    folder, messages = bench.fresh(".trace"), data.messages(size)
    with Repo.open(folder, tokenizer=Listening(), durability="os") as repo, repo.batch():
        for start in range(0, size, 1000):
            repo.commit(messages[start : start + 1000])
    return folder
