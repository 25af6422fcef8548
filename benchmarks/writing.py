"""Rows about writing commits: one by one, durable or not, in a batch, and the disk they take.

Times begin when the store is open and end when it is closed, so that no work can hide behind the last commit.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from . import data, git
from .bench import Bench, Row, Samples, Work, disk_use, remove, seconds
from .stores import (
    AdvancedSession,
    Dict,
    LanggraphSaver,
    PlainSqlite,
    SqliteSession,
    Store,
    Trace,
    TraceBatch,
    TraceOs,
)

SAVER_STEPS = 500
Opener = Callable[[Path], Store]


def one_by_one(bench: Bench) -> list[Row]:
    """One message a commit, each durable on return; and the disk that takes."""
    rows: list[Row] = []
    for number in (bench.sizes.small, bench.sizes.large):
        messages = data.messages(number)
        openers: dict[str, Opener] = {
            "trace full": Trace,
            "SQLiteSession": SqliteSession,
            "trace os": TraceOs,
            "SQLite FULL": PlainSqlite,
        }
        if number == bench.sizes.small:
            openers["AdvancedSQLiteSession"] = AdvancedSession
        for opener in openers.values():
            write(bench, opener, messages[:20])  # imports, tokenizer tables
        title = f"{number:,} one by one"
        works = {name: _writer(bench, opener, messages) for name, opener in openers.items()}
        took = bench.interleave(title, works, rounds=bench.sizes.rounds + 2 * (number == bench.sizes.small))
        rows += _rates(number, took)
    return [*rows, _disk(bench)]


def _rates(number: int, took: Samples) -> list[Row]:
    """The rows of both durabilities, as commits per second."""
    rate = {name: number / took.median(name) for name in took}
    session, plain = took.ratio("SQLiteSession", "trace full"), took.ratio("SQLite FULL", "trace full")
    quick = took.ratio("SQLiteSession", "trace os")
    peer = ", ".join(f"{name} {value:,.0f}/s" for name, value in rate.items() if "SQLite" in name)
    return [
        Row(
            f"one message a commit, durable on return, {number:,} commits",
            f"{rate['trace full']:,.0f}/s",
            peer,
            f"{session:.2f}x SQLiteSession, {plain:.2f}x SQLite FULL",
            ("1x SQLiteSession", session >= 1),
            ("2x, and 1x SQLite FULL", session >= 2 and plain >= 1),
        ),
        Row(
            f'the same, durability="os", {number:,} commits',
            f"{rate['trace os']:,.0f}/s",
            f"SQLiteSession {rate['SQLiteSession']:,.0f}/s",
            f"{quick:.2f}x",
            ("3x", quick >= 3),
            ("10x", quick >= 10),
        ),
    ]


def _disk(bench: Bench) -> Row:
    """Disk after close, nothing collected, which the goal is about; while open; and the same messages in the peers."""
    number = bench.sizes.large
    folder, messages = bench.fresh(".trace"), data.messages(number)
    store = Trace(folder)
    store.add(messages)
    store.repo.flush()
    flushed = disk_use(folder) / 1e6
    store.close()
    closed = disk_use(folder) / 1e6
    remove(folder)
    bench.samples |= {"disk: MB while open": [flushed], "disk: MB closed": [closed]}
    peers = []
    for opener, name, steps in ((PlainSqlite, "SQLite FULL", number), (LanggraphSaver, "SqliteSaver", SAVER_STEPS)):
        database = bench.fresh(".db")
        spent = write(bench, opener, messages[:steps], keep=database)
        peers.append(f"{name} {disk_use(database) / 1e6:.1f} MB for {steps:,} steps ({steps / spent:,.0f}/s)")
        remove(database)
    return Row(
        f"disk after {number:,} commits, before any gc",
        f"{closed:.1f} MB ({flushed:.1f} MB while open)",
        ", ".join(peers),
        "",
        ("≤ 12 MB", closed <= 12),
        ("≤ 8 MB", closed <= 8),
    )


def in_batch(bench: Bench) -> list[Row]:
    """One message a commit inside batch(), against git fast-import of the very same commits."""
    number = bench.sizes.large
    messages = data.messages(number)
    model, stream = bench.fresh(".trace"), bench.fresh(".stream")
    write(bench, TraceBatch, messages[:20])
    write(bench, TraceBatch, messages, keep=model)
    git.export(model, stream)

    def import_stream() -> float:
        folder = bench.fresh(".git")
        git.make_empty(folder)
        spent = seconds(lambda: git.fast_import(folder, stream))
        if git.tip(folder) != git.tip(model):
            raise RuntimeError("git fast-import made other commits than the trace has")
        remove(folder)
        return spent

    works = {"trace batch": _writer(bench, TraceBatch, messages), "git fast-import": import_stream}
    took = bench.interleave(f"{number:,} in a batch", works)
    ours, theirs = number / took.median("trace batch"), number / took.median("git fast-import")
    ratio = took.ratio("git fast-import", "trace batch")
    return [
        Row(
            f"one message a commit inside batch(), {number:,} commits",
            f"{ours:,.0f}/s",
            f"git fast-import {theirs:,.0f}/s",
            f"{ratio:.2f}x",
            ("0.5x", ratio >= 0.5),
            ("1.5x", ratio >= 1.5),
        )
    ]


def _writer(bench: Bench, opener: Opener, messages: list[Dict]) -> Work:
    return lambda: write(bench, opener, messages)


def write(bench: Bench, opener: Opener, messages: list[Dict], *, keep: Path | None = None) -> float:
    """Seconds to add all messages to a new store and close it."""
    path = keep or bench.fresh()
    store = opener(path)
    begin = time.perf_counter()
    store.add(messages)
    store.close()
    spent = time.perf_counter() - begin
    if keep is None:
        remove(path)
    return spent
