"""Rows about questions to a history: search in a long one, and the life of one message among many commits."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

from . import data
from .bench import Bench, Row, seconds

SHOWN = 50  # hits that somebody reads


def questions(bench: Bench) -> list[Row]:
    """Search on an open handle that has searched before, on a fresh one, and the first time; blame."""
    size = bench.sizes.huge
    folder = _long(bench, size)
    plain = _scanned(bench, size)
    texts = {"rare": "basic economy fare, changed twice", "common": "reservation"}
    first = seconds(lambda: _fresh(folder, texts["rare"]))
    bench.samples["search: first"] = [first]
    works: dict[str, Any] = {name: partial(_open, folder, text) for name, text in texts.items()}
    works["fresh"] = partial(_fresh, folder, texts["rare"])
    works["scan"] = partial(_scan, plain, texts["rare"])
    took = bench.interleave(f"search in {size:,} messages", works)
    scan = f"SQLite LIKE over the same texts {took.median('scan') * 1e3:.0f} ms"
    rows = []
    for name, title in (("rare", "a phrase that nobody said"), ("common", f"the newest {SHOWN} of a common word")):
        spent = took.median(name)
        rows.append(
            Row(
                f"search in {size:,} messages, open handle: {title}",
                f"{spent * 1e3:.1f} ms",
                scan,
                f"{took.ratio(name, 'scan'):.2f}x",
                ("≤ 50 ms", spent <= 0.05),
                ("≤ 10 ms", spent <= 0.01),
            )
        )
    fresh = f"{took.median('fresh') * 1e3:.0f} ms"
    rows.append(Row("the same, opened for it: the phrase", fresh, scan, f"{took.ratio('fresh', 'scan'):.2f}x"))
    rows.append(Row(f"the first search, which reads all {size:,}", f"{first:.1f} s", "", ""))
    return [*rows, _blame(bench)]


def _blame(bench: Bench) -> Row:
    from trace_git import Repo

    number = bench.sizes.large
    folder = bench.fresh(".trace")
    with Repo.open(folder, tokenizer=None, durability="os") as repo, repo.batch():
        for message in data.messages(number):
            repo.commit(message)
    took = bench.interleave(f"blame at {number:,} commits", {"open": partial(_life, folder)})
    spent = took.median("open")
    goals = ("≤ 50 ms", spent <= 0.05), ("≤ 10 ms", spent <= 0.01)
    return Row(f"blame of an early message at {number:,} commits, open handle", f"{spent * 1e3:.1f} ms", "", "", *goals)


def _long(bench: Bench, size: int) -> Path:
    from trace_git import Repo

    folder, messages = bench.fresh(".trace"), data.messages(size)
    with Repo.open(folder, tokenizer=None, durability="os") as repo, repo.batch():
        for start in range(0, size, 1000):
            repo.commit(messages[start : start + 1000])
    return folder


def _open(folder: Path, text: str) -> float:
    """A handle that has searched here, as an agent's has."""
    from trace_git import Repo

    with Repo.open(folder, tokenizer=None) as repo:
        list(repo.search("something else", limit=SHOWN))
        return seconds(lambda: list(repo.search(text, limit=SHOWN)))


def _fresh(folder: Path, text: str) -> float:
    from trace_git import Repo

    with Repo.open(folder, tokenizer=None) as repo:
        return seconds(lambda: list(repo.search(text, limit=SHOWN)))


def _life(folder: Path) -> float:
    from trace_git import Repo

    with Repo.open(folder, tokenizer=None) as repo:
        early, other = (repo.context().items[at] for at in (20, 40))
        repo.blame(other)
        return seconds(lambda: repo.blame(early))


def _scanned(bench: Bench, size: int) -> Path:
    """The same texts in a table, without any index."""
    path = bench.fresh(".sqlite")
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE messages (text TEXT)")
        texts = ((str(one.get("content") or ""),) for one in data.messages(size))
        db.executemany("INSERT INTO messages VALUES (?)", texts)
    db.close()
    return path


def _scan(path: Path, text: str) -> float:
    db = sqlite3.connect(path)
    try:
        return seconds(lambda: db.execute("SELECT text FROM messages WHERE text LIKE ?", (f"%{text}%",)).fetchall())
    finally:
        db.close()
