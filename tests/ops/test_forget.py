"""Rewriting history: only what must change does, the graph keeps its shape, and originals can be left out."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from trace_git import NotFoundError, Repo, assistant, tool
from trace_git.ops import keep
from trace_git.ops.out_of_history import without_originals

Git = Callable[..., str]
Texts = Callable[..., list[str]]


def rewrite(repo: Repo, compress: str) -> str:
    """What a compress that takes its originals out of history does last."""
    handle = repo._handle
    with handle.store.transaction("compress", ["refs/heads/main"]) as transaction:
        tip = transaction.ref("refs/heads/main")
        assert tip is not None
        new, _ = without_originals(handle, transaction, tip, compress)
        transaction.move("refs/heads/main", new)
        keep.keep(handle, transaction)
    return tip


def content(repo: Repo, git: Git, rev: str) -> bytes:
    """Every object that a revision leads to, as stock git reads it."""
    names = git(repo, "rev-list", "--objects", "--no-object-names", rev)
    command = ["git", "cat-file", "--batch"]
    return subprocess.run(command, cwd=repo.path, input=names.encode(), capture_output=True, check=True).stdout


def test_a_merge_keeps_its_shape_and_its_dates(repo: Repo, git: Git) -> None:
    first = repo.commit("one").id
    repo.branch("other")
    repo.commit("ours")
    with Repo.open(repo.path, branch="other", tokenizer=None) as other:
        other.commit("theirs WORD")
    repo.merge("other")
    shape = git(repo, "log", "--graph", "--format=%an %ad")
    repo.redact("WORD")
    assert git(repo, "log", "--graph", "--format=%an %ad") == shape
    assert [commit.id for commit in repo.log()][-1] == first
    assert len(repo.get("HEAD").parents) == 2


def test_commits_of_stock_git_keep_their_headers(repo: Repo, git: Git) -> None:
    repo.commit("one WORD")
    repo.flush()
    tree = git(repo, "rev-parse", "HEAD^{tree}")
    raw = (
        f"tree {tree}\nparent {git(repo, 'rev-parse', 'HEAD')}\n"
        "author A <a@example.org> 1700000000 +0530\ncommitter B WORD <b@example.org> 1700000001 -0200\n"
        "encoding UTF-8\n\nby hand: WORD\n\nmore"
    )
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"], cwd=repo.path, input=raw, text=True,
        capture_output=True, check=True,
    ).stdout.strip()  # fmt: skip
    git(repo, "update-ref", "refs/heads/main", made)
    repo.redact("WORD", replacement="-")
    new = git(repo, "cat-file", "commit", "HEAD").split("\n")
    assert new[2:] == ["author A <a@example.org> 1700000000 +0530", "committer B - <b@example.org> 1700000001 -0200",
                       "encoding UTF-8", "", "by hand: -", "", "more"]  # fmt: skip


@pytest.fixture
def masked(repo: Repo) -> Repo:
    repo.commit("go", pin=True)
    for number in range(3):
        call = {"id": f"c{number}", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        repo.commit([assistant(tool_calls=[call]), tool(f"output {number} " * 200, f"c{number}")])
    return repo


def test_originals_of_a_mask_are_in_no_commit_of_the_branch(masked: Repo, git: Git, texts: Texts) -> None:
    found = masked.compress(strategy="mask", budget=200, keep_last=0)
    now = texts(masked)
    old = rewrite(masked, found.id)
    assert texts(masked) == now
    assert b"output 1" in content(masked, git, old)
    assert b"output 1 output 1" not in content(masked, git, "main")
    assert git(masked, "rev-list", "--count", "main") == git(masked, "rev-list", "--count", old)
    assert masked.verify() == ()
    masked.undo()
    assert masked.get("HEAD").id == old


def test_originals_of_a_summary_go_with_the_commits_that_brought_them(repo: Repo, git: Git, texts: Texts) -> None:
    repo.commit("one")
    for number in range(4):
        repo.commit(f"said {number} " * 50)
    repo.commit("last")
    found = repo.compress("HEAD~5..HEAD~1", summary="They talked.", budget=50)
    assert len(texts(repo)) == 3
    before = texts(repo)
    rewrite(repo, found.id)
    assert texts(repo) == before
    assert git(repo, "rev-list", "--count", "main") == "3"
    assert b"said 1" not in content(repo, git, "main")
    repo.gc(dry_run=False, keep_days=0, keep_pinned=False)
    assert b"said 1" not in content(repo, git, "--all")
    assert repo.verify() == ()


def test_what_was_not_compressed_is_named(repo: Repo) -> None:
    repo.commit("one")
    with pytest.raises(NotFoundError, match="no archive"):
        rewrite(repo, "0" * 16)
    assert len(list(repo.log())) == 1


def test_a_compress_may_take_the_originals_out_of_history(repo: Repo, git: Git) -> None:
    """They are in nothing that the branch leads to, and undo brings them back."""
    repo.commit("a long story " * 20 + "SECRETWORD")
    pinned = repo.commit("a rule", pin=True)
    repo.commit("and now")
    before, digest = repo.get("HEAD").id, repo.materialize().digest
    result = repo.compress([repo.context().items[0].id], summary="a story", rewrite=True)
    repo.flush()
    assert [item.message.text for item in repo.context().items] == ["a story", "a rule", "and now"]
    assert b"SECRETWORD" not in content(repo, git, "HEAD")
    assert b"SECRETWORD" in content(repo, git, before)
    assert any(finding.kind == "rewrite" for finding in result.findings)
    assert repo.context().items[1].pinned
    assert not [one for one in repo.verify() if one.severity != "note"], pinned
    repo.undo()
    assert repo.get("HEAD").id == before
    assert repo.materialize().digest == digest
