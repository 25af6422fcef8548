"""Rows about reading: a context from disk, the same again after an append, log and status.

Each reader is a process of its own (``child``), each reads a trace of its own that was written one message a commit.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from . import data
from .bench import Bench, Row, Samples, note
from .stores import SqliteSession, TraceBatch


def reads(bench: Bench) -> list[Row]:
    """All rows of this module: one child of each kind and round gives figures for several."""
    warm = _build(bench, 20, salt=3)
    rows: list[Row] = []
    for place, number in enumerate((bench.sizes.small, bench.sizes.large)):
        found = _rounds(bench, number, _build(bench, number, salt=place + 1), warm)
        rows.append(_cold(number, found, least=(3.0, 4.0)[place]))
    return [*rows, *_again(number, found), *_looks(number, found)]


def _build(bench: Bench, number: int, *, salt: int) -> dict[str, Path]:
    """A trace and a session of the same messages."""
    note(f"reading: building {number:,} messages")
    messages = data.messages(number, salt=salt)
    paths = {"trace": bench.fresh(".trace"), "session": bench.fresh(".db")}
    trace = TraceBatch(paths["trace"])
    trace.add(messages)
    trace.close()
    session = SqliteSession(paths["session"])
    session.add_at_once(messages)
    session.close()
    return paths


def _rounds(bench: Bench, number: int, paths: dict[str, Path], warm: dict[str, Path]) -> Samples:
    """Samples by name, "session" for the peer's reading."""
    samples = Samples()
    for turn in range(2 * bench.sizes.rounds - 1):
        for kind, path in paths.items():
            note(f"reading {number:,}: round {turn + 1}, {kind}")
            copy = bench.fresh(path.suffix)
            shutil.copytree(path, copy) if path.is_dir() else shutil.copy(path, copy)
            for name, value in _child(kind, copy, warm[kind]).items():
                samples.setdefault("session" if kind == "session" else name, []).append(value)
    bench.samples.update({f"reading {number:,}: {name}": values for name, values in samples.items()})
    return samples


def _child(kind: str, path: Path, warm: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.child", kind, str(path), str(warm)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent)
    values: dict[str, float] = json.loads(done.stdout)
    return values


def _cold(number: int, found: Samples, *, least: float) -> Row:
    ours, theirs = found.median("cold"), found.median("session")
    ratio = found.ratio("cold", "session")
    return Row(
        f"cold open + materialize, {number:,} messages",
        f"{ours * 1e3:.1f} ms",
        f"SQLiteSession.get_items {theirs * 1e3:.1f} ms",
        f"{ratio:.2f}x",
        (f"≤ {least:.0f}x", ratio <= least),
        ("≤ 1.5x", ratio <= 1.5),
    )


def _again(number: int, found: Samples) -> list[Row]:
    """After one append: the prompt with its token count, then with its digest too, then the output as a new list."""
    cold, prompt = found.median("cold"), found.median("again")
    works = {
        "prompt and tokens": prompt,
        "with its digest": prompt + found.median("again, digest"),
        "with a new output list": prompt + found.median("again, output"),
    }
    return [
        Row(
            f"materialize again after one append, {number:,} messages: {name}",
            f"{spent * 1e3:.2f} ms",
            f"cold {cold * 1e3:.0f} ms",
            f"1/{cold / spent:.0f}",
            ("≤ 1/20 of cold", spent <= cold / 20),
            ("≤ 1/100", spent <= cold / 100),
        )
        for name, spent in works.items()
    ]


def _looks(number: int, found: Samples) -> list[Row]:
    works = {
        f"log of 50 at {number:,} commits, open handle": found.median("log"),
        f"log of 50 at {number:,} commits, opened for it": found.median("log, opened"),
        f"status at {number:,} commits, open handle": found.median("status"),
        f"status at {number:,} commits, opened for it": found.median("status, opened"),
    }
    return [
        Row(name, f"{spent * 1e3:.1f} ms", "", "", ("≤ 10 ms", spent <= 0.010), ("≤ 3 ms", spent <= 0.003))
        for name, spent in works.items()
    ]
