"""Every code block of the README runs, and prints what it says. ``…`` stands for what differs from run to run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, with ``trace`` on the PATH and the package importable, installed or not."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "trace").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m trace_git "$@"\n')
    (folder / "trace").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def test_each_block_is_run_by_a_test_here():
    assert {name for name, _ in BLOCKS} == {"sh", "python", "console"}


def test_the_first_lines_are_make_demo_and_make_test():
    lines = [line for line in README.splitlines() if line][:4]
    assert lines[0] == "# trace-git"
    assert [line.split("  ")[0] for line in lines[2:4]] == ["make demo", "make test"]
    assert blocks("sh")[0].count("\n") == 2


@pytest.mark.parametrize("target", ["demo", "test"])
def test_make_has_these_targets(target):
    subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("code", blocks("python"))
def test_python(code, scripts):
    assert len(code.splitlines()) <= 12
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "The token expires before the clock is read." in done.stdout


@pytest.mark.parametrize("tour", blocks("console"))
def test_console(tour, scripts):
    steps = re.split(r"^\$ ", tour, flags=re.MULTILINE)[1:]
    assert len(steps) > 5
    for step in steps:
        line, _, expected = step.partition("\n")
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"$ {line}\n{done.stderr}"
        pattern = ".*?".join(map(re.escape, expected.split("…")))
        assert re.fullmatch(pattern, done.stdout), f"$ {line}\n{done.stdout}"
        assert not done.stderr


def test_every_command_is_in_the_table():
    from trace_git.cli.app import COMMANDS

    assert re.findall(r"^\| `trace (\w+)", README, re.MULTILINE) == sorted(COMMANDS, key=list(COMMANDS).index)


def test_every_variable_that_is_read_is_named():
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "trace_git").rglob("*.py"))
    for name in set(re.findall(r'environ(?:\.get\(|\[)"(TRACE_GIT_\w+)"', sources)):
        assert f"`{name}`" in README, name


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_demo_does_the_main_job(scripts):
    done = subprocess.run(["sh", str(ROOT / "docs" / "demo.sh")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for sign in ("Empty trace: ", " messages (claude-code)", "(HEAD -> main)", " tokens (", '"role": "user"', "| 1 +"):
        assert sign in done.stdout
    assert not list(scripts.iterdir())
