"""``range_diff`` beside ``git range-diff`` of a repository of text files: the same fates, numbers and order.

What a squash is matched with is left out: git takes the commit whose text is nearest, which may be either of the two.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from .test_rebase import Pair, Steps

SIGNS = {"kept": "=", "changed": "!", "dropped": "<", "new": ">"}
STEPS: Steps = [
    ("say", "a"), ("say", "b"), ("branch", "old"), ("say", "e"), ("switch", "old"),
    *(("say", f"t{number}") for number in range(5)), ("branch", "topic"), ("switch", "topic"),
]  # fmt: skip


class Told(Pair):
    """A pair whose commits differ enough for git to tell them apart."""

    def say(self, name: str) -> None:
        text = "".join(f"{name}, line {number}\n" for number in range(20))
        self.repo.commit(text, message=name, timestamp=self.time)
        (self.files / name).write_text(text)
        self.git("add", name)
        self.git("commit", "-q", "-m", name)

    def rebase(self, kept: list[int]) -> None:
        """Both onto main, with these commits in this order."""
        names = {commit.subject: commit.id for commit in self.repo.log("old")}
        self.repo.rebase("main", todo=[("pick", names[f"t{one}"]) for one in kept])
        ids = dict(line.split()[::-1] for line in self.git("log", "--format=%H %s", "old").splitlines())
        todo = self.files.parent / "todo"
        todo.write_text("".join(f"pick {ids[f't{one}']}\n" for one in kept))
        when = f"{self.time} +0000"
        env = {**os.environ, "GIT_SEQUENCE_EDITOR": f"cp {todo}", "GIT_COMMITTER_DATE": when,
               "GIT_COMMITTER_NAME": "c", "GIT_COMMITTER_EMAIL": "c@c"}  # fmt: skip
        subprocess.run(["git", "rebase", "-q", "-i", "main"], cwd=self.files, env=env, check=True, capture_output=True)

    def fates(self, *revs: str) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
        """(old number, sign, new number, subject) of each commit, ours and git's; BASE OLD NEW or two ranges."""
        base, old, new = revs if len(revs) == 3 else (None, *revs)
        ours = []
        for one in self.repo.range_diff(old, new, base=base):
            commit = one.new or one.old
            assert commit is not None
            ours.append((str(one.old_number or "-"), SIGNS[one.kind], str(one.new_number or "-"), commit.subject))
        lines = self.git("range-diff", "--no-color", "-s", *revs).splitlines()
        found = [re.fullmatch(r"\s*(-|\d+):\s+\S+ ([=!<>])\s+(-|\d+):\s+\S+ (.*)", line) for line in lines]
        return ours, [one.groups() for one in found if one is not None]


@pytest.mark.parametrize(
    "kept",
    [[4, 3, 2, 1, 0], [0, 2, 4], [4, 0, 1]],
    ids=str,
)
def test_fates_and_their_order_are_gits(tmp_path: Path, kept: list[int]) -> None:
    made = Told(tmp_path, STEPS)
    made.rebase(kept)
    made.say("new")
    ours, theirs = made.fates("main", "old", "topic")
    assert ours == theirs
    ours, theirs = made.fates("main..old", "main~1..topic")
    assert ours == theirs


def test_a_pick_that_was_taken_over_and_one_that_was_not(tmp_path: Path) -> None:
    made = Told(tmp_path, STEPS)
    made.switch("main")
    names = {commit.subject: commit.id for commit in made.repo.log("old")}
    made.repo.cherry_pick([names["t3"], names["t1"]])
    made.git("cherry-pick", "old~1", "old~3")
    ours, theirs = made.fates("main~3..old", "main~3..main")
    assert ours == theirs
    assert [one[1] for one in ours].count("=") == 2
