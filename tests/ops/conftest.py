"""Traces with a tokenizer whose counts are easy to see and a clock that stands still."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trace_git import Repo

NOW = 1_700_000_000


class Words:
    """A tokenizer that counts words."""

    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


@pytest.fixture
def open_repo(tmp_path: Path) -> Iterator[Callable[..., Repo]]:
    """``open_repo(name="t")`` opens a trace of that name, made when missing; all are closed at the end."""
    opened: list[Repo] = []

    def make(name: str = "t", **options: Any) -> Repo:
        settings = {"tokenizer": Words(), "clock": lambda: NOW, **options}
        opened.append(Repo.open(tmp_path / f"{name}.trace", **settings))
        return opened[-1]

    yield make
    for repo in opened:
        repo.close()


@pytest.fixture
def repo(open_repo: Callable[..., Repo]) -> Repo:
    return open_repo()


@pytest.fixture
def git() -> Callable[..., str]:
    """``git(repo, *args)`` is what stock git says about a trace."""

    def run(repo: Repo, *args: str) -> str:
        done = subprocess.run(["git", *args], cwd=repo.path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture
def texts() -> Callable[..., list[str]]:
    """``texts(repo, rev="HEAD")`` are the texts of a context."""
    return lambda repo, rev="HEAD": [item.message.text for item in repo.context(rev).items]
