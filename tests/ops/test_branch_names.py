"""branch -d and -m: what goes with a name, what stays, and what undo brings back."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from trace_git import Repo
from trace_git.errors import InvalidInputError, NotFoundError, RefusedError, StateError

Git = Callable[..., str]
Texts = Callable[..., list[str]]


def names(repo: Repo) -> list[str]:
    return [one.name for one in repo.branches()]


@pytest.fixture
def forked(repo: Repo) -> Repo:
    """main has "base" and "ours"; try has "base" and "theirs"; HEAD is on main."""
    repo.commit("base")
    repo.switch("try", create=True)
    repo.commit("theirs")
    repo.switch("main")
    repo.commit("ours")
    return repo


def test_a_branch_may_come_where_a_folder_of_branches_was(forked: Repo, git: Git) -> None:
    for first, second in (("a/b", "a"), ("c", "c/d")):
        forked.branch(first)
        forked.delete_branch(first)
        forked.branch(second)
        assert git(forked, "reflog", "show", "--format=%gs", second).startswith("branch ")
        forked.delete_branch(second)
    tip = forked.commit("on")
    assert git(forked, "rev-parse", "main") == tip.id
    assert forked.warnings == ()


@pytest.mark.parametrize(("there", "new"), [("a", "a/b"), ("a/b", "a")])
def test_git_keeps_branches_as_files_and_folders(there: str, new: str, forked: Repo) -> None:
    forked.branch(there)
    for verb in (lambda: forked.branch(new), lambda: forked.rename_branch(there, new)):
        with pytest.raises(StateError, match=f"^refs/heads/{new} cannot be made: refs/heads/{there} exists$"):
            verb()
    assert names(forked) == [there, "main", "try"]


# -- delete ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "goes"), [("HEAD", True), ("HEAD~1", True), ("try", False), ("try~1", True)])
def test_what_head_has_goes_and_what_it_has_not_is_refused_as_git_does(
    at: str, goes: bool, forked: Repo, git: Git
) -> None:
    forked.branch("one", at=at)
    forked.branch("two", at=at)
    done = subprocess.run(["git", "branch", "-d", "two"], cwd=forked.path, capture_output=True, check=False)
    assert (done.returncode == 0) == goes
    if goes:
        forked.delete_branch("one")
        assert names(forked) == ["main", "try"]
    else:
        with pytest.raises(RefusedError, match="'one' has commits that main has not") as caught:
            forked.delete_branch("one")
        assert "-D one" in (caught.value.hint or "")
        assert "one" in names(forked)
    assert git(forked, "for-each-ref", "refs/trace/keep") == ""  # nothing was left behind


def test_by_force_the_tip_is_kept_and_undo_brings_the_branch_back(forked: Repo, git: Git, texts: Texts) -> None:
    tip = forked.get("try").id
    before = git(forked, "for-each-ref")
    forked.delete_branch("try", force=True)
    assert names(forked) == ["main"]
    assert git(forked, "for-each-ref", "--format=%(objectname)", "refs/trace/keep") == tip
    git(forked, "gc", "--prune=now", "--quiet")
    forked.undo()
    assert git(forked, "for-each-ref") == before
    assert texts(forked, "try") == ["base", "theirs"]
    forked.redo()
    assert names(forked) == ["main"]


def test_the_label_of_a_pin_goes_with_the_last_branch_that_has_it(forked: Repo, git: Git) -> None:
    forked.switch("try")
    forked.pin(forked.get("HEAD"))
    forked.switch("main")
    assert git(forked, "for-each-ref", "refs/trace/pins")
    forked.delete_branch("try", force=True)
    assert git(forked, "for-each-ref", "refs/trace/pins") == ""
    assert forked.verify() == ()
    forked.undo()
    assert git(forked, "for-each-ref", "refs/trace/pins")


def test_the_present_branch_stays(forked: Repo, open_repo: Callable[..., Repo]) -> None:
    with pytest.raises(StateError, match="'main' is the present one"):
        forked.delete_branch("main", force=True)
    other = open_repo(branch="try")
    for name in ("try", "main"):  # where this handle stands, and where HEAD is
        with pytest.raises(StateError, match="present one"):
            other.delete_branch(name, force=True)
    assert names(forked) == ["main", "try"]


def test_on_a_look_at_a_commit_that_commit_decides(forked: Repo) -> None:
    tip = forked.get("try").id
    forked.checkout(tip, head=True)
    with pytest.raises(RefusedError, match="'main' has commits that this commit has not"):
        forked.delete_branch("main")
    forked.delete_branch("try")
    assert names(forked) == ["main"]


def test_what_is_not_there_is_named_with_what_is_near(forked: Repo) -> None:
    with pytest.raises(NotFoundError, match="no branch 'tri'") as caught:
        forked.delete_branch("tri")
    assert caught.value.hint == "did you mean try?"
    with pytest.raises(InvalidInputError):
        forked.delete_branch("a..b")
    with pytest.raises(StateError, match="earlier moment"):
        forked.at_op(1).delete_branch("try", force=True)


# -- rename ----------------------------------------------------------------------------------


def test_the_present_branch_gets_another_name(forked: Repo, git: Git, texts: Texts) -> None:
    forked.rename_branch("main", "best/one")
    assert names(forked) == ["best/one", "try"]
    assert git(forked, "symbolic-ref", "HEAD") == "refs/heads/best/one"
    assert forked.status().branch == "best/one"
    forked.commit("more")
    assert texts(forked, "best/one") == ["base", "ours", "more"]
    forked.undo()
    forked.undo()
    assert (names(forked), forked.status().branch) == (["main", "try"], "main")
    assert texts(forked) == ["base", "ours"]
    assert forked.commit("on").subject == "user: on"


def test_another_branch_gets_another_name_and_nobody_moves(forked: Repo, git: Git) -> None:
    tip = forked.get("try").id
    forked.rename_branch("try", "second")
    assert {one.name: one.commit for one in forked.branches()}["second"] == tip
    assert forked.status().branch == "main"
    assert git(forked, "for-each-ref", "refs/trace/keep") == ""


def test_the_reflog_comes_along(forked: Repo, git: Git) -> None:
    forked.commit("later")
    before = git(forked, "reflog", "show", "--format=%H", "main").splitlines()
    forked.rename_branch("main", "best")
    assert git(forked, "reflog", "show", "--format=%H", "best").splitlines()[1:] == before
    assert git(forked, "rev-parse", "best@{2}") == before[1] == forked.get("best@{2}").id
    forked.commit("and on")
    assert git(forked, "rev-parse", "best@{3}") == before[1]


def test_a_branch_without_commits_is_renamed_with_head(repo: Repo, git: Git) -> None:
    repo.rename_branch("main", "first")
    assert git(repo, "symbolic-ref", "HEAD") == "refs/heads/first"
    repo.commit("one")
    assert names(repo) == ["first"]


def test_names_that_are_taken_absent_or_bad(forked: Repo, git: Git) -> None:
    before = git(forked, "for-each-ref")
    with pytest.raises(StateError, match="'try' exists already"):
        forked.rename_branch("main", "try")
    with pytest.raises(NotFoundError, match="no branch 'absent'"):
        forked.rename_branch("absent", "new")
    with pytest.raises(NotFoundError, match="no branch 'absent'"):
        forked.rename_branch("absent", "absent")
    with pytest.raises(InvalidInputError):
        forked.rename_branch("main", "agents/x")
    with pytest.raises(StateError):
        forked.rename_branch("main", "try/x")  # git keeps refs as files
    forked.rename_branch("main", "main")
    assert git(forked, "for-each-ref") == before
    assert next(forked.operations()).verb == "append"


def test_in_a_batch_a_rename_is_part_of_the_operation(forked: Repo) -> None:
    with forked.batch():
        forked.rename_branch("try", "second")
        forked.commit("more")
    assert names(forked) == ["main", "second"]
    forked.undo()
    assert names(forked) == ["main", "try"]
