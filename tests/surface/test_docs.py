"""The pages of the docs: their code runs and prints what they say, their links lead somewhere."""

from __future__ import annotations

import re

import pytest

from trace_git import Repo
from trace_git.cli.app import COMMANDS

from .blocks import ROOT, blocks, broken_links, run_console, run_python

NOT_IN_PYTHON = {"completion", "setup-git", "textconv"}
TOURS = [
    "docs/quickstart.md",
    "docs/concepts.md",
    "docs/stock-git.md",
    "docs/merge.md",
    "docs/rewriting.md",
    "docs/cache-receipts.md",
    "docs/rebase.md",
    "docs/gc.md",
    "docs/compression.md",
    "docs/summaries.md",
    "docs/agents.md",
    "docs/questions.md",
]
PAGES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("page", TOURS)
def test_every_block_of_a_tour_runs_in_order(page, scripts):
    found = blocks(page)
    assert {language for language, _ in found} <= {"console", "python"}
    for language, text in found:
        if language == "console":
            run_console(text)
        else:
            assert run_python(text)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    assert broken_links(page) == []


def test_the_quickstart_goes_from_nothing_to_undo():
    commands = re.findall(r"^\$ trace (\w+)", (ROOT / "docs/quickstart.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert commands[0] == "init"
    assert {"commit", "status", "log", "edit", "diff", "switch", "checkout", "reset", "undo"} <= set(commands)


def table(page: str, title: str) -> list[list[str]]:
    """The rows of the first table below a heading, as cells."""
    below = (ROOT / page).read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return [line.strip("|").split("|") for line in below.splitlines() if line.startswith("|")][2:]


def test_the_table_of_concepts_names_what_there_is():
    rows = table("docs/concepts.md", "git, trace, Python")
    commands = {name for row in rows for name in re.findall(r"`trace ([a-z][\w-]*)", row[1])}
    assert commands == set(COMMANDS) - NOT_IN_PYTHON
    verbs = {name for row in rows for name in re.findall(r"\brepo\.(\w+)", row[2])}
    assert all(hasattr(Repo, verb) for verb in verbs)
    assert verbs >= {"undo", "redo", "operations", "diff", "drop", "reset", "checkout", "tag", "at_op", "config"}
