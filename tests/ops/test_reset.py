"""reset: the branch moves, what it leaves behind is kept, and labels follow the pins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from trace_git import Repo
from trace_git.errors import InvalidInputError, NotFoundError, StateError

Git = Callable[..., str]
Texts = Callable[..., list[str]]


def keeps(repo: Repo, git: Git) -> dict[str, str]:
    """Keep refs by their number, as stock git sees them."""
    listed = git(repo, "for-each-ref", "--format=%(refname:lstrip=3) %(objectname)", "refs/trace/keep")
    return dict(line.split() for line in listed.splitlines())


def labels(repo: Repo, git: Git) -> dict[str, str]:
    listed = git(repo, "for-each-ref", "--format=%(refname:lstrip=3) %(objectname)", "refs/trace/pins")
    return dict(line.split() for line in listed.splitlines())


def test_the_branch_moves_and_the_tip_is_kept(repo: Repo, git: Git, texts: Texts) -> None:
    one = repo.commit("one")
    repo.commit("two")
    three = repo.commit("three")
    assert repo.reset("HEAD~2") == one
    assert (texts(repo), repo.status().branch) == (["one"], "main")
    assert git(repo, "rev-parse", "main") == one.id
    operation = next(repo.operations())
    assert keeps(repo, git) == {str(operation.number): three.id}
    assert operation.moves == {
        "refs/heads/main": (three.id, one.id), f"refs/trace/keep/{operation.number}": (None, three.id),
    }  # fmt: skip
    repo.undo()
    assert (texts(repo), keeps(repo, git)) == (["one", "two", "three"], {})


def test_hard_is_marked_for_gc_and_can_be_undone(repo: Repo, git: Git, texts: Texts) -> None:
    repo.commit("one")
    two = repo.commit("two")
    repo.reset("HEAD~1", mode="hard")
    operation = next(repo.operations())
    assert (operation.verb, operation.note) == ("reset", "hard")
    assert keeps(repo, git) == {str(operation.number): two.id}
    repo.undo()
    assert texts(repo) == ["one", "two"]
    repo.reset("HEAD~1")
    assert next(repo.operations()).note == ""


def test_a_tip_that_something_leads_to_needs_no_keep(repo: Repo, git: Git) -> None:
    one = repo.commit("one")
    two = repo.commit("two")
    repo.branch("there")
    repo.reset(one)
    repo.reset(two)  # forward: the old tip is in the new one's history
    repo.tag("t")
    git(repo, "update-ref", "-d", "refs/heads/there")
    repo.reset(one)
    assert keeps(repo, git) == {}


def test_a_keep_survives_stock_gc(repo: Repo, git: Git, texts: Texts) -> None:
    repo.commit("one")
    repo.commit("two")
    repo.reset("HEAD~1")
    git(repo, "reflog", "expire", "--expire=now", "--all")
    git(repo, "gc", "-q", "--prune=now")
    repo.undo()
    assert texts(repo) == ["one", "two"]


def test_a_batch_of_resets_keeps_every_tip(repo: Repo, git: Git) -> None:
    one = repo.commit("one")
    with repo.batch():
        left = []
        for text in ("two", "three"):
            left.append(repo.commit(text).id)
            repo.reset(one)
    number = next(repo.operations()).number
    assert keeps(repo, git) == {str(number): left[0], f"{number}.1": left[1]}


def test_where_it_is_already_nothing_is_written(repo: Repo) -> None:
    commit = repo.commit("one")
    assert repo.reset("main") == commit
    assert len(list(repo.operations())) == 1


def test_appends_go_on_from_there(repo: Repo, texts: Texts) -> None:
    repo.commit(["one", "two"])
    repo.commit("wrong")
    repo.reset("HEAD~1")
    repo.commit("right")
    assert texts(repo) == ["one", "two", "right"]
    assert sum(commit.tokens or 0 for commit in repo.log()) == repo.context().tokens


def test_labels_follow(repo: Repo, git: Git) -> None:
    commit = repo.commit("one")
    item = commit.items[0].id
    pin = repo.pin(commit)
    later = repo.commit("two")
    repo.reset(commit)
    assert labels(repo, git) == {}
    repo.reset(later)
    assert labels(repo, git) == {item: pin.id}  # at the commit that pinned it, not at the tip
    repo.branch("there")
    repo.reset(commit)
    assert labels(repo, git) == {item: pin.id}  # the other branch has it pinned
    assert repo.verify() == ()


def test_what_is_refused(repo: Repo) -> None:
    for rev in ("HEAD", "HEAD~1", "main"):
        with pytest.raises(NotFoundError):
            repo.reset(rev)
    repo.commit("one")
    for mode in ("mixed", "", None):
        with pytest.raises(InvalidInputError, match="mode") as caught:
            repo.reset("HEAD", mode=mode)  # type: ignore[arg-type]
        assert caught.value.hint
    for rev in ("absent", "HEAD~7", "0" * 40):
        with pytest.raises(NotFoundError):
            repo.reset(rev)
    with pytest.raises(InvalidInputError):
        repo.reset("")
    repo.checkout(repo.get("HEAD"))
    with pytest.raises(StateError, match="read-only look"):
        repo.reset("main")
    assert len(list(repo.operations())) == 1


def test_a_commit_that_is_no_trace(repo: Repo, git: Git) -> None:
    repo.commit("one")
    empty = git(repo, "hash-object", "-t", "tree", "-w", "/dev/null")
    who = ["-c", "user.name=a", "-c", "user.email=b"]
    foreign = git(repo, *who, "commit-tree", "-m", "x", empty)
    for verb in (repo.reset, repo.checkout):
        with pytest.raises(InvalidInputError, match="not a trace"):
            verb(foreign)
    assert repo.status().branch == "main"
