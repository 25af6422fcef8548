"""Rows about rewriting: a branch rebased onto a long one, against the same commits appended in a batch."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from . import data
from .bench import Bench, Row, Work, seconds
from .processes import peak

OWN = 1_000  # commits that are rebased


def rebases(bench: Bench) -> list[Row]:
    """The rate of a rebase beside that of appending the same messages, and the memory of a process that rebases."""
    shared = bench.sizes.large
    own = min(OWN, shared // 2)
    folder = _forked(bench, shared, own)
    works: dict[str, Work] = {
        "open": partial(_open, folder),
        "fresh": partial(_fresh, folder),
        "batch": partial(_batch, folder, own),
    }
    took = bench.interleave(f"rebase of {own:,} onto {shared:,}", works)
    what = f"rebase of {own:,} commits onto a branch of {shared:,}"
    rows = []
    for name, title in (("open", "open handle"), ("fresh", "opened for it")):
        ratio = took.ratio("batch", name)
        rows.append(
            Row(
                f"{what}: {title}",
                f"{own / took.median(name):,.0f}/s",
                f"the same commits in batch() {own / took.median('batch'):,.0f}/s",
                f"{ratio:.2f}x",
                ("≥ 0.5x", ratio >= 0.5),
                ("≥ 1x", ratio >= 1),
            )
        )
    most = peak(bench, sys.executable, "-c", _REBASE, str(folder))
    goals = ("≤ 150 MB", most <= 150), ("≤ 80 MB", most <= 80)
    return [*rows, Row("peak memory of that rebase", f"{most:.0f} MB", "", "", *goals)]


_REBASE = """
import sys
from trace_git import Repo
with Repo.open(sys.argv[1], branch="topic") as repo:
    repo.rebase("main")
    repo.undo()
"""


def _forked(bench: Bench, shared: int, own: int) -> Path:
    """A trace whose branch topic left main before its last hundred messages; one message a commit at the end."""
    from trace_git import Repo

    folder, messages = bench.fresh(".trace"), data.messages(shared + own)
    fork = max(at for at in range(shared - 100) if messages[at]["role"] == "user")
    with Repo.open(folder, durability="os") as repo, repo.batch():
        for message in messages[:fork]:
            repo.commit(message)
        repo.branch("topic")
        for message in messages[fork:shared]:
            repo.commit(message)
        repo.checkout("topic")
        for message in messages[shared : shared + own]:
            repo.commit(message)
        repo.checkout("main")
    return folder


def _open(folder: Path) -> float:
    """A handle that has worked here, as an agent's has."""
    from trace_git import Repo

    with Repo.open(folder, branch="topic") as repo:
        repo.status()
        repo.rebase("main", dry_run=True)
        took = seconds(lambda: repo.rebase("main"))
        repo.undo()
        return took


def _fresh(folder: Path) -> float:
    from trace_git import Repo

    with Repo.open(folder, branch="topic") as repo:
        took = seconds(lambda: repo.rebase("main"))
        repo.undo()
        return took


def _batch(folder: Path, own: int) -> float:
    """The same messages appended to main, one a commit."""
    from trace_git import Repo

    with Repo.open(folder, branch="topic") as repo:
        messages = repo.context().messages()[-own:]
        repo.checkout("main")
        tip = repo.get("HEAD").id
        repo.status()

        def append() -> None:
            with repo.batch():
                for message in messages:
                    repo.commit(message)

        took = seconds(append)
        repo.reset(tip, mode="hard")
        return took
