"""Other handles while one redacts or collects: what they were promised holds, and what is gone is told as that."""

from __future__ import annotations

import pytest

from trace_git.errors import ConflictError, CorruptTraceError

from .rewriting import say, texts

SECRET = "tok_live_4815162342"


def test_a_commit_that_is_acknowledged_is_returned_whatever_comes_then(open_repo, monkeypatch):
    one, two = open_repo(), open_repo()
    say(one, f"the key is {SECRET}")
    learn = two._handle.contexts.learn

    def then(*given):
        learn(*given)
        one.redact(SECRET)
        two._handle.store.refresh()

    monkeypatch.setattr(two._handle.contexts, "learn", then)
    made = two.commit("acknowledged")
    assert made.subject == "user: acknowledged"
    assert texts(one) == ["the key is [redacted]", "acknowledged"]
    assert made.id not in [commit.id for commit in one.log()]


def test_what_was_removed_just_now_is_no_damage(open_repo):
    one, two = open_repo(), open_repo()
    old = say(one, f"the key is {SECRET}", "two")[1]
    one.redact(SECRET)
    assert texts(two) == ["the key is [redacted]", "two"]
    with pytest.raises(ConflictError, match="gc or redact") as caught:
        two._handle.store.read_any(old.id)
    assert "again" in caught.value.hint


def test_long_after_it_is_damage(open_repo):
    one, two = open_repo(), open_repo()
    old = say(one, f"the key is {SECRET}", "two")[1]
    one.redact(SECRET)
    texts(two)
    two._handle.store._shaken -= 60.0
    with pytest.raises(CorruptTraceError, match="missing"):
        two._handle.store.commit(old.id)
