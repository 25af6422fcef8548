"""A tool group that a compress put aside is one thing in a dispute as well: no answer tears it apart in the archive."""

from __future__ import annotations

import pytest

from trace_git import MergeConflictError, Repo
from trace_git.conflicts import Resolution
from trace_git.view import groups

from .rewriting import ANSWERS, ASKS, texts


@pytest.fixture
def put_aside(repo: Repo) -> tuple[Repo, str, str, tuple[str, ...]]:
    """A trace, the commit of a call, the compress that has it and its result, and the ids of these two."""
    repo.commit("be brief", role="system")
    repo.commit("what colour is it? look closely, please, and tell me")
    asks, answers = repo.commit(ASKS), repo.commit({**ANSWERS, "content": "red " * 40})
    made = repo.compress([item.id for item in repo.context().items[1:]], summary="it is red")
    assert made.id is not None
    return repo, asks.id, made.id, (asks.items[0].id, answers.items[0].id)


def test_a_call_that_is_put_aside_is_in_dispute_with_its_result(put_aside) -> None:
    repo, call, _, group = put_aside
    with pytest.raises(MergeConflictError) as caught:
        repo.cherry_pick(call)
    assert [(one.kind, one.items, one.actions) for one in caught.value.conflicts] == [
        ("presence", group, ("ours", "theirs", "drop"))
    ]


@pytest.mark.parametrize("action", ["theirs", "drop"])
def test_what_is_left_comes_back_whole(put_aside, action: str) -> None:
    repo, call, compress, group = put_aside
    repo.cherry_pick(call, resolver=lambda conflict: Resolution(action))
    repo.expand(compress)
    assert groups.faults(repo.context().items) == ()
    assert texts(repo)[:2] == ["be brief", "what colour is it? look closely, please, and tell me"]
    assert group[1] not in [item.id for item in repo.context().items]
    assert repo.verify() == ()
