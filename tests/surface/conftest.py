"""A shell's view of the project: an empty folder, and ``trace`` on the PATH."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from .blocks import ROOT


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
