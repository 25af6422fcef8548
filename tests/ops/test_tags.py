"""tag: names that stay at a commit, with or without a message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from trace_git import Repo
from trace_git.errors import InvalidInputError, NotFoundError, StateError
from trace_git.results import Tag

Git = Callable[..., str]
Texts = Callable[..., list[str]]


def test_a_tag_is_a_name_for_a_commit(repo: Repo, git: Git, texts: Texts) -> None:
    one, two = repo.commit("one"), repo.commit("two")
    assert repo.tag("v2") == Tag("v2", two.id)
    assert repo.tag("é/🚀", at="HEAD~1") == Tag("é/🚀", one.id)
    repo.commit("three")
    assert repo.tags() == (Tag("v2", two.id), Tag("é/🚀", one.id))
    assert texts(repo, "v2") == ["one", "two"]
    assert git(repo, "tag", "--list").splitlines() == ["v2", "é/🚀"]
    assert git(repo, "cat-file", "-t", "v2") == "commit"


def test_a_message_makes_it_an_object(repo: Repo, git: Git, texts: Texts) -> None:
    commit = repo.commit("one")
    assert repo.tag("works", message="All tests pass.\n\nEven the slow ones.\x1b[31m\n") == Tag("works", commit.id)
    assert repo.tags() == (Tag("works", commit.id),)
    assert repo.get("works") == commit
    assert git(repo, "cat-file", "-t", "works") == "tag"
    said = git(
        repo, "for-each-ref", "--format=%(objecttype) %(taggername) %(taggerdate:unix)%0a%(contents)", "refs/tags"
    )
    name, _, text = said.partition("\n")
    assert name.startswith("tag ")
    assert name.endswith(" 1700000000")
    assert text == "All tests pass.\n\nEven the slow ones.\\x1b[31m"
    assert "tag works" in git(repo, "show", "--no-patch", "works")
    assert git(repo, "fsck", "--strict", "--no-dangling") == ""
    assert repo.verify() == ()


def test_tags_come_through_a_clone(repo: Repo, git: Git, tmp_path: Path) -> None:
    commit = repo.commit("one")
    repo.tag("works", message="Yes.")
    repo.close()
    git(repo, "clone", "-q", "--bare", ".", str(tmp_path / "clone.trace"))
    with Repo.open(tmp_path / "clone.trace", tokenizer=None) as clone:
        assert clone.tags() == (Tag("works", commit.id),)


@pytest.mark.parametrize("message", [None, "Why."])
def test_deleting_one(message: str | None, repo: Repo, git: Git) -> None:
    repo.commit("one")
    repo.tag("works", message=message)
    before = git(repo, "for-each-ref")
    repo.delete_tag("works")
    assert repo.tags() == ()
    assert git(repo, "tag", "--list") == ""
    git(repo, "gc", "-q", "--prune=now")
    repo.undo()
    assert git(repo, "for-each-ref") == before
    assert [one.name for one in repo.tags()] == ["works"]


def test_the_only_name_of_a_commit_is_kept(repo: Repo, git: Git) -> None:
    repo.commit("one")
    two = repo.commit("two")
    repo.tag("there")
    repo.reset("HEAD~1")
    repo.delete_tag("there")
    assert git(repo, "for-each-ref", "--format=%(objectname)", "refs/trace/keep") == two.id


def test_names_that_are_taken_or_absent(repo: Repo) -> None:
    with pytest.raises(NotFoundError, match="no commits yet"):
        repo.tag("early")
    commit = repo.commit("one")
    repo.tag("v1")
    for message in (None, "x"):
        with pytest.raises(StateError, match="'v1' exists already") as caught:
            repo.tag("v1", at="HEAD", message=message)
        assert caught.value.hint
    with pytest.raises(NotFoundError, match=r"'v1\.0'") as missing:
        repo.delete_tag("v1.0")
    assert missing.value.hint == "did you mean v1?"
    with pytest.raises(NotFoundError):
        repo.tag("x", at="absent")
    with pytest.raises(InvalidInputError, match="message"):
        repo.tag("x", message=" \n")
    assert repo.tags() == (Tag("v1", commit.id),)


@pytest.mark.parametrize("name", ["", "a..b", "a b", "x.lock", "../../x", "trace/x", "-f", "a\nb", "a/", "HEAD"])
def test_bad_names(name: str, repo: Repo) -> None:
    repo.commit("one")
    for verb in (repo.tag, repo.delete_tag):
        with pytest.raises(InvalidInputError):
            verb(name)
    assert repo.tags() == ()


def test_a_tag_of_nothing_is_left_out(repo: Repo) -> None:
    repo.commit("one")
    repo.tag("good")
    (Path(repo.path) / "refs/tags/bad").write_text("garbage")
    assert [one.name for one in repo.tags()] == ["good"]
