"""The same surroundings for every test: no configuration, identity, time zone or language of whoever runs them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time, however slow the machine: who changed nothing sees no new failure. To look for new
# ones: HYPOTHESIS_PROFILE=search make test
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

_FIXED = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_MODE": "PRODUCTION",
    "COLUMNS": "120",
}
_DROPPED = ("GIT_", "TRACE_GIT_", "EMAIL", "NO_COLOR", "FORCE_COLOR", "XDG_", "OPENAI_", "ANTHROPIC_", "PAGER")
_KEPT = ("TRACE_GIT_DATA",)  # where the tests find real transcripts

_home = tempfile.TemporaryDirectory(prefix="trace-git-home-")


def _hermetic() -> None:
    for name in list(os.environ):
        if name.startswith(_DROPPED) and name not in _KEPT:
            del os.environ[name]
    home = _home.name
    empty = os.path.join(home, "gitconfig")
    Path(empty).touch()
    os.environ.update(_FIXED, HOME=home, GIT_CONFIG_GLOBAL=empty)


_hermetic()  # at import: before any module of the project is loaded, and in each worker process


@pytest.fixture(autouse=True)
def surroundings() -> Iterator[None]:
    """What a test changes in the environment or the working folder is put back."""
    before, folder = dict(os.environ), os.getcwd()
    yield
    os.chdir(folder)
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each worker begins with its part of the crash tests: they fork, which costs less while a process is small."""
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    first = [item for item in items if "crash" in item.path.parts]
    rest = [item for item in items if "crash" not in item.path.parts]
    size = len(items) // workers
    items.clear()
    for number in range(workers):
        mine = first[number::workers]
        room = max(size - len(mine), 0) if number + 1 < workers else len(rest)
        items += [*mine, *rest[:room]]
        del rest[:room]
