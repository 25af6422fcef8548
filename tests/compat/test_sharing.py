"""Clones and pushes of stock git carry a whole trace."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from trace_git import Repo
from trace_git.errors import NotFoundError, StateError

Git = Callable[..., str]
Open = Callable[..., Repo]


@pytest.mark.parametrize("option", ["--bare", "--mirror"])
@pytest.mark.parametrize("transport", ["--no-local", "--local"])
def test_a_clone_opens_and_can_be_committed_to(
    option: str, transport: str, repo: Repo, open_repo: Open, git: Git
) -> None:
    git(".", "clone", "-q", option, transport, str(repo.path), "clone.trace")
    clone = open_repo("clone.trace")
    assert clone.context().messages() == repo.context().messages()
    assert [item.id for item in clone.context().items] == [item.id for item in repo.context().items]
    assert clone.context().items[0].pinned
    assert clone.tools == repo.tools
    assert list(clone.log()) == list(repo.log())
    assert clone.context().tokens == repo.context().tokens
    commit = clone.commit("in the clone")
    clone.branch("mine")
    assert git("clone.trace", "rev-parse", "main") == commit.id
    assert git("clone.trace", "fsck", "--strict", "--no-dangling") == ""
    assert clone.verify() == ()
    labels = git("clone.trace", "for-each-ref", "refs/trace/pins")
    assert bool(labels) == (option == "--mirror")  # the tree decides, so a bare clone lacks nothing


def test_the_same_commits_in_clone_and_origin_have_the_same_ids(repo: Repo, open_repo: Open, git: Git) -> None:
    git(".", "clone", "-q", "--bare", str(repo.path), "clone.trace")
    ours, theirs = repo.commit("same", timestamp=5), open_repo("clone.trace").commit("same", timestamp=5)
    assert ours == theirs
    assert ours.items == theirs.items


def test_a_push_to_a_bare_remote(repo: Repo, open_repo: Open, git: Git) -> None:
    git(".", "init", "-q", "--bare", "-b", "main", "remote.git")
    git(repo, "push", "-q", "../remote.git", "main", "try", "refs/trace/pins/*:refs/trace/pins/*")
    assert git("remote.git", "fsck", "--strict", "--no-dangling") == ""
    with open_repo("remote.git") as remote:
        assert remote.context().messages() == repo.context().messages()
        assert {branch.name for branch in remote.branches()} == {"main", "try"}
        remote.commit("there")
    git(repo, "fetch", "-q", "../remote.git", "main:refs/remotes/origin/main")
    assert repo.get("origin/main").parents == (repo.get("HEAD").id,)


def test_a_push_into_a_trace_that_is_open(repo: Repo, open_repo: Open, git: Git) -> None:
    git(".", "clone", "-q", "--bare", str(repo.path), "clone.trace")
    clone = open_repo("clone.trace")
    theirs = clone.commit("theirs")
    git("clone.trace", "push", "-q", str(repo.path), "main")
    assert repo.get("HEAD") == theirs
    ours = repo.commit("ours")
    assert ours.parents == (theirs.id,)
    clone.commit("meanwhile")
    refused = subprocess.run(
        ["git", "push", str(repo.path), "main"], cwd=clone.path, capture_output=True, text=True, check=False
    )
    assert refused.returncode
    assert repo.get("HEAD") == ours


def test_what_verbs_left_behind_is_not_pushed(repo: Repo, git: Git) -> None:
    git(repo, "update-ref", "refs/trace/keep/7", "HEAD~3")
    assert "refs/trace/keep" not in git(".", "ls-remote", str(repo.path))
    assert "refs/trace/pins" in git(".", "ls-remote", str(repo.path))


def test_the_edge_of_a_shallow_clone_says_so(repo: Repo, open_repo: Open, git: Git) -> None:
    git(".", "clone", "-q", "--bare", "--no-local", "--depth=3", str(repo.path), "shallow.trace")
    shallow = open_repo("shallow.trace")
    assert shallow.context().messages() == repo.context().messages()
    with pytest.raises(StateError, match="shallow") as caught:
        list(shallow.log())
    assert "unshallow" in (caught.value.hint or "")
    assert len(list(shallow.log(limit=3))) == 3
    shallow.commit("here")
    git("shallow.trace", "fetch", "-q", "--unshallow", str(repo.path), "main")
    with open_repo("shallow.trace") as whole:
        assert len(list(whole.log())) == len(list(repo.log())) + 1


def test_a_partial_clone_says_what_was_not_downloaded(repo: Repo, open_repo: Open, git: Git) -> None:
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(".", "clone", "-q", "--bare", "--no-local", "--filter=blob:none", str(repo.path), "partial.trace")
    with pytest.raises(StateError, match="partial") as caught, open_repo("partial.trace") as partial:
        partial.materialize()
    assert caught.value.hint


def test_a_clone_of_something_else_is_no_trace(open_repo: Open, git: Git, tmp_path: Path) -> None:
    git(".", "init", "-q", "source")
    (tmp_path / "source" / "format").mkdir()
    (tmp_path / "source" / "format" / "x").write_text("x")
    git("source", "add", ".")
    git("source", "commit", "-q", "-m", "x")
    git(".", "clone", "-q", "--bare", "source", "bare")
    with pytest.raises(NotFoundError, match="not a trace"):
        open_repo("bare")


def test_a_bundle(repo: Repo, open_repo: Open, git: Git) -> None:
    git(repo, "bundle", "create", "-q", "../t.bundle", "--all", "HEAD")
    git(".", "clone", "-q", "--bare", "t.bundle", "unbundled.trace")
    assert open_repo("unbundled.trace").context().messages() == repo.context().messages()
