"""A compress that leaves a pinned item out in its middle, done again beside what came later: all stay in place."""

from __future__ import annotations

import pytest

from trace_git import Repo
from trace_git.view.merging import bases

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


@pytest.mark.parametrize("verb", ["rebase", "pick", "merge", "again"])
def test_what_was_put_aside_elsewhere_comes_back_where_it_belongs_here(repo: Repo, verb: str) -> None:
    """The other line knows its items by keys that mean another place in this one."""
    repo.commit("a")
    repo.branch("topic")
    repo.commit(["m1", "m2", "m3", "m4", "m5"])
    repo.switch("topic")
    repo.commit(["x", "y", "z"])
    if verb == "again":  # what is put aside then is known here
        repo.switch("main")
        repo.merge("topic")
        repo.switch("topic")
    repo.pin(repo.context().items[2])
    compressed = repo.compress([item.id for item in repo.context().items[1:]], summary="S").id
    if verb == "rebase":
        repo.rebase("main")
    else:
        repo.switch("main")
        _ = repo.cherry_pick("HEAD..topic") if verb == "pick" else repo.merge("topic", ff="never")
    assert texts(repo) == ["a", "m1", "m2", "m3", "m4", "m5", "S", "y"]
    repo.expand(compressed)
    assert texts(repo) == ["a", "m1", "m2", "m3", "m4", "m5", "x", "y", "z"]
    assert repo.verify() == ()


def test_new_keys_of_what_was_put_aside_are_no_difference_to_the_next_merge(repo: Repo) -> None:
    repo.commit("a")
    repo.branch("topic")
    repo.commit(["m1", "m2", "m3"])
    repo.switch("topic")
    repo.commit(["x", "y"])
    compressed = repo.compress([item.id for item in repo.context().items[1:]], summary="S").id
    repo.switch("main")
    repo.merge("topic")
    repo.switch("topic")
    repo.commit("f")
    repo.switch("main")
    compared = bases.compared(repo._handle, repo.get("main").id, repo.get("topic").id)
    assert compared is not None
    assert (compared.ours.archived, compared.theirs.archived) == ({}, {})
    repo.merge("topic")
    assert texts(repo) == ["a", "m1", "m2", "m3", "S", "f"]
    repo.expand(compressed)
    assert texts(repo) == ["a", "m1", "m2", "m3", "x", "y", "f"]


def test_what_is_picked_to_a_place_takes_along_what_it_put_aside(repo: Repo) -> None:
    repo.commit("a")
    repo.branch("topic")
    repo.commit(["m1", "m2", "m3"])
    repo.switch("topic")
    repo.commit(["x", "y", "z"])
    repo.pin(repo.context().items[2])
    compressed = repo.compress([item.id for item in repo.context().items[1:]], summary="S").id
    repo.merge("main", ff="never")  # one commit that brings items and their compress
    repo.switch("main")
    repo.cherry_pick("topic", at=repo.context().items[1].id, mainline=2)
    assert texts(repo) == ["a", "S", "y", "m1", "m2", "m3"]
    repo.expand(compressed)
    assert texts(repo) == ["a", "x", "y", "z", "m1", "m2", "m3"]
    assert repo.verify() == ()


def test_a_summary_keeps_its_key_where_others_come(repo: Repo, compressed: str) -> None:
    """It is that of its first original, which says that it was not moved."""
    keys = {one.place.item: one.place.key for one in repo._handle.snapshots.entries(repo.get("HEAD").tree)}
    repo.merge("main")
    after = {one.place.item: one.place.key for one in repo._handle.snapshots.entries(repo.get("HEAD").tree)}
    summary = repo.context().items[0].id
    assert after[summary] == keys[summary]
