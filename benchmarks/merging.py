"""Rows about merging: two branches that went on from a long context, against stock git's merge of the same trees."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from subprocess import DEVNULL
from typing import TYPE_CHECKING, Any

from . import data
from .bench import Bench, Row, Work, seconds
from .processes import peak

if TYPE_CHECKING:
    from trace_git import Repo

OWN = 1_000  # items of each branch


def merges(bench: Bench) -> list[Row]:
    """The time of a merge on a handle that has read its own context, on one that has tried the merge before, and on a
    fresh one; the memory of a process that merges."""
    shared = bench.sizes.large
    own = min(OWN, shared // 2)
    folder = _forked(bench, shared, own)
    edited = _forked(bench, shared, own, edits=True)
    works: dict[str, Work] = {
        "open": partial(_merge, folder, _read),
        "tried": partial(_merge, folder, _try),
        "fresh": partial(_merge, folder),
        "edited": partial(_merge, edited, _read),
        "git": partial(_git, folder),
        "git, edited": partial(_git, edited),
    }
    took = bench.interleave(f"merge of {own:,} and {own:,} on {shared:,}", works)
    what = f"merge, {own:,} own items each on {shared:,}"
    cases = [("open", "git", f"{what}: appends, open handle"), ("tried", "git", f"{what}: appends, after a dry run"),
             ("fresh", "git", f"{what}: appends, opened for it"),
             ("edited", "git, edited", f"{what}: appends and edits all over, open handle")]  # fmt: skip
    rows = []
    for name, peer, title in cases:
        ratio = took.ratio(name, peer)
        rows.append(
            Row(
                title,
                f"{took.median(name) * 1e3:.0f} ms",
                f"git merge-tree --write-tree {took.median(peer) * 1e3:.0f} ms",
                f"{ratio:.2f}x",
                ("≤ 3x", ratio <= 3),
                ("≤ 1.5x", ratio <= 1.5),
            )
        )
    most = peak(bench, sys.executable, "-c", _MERGE, str(folder))
    goals = ("≤ 150 MB", most <= 150), ("≤ 80 MB", most <= 80)
    return [*rows, Row("peak memory of that merge", f"{most:.0f} MB", "", "", *goals)]


_MERGE = """
import sys
from trace_git import Repo
with Repo.open(sys.argv[1], branch="main") as repo:
    repo.merge("other")
    repo.undo()
"""


def _forked(bench: Bench, shared: int, own: int, *, edits: bool = False) -> Path:
    """A trace whose branches main and other have about ``own`` items each behind as many ``shared`` ones.

    One program writes what is shared, another what is not: where they part somebody has been before.
    """
    from trace_git import Repo

    folder, messages = bench.fresh(".trace"), data.messages(shared + 3 * own)
    cuts = [_turn(messages, size) for size in (0, shared, shared + own, shared + 2 * own)]
    with Repo.open(folder, durability="os") as repo, repo.batch():
        for start in range(0, cuts[1], 1000):
            repo.commit(messages[start : min(start + 1000, cuts[1])])
        repo.branch("other")
    with Repo.open(folder, durability="os") as repo, repo.batch():
        for number, branch in enumerate(("main", "other")):
            repo.checkout(branch)
            if edits:
                plain = [item for item in repo.context().items if item.role == "user"]
                for at in range(number, len(plain), len(plain) // 20):
                    repo.edit(plain[at].id, f"edited on {branch}")
            repo.commit(messages[cuts[1 + number] : cuts[2 + number]])
        repo.checkout("main")
    return folder


def _turn(messages: Sequence[dict[str, Any]], start: int) -> int:
    """Where a turn begins: no call is open there."""
    return next(at for at in range(start, len(messages)) if messages[at]["role"] == "user") if start else 0


def _read(repo: Repo) -> None:
    """As the handle of an agent that works here: it knows its branch, and nothing of the other."""
    repo.context()


def _try(repo: Repo) -> None:
    """As somebody who looked at the plan first."""
    repo.merge("other", dry_run=True)


def _merge(folder: Path, before: Callable[[Repo], None] = lambda repo: None) -> float:
    from trace_git import Repo

    with Repo.open(folder, branch="main") as repo:
        before(repo)
        took = seconds(lambda: repo.merge("other"))
        repo.undo()
        return took


def _git(folder: Path) -> float:
    command = ["git", "-C", str(folder), "merge-tree", "--write-tree", "main", "other"]
    return seconds(lambda: subprocess.run(command, stdout=DEVNULL, stderr=DEVNULL, check=False))
