"""The Makefile: bare ``make`` explains itself, and every target it has is explained."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
TARGETS = ["help", "demo", "test", "check", "lint", "bench", "dist", "clean"]


def make(*words: str) -> str:
    return subprocess.run(["make", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_bare_make_prints_help_with_every_target():
    shown = make()
    assert shown == make("help")
    assert re.findall(r"^  (\w+) ", shown, re.MULTILINE) == TARGETS


def test_every_target_is_phony_and_explained():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE).group(1).split() == TARGETS  # type: ignore[union-attr]
    assert re.findall(r"^([a-z]+):.*##", text, re.MULTILINE) == TARGETS


def test_an_old_python_is_refused_with_a_remedy(tmp_path):
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    words = ["make", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}", "test"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "needs Python 3.11" in done.stderr


def test_ci_runs_the_readmes_test_command():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "\nmake test\n" in script
    assert "\nmake lint\n" in script
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
