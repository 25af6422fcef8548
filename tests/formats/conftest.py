"""Real transcripts where they are, and small files written for one test."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data() -> Path:
    """The folder of real transcripts; the test skips where there is none."""
    folder = Path(os.environ.get("TRACE_GIT_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("no real transcripts here: set TRACE_GIT_DATA to their folder")
    return folder


@pytest.fixture
def jsonl(tmp_path: Path) -> Callable[..., Path]:
    """Writes values as JSON lines; text and bytes are written as they are."""

    def write(*lines: Any, name: str = "session.jsonl") -> Path:
        path = tmp_path / name
        with path.open("wb") as file:
            for line in lines:
                raw = (
                    line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode()
                )
                file.write(raw + b"\n")
        return path

    return write
