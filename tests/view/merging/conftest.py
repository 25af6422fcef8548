"""What the tests of merges share."""

from __future__ import annotations

from pathlib import Path

import pytest

from trace_git import Repo
from trace_git.results import MergeResult

from .lines import Steps, fork, trace
from .steps import Make, merge


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """``make(base, ours, theirs, **options)`` merges two lines and checks what must hold of any merge."""

    def merged(base: object, ours: Steps, theirs: Steps, **options: object) -> tuple[Repo, MergeResult]:
        repo = trace(tmp_path)
        fork(repo, base, ours, theirs)
        return repo, merge(repo, **options)

    return merged
