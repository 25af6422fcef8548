"""Rows about collecting garbage: one pack of everything, against what stock git makes of a copy of the same trace."""

from __future__ import annotations

import shutil
import subprocess
from functools import partial
from pathlib import Path

from . import data
from .bench import Bench, Row, Work, seconds

_OBJECTS = 6  # that a commit of one message brings, about
_GIT = ("repack -adfq", "prune")


def collects(bench: Bench) -> list[Row]:
    """The time of a gc of a long trace of which some was left behind, and the bytes of what it leaves."""
    commits = bench.sizes.huge // _OBJECTS
    base = _trace(bench, commits)
    left: dict[str, list[int]] = {"trace": [], "git": []}

    def run(name: str, work: Work) -> float:
        took = work()
        left[name].append(_bytes(bench.scratch / name))
        return took

    works: dict[str, Work] = {
        "trace": partial(run, "trace", partial(_ours, base, bench.scratch / "trace")),
        "git": partial(run, "git", partial(_git, base, bench.scratch / "git")),
    }
    took = bench.interleave(f"gc of {commits:,} commits", works)
    time, size = took.ratio("trace", "git"), max(left["trace"]) / min(left["git"])
    what = f"gc, {commits:,} commits, about {commits * _OBJECTS:,} objects"
    return [
        Row(
            what,
            f"{took.median('trace'):.1f} s",
            f"git repack -adf && git prune {took.median('git'):.1f} s",
            f"{time:.2f}x",
            ("≤ 2x", time <= 2),
            ("≤ 1x", time <= 1),
        ),
        Row(
            "bytes of all objects after that",
            f"{max(left['trace']) / 1e6:.1f} MB",
            f"git {min(left['git']) / 1e6:.1f} MB",
            f"{size:.2f}x",
            ("≤ 1.2x", size <= 1.2),
            ("≤ 1x", size <= 1),
        ),
    ]


def _trace(bench: Bench, commits: int) -> Path:
    """A trace of so many commits; the last twentieth was left behind by a reset."""
    from trace_git import Repo

    folder, messages = bench.fresh(".trace"), data.messages(commits)
    with Repo.open(folder, durability="os", tokenizer=None) as repo:
        for start in range(0, commits, 1000):
            with repo.batch():
                for message in messages[start : start + 1000]:
                    repo.commit(message)
        repo.reset(f"HEAD~{commits // 20}", mode="hard")
    return folder


def _ours(base: Path, folder: Path) -> float:
    from trace_git import Repo

    _copy(base, folder)
    with Repo.open(folder, tokenizer=None) as repo:
        return seconds(lambda: repo.gc(dry_run=False))


def _git(base: Path, folder: Path) -> float:
    """Stock git with the same left behind: it has no keep ref, and no reflog that names it."""
    _copy(base, folder)
    shutil.rmtree(folder / "logs")
    shutil.rmtree(folder / "refs" / "trace")

    def work() -> None:
        for words in _GIT:
            subprocess.run(["git", "-C", folder, *words.split()], check=True)

    return seconds(work)


def _copy(base: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "objects").rglob("*") if path.is_file())
