"""Walks over histories of any shape: git's order to the commit, and no more read than an answer needs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trace_git import Repo
from trace_git.errors import CorruptTraceError, InvalidInputError
from trace_git.view import history
from trace_git.view.revisions import Range

from .dags import behind, plant, run, shapes


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    with Repo.open(tmp_path_factory.mktemp("history") / "t.trace", tokenizer=None) as repo:
        repo.commit("a trace")
        yield repo


@pytest.mark.parametrize("order", history.ORDERS)
@settings(max_examples=15, deadline=None)
@given(shapes(), st.data())
def test_the_order_is_gits(order: str, repo: Repo, shape: list[list[int]], data: st.DataObject) -> None:
    some = st.lists(st.integers(0, len(shape) - 1), max_size=3)
    tips, hidden = data.draw(some.filter(bool)), data.draw(some)
    times = None
    if not hidden:  # with clocks that are wrong git itself may show what it was told to leave out
        times = data.draw(st.none() | st.lists(st.integers(10**9, 10**9 + 9), min_size=len(shape), max_size=len(shape)))
    ids = plant(repo, shape, times)
    span = Range(tuple(ids[tip] for tip in tips), tuple(ids[one] for one in hidden))
    steps = list(history.walk(repo._handle, span, order=order))
    given_to_git = [*span.tips, *(f"^{oid}" for oid in span.hidden)]
    assert [step.id for step in steps] == run(repo, "rev-list", f"--{order}-order", *given_to_git).split()
    shown = {step.id for step in steps}
    for step in steps:
        assert step.parents == tuple(ids[one] for one in shape[ids.index(step.id)] if ids[one] in shown)


@settings(max_examples=25, deadline=None)
@given(shapes(most=10), st.data())
def test_clocks_change_nothing_about_what_is_in_a_range(
    repo: Repo, shape: list[list[int]], data: st.DataObject
) -> None:
    times = data.draw(st.lists(st.integers(10**9, 10**9 + 30), min_size=len(shape), max_size=len(shape)))
    tip, hidden = data.draw(st.integers(0, len(shape) - 1)), data.draw(st.integers(0, len(shape) - 1))
    ids = plant(repo, shape, times)
    found = [step.id for step in history.walk(repo._handle, Range((ids[tip],), (ids[hidden],)))]
    assert sorted(found) == sorted(ids[one] for one in behind(shape, tip) - behind(shape, hidden))


def test_a_deep_history_needs_no_recursion(repo: Repo) -> None:
    ids = plant(repo, [[], [0], [0], [1, 2], *([number] for number in range(3, 3000))])
    assert sum(1 for _ in repo.log(ids[-1])) == 3001
    assert repo.get(f"{ids[-1]}~2999").id == ids[0]


def test_an_unknown_order_is_refused(repo: Repo) -> None:
    with pytest.raises(InvalidInputError, match="alphabet"):
        repo.log(order="alphabet")


# -- how much is read --------------------------------------------------------------------------


@pytest.fixture
def reads(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the commits that the store was asked for."""
    asked: list[str] = []
    store = repo._handle.store
    for name in ("commit", "links"):
        real = getattr(store, name)
        monkeypatch.setattr(store, name, lambda oid, real=real: asked.append(oid) or real(oid))
    return asked


LINE: list[list[int]] = [[], *([number] for number in range(400))]


def test_a_line_is_read_as_it_is_asked_for(repo: Repo, reads: list[str]) -> None:
    ids = plant(repo, LINE)
    assert len(list(repo.log(ids[-1], limit=5))) == 5
    assert len(set(reads)) <= 6


def test_lines_side_by_side_are_read_to_where_they_meet(repo: Repo, reads: list[str]) -> None:
    ids = plant(repo, [*LINE, [390], [401], [398], [402]])
    tips = [ids[400], ids[403], ids[404]]
    assert len(list(repo.log(tips, limit=5))) == 5
    assert len(list(repo.graph(tips, limit=5))) == 5
    assert len(set(reads)) <= 20


@pytest.mark.parametrize(
    "ranges", [["^{tip}~5", "{tip}"], ["^{tip}", "{side}"], ["^{side}", "{tip}"], ["{tip}", "{side}"]]
)
def test_a_range_reads_no_further_than_the_fork(ranges: list[str], repo: Repo, reads: list[str]) -> None:
    ids = plant(repo, [*LINE, [390]])
    names = {"tip": ids[400], "side": ids[401]}
    revs = [one.format_map(names) for one in ranges]
    found = [commit.id for commit in repo.log(revs, limit=8)]
    assert found == run(repo, "rev-list", "--topo-order", "-n8", *revs).split()
    assert len(set(reads)) <= 20


def test_commits_of_one_second_cost_no_more(repo: Repo, reads: list[str]) -> None:
    ids = plant(repo, LINE, [10**9] * len(LINE))
    assert len(list(repo.log(f"{ids[395]}..{ids[400]}"))) == 5
    assert len(set(reads)) <= 20


def test_what_can_be_read_comes_before_the_error(repo: Repo) -> None:
    ids = plant(repo, [[], [0], [1], [2], [3]], [10**8 + number for number in range(5)])
    lost = repo.path / "objects" / ids[1][:2] / ids[1][2:]
    assert lost.exists()
    lost.unlink()
    commits = repo.log([ids[4], ids[3]])
    assert [next(commits).id for _ in range(3)] == [ids[4], ids[3], ids[2]]
    with pytest.raises(CorruptTraceError, match=ids[1]):
        next(commits)


def test_git_agrees_about_a_large_history_with_many_lines(repo: Repo) -> None:
    shape = [[]]
    for number in range(1, 600):
        shape.append([number - 1] if number % 7 else sorted({max(number - 5, 0), max(number - 11, 0)}))
    ids = plant(repo, shape)
    tips = [ids[-1], ids[-8], ids[300]]
    ours = [commit.id for commit in repo.log(tips)]
    theirs = subprocess.run(
        ["git", "rev-list", "--topo-order", *tips], cwd=repo.path, capture_output=True, text=True, check=True
    )
    assert ours == theirs.stdout.split()
