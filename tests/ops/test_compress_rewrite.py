"""Compressing out of history what was compressed, edited or pinned before: nothing of it may stay behind."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from trace_git import Repo, tool

from ..view.merging.lines import call, ids, trace


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = trace(tmp_path)
    repo.commit("be brief", role="system")
    for number in range(3):
        repo.commit([f"question {number}", call("c"), tool(f"output{number} " * 60, "c"), f"answer {number}"])
    return repo


def content(repo: Repo) -> bytes:
    """Every object that the branch leads to, as stock git reads it."""
    return content_of(repo, "main")


def content_of(repo: Repo, ref: str) -> bytes:
    repo.flush()
    words = ["git", "rev-list", "--objects", "--no-object-names", ref]
    names = subprocess.run(words, cwd=repo.path, capture_output=True, check=True).stdout
    return subprocess.run(["git", "cat-file", "--batch"], cwd=repo.path, input=names, capture_output=True,
                          check=True).stdout  # fmt: skip


def test_what_is_below_a_summary_goes_with_it(repo: Repo) -> None:
    items = ids(repo)
    first = repo.compress(items[1:5], summary="first summary")
    made = repo.compress([*first.summaries, *items[5:9]], summary="second", rewrite=True)
    assert b"output0" not in content(repo)
    assert b"first summary" not in content(repo)
    assert b"output2" in content(repo)
    assert repo.compressions() == ()
    assert repo.verify() == ()
    repo.undo()
    repo.expand(first.id or "")
    assert ids(repo) == items
    assert made.level == 2


def test_so_does_the_original_of_an_output_that_was_masked_and_no_other(repo: Repo) -> None:
    items = ids(repo)
    masked = repo.compress(items[1:9], strategy="mask")
    repo.compress(items[1:5], summary="first", rewrite=True)
    assert b"output0" not in content(repo)
    assert b"output1" in content(repo)
    repo.expand(masked.id or "")
    assert repo.context().items[4].message.text == "output1 " * 60


def test_of_a_masked_output_no_version_is_left(repo: Repo) -> None:
    repo.edit(ids(repo)[3], "edited " * 60)
    repo.compress(ids(repo)[1:5], strategy="mask", rewrite=True)
    assert b"output0" not in content(repo)
    assert b"edited edited" not in content(repo)
    assert repo.verify() == ()


def test_a_commit_that_spawned_an_agent_stays_in_its_history(repo: Repo) -> None:
    child = repo.spawn("looker", purpose="look again")
    child.commit("something of its own")
    child.compress(ids(child)[1:5], summary="first", rewrite=True)
    assert b"output0" not in content_of(child, "refs/namespaces/looker/refs/heads/main")
    (agent,) = repo.agents()
    assert (agent.name, agent.purpose) == ("looker", "look again")
    assert repo.verify() == ()
    child.close()


def test_a_commit_that_never_changed_anything_stays(repo: Repo) -> None:
    repo.commit("before it")
    repo.flush()
    git = ["git", "-c", "user.name=n", "-c", "user.email=n@example.org"]
    words = ["commit-tree", "-p", "main", "-m", "a note of a person", "main^{tree}"]
    note = subprocess.run([*git, *words], cwd=repo.path, capture_output=True, check=True, text=True).stdout.strip()
    subprocess.run(["git", "update-ref", "refs/heads/main", note], cwd=repo.path, check=True)
    repo.commit("behind it")
    repo.compress(ids(repo)[1:5], summary="first", rewrite=True)
    assert "a note of a person" in [commit.subject for commit in repo.log()]


def test_gc_takes_the_originals_as_soon_as_the_retention_is_over(repo: Repo) -> None:
    """Nothing that the verb wrote by the way leads to them."""
    repo.compress(keep_last=1, summary="short", rewrite=True)
    assert repo.gc(dry_run=False, keep_days=0).commits["recent"] == 0
    words = ["git", "cat-file", "--batch-all-objects", "--batch"]
    left = subprocess.run(words, cwd=repo.path, capture_output=True, check=True).stdout
    assert b"output0" not in left
    assert repo.verify() == ()


def test_what_was_compressed_out_of_history_and_undone_is_compressed_again(repo: Repo) -> None:
    before = repo.materialize().digest
    repo.compress(keep_last=1, summary="short", rewrite=True)
    repo.undo()
    repo.expand(repo.compress(keep_last=1, summary="short").id or "")
    assert repo.materialize().digest == before
    assert repo.verify() == ()
