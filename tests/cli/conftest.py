"""Three ways to run the command line: in this process (quick), as a process, and as a process on a terminal."""

from __future__ import annotations

import io
import itertools
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from trace_git import Repo, assistant, tool
from trace_git.cli import main, screen
from trace_git.model import Author

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
    """An empty working folder, and a git configuration of the user's that is empty too."""
    folder = tmp_path / "here"
    folder.mkdir()
    (tmp_path / "gitconfig").touch()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
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


class _Screen(io.TextIOWrapper):
    """A stdout that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def shown(here: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """``shown("log", colour=False, width=80)``: what a terminal of that width shows, without a pager; quick.

    ``code`` is the exit code that it must have; None for any.
    """

    def run(*words: str, colour: bool = True, width: int = 80, code: int | None = 0) -> str:
        out = _Screen(io.BytesIO(), "utf-8")
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(screen, "_paging", False)
            patch.setenv("COLUMNS", str(width))
            patch.setenv("TERM", "xterm")
            if not colour:
                patch.setenv("NO_COLOR", "1")
            done = main(words)
            assert code is None or done == code
        out.flush()
        return out.buffer.getvalue().decode()  # type: ignore[attr-defined]

    return run


@pytest.fixture
def trace(cli: Callable[..., Result]) -> Callable[..., Result]:
    """``cli`` in a folder with an empty trace, ``.trace``."""
    assert cli("init").code == 0
    return cli


@pytest.fixture
def story(here: Path) -> Iterator[Repo]:
    """A short session with a fixed clock and identity, so that every id in it is known: pins, calls, an edit, a branch.

    It is the ``.trace`` of ``here``, open; HEAD is on main.
    """
    moments = itertools.count(1_700_000_000, 60)
    repo = Repo.open(".trace", committer=Author("Dev", "dev@example.com"), clock=lambda: 1_700_000_000)
    look = {"id": "c1", "type": "function", "function": {"name": "Grep", "arguments": '{"pattern": "expires"}'}}
    change = {"file": "src/auth.py", "old": "expires = now()\n", "new": "expires = now() + LIFETIME\nlog(expires)\n"}
    write = {"id": "c2", "type": "function", "function": {"name": "Edit", "arguments": json.dumps(change)}}
    answer = "The token expires {}: `expires = now()` adds no lifetime.\n\nFix in src/auth.py:12:\n\n    + LIFETIME\n"
    with repo:
        repo.commit("You fix bugs. Be brief.", role="system", pin=True, timestamp=next(moments))
        asked = repo.commit("Why does login fail after an hour, and only on staging?", timestamp=next(moments))
        repo.commit(assistant("I look at the tokens.", tool_calls=[look]), timestamp=next(moments))
        repo.commit(tool("src/auth.py:12: expires = now()", "c1"), timestamp=next(moments))
        found = repo.commit(assistant(answer.format("too early")), timestamp=next(moments))
        repo.branch("try-2", at=asked)
        repo.edit(found, answer.format("at once"), timestamp=next(moments))
        repo.commit("Do it.", timestamp=next(moments))
        repo.commit(assistant(tool_calls=[write]), timestamp=next(moments))
        repo.flush()
        yield repo


_COLOURS = ("dim", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "bold")
_NAMES = dict(zip(("2", "31", "32", "33", "34", "35", "36", "37", "1"), _COLOURS, strict=True))


def marked(text: str) -> str:
    """Escapes as names, for snapshots that people can read: ``<red>over</>``."""
    return re.sub(r"\x1b\[(\d+)m", lambda found: "</>" if found[1] == "0" else f"<{_NAMES[found[1]]}>", text)


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
