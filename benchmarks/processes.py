"""Rows about whole processes: what a command costs to start, and the memory of a long import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from . import data
from .bench import Bench, Row, Work, note, seconds
from .stores import TraceBatch

STARTS = 15

# A process forked from a big one inherits its peak: so a small one stands between, and reports on its child.
_PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def start(bench: Bench) -> list[Row]:
    """`trace status` as a process against an empty Python program."""
    folder, number = bench.fresh(".trace"), bench.sizes.small
    store = TraceBatch(folder)
    store.add(data.messages(number))
    store.close()
    works: dict[str, Work] = {
        "trace status": lambda: _timed(bench, *_trace(), "-C", str(folder), "status"),
        "python -c pass": lambda: _timed(bench, sys.executable, "-c", "pass"),
    }
    for work in works.values():
        work()
    took = bench.interleave("process", works, rounds=STARTS)
    ours, theirs = took.median("trace status"), took.median("python -c pass")
    ratio = took.ratio("trace status", "python -c pass")
    return [
        Row(
            f"`trace status` as a process, {number:,} commits",
            f"{ours * 1e3:.0f} ms",
            f"python -c pass {theirs * 1e3:.0f} ms",
            f"{ratio:.1f}x",
            ("≤ 14x", ratio <= 14),
            ("≤ 8x", ratio <= 8),
        )
    ]


def memory(bench: Bench) -> list[Row]:
    """Peak resident memory of `trace import` of the largest file there is."""
    file, name = data.largest_import(bench.scratch)
    peaks = []
    for turn in range(bench.sizes.rounds):
        note(f"memory: round {turn + 1}")
        folder = bench.fresh(".trace")
        _run(bench, *_trace(), "init", str(folder))
        command = [sys.executable, "-c", _PEAK, *_trace(), "-C", str(folder), "import", str(file)]
        peaks.append(int(_run(bench, *command)) / 1024)
    bench.samples["memory: MB"] = peaks
    peak = max(peaks)
    floor = int(_run(bench, sys.executable, "-c", _PEAK, sys.executable, "-c", "pass")) / 1024
    return [
        Row(
            f"peak memory of importing {name}",
            f"{peak:.0f} MB",
            f"python -c pass {floor:.0f} MB",
            "",
            ("≤ 200 MB", peak <= 200),
            ("≤ 120 MB", peak <= 120),
        )
    ]


def _trace() -> list[str]:
    """The installed command beside this Python; the module where the project is not installed."""
    script = Path(sys.executable).parent / "trace"
    return [str(script)] if script.exists() else [sys.executable, "-m", "trace_git"]


def _timed(bench: Bench, *command: str) -> float:
    return seconds(lambda: _run(bench, *command))


def _run(bench: Bench, *command: str) -> str:
    """Run with a home of its own, so that nobody's git configuration counts; what it printed."""
    home = bench.scratch / "home"
    home.mkdir(exist_ok=True)
    root = str(Path(__file__).parent.parent)
    environment = {**os.environ, "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "PYTHONPATH": root}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment, cwd=home)
    return done.stdout
