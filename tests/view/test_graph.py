"""Lines of history beside commits: those of `git log --graph`, and readable back into the history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import zip_longest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trace_git import Repo
from trace_git.view.graph import Node, Row, rows

from .dags import Shape, behind, plant, run, shapes


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    with Repo.open(tmp_path_factory.mktemp("graph") / "t.trace", tokenizer=None) as repo:
        repo.commit("a trace")
        yield repo


def art(drawn: Sequence[Row], names: dict[str, str]) -> list[str]:
    """The whole picture, with a name behind each commit's mark."""
    return [line for row in drawn for line in (*row.before, f"{row.mark} {names[row.id]}", *row.after)]


def ours(repo: Repo, tips: Sequence[str]) -> list[str]:
    drawn = list(repo.graph(list(tips)))
    return art([row for row, _ in drawn], {commit.id: commit.subject for _, commit in drawn})


DRAWN_AS_GIT_DOES = {
    "one line": ([[], [0], [1]], [2]),
    "a fork": ([[], [0], [1], [1], [2], [3]], [4, 5]),
    "a merge": ([[], [0], [0], [1, 2], [3]], [4]),
    "a merge in a merge": ([[], [0], [1], [0], [3], [1, 4], [2, 5]], [6]),
    "several forks, lines that cross": ([[], [0], [0], [0], [1], [2], [3]], [4, 5, 6]),
    "two merges that cross": ([[], [0], [0], [1, 2], [2, 1], [3], [4], [5, 6]], [7]),
}


@pytest.mark.parametrize(("shape", "tips"), DRAWN_AS_GIT_DOES.values(), ids=DRAWN_AS_GIT_DOES)
def test_as_git_draws_it(shape: Shape, tips: list[int], repo: Repo) -> None:
    ids = plant(repo, shape)
    git = run(repo, "log", "--graph", "--format=%s", *[ids[tip] for tip in tips]).split("\n")
    assert ours(repo, [ids[tip] for tip in tips]) == [without_haste(line) for line in git]


def without_haste(line: str) -> str:
    """A line of git's picture, without its padding, and without a slant beside a commit: ours begin in the next row."""
    marks, _, name = line.rstrip().rpartition(" ")
    return f"{marks.rstrip().replace('/', '|')} {name}" if "*" in marks else line.rstrip()


def test_an_octopus(repo: Repo) -> None:
    shape: Shape = [[], [0], [0], [0], [1, 2, 3], [0], [5]]
    ids = plant(repo, shape)
    assert ours(repo, [ids[4], ids[6]]) == [
        "* c6", "* c5", "| *-. c4", "| |\\ \\", "| | | * c3", "| |_|/", "|/| |", "| | * c2", "| |/", "|/|", "| * c1",
        "|/", "* c0",
    ]  # fmt: skip
    to_the_right = [Node("o", ("a", "b", "c")), Node("x", ("a",))]
    first = [Node("y", ("o",)), Node("z", ("q",)), *to_the_right]
    assert art(list(rows(first)), {one: one for one in "yzox"}) == [
        "* y", "| * z", "|  \\", "*-. | o", "|\\ \\ \\", "| | | | * x", "| |_|_|/", "|/| | |",
    ]  # fmt: skip


def test_a_line_that_ends_is_not_taken_for_the_child_of_what_is_below() -> None:
    nodes = [Node("b1", ("b0",)), Node("b0", ()), Node("a1", ("a0",)), Node("a0", ())]
    assert art(list(rows(nodes)), {one: one for one in ("b1", "b0", "a1", "a0")}) == [
        "* b1", "* b0", "", "* a1", "* a0",
    ]  # fmt: skip


def test_what_a_filter_leaves_out_is_led_through(repo: Repo) -> None:
    ids = plant(repo, [[], [0], [1], [1], [2], [3], [4, 5], [6]])
    shown = [(row, commit.subject) for row, commit in repo.graph(ids[7], grep="c[0257]")]
    assert art([row for row, _ in shown], {row.id: text for row, text in shown}) == [
        "* c7", "|", "|\\", "| * c5", "* | c2", "|/", "* c0",
    ]  # fmt: skip
    assert [commit.id for _, commit in repo.graph(ids[7], grep="c[0257]", limit=2)] == [ids[7], ids[5]]


