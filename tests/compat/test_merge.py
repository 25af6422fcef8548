"""Merges as stock git sees them, and what a merge by stock git does to a trace."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from trace_git import Repo

Git = Callable[..., str]


@pytest.fixture
def forked(repo: Repo) -> Repo:
    """The trace of ``repo`` with a branch "side" that went on as main did."""
    repo.branch("side")
    repo.commit("said on main")
    repo.checkout("side")
    repo.commit(["said on side", "and more"])
    repo.pin(repo.context().items[5])
    repo.checkout("main")
    return repo


def test_git_agrees_on_parents_base_and_graph(forked: Repo, git: Git) -> None:
    ours, theirs, base = forked.get("main"), forked.get("side"), forked.get("main~1")
    assert git(forked, "merge-base", "--all", "main", "side") == base.id
    merged = forked.merge("side").commit
    assert merged is not None
    assert git(forked, "log", "-1", "--format=%P %s") == f"{ours.id} {theirs.id} merge: side into main"
    assert git(forked, "merge-base", "--all", "main", "side") == theirs.id
    assert git(forked, "branch", "--merged", "main").split() == ["*", "main", "side", "try"]
    graph = git(forked, "log", "--graph", "--topo-order", "--format=%s", "-4").splitlines()
    assert [line[:4].rstrip() for line in graph[:2]] == ["*", "|\\"]
    assert [commit.id for commit in forked.log(limit=None)] == git(forked, "log", "--topo-order", "--format=%H").split()


def test_git_finds_nothing_wrong_and_packs_it(forked: Repo, git: Git) -> None:
    forked.merge("side", strategy="union")
    texts = [item.message.text for item in forked.context().items]
    assert git(forked, "fsck", "--strict", "--no-dangling") == ""
    git(forked, "gc", "-q", "--prune=now")
    assert git(forked, "fsck", "--strict", "--no-dangling") == ""
    with Repo.open(forked.path, create=False) as again:
        assert [item.message.text for item in again.context().items] == texts
        assert again.verify() == ()


def test_pins_are_verbatim_for_ls_tree(forked: Repo, git: Git) -> None:
    forked.merge("side")
    blobs = {line.split()[2] for line in git(forked, "ls-tree", "-r", "HEAD", "messages").splitlines()}
    pins = {line.split()[2] for line in git(forked, "ls-tree", "HEAD:pins").splitlines()}
    assert len(pins) == 2
    assert pins <= blobs


def test_only_what_differs_is_written(forked: Repo, git: Git) -> None:
    """The messages of theirs are there already: a merge adds folders and a commit."""
    forked.merge("side")
    new = git(forked, "rev-list", "--objects", "--no-object-names", "HEAD", "^HEAD^1", "^HEAD^2")
    kinds = [git(forked, "cat-file", "-t", oid) for oid in new.split()]
    assert set(kinds) == {"commit", "tree"}
    assert len(kinds) <= 6


def test_a_merge_of_two_edits_by_git_is_a_loud_conflict(forked: Repo, git: Git) -> None:
    """Not a blob that nobody can read: ``.gitattributes`` says -merge."""
    item = forked.context().items[10].id
    forked.edit(item, "edited on main")
    forked.checkout("side")
    forked.edit(item, "edited on side")
    forked.flush()
    done = subprocess.run(["git", "merge-tree", "--write-tree", "main", "side"], cwd=forked.path, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode == 1
    assert "CONFLICT (content)" in done.stdout


def test_a_clone_merges_and_we_read_it(forked: Repo, git: Git) -> None:
    """Stock git's clean merge of an edit and an append is a context like any other."""
    item = forked.context().items[10].id
    forked.edit(item, "edited on main")
    forked.flush()
    git("", "clone", "-q", str(forked.path), "clone")
    git("clone", "merge", "-q", "-m", "by git", "origin/side")
    git("clone", "push", "-q", "origin", "HEAD:refs/heads/by-git")
    texts = [one.message.text for one in forked.context("by-git").items]
    assert texts[10] == "edited on main"
    assert {"said on main", "said on side", "and more"} <= set(texts)
    assert len(set(texts)) == len(texts)
