"""Stores in temporary folders, and stock git to compare with."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trace_git.store import layout, store
from trace_git.store.store import Store

from .stores import WHO, Git, Syncs


@pytest.fixture
def git() -> Git:
    """``git(folder, *args, given=b"")`` is what stock git prints; a failure fails the test."""

    def run(folder: str | Path, *args: str, given: bytes = b"") -> str:
        done = subprocess.run(["git", *args], cwd=folder, input=given, capture_output=True, check=False)
        assert done.returncode == 0, f"git {' '.join(args)}: {done.stderr.decode()}"
        return done.stdout.decode()

    return run


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A fresh, empty trace."""
    return layout.init(str(tmp_path / "t.trace"))


@pytest.fixture
def open_store(folder: str) -> Iterator[Callable[..., Store]]:
    """``open_store()`` is a store on ``folder``; all of them are closed at the end."""
    opened: list[Store] = []

    def make(**options: Any) -> Store:
        settings: dict[str, Any] = {
            "durability": "full",
            "committer": WHO,
            "clock": lambda: 1_700_000_000.0,
            **options,
        }
        opened.append(Store(folder, **settings))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> Syncs:
    return Syncs(monkeypatch)


@pytest.fixture
def endless_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits count as one burst however slow the machine is, and no timer goes off."""
    monkeypatch.setattr(store, "GROUP_SECONDS", 3600.0)
