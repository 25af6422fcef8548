"""Revisions, ranges and times: what stock git makes of them, we make of them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trace_git import Repo
from trace_git.errors import TraceError
from trace_git.view import times

Git = Callable[..., str]
NOW = 1_795_435_200  # Monday, 2026-11-23 12:00 UTC
STEP = 7000  # seconds between two commits


class Clock:
    """Each look is some two hours after the one before."""

    now = NOW - 40 * STEP

    def __call__(self) -> float:
        self.now += STEP
        return self.now


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    """Two branches that parted and were merged twice, crosswise, an octopus, tags of both kinds, a reset."""
    path = tmp_path_factory.mktemp("revisions") / "t.trace"
    clock = Clock()
    with Repo.open(path, tokenizer=None, clock=clock) as repo:

        def git(*args: str) -> str:
            repo.flush()
            when = f"{int(clock())} +0000"
            env = {**os.environ, "GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when}
            who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
            return subprocess.run(
                ["git", *who, *args], cwd=path, env=env, capture_output=True, text=True, check=True
            ).stdout.strip()

        for number in range(6):
            repo.commit(f"main {number}")
        git("tag", "light", "HEAD~4")
        git("tag", "-a", "-m", "release", "v1.0", "HEAD~3")
        repo.switch("try", create=True)
        for number in range(4):
            repo.commit(f"try {number}", role="assistant")
        repo.reset("HEAD~1")
        repo.branch("third", at="HEAD~2")
        repo.switch("main")
        repo.commit("fix: the bug", message="fix: the bug\n\nFound by Ann.")
        tree = git("rev-parse", "main^{tree}")
        left = git("commit-tree", tree, "-p", "main", "-p", "try", "-m", "merge left")
        right = git("commit-tree", tree, "-p", "try", "-p", "main", "-m", "merge right")
        octopus = git("commit-tree", tree, "-p", left, "-p", right, "-p", "third", "-m", "octopus")
        git("update-ref", "-m", "merged", "refs/heads/main", octopus)
        git("update-ref", "refs/heads/left", left)
        git("update-ref", "refs/heads/right", right)
        git("tag", "-a", "-m", "a tag of a tag", "again", "v1.0")
        repo.commit("after the merge")
        yield repo


@pytest.mark.parametrize(
    "rev",
    [
        "HEAD", "@", "main", "try", "heads/try", "refs/heads/try", "light", "tags/light", "v1.0", "again", "v1.0~1",
        "again^{}", "v1.0^{commit}", "again^{commit}~1", "HEAD~1", "HEAD~1^2", "HEAD~1^3", "HEAD~1^2^2", "HEAD~1^2~3",
        "HEAD~1^1^2~1", "@~3^", "main~1^3~1", "left^2", "right^2", "HEAD^0", "HEAD~0", "HEAD^^^", "v1.0^0~2",
        "main@{0}", "main@{1}", "main@{2}", "main@{7}", "@{1}", "@{3}", "HEAD@{1}", "HEAD@{4}", "@{2}~1", "try@{0}",
        "try@{1}", "try@{1}^", "try@{5}", "third@{0}", "left@{0}", "main@{2}^{commit}", "light@{0}",
        ":/main 3", ":/try 2", ":/fix", ":/Ann", ":/^assistant: try [0-2]", ":/!-merge", ":/merge (left|right)",
        ":/octopus", "HEAD^{/main}", "HEAD^{/main 2}", "HEAD^{/fix: the bug}", "HEAD^{/assistant: try [01]}",
        "try^{/main}", "HEAD~1^2^{/merge}", "HEAD^{/user: main 4}~2", "HEAD^{/}",
        # refused or not there
        "absent", "main~99", "HEAD^4", "main@{99}", "absent@{1}", "@{u}", "HEAD~1@{1}", "main@{1}@{1}", "main@{",
        "HEAD^{tree}~1", ":/no such thing", "HEAD^{/no such thing}", ":/!", ":/!x", ":/[", "deadbeef", "~1", "^",
        "HEAD^{nonsense}", "main@{-1}",
    ],
)  # fmt: skip
def test_a_revision(rev: str, shared: Repo) -> None:
    theirs = subprocess.run(
        ["git", "rev-parse", "--verify", "-q", rev if rev.startswith(":/") else f"{rev}^{{commit}}"],
        cwd=shared.path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if theirs.returncode:
        with pytest.raises(TraceError):
            shared.get(rev)
    else:
        assert shared.get(rev).id == theirs.stdout.strip()


@pytest.mark.parametrize("length", [4, 7, 12, 39, 40])
def test_beginnings_of_ids(length: int, shared: Repo, git: Git) -> None:
    for oid in git(shared, "rev-list", "--all").split():
        short = git(shared, "rev-parse", f"--short={length}", oid)
        assert shared.get(short).id == oid
    heavy = git(shared, "rev-parse", "v1.0")
    assert shared.get(heavy[: max(length, 8)]).id == git(shared, "rev-parse", "v1.0^{commit}")


@pytest.mark.parametrize(
    "revs",
    [
        ["main"], ["try..main"], ["main..try"], ["try..third"], ["left...right"], ["main...try"], ["third...light"],
        ["light..v1.0"], ["v1.0..light"], ["main@{2}..main"], ["HEAD~2..", "try"], ["..try"], ["^main", "try@{1}"],
        ["main", "^left", "^third"], ["^v1.0", "try", "third"], ["main~1..main", "light"], ["main..main"], ["^main"],
        ["left", "right", "third", "light"], ["again"], ["HEAD^{/merge}..HEAD"], ["main~1^2..right^2~1"],
    ],
)  # fmt: skip
@pytest.mark.parametrize("order", ["topo", "date"])
def test_a_range(revs: list[str], order: str, shared: Repo, git: Git) -> None:
    theirs = git(shared, "rev-list", f"--{order}-order", *revs).split()
    assert [commit.id for commit in shared.log(revs, order=order)] == theirs
    if len(revs) == 1:
        assert [commit.id for commit in shared.log(revs[0], order=order)] == theirs
    for limit in (1, 3):
        assert [commit.id for commit in shared.log(revs, order=order, limit=limit)] == theirs[:limit]


def test_all_branches_and_tags(shared: Repo, git: Git) -> None:
    for order in ("topo", "date"):
        theirs = git(shared, "rev-list", f"--{order}-order", "--branches", "--tags", "HEAD").split()
        assert [commit.id for commit in shared.log(all=True, order=order)] == theirs


@pytest.mark.parametrize("pattern", ["main", "^user", "[0-3]$", "Ann", "bug$", "MERGE", "^Found"])
def test_messages_that_match(pattern: str, shared: Repo, git: Git) -> None:
    theirs = git(shared, "rev-list", "--topo-order", "-E", f"--grep={pattern}", "HEAD").split()
    assert [commit.id for commit in shared.log(grep=pattern)] == theirs


@pytest.mark.parametrize("ago", range(0, 36, 5))
def test_where_branches_were(ago: int, shared: Repo, git: Git) -> None:
    moment = NOW - ago * STEP - 1
    for name in ("main", "try"):
        for when in (str(moment), f"@{moment}"):
            assert shared.get(f"{name}@{{{when}}}").id == git(shared, "rev-parse", f"{name}@{{{when}}}")


TIMES = [
    "now", "yesterday", "noon", "midnight", "10:30", "10:30:15", "3pm", "3 PM", "12am", "2026-11-20", "2026/11/20",
    "2026.11.20", "2026-11-20 10:00", "2026-11-20T10:00:00Z", "2026-11-20T10:00:00+02:00", "2026-11-20 10:00:00 +0200",
    "2 days ago", "2.days.ago", "2-days-ago", "two days", "3 hours ago", "3 hours 20 minutes ago", "90 seconds ago",
    "last week", "2 weeks ago", "yesterday noon", "noon yesterday", "yesterday 10:00", "10am yesterday", "1 month ago",
    "14 months ago", "1 year ago", "two years 3 days ago", "@1700000000", "1700000000",
]  # fmt: skip


@pytest.mark.parametrize("when", TIMES)
@pytest.mark.parametrize("now", [NOW, NOW + 30_000])
def test_a_time(when: str, now: int, shared: Repo) -> None:
    done = subprocess.run(
        ["git", "rev-parse", f"--since={when}"],
        cwd=shared.path, env={**os.environ, "GIT_TEST_DATE_NOW": str(now)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == f"--max-age={times.when(when, now)}"


def test_a_clone_reads_the_same(shared: Repo, git: Git, open_repo: Callable[..., Repo], tmp_path: Path) -> None:
    git(".", "clone", "-q", "--bare", str(shared.path), "clone.trace")
    clone = open_repo("clone.trace")
    for rev in ("main~2^2", "v1.0", "again~1", ":/fix", "left...right"):
        assert [one.id for one in clone.log(rev)] == [one.id for one in shared.log(rev)]
