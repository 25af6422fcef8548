"""Histories of any shape, made by stock git inside a trace."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from hypothesis import strategies as st

from trace_git import Repo

Shape = Sequence[Sequence[int]]  # for each commit, oldest first, the numbers of its parents


def plant(repo: Repo, shape: Shape, times: Sequence[int] | None = None) -> list[str]:
    """Make commits of that shape, subject ``c0``, ``c1``, …, a second apart unless ``times`` are given; their ids."""
    repo.flush()
    stream = []
    for number, parents in enumerate(shape):
        when = times[number] if times else 1_600_000_000 + number
        links = "".join(f"{'merge' if at else 'from'} :{one + 1}\n" for at, one in enumerate(parents))
        text = f"c{number}"
        stream.append(
            f"reset refs/heads/planted\ncommit refs/heads/planted\nmark :{number + 1}\n"
            f"committer a <b@c> {when} +0000\ndata {len(text)}\n{text}\n{links}"
        )
    marks = repo.path / "marks"
    run(repo, "fast-import", "--quiet", "--force", f"--export-marks={marks}", stdin="".join(stream))
    ids = dict(line.split() for line in marks.read_text().splitlines())
    return [ids[f":{number + 1}"] for number in range(len(shape))]


def run(repo: Repo, *args: str, stdin: str | None = None) -> str:
    """What stock git says, in a trace."""
    repo.flush()
    done = subprocess.run(["git", *args], cwd=repo.path, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.rstrip("\n")


@st.composite
def shapes(draw: st.DrawFn, *, most: int = 14) -> list[list[int]]:
    """Up to ``most`` commits: lines, forks, merges, octopuses, several roots."""
    shape: list[list[int]] = [[]]
    for number in range(1, draw(st.integers(1, most))):
        near = st.integers(max(0, number - 4), number - 1)
        shape.append(draw(st.lists(near, min_size=draw(st.sampled_from([0, 1, 1, 1])), max_size=3, unique=True)))
    return shape


def behind(shape: Shape, number: int) -> set[int]:
    """A commit and all that is behind it."""
    found, todo = {number}, [number]
    while todo:
        fresh = set(shape[todo.pop()]) - found
        found |= fresh
        todo += fresh
    return found
