"""Other handles while one redacts or collects: what they were promised holds, and what is gone is told as that."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from trace_git.errors import ConflictError, CorruptTraceError, StateError

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


DONE = {
    "merge": lambda repo: repo.merge("other").commit,
    "compress": lambda repo: repo.compress(keep_last=0, summary="they talked").commit,
    "rewrite": lambda repo: repo.compress(keep_last=0, summary="they talked", rewrite=True).commit,
    "undo": lambda repo: repo.undo(),
    "edit": lambda repo: repo.edit(repo.context().items[1], "other words"),
    "reset": lambda repo: repo.reset("HEAD~1"),
    "rebase": lambda repo: repo.rebase("other").commit,
    "expand": lambda repo: repo.expand(repo.compressions()[0].id),
}


@pytest.mark.parametrize("verb", DONE)
def test_what_is_done_is_told_though_it_is_rewritten_at_once(open_repo, monkeypatch, verb):
    one, two = open_repo(), open_repo()
    say(one, f"the key is {SECRET} " * 20, "two " * 20, "three " * 20)
    one.compress([one.context().items[2].id], summary="three")
    one.branch("other")
    say(one, "on main")
    one.switch("other")
    say(one, "on other")
    two.switch("main")
    store, real = two._handle.store, two._handle.store.transaction
    moved = []

    @contextmanager
    def then(*given, **also):
        with real(*given, **also) as transaction:
            yield transaction
        if transaction.moves and not moved:
            moved.append(transaction.verb)
            one.redact(SECRET)
            store.refresh()

    monkeypatch.setattr(store, "transaction", then)
    assert DONE[verb](two) is not None
    assert moved
    two.commit("and goes on")
    assert texts(two)[-1] == "and goes on"


def test_who_looks_at_a_commit_that_is_gone_is_told_so_and_how_to_go_on(open_repo):
    one, two = open_repo(), open_repo()
    say(one, f"the key is {SECRET}", "two")
    two.checkout(one.get("HEAD").id)
    one.redact(SECRET)
    for seconds in (0.0, 60.0):  # at once, and long after
        two._handle.store._shaken -= seconds
        for look in (two.context, two.status, two.materialize, lambda: list(two.log()), lambda: two.get("HEAD"),
                     lambda: two.commit("more")):  # fmt: skip
            with pytest.raises(StateError, match="gc, or rewritten by redact") as caught:
                look()
            assert "repo.switch" in caught.value.hint
    two.switch("main")
    assert texts(two) == ["the key is [redacted]", "two"]
