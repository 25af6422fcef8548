"""The cache receipt: how much of a prompt's prefix stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from trace_git import Repo, Usage
from trace_git.view.receipt import baseline, receipt

EACH = 3 + 1
PRIMING = 3


class Words:
    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repo]:
    with Repo.open(tmp_path / "t.trace", tokenizer=Words()) as repo:
        repo.commit([f"message {number}" for number in range(100)])
        yield repo


def size(items: int) -> int:
    return items * (2 + EACH)


def test_an_append_keeps_all(repo: Repo) -> None:
    repo.commit("one more")
    found = repo.diff().receipt
    assert (found.before, found.after, found.kept) == (size(100) + PRIMING, size(101) + PRIMING, size(100) + PRIMING)
    assert (found.kept_items, found.breaks_at, found.share) == (100, None, 1.0)
    assert (found.before, found.after) == (repo.context("HEAD~1").tokens, repo.context().tokens)


@pytest.mark.parametrize("place", [0, 31, 32, 75, 99])
def test_an_edit_keeps_what_is_in_front_of_it(place: int, repo: Repo) -> None:
    item = repo.context().items[place]
    repo.edit(item, "something else entirely")
    found = repo.diff().receipt
    assert (found.kept, found.kept_items, found.breaks_at) == (size(place), place, item.id)
    assert found.share == pytest.approx(size(place) / (size(100) + PRIMING))


def test_a_pin_breaks_nothing(repo: Repo) -> None:
    repo.pin(repo.context().items[3])
    assert repo.diff().receipt.share == 1.0


def test_going_back_leaves_out_the_end(repo: Repo) -> None:
    gone = repo.commit("one more").items[0]
    found = repo.diff("HEAD", "HEAD~1").receipt
    assert (found.kept, found.kept_items, found.breaks_at) == (size(100), 100, gone.id)


@pytest.mark.parametrize("revs", [("HEAD~2", "HEAD"), ("HEAD", "HEAD~2"), ("HEAD~1", "HEAD"), ("HEAD", "HEAD")])
def test_lists_of_items_give_the_same(revs: tuple[str, str], repo: Repo) -> None:
    repo.edit(repo.context().items[50], "fifty")
    repo.commit("one more")
    old, new = (repo.context(rev).items for rev in revs)
    count = repo._handle.contexts.count
    assert receipt(old, new, count) == repo.diff(*revs).receipt


def test_nothing_before_is_all_kept(repo: Repo) -> None:
    items = repo.context().items
    found = receipt((), items, repo._handle.contexts.count)
    assert (found.before, found.kept, found.share) == (0, 0, 1.0)


def test_the_baseline_is_the_last_report_else_the_parent(repo: Repo) -> None:
    handle, root = repo._handle, repo.get("HEAD")
    assert baseline(handle, root.id) is None
    one = repo.commit("one")
    assert baseline(handle, one.id) == root.id
    told = repo.commit("answer", role="assistant", usage=Usage(100, 5))
    assert baseline(handle, told.id) == one.id
    repo.commit("two")
    edited = repo.edit(one, "won")
    assert baseline(handle, edited.id) == told.id


def test_looking_back_has_an_end(repo: Repo) -> None:
    with repo.batch():
        repo.commit("answer", role="assistant", usage=Usage(100, 5))
        commits = [repo.commit(str(number)) for number in range(70)]
    assert baseline(repo._handle, commits[-1].id) == commits[-2].id
