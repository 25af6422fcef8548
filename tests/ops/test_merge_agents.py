"""Merges where agents were spawned and collapsed: a lane speaks for what its agent did, and hides nothing else."""

from __future__ import annotations

import pytest

from trace_git import Repo
from trace_git.errors import RefusedError

from .rewriting import texts


@pytest.fixture
def crossed(repo: Repo) -> Repo:
    """topic: a, c. The agent kid was spawned there, and collapsed on main: a, m, what kid found."""
    repo.commit("a")
    repo.branch("topic")
    repo.commit("m")
    repo.switch("topic")
    repo.commit("c")
    kid = repo.spawn("kid", context="full")
    kid.commit("kid says")
    repo.switch("main")
    repo.collapse(kid, summary="found")
    kid.close()
    return repo


def test_words_that_only_a_lane_leads_to_come_with_a_merge(crossed: Repo, git) -> None:
    assert git(crossed, "merge-base", "--is-ancestor", "topic", "main") == ""  # to git there is nothing to merge
    assert crossed.merge("topic").kind == "merge"
    assert texts(crossed) == ["a", "m", "found", "c"]
    assert crossed.merge("topic").kind == "up-to-date"
    assert crossed.verify() == ()


def test_a_branch_is_not_moved_to_where_its_words_are_not(crossed: Repo) -> None:
    crossed.switch("topic")
    assert crossed.merge("main").kind == "merge"
    assert texts(crossed) == ["a", "c", "m", "found"]


def test_a_branch_whose_words_are_nowhere_else_is_not_deleted_as_merged(crossed: Repo) -> None:
    with pytest.raises(RefusedError, match="that main has not"):
        crossed.delete_branch("topic")
    crossed.merge("topic")
    crossed.delete_branch("topic")


def test_an_agent_that_knows_more_than_was_taken_can_be_merged(crossed: Repo) -> None:
    assert crossed.merge("agents/kid").kind == "merge"
    assert texts(crossed) == ["a", "m", "found", "c", "kid says"]


@pytest.mark.parametrize("context", ["full", "empty"])
def test_what_was_taken_back_where_it_began_is_there(repo: Repo, context: str) -> None:
    repo.commit("a")
    with repo.spawn("kid", context=context) as kid:
        kid.commit("kid says")
        with kid.spawn("kid2", context=context) as below:
            below.commit("says kid2")
            kid.collapse(below, summary="below")
        repo.collapse(kid, summary="found")
        assert repo.merge("agents/kid").kind == "up-to-date"
        kid.commit("kid goes on")
    if context == "full":
        assert repo.merge("agents/kid").kind == "merge"
        assert texts(repo) == ["a", "found", "kid goes on"]


def test_what_an_agent_merged_is_not_taken_back_with_it(repo: Repo) -> None:
    """The one item of a collapse speaks for the agent, not for another branch that it looked at."""
    repo.commit("a")
    repo.branch("topic")
    repo.switch("topic")
    repo.commit("c")
    repo.switch("main")
    with repo.spawn("kid", context="full") as kid:
        kid.commit("kid says")
        kid.merge(repo.get("topic").id)
        repo.collapse(kid, summary="found")
    assert repo.merge("topic").kind == "merge"
    assert texts(repo) == ["a", "found", "c"]
