"""Rebase and cherry-pick where agents were spawned and collapsed: their work is one item, their lane no part of the
line; an agent's spawn commit stays the beginning of its history alone."""

from __future__ import annotations

import pytest

from trace_git import Repo
from trace_git.errors import RefusedError

from .rewriting import kinds, refs, texts


def collapsed(repo: Repo, context: str = "full") -> None:
    """main: a, b, what agent kid found, d; up: a, u."""
    repo.commit("a")
    repo.branch("up")
    repo.commit("b", role="assistant")
    with repo.spawn("kid", context=context) as kid:
        kid.commit("kid asks")
        kid.commit("kid says", role="assistant")
        repo.collapse(kid, summary="found")
    repo.commit("d")
    repo.switch("up")
    repo.commit("u")
    repo.switch("main")


@pytest.mark.parametrize("merges", [False, True])
@pytest.mark.parametrize("context", ["full", "empty"])
def test_a_collapse_is_done_again_as_its_item_and_keeps_its_lane(repo, git, context, merges):
    collapsed(repo, context)
    before, lane = refs(repo), repo.get("HEAD~1").parents[1]
    result = repo.rebase("up", rebase_merges=merges)
    assert texts(repo) == ["a", "u", "b", "found", "d"]
    assert kinds(result) == ["cache-prefix"]
    assert repo.get("HEAD~1").op == "collapse"
    assert repo.get("HEAD~1").parents[1] == lane
    assert refs(repo)["refs/namespaces/kid/refs/heads/main"] == before["refs/namespaces/kid/refs/heads/main"]
    assert [(one.name, one.state) for one in repo.agents()] == [("kid", "collapsed")]
    assert repo.rebase("up", rebase_merges=merges).commit == result.commit
    assert repo.verify() == ()
    git(repo, "fsck", "--strict")
    repo.undo()
    assert refs(repo) == before


def test_an_agent_that_was_collapsed_may_go_on_after_a_rebase(repo):
    collapsed(repo)
    repo.rebase("up")
    with repo.agent("kid") as kid:
        kid.commit("kid has more")
    assert repo.collapse("kid", summary="more").parents[1] == kid.get("HEAD").id
    assert texts(repo) == ["a", "u", "b", "found", "d", "more"]


def test_a_list_has_collapses_and_can_move_them(repo):
    collapsed(repo)
    todo = repo.open_replay.todo("up")
    lines = [line for line in todo.splitlines() if line and not line.startswith("#")]
    assert [line.split(" ", 2)[2] for line in lines] == ["assistant: b", "collapse: kid: found", "user: d"]
    repo.rebase("up", todo="\n".join([lines[0], lines[2], lines[1]]))
    assert texts(repo) == ["a", "u", "b", "d", "found"]
    assert len(repo.get("HEAD").parents) == 2


@pytest.mark.parametrize("which", [1, 2])
def test_a_collapse_is_not_squashed(repo, which):
    collapsed(repo)
    before = refs(repo)
    verbs = ["pick", "pick", "pick"]
    verbs[which] = "squash"
    todo = [(verb, rev) for verb, rev in zip(verbs, ("HEAD~2", "HEAD~1", "HEAD"), strict=True)]
    with pytest.raises(RefusedError, match="cannot be squashed"):
        repo.rebase("up", todo=todo)
    assert refs(repo) == before


def test_a_range_has_the_collapse_and_not_what_is_in_its_lane(repo):
    collapsed(repo)
    repo.switch("up")
    with pytest.raises(RefusedError, match="parents"):
        repo.cherry_pick("up..main")
    repo.cherry_pick("up..main", mainline=1)
    assert texts(repo) == ["a", "u", "b", "found", "d"]


def test_a_lane_hides_nothing_of_another_branch(repo):
    """kid was spawned on topic and collapsed on main: what topic said has not come to main by that."""
    repo.commit("a")
    repo.switch("topic", create=True)
    repo.commit("c", role="assistant")
    with repo.spawn("kid") as kid:
        kid.commit("kid says")
        repo.switch("main")
        repo.collapse(kid, summary="found")
    repo.switch("topic")
    for merges in (False, True):
        repo.rebase("main", rebase_merges=merges)
        assert texts(repo) == ["a", "found", "c"]
        repo.undo()


@pytest.mark.parametrize("merges", [False, True])
def test_a_branch_that_is_behind_a_collapse_just_moves(repo, merges):
    repo.commit("a")
    repo.commit("b", role="assistant")
    repo.branch("behind")
    with repo.spawn("kid") as kid:
        kid.commit("kid says")
        repo.collapse(kid, summary="found")
    repo.drop(repo.context().items[1])
    repo.switch("behind")
    result = repo.rebase("main", rebase_merges=merges)
    assert result.commit.id == repo.get("main").id
    assert kinds(result) == ["cache-prefix"]
    assert repo.range_diff("behind", "main") == ()


@pytest.mark.parametrize("merges", [False, True])
def test_the_beginning_of_an_agent_that_was_merged_is_left_out(repo, merges):
    repo.commit("a")
    repo.branch("up")
    repo.commit("b", role="assistant")
    with repo.spawn("kid") as kid:
        kid.commit("kid says")
    repo.merge("agents/kid")
    repo.switch("up")
    repo.commit("u")
    repo.switch("main")
    result = repo.rebase("up", rebase_merges=merges)
    assert texts(repo) == ["a", "u", "b", "kid says"]
    assert "spawn" not in [one.op for one in repo.log()]
    assert kinds(result) == ["cache-prefix", "applied"]


@pytest.mark.parametrize("merges", [False, True])
def test_a_merged_agent_with_a_context_of_its_own_takes_nothing_away(repo, merges):
    repo.commit("a")
    repo.branch("up")
    with repo.spawn("kid", context="empty") as kid:
        kid.commit("kid says")
    repo.commit("b", role="assistant")
    repo.merge("agents/kid", unrelated=True)
    repo.switch("up")
    repo.commit("u")
    repo.switch("main")
    repo.rebase("up", rebase_merges=merges)
    assert texts(repo) == ["a", "u", "b", "kid says"]
    assert len(list(repo.log())) >= 4
    assert repo.verify() == ()


def test_an_agent_comes_onto_what_its_parent_said_since(repo):
    repo.commit("a")
    with repo.spawn("kid") as kid:
        kid.commit("kid says")
        repo.commit("b", role="assistant")
        kid.rebase(repo.get("HEAD"))
        assert texts(kid) == ["a", "b", "kid says"]
        assert [one.op for one in kid.log()] == ["append", "spawn", "append", "append"]
        repo.collapse(kid, summary="found")
    assert texts(repo) == ["a", "b", "found"]


def test_an_agent_with_a_context_of_its_own_is_not_put_behind_another(repo):
    repo.commit("a")
    with repo.spawn("kid", context="empty") as kid:
        kid.commit("kid says")
        before = refs(repo)
        with pytest.raises(RefusedError, match="context of its own"):
            kid.rebase(repo.get("HEAD"))
        assert refs(repo) == before


def test_range_diff_compares_the_lines_without_lanes(repo):
    collapsed(repo)
    old = repo.get("HEAD")
    repo.rebase("up")
    fates = [(one.kind, (one.new or one.old).subject) for one in repo.range_diff(old, "HEAD")]
    assert fates == [("new", "user: u"), ("kept", "assistant: b"), ("kept", "collapse: kid: found"),
                     ("kept", "user: d")]  # fmt: skip
