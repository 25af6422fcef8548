"""A run as text: a table for a terminal, Markdown, JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from .bench import Row

_HEAD = ("work", "trace-git", "compared with", "ratio", "at least", "aim", "verdict")


def markdown(machine: dict[str, str], rows: list[Row]) -> str:
    """The machine as a list, then the table."""
    facts = [f"- {name}: {text}" for name, text in machine.items()]
    lines = [_HEAD, tuple("---" for _ in _HEAD), *map(_cells, rows)]
    table = [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join([*facts, "", *table])


def plain(machine: dict[str, str], rows: list[Row]) -> str:
    """Two lines a row: narrow enough for any terminal."""
    facts = [f"{name:9} {text}" for name, text in machine.items()]
    lines: list[str] = []
    for row in rows:
        lines.append(f"[{row.verdict:8}] {row.work}")
        compared = "; ".join(part for part in (row.trace, row.peer, row.ratio) if part)
        goals = f"   (at least {row.least[0]}, aim {row.aim[0]})" if row.least[0] else ""
        lines.append(f"           {compared}{goals}")
    missed = sum(row.verdict == "missed" for row in rows)
    return "\n".join([*facts, "", *lines, "", f"{len(rows)} rows, {missed} missed"])


def write_json(path: Path, machine: dict[str, str], rows: list[Row], samples: dict[str, list[float]]) -> None:
    """Everything, with each sample, for comparing runs."""
    table = [{**asdict(row), "verdict": row.verdict} for row in rows]
    path.write_text(json.dumps({"machine": machine, "rows": table, "samples": samples}, indent=1) + "\n")


def _cells(row: Row) -> tuple[str, ...]:
    return (row.work, row.trace, row.peer, row.ratio, row.least[0], row.aim[0], row.verdict)
