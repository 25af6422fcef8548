"""The figures of docs/rewriting.md are those that ``python -m tests.view.rewriting.cases`` prints."""

from __future__ import annotations

import re
from pathlib import Path

from . import cases

PAGE = Path(__file__).parents[3] / "docs" / "rewriting.md"
ROW = re.compile(r"^\| (\d+) [^|]*\| (\d\.\d\d) \((\d+) of (\d+)\) \| (\d\.\d\d) \((\d+) of (\d+)\) \|$", re.MULTILINE)


def test_the_page_says_what_was_measured() -> None:
    told = [row.groups() for row in ROW.finditer(PAGE.read_text(encoding="utf-8"))]
    measured = []
    for file in cases.FILES:
        found = cases.read(file)
        score = cases.score(found)
        measured.append((str(len(found)), f"{score.precision:.2f}", str(score.right), str(score.told),
                         f"{score.recall:.2f}", str(score.right), str(score.expected)))  # fmt: skip
    assert told == measured
