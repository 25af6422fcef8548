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
PASS = (sys.executable, "-c", "pass")

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
        "trace status": lambda: timed(bench, *trace_command(folder), "status"),
        "python -c pass": lambda: timed(bench, *PASS),
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
        run(bench, *trace_command(), "init", str(folder))
        peaks.append(peak(bench, *trace_command(folder), "import", str(file)))
    bench.samples["memory: MB"] = peaks
    most, floor = max(peaks), peak(bench, *PASS)
    return [
        Row(
            f"peak memory of importing {name}",
            f"{most:.0f} MB",
            f"python -c pass {floor:.0f} MB",
            "",
            ("≤ 200 MB", most <= 200),
            ("≤ 120 MB", most <= 120),
        )
    ]


def peak(bench: Bench, *command: str) -> float:
    """The most resident memory of a command, in MB."""
    return int(run(bench, sys.executable, "-c", _PEAK, *command)) / 1024


def trace_command(folder: Path | None = None) -> list[str]:
    """The installed command beside this Python; the module where the project is not installed."""
    script = Path(sys.executable).parent / "trace"
    command = [str(script)] if script.exists() else [sys.executable, "-m", "trace_git"]
    return command if folder is None else [*command, "-C", str(folder)]


def timed(bench: Bench, *command: str) -> float:
    return seconds(lambda: run(bench, *command))


def run(bench: Bench, *command: str) -> str:
    """What it printed; hints on stderr are kept for the error of a command that fails."""
    variables, home = environment(bench)
    done = subprocess.run(command, capture_output=True, text=True, env=variables, cwd=home)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def environment(bench: Bench) -> tuple[dict[str, str], Path]:
    """Variables and a home of their own, so that nobody's git configuration counts."""
    home = bench.scratch / "home"
    home.mkdir(exist_ok=True)
    root = str(Path(__file__).parent.parent)
    return {**os.environ, "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "PYTHONPATH": root}, home
