"""Every code block of the README runs, and prints what it says. ``…`` stands for what differs from run to run."""

from __future__ import annotations

import re
import subprocess

import pytest

from .blocks import ROOT, blocks, broken_links, run_console, run_python

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = blocks("README.md")


def code(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def test_each_block_is_run_by_a_test_here():
    assert {name for name, _ in BLOCKS} == {"sh", "python", "console"}


def test_the_first_lines_are_make_demo_and_make_test():
    lines = [line for line in README.splitlines() if line][:4]
    assert lines[0] == "# trace-git"
    assert [line.split("  ")[0] for line in lines[2:4]] == ["make demo", "make test"]
    assert code("sh")[0].count("\n") == 2


@pytest.mark.parametrize("target", ["demo", "test"])
def test_make_has_these_targets(target):
    subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("text", code("python"))
def test_python(text, scripts):
    assert len(text.splitlines()) <= 12
    assert "The token expires before the clock is read." in run_python(text)


@pytest.mark.parametrize("tour", code("console"))
def test_console(tour, scripts):
    assert tour.count("\n$ ") > 5
    run_console(tour)


def test_every_command_is_in_the_table():
    from trace_git.cli.app import COMMANDS

    assert re.findall(r"^\| `trace ([\w-]+)", README, re.MULTILINE) == sorted(COMMANDS, key=list(COMMANDS).index)


def test_every_variable_that_is_read_is_named():
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "trace_git").rglob("*.py"))
    for name in set(re.findall(r'environ(?:\.get\(|\[)"(TRACE_GIT_\w+)"', sources)):
        assert f"`{name}`" in README, name


def test_links_lead_somewhere():
    assert broken_links("README.md") == []


def test_the_demo_does_the_main_job(scripts):
    done = subprocess.run(["sh", str(ROOT / "docs" / "demo.sh")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    signs = ("Empty trace: ", " messages (claude-code)", "(HEAD -> main)", " of 8,000 (", '"role": "user"', "| 1 +")
    for sign in signs:
        assert sign in done.stdout
    assert not list(scripts.iterdir())
