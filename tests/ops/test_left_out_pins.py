"""Pins that a rebase would lose: an error, unless the list leaves out what has them; conflicts come first."""

from __future__ import annotations

import pytest

from trace_git import Repo, UnsafeRewriteError
from trace_git.conflicts import Resolution
from trace_git.errors import MergeConflictError


@pytest.fixture
def pinned(repo: Repo) -> Repo:
    """main: a e; topic: a c (pinned), d, f, where the handle is."""
    repo.commit("a")
    repo.branch("topic")
    repo.commit("e")
    repo.switch("topic")
    repo.pin(repo.commit("c"))
    repo.commit("d")
    repo.commit("f")
    return repo


def texts(items):
    return [item.message.text for item in items]


def test_what_is_not_in_the_range_is_lost_and_refused(pinned: Repo) -> None:
    with pytest.raises(UnsafeRewriteError, match="pin-lost") as refused:
        pinned.rebase("topic~2", onto="main")
    assert "force" not in str(refused.value.hint)  # it would not help
    with pytest.raises(UnsafeRewriteError, match="pin-lost"):
        pinned.rebase("topic~2", onto="main", force=True)


def test_leaving_out_another_commit_is_no_word_for_it(pinned: Repo) -> None:
    last, kept, *_ = pinned.log()
    with pytest.raises(UnsafeRewriteError, match="pin-lost"):
        pinned.rebase("topic~2", onto="main", todo=[("pick", kept), ("drop", last)])


@pytest.mark.parametrize(("kept", "left"), [([1, 0], "aedf"), ([3, 1, 0], "aecdf")])
def test_a_list_may_leave_it_out_and_is_told(pinned: Repo, kept: list[int], left: str) -> None:
    log = list(pinned.log())
    todo = [("pick", log[at]) for at in kept]
    for dry in (True, False):
        found = pinned.rebase("main", todo=todo, dry_run=dry).findings
        assert [one.severity for one in found if one.kind == "pin-lost"] == ["warning"]
    assert "".join(texts(pinned.context().items)) == left


def test_a_conflict_about_the_pin_is_what_a_dry_run_tells(repo: Repo) -> None:
    first = repo.commit("a")
    repo.commit("b")
    repo.branch("topic")
    repo.drop(first)
    repo.switch("topic")
    repo.pin(first)
    with pytest.raises(MergeConflictError) as refused:
        repo.rebase("main")
    planned = repo.rebase("main", dry_run=True)
    assert planned.conflicts == refused.value.conflicts
    assert "pin-lost" not in {one.kind for one in planned.findings}
    answers = {planned.conflicts[0].id: Resolution("theirs")}
    assert texts(repo.rebase("main", resolutions=answers, dry_run=True).items) == ["a", "b"]
