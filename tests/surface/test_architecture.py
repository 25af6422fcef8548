"""docs/architecture.md stays a map: short, and with every module on it."""

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


def test_it_names_every_module():
    """But for the commands, whose files are called as they are."""
    modules = {path.stem for path in (ROOT / "trace_git").rglob("*.py") if path.parent.name != "commands"}
    assert sorted(one for one in modules if one[0] != "_" and not re.search(rf"(?<!\w){one}(?!\w)", PAGE)) == []
