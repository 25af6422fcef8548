"""Three ways to run the command line: in this process (quick), as a process, and as a process on a terminal."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from trace_git.cli import main, screen

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Result:
    code: int
    data: bytes  # stdout
    err: str

    @property
    def out(self) -> str:
        return self.data.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.data)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def cli(here: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """``cli("log", "-n", "1", input=b"…")``: the command line in this process, on pipes."""

    def run(*words: str, input: bytes | None = None) -> Result:
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.setattr(sys, "stdin", None if input is None else io.TextIOWrapper(io.BytesIO(input), "utf-8"))
            patch.setattr(screen, "_paging", True)
            code = main(words)
        for stream in (out, err):
            stream.flush()
        return Result(code, out.buffer.getvalue(), err.buffer.getvalue().decode())  # type: ignore[attr-defined]

    return run


@pytest.fixture
def trace(cli: Callable[..., Result]) -> Callable[..., Result]:
    """``cli`` in a folder with an empty trace, ``.trace``."""
    assert cli("init").code == 0
    return cli


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "trace_git", *words]


def environment(extra: Mapping[str, str | None] | None = None) -> dict[str, str]:
    wanted = {**os.environ, "PYTHONPATH": str(ROOT), **(extra or {})}
    return {name: value for name, value in wanted.items() if value is not None}


@pytest.fixture
def process(here: Path) -> Callable[..., Result]:
    """``process("log", env={…}, input=b"…")``: the command line as a process of its own, on pipes."""

    def run(*words: str, env: Mapping[str, str | None] | None = None, input: bytes = b"") -> Result:
        done = subprocess.run(
            command(*words), cwd=here, env=environment(env), input=input, capture_output=True, timeout=60, check=False
        )
        return Result(done.returncode, done.stdout, done.stderr.decode())

    return run


@pytest.fixture
def terminal(here: Path) -> Callable[..., Result]:
    """The same on a pseudo terminal for all three streams; what appears is in ``data``."""

    def run(*words: str, env: Mapping[str, str | None] | None = None, typed: bytes = b"") -> Result:
        ours, theirs = pty.openpty()
        wanted = environment({"TERM": "xterm", "COLUMNS": "80", "TRACE_GIT_PAGER": "cat", **(env or {})})
        child = subprocess.Popen(command(*words), cwd=here, env=wanted, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        if typed:
            os.write(ours, typed)
        shown = b"".join(_read(ours))
        os.close(ours)
        return Result(child.wait(timeout=60), shown.replace(b"\r\n", b"\n"), "")

    return run


def _read(descriptor: int) -> Sequence[bytes]:
    parts = []
    while True:
        try:
            part = os.read(descriptor, 65536)
        except OSError:  # the other side is closed
            return parts
        if not part:
            return parts
        parts.append(part)
