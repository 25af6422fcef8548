"""Folders for fault tests: in memory where there is such a thing, removed afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from . import children
from .children import Send
from .scenarios import Start
from .traces import memory_folder


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """An empty folder in memory: nothing there is durable, so nothing waits for a disk."""
    path = Path(tempfile.mkdtemp(prefix="trace-git-", dir=memory_folder() or tmp_path))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def prepared(place: Path) -> Callable[[Start], Path]:
    """``prepared(start)`` is a folder that ``start`` has filled, in a child so that no handle stays open."""

    def make(start: Start) -> Path:
        folder = place / "base"
        folder.mkdir()

        def body(send: Send) -> None:
            start(folder)

        children.run(body)
        return folder

    return make
