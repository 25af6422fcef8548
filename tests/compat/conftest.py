"""A trace with a bit of everything, and stock git at its side."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trace_git import Repo, assistant, tool

WHO = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}


class Words:
    """A tokenizer that counts words."""

    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


@pytest.fixture
def open_repo(tmp_path: Path) -> Iterator[Callable[..., Repo]]:
    """``open_repo(path)`` opens a trace; all are closed at the end."""
    opened: list[Repo] = []

    def make(path: str | Path = "t.trace", **options: Any) -> Repo:
        opened.append(Repo.open(tmp_path / path, **{"tokenizer": Words(), **options}))
        return opened[-1]

    yield make
    for repo in opened:
        repo.close()


@pytest.fixture
def repo(open_repo: Callable[..., Repo]) -> Repo:
    """A trace with 40 messages, a tool group, a pin, an edit, tools and two branches."""
    repo = open_repo()
    first = repo.commit("You are brief.", role="system", pin=True)
    repo.set_tools([{"type": "function", "function": {"name": "look"}}])
    repo.commit([assistant(None, tool_calls=[CALL]), tool("it is there", "c1")])
    repo.branch("try")
    for number in range(36):
        repo.commit(f"message {number}", role="assistant" if number % 2 else "user")
    repo.edit(first, "You are very brief.", force=True)
    repo.flush()
    return repo


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., str]:
    """``git(folder or repo, *args)`` is what stock git prints, run as Ann; a trace is flushed first.

    The tests commit in bursts, of which git may lag 50 ms behind.
    """

    def run(where: Repo | str | Path, *args: str) -> str:
        if isinstance(where, Repo):
            where.flush()
        folder = where.path if isinstance(where, Repo) else tmp_path / where
        done = subprocess.run(["git", *WHO, *args], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"git {' '.join(args)}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    return run
