"""A compress that leaves a pinned item out in its middle, done again beside what came later: all stay in place."""

from __future__ import annotations

import pytest

from trace_git import Repo

from .rewriting import texts


@pytest.fixture
def compressed(repo: Repo) -> str:
    """main: a b P c d; topic: S P e, where S stands for a, b and c; the compress."""
    for text in "abPc":
        repo.commit(text, pin=text == "P")
    four = [item.id for item in repo.context().items]
    repo.branch("topic")
    repo.commit("d")
    repo.switch("topic")
    repo.commit("e")
    return repo.compress(four, summary="S").id


@pytest.mark.parametrize(
    ("verb", "summed", "whole"),
    [("rebase", "S P d e", "a b P c d e"), ("merge", "S P e d", "a b P c e d"), ("into", "S P d e", "a b P c d e")],
)
def test_what_follows_an_original_stays_behind_the_pin(repo, compressed, verb, summed, whole):
    if verb == "into":
        repo.switch("main")
        repo.merge("topic")
    else:
        getattr(repo, verb)("main")
    assert texts(repo) == summed.split()
    repo.expand(compressed)
    assert texts(repo) == whole.split()
    assert repo.verify() == ()


def test_a_compress_is_no_other_order(repo, compressed):
    """Where the other side moves an item, that stands, and nothing is in dispute."""
    repo.switch("main")
    repo.move(repo.context().items[3], before=repo.context().items[1])
    repo.merge("topic")
    assert texts(repo) == ["S", "P", "d", "e"]
    repo.expand(compressed)
    assert sorted(texts(repo)) == ["P", "a", "b", "c", "d", "e"]


def test_with_a_summary_that_was_moved_go_its_originals(repo, compressed):
    summary, pinned, _ = repo.context().items
    repo.move(summary, after=pinned)
    repo.switch("main")
    repo.merge("topic")
    assert texts(repo) == ["P", "S", "d", "e"]
    repo.expand(compressed)
    assert texts(repo) == ["P", "a", "b", "c", "d", "e"]
