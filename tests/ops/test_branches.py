"""branch and switch: lines of history, and where a handle is bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trace_git import Repo
from trace_git.errors import InvalidInputError, NotFoundError, StateError, TraceError
from trace_git.model import Branch

Git = Callable[..., str]
Texts = Callable[..., list[str]]


def test_a_branch_is_a_name_and_copies_nothing(repo: Repo, git: Git) -> None:
    one, two = repo.commit("one"), repo.commit("two")
    assert repo.branch("try") == Branch("try", two.id, False)
    assert repo.branch("old", at="HEAD~1") == Branch("old", one.id, False)
    assert repo.branch("é/🚀", at=one) == Branch("é/🚀", one.id, False)
    assert repo.branches() == (
        Branch("main", two.id, True), Branch("old", one.id, False), Branch("try", two.id, False),
        Branch("é/🚀", one.id, False),
    )  # fmt: skip
    assert "🚀" in git(repo, "log", "--format=%d", "--all")
    assert len(git(repo, "reflog", "show", "refs/heads/try").splitlines()) == 1


def test_branches_grow_apart(repo: Repo, texts: Texts, git: Git) -> None:
    repo.commit("base")
    repo.branch("try")
    repo.commit("ours")
    repo.switch("try")
    repo.commit("theirs")
    assert texts(repo) == ["base", "theirs"]
    assert texts(repo, "main") == ["base", "ours"]
    assert repo.status().branch == "try"
    assert [branch.name for branch in repo.branches() if branch.current] == ["try"]
    assert git(repo, "symbolic-ref", "HEAD") == "refs/heads/try"


def test_equal_first_messages_after_a_fork_are_one_item(repo: Repo) -> None:
    repo.commit("base")
    repo.branch("try")
    ours = repo.commit("same")
    repo.switch("try")
    theirs = repo.commit("same")
    assert ours.items[0].id == theirs.items[0].id
    assert repo.commit("same").items[0].id != ours.items[0].id  # another parent, another item


def test_other_handles_stay_where_they_are_bound(open_repo: Callable[..., Repo], texts: Texts) -> None:
    one, other = open_repo(), open_repo()
    one.commit("base")
    one.switch("try", create=True)
    one.commit("on try")
    assert other.status().branch == "main"
    other.commit("on main")
    assert texts(open_repo()) == ["base", "on try"]  # HEAD is where the switch put it
    assert texts(open_repo(branch="main")) == ["base", "on main"]
    assert texts(one) == ["base", "on try"]


def test_switch_creates(repo: Repo, texts: Texts) -> None:
    repo.switch("first", create=True)  # an empty trace: only HEAD moves
    repo.commit("one")
    assert [branch.name for branch in repo.branches()] == ["first"]
    repo.switch("second", create=True)
    assert texts(repo) == ["one"]
    repo.switch("first")
    with pytest.raises(StateError, match="second"):
        repo.switch("second", create=True)
    assert repo.status().branch == "first"


def test_names_that_are_taken_or_absent(repo: Repo) -> None:
    with pytest.raises(NotFoundError, match="no commits yet"):
        repo.branch("early")
    repo.commit("one")
    repo.branch("try")
    with pytest.raises(StateError, match="'try' exists already") as caught:
        repo.branch("try")
    assert caught.value.hint
    with pytest.raises(NotFoundError, match="'absent'") as missing:
        repo.switch("absent")
    assert missing.value.hint
    with pytest.raises(NotFoundError):
        repo.branch("x", at="absent")
    assert [branch.name for branch in repo.branches()] == ["main", "try"]


@pytest.mark.parametrize("name", ["", "a..b", "a b", "x.lock", "../../x", "trace/x", "agents/x", "-f", "a\nb"])
def test_bad_names_are_refused_everywhere(name: str, repo: Repo) -> None:
    repo.commit("one")
    for verb in (repo.branch, repo.switch, lambda name: Repo.open(repo.path, branch=name, tokenizer=None)):
        with pytest.raises(InvalidInputError):
            verb(name)
    assert [branch.name for branch in repo.branches()] == ["main"]


@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b", "a")])
def test_a_name_inside_another_is_refused(names: tuple[str, str], repo: Repo, git: Git) -> None:
    repo.commit("one")
    repo.branch(names[0])
    with pytest.raises(TraceError):
        repo.branch(names[1])
    repo.commit("two")
    assert repo.warnings == ()
    assert git(repo, "rev-list", "--count", "main") == "2"


@pytest.mark.parametrize("look", [False, True])
def test_a_branch_of_a_time_when_something_was_pinned_brings_its_label(look: bool, repo: Repo, git: Git) -> None:
    item = repo.commit("one").items[0]
    pinned = repo.pin(item)
    repo.unpin(item)
    if look:
        repo.checkout(pinned)
        repo.switch("then", create=True)
    else:
        repo.branch("then", at=pinned)
    assert git(repo, "rev-parse", f"refs/trace/pins/{item.id}") == pinned.id
    assert repo.verify() == ()
    repo.undo()
    assert git(repo, "for-each-ref", "refs/trace/pins") == ""


def test_heads_reflog_knows_every_switch(repo: Repo, git: Git) -> None:
    first = repo.commit("one")
    repo.branch("side")
    with repo.batch():  # all of it is published at once
        last = repo.commit("two")
        repo.switch("side")
        repo.switch("main")
        repo.commit("three")
        repo.switch("side")
        assert repo.get("HEAD@{4}").id == last.id
    assert git(repo, "reflog", "--format=%gs %h").splitlines() == [
        f"{verb} {git(repo, 'rev-parse', '--short', f'{rev}')}"
        for verb, rev in [
            ("switch 3", "side"), ("append 3", "main"), ("switch 3", "main~1"), ("switch 3", "side"),
            ("append 3", "main~1"), ("append 1", "main~2"),
        ]
    ]  # fmt: skip
    for place in range(6):
        assert repo.get(f"HEAD@{{{place}}}").id == git(repo, "rev-parse", f"HEAD@{{{place}}}")
    assert repo.get("HEAD@{5}") == first


@pytest.mark.parametrize("name", [None, 5, b"main"])
def test_a_name_is_text(repo: Repo, name: Any) -> None:
    repo.commit("one")
    verbs = (repo.branch, repo.switch, repo.delete_branch, lambda one: repo.rename_branch("main", one))
    for verb in verbs:
        with pytest.raises(InvalidInputError, match="no branch name"):
            verb(name)
