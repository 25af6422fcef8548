"""checkout: a read-only look at a commit, and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from trace_git import Repo
from trace_git.errors import InvalidInputError, NotFoundError, StateError

Git = Callable[..., str]
Texts = Callable[..., list[str]]


def head(repo: Repo) -> str:
    return (Path(repo.path) / "HEAD").read_text().strip()


@pytest.fixture
def two(repo: Repo) -> Repo:
    repo.commit("one")
    repo.commit("two")
    return repo


def test_a_look_moves_nothing_in_the_trace(two: Repo, texts: Texts) -> None:
    commit = two.checkout("HEAD~1")
    assert (texts(two), two.status().branch, two.status().head) == (["one"], None, commit.id)
    assert two.get("HEAD") == commit
    assert head(two) == "ref: refs/heads/main"
    assert len(list(two.operations())) == 2
    assert two.checkout("main") == two.get("main")
    assert (texts(two), two.status().branch) == (["one", "two"], "main")
    two.commit("three")


def test_every_writing_verb_says_how_to_make_a_branch(two: Repo, texts: Texts) -> None:
    commit = two.checkout("HEAD~1")
    item = two.context().items[0]
    verbs: list[Callable[[], object]] = [
        lambda: two.commit("x"), lambda: two.edit(item, "x"), lambda: two.drop(item), lambda: two.pin(item),
        lambda: two.unpin(item), lambda: two.reset("main"), lambda: two.set_tools([{"name": "f"}]),
    ]  # fmt: skip
    for verb in verbs:
        with pytest.raises(StateError) as caught:
            verb()
        assert caught.value.hint == f"make a branch there first: trace switch -c NAME {commit.short_id}"
    two.switch("from-there", create=True)
    two.commit("other")
    assert (texts(two), texts(two, "main")) == (["one", "other"], ["one", "two"])


def test_other_handles_stay(two: Repo, open_repo: Callable[..., Repo]) -> None:
    other = open_repo()
    two.checkout("HEAD~1", head=True)
    assert other.status().branch == "main"
    other.commit("three")
    assert two.status().items == 1


def test_head_goes_along_when_asked(two: Repo, open_repo: Callable[..., Repo], texts: Texts, git: Git) -> None:
    commit = two.checkout("HEAD~1", head=True)
    assert head(two) == commit.id
    assert git(two, "log", "--format=%H") == commit.id
    with open_repo() as fresh:  # opens at the same look
        assert (texts(fresh), fresh.status().branch) == (["one"], None)
        with pytest.raises(StateError):
            fresh.commit("x")
        assert fresh.checkout("main", head=True).id == two.get("main").id
    assert head(two) == "ref: refs/heads/main"
    assert [one.verb for one in two.operations(2)] == ["checkout", "checkout"]
    two.checkout("main", head=True)  # there already
    assert len(list(two.operations())) == 4


def test_a_look_can_be_undone(two: Repo) -> None:
    commit = two.checkout("HEAD~1", head=True)
    two.undo()
    assert (head(two), two.status().branch) == ("ref: refs/heads/main", "main")
    two.redo()
    assert (head(two), two.status().head) == (commit.id, commit.id)
    two.checkout("main", head=True)
    two.undo()
    assert (two.status().branch, two.status().head) == (None, commit.id)


def test_head_on_a_lost_commit_is_kept_when_it_leaves(two: Repo, git: Git) -> None:
    lost = two.get("HEAD")
    two.checkout(lost, head=True)
    git(two, "update-ref", "refs/heads/main", "main~1")
    two.checkout("main", head=True)
    assert git(two, "for-each-ref", "--format=%(objectname)", "refs/trace/keep") == lost.id


def test_what_a_name_means(two: Repo, texts: Texts) -> None:
    two.branch("deep/b")
    two.tag("old", at="HEAD~1")
    two.checkout("deep/b")
    assert two.status().branch == "deep/b"
    two.checkout("HEAD")
    assert two.status().branch == "deep/b"
    for rev in ("old", "refs/heads/main", two.get("main"), two.get("main").id[:10], "HEAD~0"):
        two.checkout("deep/b")
        two.checkout(rev)
        assert two.status().branch is None
    assert texts(two, "main") == ["one", "two"]


def test_what_is_refused(repo: Repo) -> None:
    with pytest.raises(NotFoundError, match="no commits yet"):
        repo.checkout("HEAD")
    repo.commit("one")
    for rev in ("absent", "HEAD~1", "refs/heads/absent"):
        with pytest.raises(NotFoundError):
            repo.checkout(rev, head=True)
    for rev in ("", None, 7):
        with pytest.raises(InvalidInputError):
            repo.checkout(rev)  # type: ignore[arg-type]
    assert (repo.status().branch, head(repo)) == ("main", "ref: refs/heads/main")


def test_a_branch_comes_before_a_tag_of_its_name(two: Repo, texts: Texts) -> None:
    two.tag("both", at="HEAD~1")
    two.branch("both")
    assert two.checkout("both") == two.get("heads/both")
    assert (texts(two), two.status().branch) == (["one", "two"], "both")
