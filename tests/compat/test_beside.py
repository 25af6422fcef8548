"""Stock git at work on a trace between our commits: what it moved stays moved, what it packed is read."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable

import pytest

from trace_git import Repo
from trace_git.errors import NotFoundError

Git = Callable[..., str]


def texts(repo: Repo, rev: str = "HEAD") -> list[str]:
    return [item.message.text for item in repo.context(rev).items]


def externals(repo: Repo) -> list[tuple[str, str | None, str | None]]:
    """Moves that stock git made, newest first."""
    entries = repo._handle.store.entries()
    return [(move.ref, move.old, move.new) for entry in entries if entry.verb == "external" for move in entry.moves]


@pytest.mark.parametrize(
    "command",
    [
        ["gc", "--prune=now", "--aggressive", "--quiet"],
        ["repack", "-a", "-d", "-q"],
        ["repack", "-A", "-d", "-q", "--unpack-unreachable=now"],
        ["pack-refs", "--all", "--prune"],
        ["prune", "--expire=now"],
        ["multi-pack-index", "write"],
        ["commit-graph", "write", "--reachable"],
        ["reflog", "expire", "--expire=now", "--all"],
        ["maintenance", "run", "--task=gc", "--quiet"],
    ],
)
def test_housekeeping_changes_nothing(command: list[str], repo: Repo, open_repo: Callable[..., Repo], git: Git) -> None:
    commits, before, digest = list(repo.log()), texts(repo), repo.materialize().digest
    git(repo, *command)
    repo.commit("after")
    git(repo, *command)
    repo.edit(repo.get("HEAD"), "after all")
    for one in (repo, open_repo()):
        assert list(one.log())[2:] == commits
        assert texts(one) == [*before, "after all"]
        assert one.materialize("HEAD~2").digest == digest
        assert texts(one, "try")[-1] == "it is there"
        assert one.verify() == ()
    assert git(repo, "fsck", "--strict", "--no-dangling") == ""
    assert externals(repo) == []


@pytest.mark.parametrize(
    "command", [["update-ref", "refs/heads/main"], ["branch", "-f", "main"], ["update-ref", "-m", "back", "HEAD"]]
)
def test_a_branch_that_git_moved_stays_there(command: list[str], repo: Repo, git: Git) -> None:
    tip, target = repo.get("HEAD"), repo.get("HEAD~10")
    if command[0] == "branch":
        git(repo, "symbolic-ref", "HEAD", "refs/heads/try")  # git does not force the branch it is on
    git(repo, *command, target.id)
    assert repo.get("main") == target
    after = repo.commit("from there")
    assert after.parents == (target.id,)
    assert externals(repo)[-1] == ("refs/heads/main", tip.id, target.id)
    assert git(repo, "rev-parse", "main") == after.id


def test_branches_that_git_made_and_deleted(repo: Repo, git: Git) -> None:
    git(repo, "branch", "theirs", "HEAD~5")
    git(repo, "branch", "-D", "try")
    assert [branch.name for branch in repo.branches()] == ["main", "theirs"]
    repo.switch("theirs")
    assert texts(repo) == texts(repo, "main~5")
    repo.commit("on theirs")
    git(repo, "branch", "-m", "theirs", "renamed")
    assert {branch.name for branch in repo.branches()} == {"main", "renamed"}
    with pytest.raises(NotFoundError):
        repo.switch("try")


def test_tags_of_git_are_revisions(repo: Repo, git: Git) -> None:
    git(repo, "tag", "light", "HEAD~1")
    git(repo, "tag", "-a", "-m", "first version", "v1")
    assert repo.get("v1") == repo.get("HEAD")
    assert repo.get("light") == repo.get("v1~1")
    repo.commit("after")
    assert texts(repo, "v1") == texts(repo, "HEAD~1")
    git(repo, "gc", "--quiet", "--prune=now")
    assert repo.get("v1").id == git(repo, "rev-parse", "v1^{commit}")
    assert repo.verify() == ()


def test_a_commit_of_git_is_read_and_built_upon(repo: Repo, git: Git) -> None:
    tree = git(repo, "rev-parse", "HEAD~3^{tree}")
    oid = git(repo, "commit-tree", "-p", "HEAD", "-m", "reverted by hand", tree)
    git(repo, "update-ref", "refs/heads/main", oid)
    commit = repo.get("HEAD")
    assert (commit.op, commit.tokens, commit.subject, commit.author.name) == ("", None, "reverted by hand", "Ann")
    assert texts(repo) == texts(repo, "HEAD~4")
    after = repo.commit("go on")
    assert after.context_tokens == repo.context().tokens == repo.context("HEAD~1").tokens + (after.tokens or 0)
    assert repo.verify() == ()


# BUG: a symbolic branch is listed with commit "ref: refs/heads/main" and committing to it is a ValueError of
# bytes.fromhex (the transaction takes the symbolic value for an id).
def test_a_symbolic_branch_is_its_target(repo: Repo, open_repo: Callable[..., Repo], git: Git) -> None:
    git(repo, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    tip = repo.get("HEAD")
    assert repo.get("alias") == tip
    assert {branch.name: branch.commit for branch in repo.branches()}["alias"] == tip.id
    commit = open_repo(branch="alias").commit("through the alias")
    assert commit.parents == (tip.id,)
    assert git(repo, "rev-parse", "main") == git(repo, "rev-parse", "alias") == commit.id


def test_a_detached_head_is_where_git_put_it(repo: Repo, open_repo: Callable[..., Repo], git: Git) -> None:
    there = repo.get("HEAD~4")
    git(repo, "update-ref", "--no-deref", "HEAD", there.id)
    look = open_repo()
    assert look.status().branch is None
    assert look.get("HEAD") == there
    assert repo.status().branch == "main"  # this handle was bound before
    repo.commit("still here")
    assert git(repo, "rev-parse", "HEAD") == there.id


def test_objects_that_git_left_loose_or_in_an_alternate(repo: Repo, tmp_path: object, git: Git) -> None:
    before = texts(repo)
    packs = repo.path / "objects" / "pack"
    aside = repo.path / "aside"
    repo.flush()
    packs.rename(aside)
    packs.mkdir()
    for pack in sorted(aside.glob("*.pack")):
        subprocess.run(["git", "unpack-objects", "-q"], cwd=repo.path, input=pack.read_bytes(), check=True)
    with Repo.open(repo.path, tokenizer=None) as other:
        assert texts(other) == before
        other.commit("packed again")
    git(".", "clone", "-q", "--bare", "--shared", str(repo.path), "borrower.trace")
    assert git("borrower.trace", "rev-list", "--count", "main") == git(repo, "rev-list", "--count", "main")


@pytest.mark.parametrize("seed", range(3))
def test_turns_taken_at_random(seed: int, repo: Repo, git: Git) -> None:
    """Between any two of our commits git does something; a list of texts is the model."""
    choose, model = random.Random(seed), texts(repo)
    commands = ["gc -q --prune=now", "pack-refs --all", "repack -q -a -d", "update-ref refs/heads/x HEAD", "tag -f t"]
    for number in range(25):
        if choose.random() < 0.3:
            git(repo, *choose.choice(commands).split())
        if choose.random() < 0.2 and len(model) > 30:
            git(repo, "update-ref", "refs/heads/main", "HEAD~1")
            model = texts(repo)
        repo.commit(f"new {number}")
        model.append(f"new {number}")
        assert texts(repo) == model
    assert git(repo, "fsck", "--strict", "--no-dangling") == ""
