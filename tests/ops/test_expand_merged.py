"""Expanding where a merge brought items back of which a summary tells, or made two of one summary."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trace_git import Repo, Resolution, tool

from ..view.merging.lines import call, ids, texts, trace


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = trace(tmp_path)
    repo.commit("be brief", role="system")
    repo.commit(["one " * 9, "two " * 9])
    repo.commit([call("c"), tool("out " * 60, "c")])
    repo.commit("tail")
    repo.branch("other")
    return repo


def pin(repo: Repo) -> None:
    for item in ids(repo)[1:4]:
        repo.pin(item)


def edit(repo: Repo) -> None:
    for at, text in ((1, "uno"), (2, "dos"), (4, "tres")):
        repo.edit(ids(repo)[at], text)


def drop(repo: Repo) -> None:
    for item in ids(repo)[1:4]:
        repo.drop(item)


REPLAYS: dict[str, Callable[[Repo], Any]] = {
    "merge": lambda repo: repo.merge("other", strategy="ours"),
    "pick": lambda repo: repo.cherry_pick("other", strategy="ours"),
}


@pytest.mark.parametrize("how", REPLAYS)
@pytest.mark.parametrize("change", [pin, edit, drop])
def test_a_summary_of_which_all_was_taken_from_the_other_side_goes(
    repo: Repo, how: str, change: Callable[[Repo], None]
) -> None:
    change(repo)
    before = texts(repo)
    repo.checkout("other")
    repo.compress(ids(repo)[1:5], summary="S")
    repo.checkout("main")
    REPLAYS[how](repo)
    assert texts(repo) == before
    assert repo.compressions() == ()
    assert repo.verify() == ()


def test_so_does_one_that_was_compressed_again(repo: Repo) -> None:
    pin(repo)
    repo.checkout("other")
    first = repo.compress(ids(repo)[1:5], summary="S")
    repo.compress([*first.summaries, ids(repo)[2]], summary="T")
    repo.checkout("main")
    repo.merge("other", strategy="ours")
    assert "S" not in texts(repo)
    assert len(repo.compressions()) == 1  # the tail alone was in no dispute
    repo.expand(repo.compressions()[0].id)
    assert "tail" in texts(repo)
    assert repo.compressions() == ()


def test_a_summary_stays_for_what_is_still_put_aside(repo: Repo) -> None:
    first = ids(repo)[1]
    repo.pin(first)
    repo.checkout("other")
    repo.compress(ids(repo)[1:5], summary="S")
    repo.checkout("main")
    repo.merge("other", strategy="ours")
    tree = repo.get("HEAD").tree
    repo.unpin(first)
    again = repo.compress([first], summary="U")
    assert len(repo.compressions()) == 2
    repo.expand(again.id or "")
    assert "S" in texts(repo)
    assert "one" in texts(repo)[1] + texts(repo)[2]
    repo.undo()
    repo.undo()
    repo.undo()
    assert repo.get("HEAD").tree == tree


def test_a_summary_beside_its_originals_does_not_keep_them_from_coming_back(repo: Repo) -> None:
    """As a pin holds it, or a merge by stock git leaves it: compressing both has to stay reversible."""
    pin(repo)
    repo.checkout("other")
    made = repo.compress(ids(repo)[1:5], summary="S")
    repo.pin(made.summaries[0])
    repo.checkout("main")
    repo.merge("other", strategy="ours")
    for item in repo.pins():
        repo.unpin(item)
    assert texts(repo)[1] == "S"
    tree = repo.get("HEAD").tree
    for some in (ids(repo)[1:6], ids(repo)[2:6]):
        again = repo.compress(some, summary="all of it")
        repo.expand(again.id or "")
        assert repo.get("HEAD").tree == tree


def test_of_a_summary_that_a_merge_made_two_both_go(repo: Repo) -> None:
    repo.checkout("main")
    before = texts(repo)
    made = repo.compress(ids(repo)[1:5], summary="S")
    repo.branch("third")
    repo.edit(made.summaries[0], "ours of it")
    repo.checkout("third")
    repo.edit(made.summaries[0], "theirs of it")
    repo.checkout("main")
    repo.merge("third", strategy="union")
    assert texts(repo)[1:3] == ["ours of it", "theirs of it"]
    repo.expand(made.id or "")
    assert texts(repo) == before


def test_the_original_of_a_masked_item_that_comes_back_comes_with_it(repo: Repo) -> None:
    """Ours dropped it and compressed the rest; of theirs, which compressed all, the compress gives way."""
    repo.checkout("main")
    masked = repo.compress(ids(repo)[3:5], strategy="mask")
    repo.branch("third")
    repo.drop(ids(repo)[4])
    repo.compress(ids(repo)[1:3], summary="ours")
    repo.checkout("third")
    repo.compress(ids(repo)[1:5], summary="theirs")
    repo.checkout("main")
    conflicts = repo.merge("third", dry_run=True).conflicts
    answers = {one.id: Resolution("ours" if one.kind == "summary" else "theirs") for one in conflicts}
    repo.merge("third", resolutions=answers)
    while found := repo.compressions():
        repo.expand(next(one for one in found if one.live).id)
    assert "out " * 60 in texts(repo)
    assert masked.commit is not None
