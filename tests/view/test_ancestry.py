"""Ancestors and merge bases: what stock git says of any history, and quickly where one commit is near the other."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trace_git import Repo
from trace_git.errors import CorruptTraceError
from trace_git.view import ancestry

from .dags import behind, plant, run, shapes


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    with Repo.open(tmp_path_factory.mktemp("ancestry") / "t.trace", tokenizer=None) as repo:
        repo.commit("a trace")
        yield repo


@settings(max_examples=30, deadline=None)
@given(shapes(), st.data())
def test_git_finds_the_same(repo: Repo, shape: list[list[int]], data: st.DataObject) -> None:
    clocks = st.lists(st.integers(10**9, 10**9 + 20), min_size=len(shape), max_size=len(shape))
    ids = plant(repo, shape, data.draw(st.none() | clocks))
    one, other = data.draw(st.integers(0, len(shape) - 1)), data.draw(st.integers(0, len(shape) - 1))
    found = ancestry.merge_bases(repo._handle, ids[one], ids[other])
    common = behind(shape, one) & behind(shape, other)
    assert set(found) == {ids[a] for a in common if not any(a in behind(shape, b) for b in common - {a})}
    theirs = subprocess.run(
        ["git", "merge-base", "--all", ids[one], ids[other]], cwd=repo.path, capture_output=True, text=True, check=False
    )
    assert sorted(found) == sorted(theirs.stdout.split())
    assert ancestry.is_ancestor(repo._handle, ids[one], ids[other]) == (one in behind(shape, other))


def test_two_merges_that_cross_have_two_bases_newest_first(repo: Repo) -> None:
    ids = plant(repo, [[], [0], [0], [1, 2], [2, 1]])
    assert ancestry.merge_bases(repo._handle, ids[3], ids[4]) == (ids[2], ids[1])
    assert run(repo, "merge-base", "--all", ids[3], ids[4]).split() == [ids[2], ids[1]]


@pytest.mark.parametrize("clocks", ["in order", "all the same"])
def test_what_is_near_is_found_without_reading_the_rest(
    clocks: str, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = [[], *([number] for number in range(400)), [395]]
    ids = plant(repo, shape, [10**9] * len(shape) if clocks == "all the same" else None)
    handle, read = repo._handle, []
    links = handle.store.links
    monkeypatch.setattr(handle.store, "links", lambda oid: read.append(oid) or links(oid))
    assert ancestry.is_ancestor(handle, ids[395], ids[400])
    assert not ancestry.is_ancestor(handle, ids[400], ids[395])
    assert ancestry.is_ancestor(handle, ids[400], ids[400])
    assert not ancestry.is_ancestor(handle, ids[401], ids[400])
    assert ancestry.merge_bases(handle, ids[400], ids[401]) == (ids[395],)
    assert ancestry.merge_bases(handle, ids[400], ids[395]) == (ids[395],)
    assert ancestry.merge_bases(handle, ids[400], ids[400]) == (ids[400],)
    assert len(read) < 90


def test_no_answer_where_what_is_missing_could_change_it(repo: Repo) -> None:
    ids = plant(repo, [[], [0], [1], [2], [1]], [10**8 + number for number in range(5)])
    (repo.path / "objects" / ids[1][:2] / ids[1][2:]).unlink()
    assert ancestry.is_ancestor(repo._handle, ids[2], ids[3])
    assert ancestry.merge_bases(repo._handle, ids[3], ids[4]) == (ids[1],)
    for ask in (lambda: ancestry.is_ancestor(repo._handle, ids[0], ids[3]),
                lambda: ancestry.merge_bases(repo._handle, ids[0], ids[3])):  # fmt: skip
        with pytest.raises(CorruptTraceError, match=ids[1]):
            ask()
