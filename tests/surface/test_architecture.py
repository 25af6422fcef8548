"""docs/architecture.md stays a map: short, and with every module of the store on it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_it_is_at_most_150_lines():
    assert len(PAGE.splitlines()) <= 150


def test_it_names_the_modules_of_the_store_and_no_others():
    table = PAGE.partition("## Store")[2].partition("\n## ")[0]
    named = {name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    modules = {path.stem for path in (ROOT / "trace_git" / "store").glob("*.py")} - {"__init__"}
    assert named == modules
