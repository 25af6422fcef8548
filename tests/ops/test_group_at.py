"""A tool group of several commits, wanted in the middle: refused with the way that works."""

from __future__ import annotations

import pytest

from trace_git import Repo, UnsafeRewriteError

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
ASKS = {"role": "assistant", "content": None, "tool_calls": [CALL]}
ANSWERS = {"role": "tool", "tool_call_id": "c1", "content": "found"}


def test_the_hint_is_a_way_that_works(repo: Repo) -> None:
    repo.commit("first")
    repo.branch("topic")
    last = repo.commit("second")
    repo.switch("topic")
    group = [repo.commit(ASKS), repo.commit(ANSWERS)]
    repo.switch("main")
    with pytest.raises(UnsafeRewriteError, match="tool-group") as refused:
        repo.cherry_pick(group, at=1)
    assert "to the end" in str(refused.value.hint)
    assert "reorder move" in str(refused.value.hint)
    repo.cherry_pick(group)
    repo.move(group[0], before=last)
    assert [item.role for item in repo.context().items] == ["user", "assistant", "tool", "user"]


def test_elsewhere_the_hint_is_about_the_commit(repo: Repo) -> None:
    repo.commit("first")
    repo.branch("topic")
    repo.switch("topic")
    repo.commit(ASKS)
    answer = repo.commit(ANSWERS)
    repo.switch("main")
    with pytest.raises(UnsafeRewriteError) as refused:
        repo.cherry_pick(answer)
    assert refused.value.hint == "leave the commit out, or bring along what it belongs to"