def test_no_line_leads_out_of_a_range(repo: Repo) -> None:
    ids = plant(repo, [[], [0], [1], [1]])
    assert ours(repo, [f"^{ids[1]}", ids[2], ids[3]]) == ["* c3", "", "* c2"]


def test_further_text_has_its_lanes_beside_it() -> None:
    merge, second, first, base = rows(
        [Node("m", ("a", "b")), Node("b", ("c",)), Node("a", ("c",)), Node("c", ())]
    )  # fmt: skip
    assert [(row.mark, row.after, row.rest) for row in (merge, second, first, base)] == [
        ("*", ("|\\",), "| |"), ("| *", (), "| |"), ("* |", ("|/",), "|"), ("*", (), ""),
    ]  # fmt: skip


def test_the_first_line_needs_the_first_commit_only() -> None:
    def endless() -> Iterator[Node]:
        yield Node("0", ("1", "x"))
        raise AssertionError("read too far")

    assert next(rows(endless())).mark == "*"


@settings(max_examples=200, deadline=None)
@given(shapes(most=16), st.data())
def test_a_picture_says_who_descends_from_whom(shape: list[list[int]], data: st.DataObject) -> None:
    tips = data.draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, max_size=4, unique=True))
    order = data.draw(st.permutations(sorted(set().union(*(behind(shape, tip) for tip in tips)))))
    hidden = data.draw(st.sets(st.sampled_from(order), max_size=len(order) // 2))
    nodes = [Node(str(one), tuple(map(str, shape[one])), one not in hidden) for one in topological(shape, order)]
    drawn = list(rows(nodes))
    assert [row.id for row in drawn] == [node.id for node in nodes if node.shown]
    expected = {str(one): {str(up) for up in nearest(shape, one, hidden)} for one in order if one not in hidden}
    assert read(art(drawn, {node.id: node.id for node in nodes})) == expected
    for row in drawn:
        assert row.mark.count("*") == 1
        assert "*" not in "".join((*row.before, *row.after, row.rest))


def nearest(shape: Shape, one: int, hidden: set[int]) -> set[int]:
    """The parents of a commit, those of hidden ones in their place."""
    found: set[int] = set()
    for parent in shape[one]:
        found |= nearest(shape, parent, hidden) if parent in hidden else {parent}
    return found


def topological(shape: Shape, order: Sequence[int]) -> list[int]:
    """Children before parents, otherwise in the given order."""
    done: list[int] = []
    while len(done) < len(order):
        left = [one for one in order if one not in done]
        done.append(next(one for one in left if not any(one in shape[other] for other in left)))
    return done


def read(lines: Sequence[str]) -> dict[str, set[str]]:
    """The parents of each commit, read from a picture alone, from top to bottom.

    ``ends`` are the commits whose lines leave a row at a place. A slanted line that meets an upright one joins it,
    unless it goes on in the next row: then it passes under it, and is in ``under`` meanwhile.
    """
    parents: dict[str, set[str]] = {}
    ends: dict[int, set[str]] = {}
    under: dict[int, set[str]] = {}
    for line, below in zip_longest(lines, lines[1:], fillvalue=""):
        marks, name = line.rsplit(" ", 1) if "*" in line else (line, "")
        now: defaultdict[int, set[str]] = defaultdict(set)
        passing: dict[int, set[str]] = {}

        def at(text: str, place: int) -> str:
            return text[place] if 0 <= place < len(text) else " "

        for place, mark in enumerate(marks):
            if mark == "*":
                for child in ends.get(place, ()):
                    parents[child].add(name)
                parents[name] = set()
                now[place] = {name}
            elif mark == "|":
                assert ends.get(place), (lines, line)
                now[place] |= ends[place]
            elif mark in "-." and place % 2 == 0:
                now[place] = {name}
            elif mark in "/\\":
                step = -1 if mark == "/" else 1
                top, end = place - step, place + step
                comes = under.get(top) or ends[top]
                while at(marks, end + step) == "_":
                    end += 2 * step
                goes_under = at(marks, end) == "|" and at(below, end) == "|" and at(below, end + step) == mark
                if goes_under:
                    passing[end] = comes
                else:
                    now[end] = now[end] | comes
        ends, under = dict(now), passing
    return parents
