"""Rows about the commands people type, as whole processes: what they cost to start, and that no history slows them.

Each is run on a trace of many commits and on one of few, in turns with an empty Python program. Traces are written one
message a commit, each an operation of its own, so that the operation log is as long as the history.
"""

from __future__ import annotations

import subprocess
import time
from functools import partial
from itertools import islice
from pathlib import Path
from subprocess import DEVNULL, PIPE

from . import data
from .bench import Bench, Row, Samples, Work, note
from .processes import PASS, environment, run, timed, trace_command
from .stores import TraceOs

FEW = 100
EMPTY = "python -c pass"
BRANCHES = 5
LINES = 50  # about a screen: what a reader waits for
READING = {
    "log -n 50": ("log", "-n", "50"),
    "status": ("status",),
    "diff HEAD~10 HEAD": ("diff", "HEAD~10", "HEAD"),
    "show": ("show",),
}
GRAPH = ("log", "--all", "--graph")


def commands(bench: Bench) -> list[Row]:
    """Every command on the same two traces; then how soon the graph of a history begins."""
    many = bench.sizes.large
    traces = {size: _linear(bench, size) for size in (FEW, many)}
    return [*_verbs(bench, traces, many), *_first_lines(bench, traces, many)]


def _verbs(bench: Bench, traces: dict[int, Path], many: int) -> list[Row]:
    works: dict[str, Work] = {EMPTY: lambda: timed(bench, *PASS)}
    for size, folder in traces.items():
        for name, words in READING.items():
            works[f"{name} at {size:,}"] = partial(timed, bench, *trace_command(folder), *words)
        works[f"undo at {size:,}"] = partial(_undo, bench, folder)
    took = _rounds(bench, "command", works)
    return [_verb(name, took, many) for name in (*READING, "undo")]


def _verb(name: str, took: Samples, many: int) -> Row:
    long, short = f"{name} at {many:,}", f"{name} at {FEW:,}"
    growth, starts = took.ratio(long, short), took.ratio(long, EMPTY)
    peer = f"{FEW:,} commits {took.median(short) * 1e3:.0f} ms, {EMPTY} {took.median(EMPTY) * 1e3:.0f} ms"
    return Row(
        f"`trace {name}` as a process, {many:,} commits",
        f"{took.median(long) * 1e3:.0f} ms",
        peer,
        f"{growth:.2f}x, {starts:.1f}x pass",
        (f"≤ 1.3x of {FEW:,} commits, ≤ 14x pass", growth <= 1.3 and starts <= 14),
        ("≤ 1.3x, ≤ 8x pass", growth <= 1.3 and starts <= 8),
    )


def _undo(bench: Bench, folder: Path) -> float:
    """One undo; a redo afterwards, not timed, leaves the branch as it was for the next round."""
    spent = timed(bench, *trace_command(folder), "undo")
    run(bench, *trace_command(folder), "redo")
    return spent


def _first_lines(bench: Bench, traces: dict[int, Path], many: int) -> list[Row]:
    """Time until the first lines of the graph can be read; stock git draws the same branches as a comparison."""
    branched = _branched(bench, many)
    stock = ("git", "-C", str(branched), *GRAPH, "--oneline")
    works: dict[str, Work] = {
        f"{FEW:,}": partial(_until_lines, bench, *trace_command(traces[FEW]), *GRAPH),
        f"{many:,}": partial(_until_lines, bench, *trace_command(traces[many]), *GRAPH),
        "branches": partial(_until_lines, bench, *trace_command(branched), *GRAPH),
        "git": partial(_until_lines, bench, *stock),
    }
    took = _rounds(bench, "graph", works)
    shown = {name: f"{took.median(name) * 1e3:.0f} ms" for name in works}
    growth, beside = took.ratio(f"{many:,}", f"{FEW:,}"), took.ratio("branches", f"{many:,}")
    title = f"first {LINES} lines of `trace {' '.join(GRAPH)}`, {many:,} commits"
    return [
        Row(
            f"{title} in a line",
            shown[f"{many:,}"],
            f"{FEW:,} commits {shown[f'{FEW:,}']}",
            f"{growth:.2f}x",
            (f"≤ 1.3x of {FEW:,} commits", growth <= 1.3),
            ("≤ 1.3x", growth <= 1.3),
        ),
        Row(
            f"{title} on {BRANCHES + 1} branches",
            shown["branches"],
            f"in a line {shown[f'{many:,}']}, git log --all --graph --oneline {shown['git']}",
            f"{beside:.2f}x of a line",
        ),
    ]


def _until_lines(bench: Bench, *command: str) -> float:
    """Seconds until a reader has the first lines; the rest is not waited for, as with `| head`."""
    variables, home = environment(bench)
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=PIPE, stderr=DEVNULL, env=variables, cwd=home) as process:
        assert process.stdout is not None
        lines = list(islice(process.stdout, LINES))
        spent = time.perf_counter() - begin
    if len(lines) < LINES:
        raise RuntimeError(f"{' '.join(command)} printed {len(lines)} lines only")
    return spent


def _rounds(bench: Bench, title: str, works: dict[str, Work]) -> Samples:
    for work in works.values():
        work()  # files in the page cache, caches of the trace written
    return bench.interleave(title, works, rounds=5 * bench.sizes.rounds)


def _linear(bench: Bench, size: int) -> Path:
    note(f"commands: building {size:,} commits")
    folder = bench.fresh(".trace")
    store = TraceOs(folder)
    store.add(data.messages(size))
    store.close()
    return folder


def _branched(bench: Bench, size: int) -> Path:
    """As many commits: half of them on main, from which branches of the same length leave at equal distances."""
    note(f"commands: building {size:,} commits on branches")
    folder, part = bench.fresh(".trace"), size // (2 * BRANCHES)
    messages = data.messages(size)
    store = TraceOs(folder)
    for number in range(BRANCHES):
        start = 2 * part * number
        store.add(messages[start : start + part])
        store.repo.switch(f"try-{number + 1}", create=True)
        store.add(messages[start + part : start + 2 * part])
        store.repo.switch("main")
    store.close()
    return folder
