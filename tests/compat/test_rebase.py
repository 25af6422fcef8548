"""Rebase and cherry-pick beside stock git's of a repository of text files: the same graphs, subjects, authors, dates.

An append here is a new file there, so nothing is in conflict, and all that is compared is which commits are made again
on what.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from trace_git import Repo

TIME = 1_600_000_000
Steps = list[tuple[str, str]]

STRAIGHT: Steps = [
    ("say", "a"), ("say", "b"), ("branch", "topic"), ("say", "e"), ("say", "f"),
    ("switch", "topic"), ("say", "c"), ("say", "d"),
]  # fmt: skip
INSIDE: Steps = [
    *STRAIGHT, ("branch", "side"), ("say", "g"), ("switch", "side"), ("say", "s"), ("say", "t"),
    ("switch", "topic"), ("merge", "side"), ("say", "h"),
]  # fmt: skip
FROM_THE_FORK: Steps = [
    ("say", "a"), ("say", "b"), ("branch", "topic"), ("branch", "side"), ("say", "e"),
    ("switch", "topic"), ("say", "c"), ("switch", "side"), ("say", "s"), ("switch", "topic"), ("merge", "side"),
    ("say", "d"),
]  # fmt: skip
FROM_BEFORE: Steps = [
    ("say", "a"), ("branch", "side"), ("say", "b"), ("branch", "topic"), ("say", "e"),
    ("switch", "topic"), ("say", "c"), ("switch", "side"), ("say", "s"), ("switch", "topic"), ("merge", "side"),
    ("say", "d"),
]  # fmt: skip
TWICE: Steps = [
    *INSIDE, ("branch", "more"), ("say", "i"), ("switch", "more"), ("say", "j"), ("switch", "topic"), ("merge", "more"),
]  # fmt: skip
OF_MAIN: Steps = [*STRAIGHT, ("merge", "main"), ("say", "g"), ("switch", "main"), ("say", "x"), ("switch", "topic")]
SHAPES = [STRAIGHT, INSIDE, FROM_THE_FORK, FROM_BEFORE, TWICE, OF_MAIN]
NAMES = ["straight", "inside", "from the fork", "from before", "twice", "of main"]


class Pair:
    """The same history as a trace and as a repository of text files."""

    def __init__(self, folder: Path, steps: Steps) -> None:
        self.repo = Repo.open(folder / "t.trace", tokenizer=None, durability="os", clock=lambda: self.time)
        self.files = folder / "files"
        self.time = TIME
        self.files.mkdir()
        self.git("init", "-q", "-b", "main")
        for verb, name in steps:
            self.time += 60
            getattr(self, verb)(name)

    def git(self, *args: str, at: Path | None = None) -> str:
        when = f"{self.time} +0000"
        env = {**os.environ, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, "GIT_AUTHOR_NAME": "user",
               "GIT_AUTHOR_EMAIL": "user@trace", "GIT_COMMITTER_NAME": "c", "GIT_COMMITTER_EMAIL": "c@c",
               "GIT_EDITOR": "true"}  # fmt: skip
        done = subprocess.run(
            ["git", *args], cwd=at or self.files, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def say(self, name: str) -> None:
        self.repo.commit(name, message=name, timestamp=self.time)
        (self.files / name).write_text(name)
        self.git("add", name)
        self.git("commit", "-q", "-m", name)

    def branch(self, name: str) -> None:
        self.repo.branch(name)
        self.git("branch", name)

    def switch(self, name: str) -> None:
        self.repo.switch(name)
        self.git("switch", "-q", name)

    def merge(self, name: str) -> None:
        self.repo.merge(name, message=f"merge {name}", timestamp=self.time)
        self.git("merge", "-q", "--no-ff", "-m", f"merge {name}", name)

    def both(self) -> tuple[list[str], list[str]]:
        """Every commit of HEAD with its parents, by subject, and author and date of what is no merge."""
        self.repo.flush()
        return self.graph(self.repo.path), self.graph(self.files)

    def graph(self, folder: Path) -> list[str]:
        lines = self.git("log", "--topo-order", "--format=%H%x09%P%x09%s%x09%an%x09%at", "HEAD", at=folder).splitlines()
        rows = [line.split("\t") for line in lines]
        names = {row[0]: row[2] for row in rows}
        told = [[names[one] for one in row[1].split()] for row in rows]
        return [f"{' '.join(above)} <- {row[2]}" + (f" by {row[3]} at {row[4]}" if len(above) < 2 else "")
                for row, above in zip(rows, told, strict=True)]  # fmt: skip


@pytest.fixture
def pair(tmp_path: Path) -> Callable[[Steps], Pair]:
    return lambda steps: Pair(tmp_path, steps)


@pytest.mark.parametrize("steps", SHAPES, ids=NAMES)
def test_a_rebase_makes_the_line_that_git_makes(pair, steps):
    made = pair(steps)
    assert made.both()[0] == made.both()[1]
    made.repo.rebase("main")
    made.git("rebase", "-q", "main")
    ours, theirs = made.both()
    assert ours == theirs


@pytest.mark.parametrize("steps", SHAPES, ids=NAMES)
def test_merges_are_made_again_where_git_makes_them(pair, steps):
    made = pair(steps)
    made.repo.rebase("main", rebase_merges=True)
    made.git("rebase", "-q", "--rebase-merges", "main")
    ours, theirs = made.both()
    assert sorted(ours) == sorted(theirs)


@pytest.mark.parametrize("steps", [STRAIGHT, INSIDE], ids=NAMES[:2])
@pytest.mark.parametrize(("onto", "upstream"), [("main", "topic~1"), ("main~2", "main"), ("main", "main~1")])
def test_onto_takes_what_git_takes(pair, steps, onto, upstream):
    made = pair(steps)
    made.repo.rebase(upstream, onto=onto)
    made.git("rebase", "-q", "--onto", onto, upstream)
    ours, theirs = made.both()
    assert ours == theirs


def test_what_was_picked_before_is_skipped_as_git_does(pair):
    made = pair(STRAIGHT)
    made.switch("main")
    made.repo.cherry_pick("topic~1")
    made.git("cherry-pick", "topic~1")
    assert made.both()[0] == made.both()[1]
    made.switch("topic")
    made.repo.rebase("main")
    made.git("rebase", "-q", "main")
    ours, theirs = made.both()
    assert ours == theirs


@pytest.mark.parametrize("revs", [["topic"], ["topic~2..topic"], ["topic", "topic~1"], ["topic~1", "side"]])
def test_a_cherry_pick_makes_the_commits_that_git_makes(pair, revs):
    made = pair([*STRAIGHT, ("branch", "side"), ("switch", "side"), ("say", "s"), ("switch", "main")])
    made.repo.cherry_pick(revs)
    made.git("cherry-pick", *revs)
    ours, theirs = made.both()
    assert ours == theirs


def test_a_merge_is_picked_against_its_mainline_as_git_does(pair):
    made = pair([*INSIDE, ("switch", "main")])
    made.repo.cherry_pick("topic~1", mainline=1)
    made.git("cherry-pick", "-m", "1", "topic~1")
    ours, theirs = ([line.split(" by ")[0] for line in some] for some in made.both())
    assert ours == theirs  # but for the authors of merges


def test_git_reads_what_came_of_it(pair):
    made = pair(TWICE)
    made.repo.rebase("main", rebase_merges=True)
    made.repo.flush()
    assert made.git("fsck", "--strict", "--no-dangling", at=made.repo.path) == ""
