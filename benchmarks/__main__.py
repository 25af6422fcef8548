"""The command line: which benchmarks to run, how long, and where the result goes."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path

from . import (
    agents,
    collecting,
    commands,
    compressing,
    lengths,
    machine,
    merging,
    processes,
    reading,
    report,
    rewriting,
    searching,
    writing,
)
from .bench import Bench, Row, Sizes, note, scratch_folder

BENCHMARKS: dict[str, Callable[[Bench], list[Row]]] = {
    "one-by-one": writing.one_by_one,
    "batch": writing.in_batch,
    "one-commit": lengths.one_commit,
    "append": lengths.appends,
    "read": reading.reads,
    "start": processes.start,
    "commands": commands.commands,
    "merge": merging.merges,
    "rebase": rewriting.rebases,
    "gc": collecting.collects,
    "compress": compressing.compresses,
    "search": searching.questions,
    "memory": processes.memory,
    "agents": agents.together,
}


def main() -> None:
    options = _parse()
    sizes = Sizes.quick() if options.quick else Sizes()
    if options.rounds:
        sizes = dataclasses.replace(sizes, rounds=options.rounds)
    with scratch_folder() as scratch:
        facts = machine.describe(scratch)
        bench = Bench(sizes, scratch)
        rows = [row for name in options.names or BENCHMARKS for row in BENCHMARKS[name](bench)]
        facts["noisy"] = "; ".join(bench.noisy()) or "nothing: each slowest round took less than twice its fastest"
    note("")
    if options.json:
        report.write_json(options.json, facts, rows, bench.samples)
    print(report.markdown(facts, rows) if options.markdown else report.plain(facts, rows))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="trace-git measured against its peers")
    parser.add_argument("names", nargs="*", metavar="name", help=f"which: {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of each measurement (default 3)")
    parser.add_argument("--quick", action="store_true", help="small sizes, under two minutes; goals are for full runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write rows and all samples to FILE")
    parser.add_argument("--markdown", action="store_true", help="print the table of benchmarks/README.md")
    options = parser.parse_args()
    for name in options.names:
        if name not in BENCHMARKS:
            parser.error(f"unknown benchmark {name!r}; there are: {', '.join(BENCHMARKS)}")
    missing = [name for name in machine.PEERS if machine.package(name) == machine.MISSING]
    if missing:
        parser.error(f"not installed: {', '.join(missing)}; install the dependency group bench of pyproject.toml")
    return options


if __name__ == "__main__":
    main()
