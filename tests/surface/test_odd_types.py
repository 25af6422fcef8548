"""Whatever a verb is given, an error is one of ours, says one line, and nothing has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from trace_git import InvalidInputError, Repo, Usage, assistant

HUGE = 2**70


@pytest.fixture
def repo() -> Iterator[Repo]:
    with Repo.open(":memory:", durability="os") as repo:
        repo.commit("one")
        yield repo


@pytest.mark.parametrize(
    "verb",
    [
        lambda repo: repo.tag(5),
        lambda repo: repo.tag(None),
        lambda repo: repo.branch(b"x"),
        lambda repo: repo.import_file(None),
        lambda repo: repo.import_file(b"x"),
        lambda repo: repo.import_file("a\0b"),
        lambda repo: repo.import_file("\ud800"),
        lambda repo: repo.import_file("x", format=[]),
        lambda repo: repo.redact("\ud800"),
        lambda repo: repo.redact(regex=b"x"),
        lambda repo: repo.redact(regex="x{99999999999999}"),
        lambda repo: repo.materialize(materializer=None),
        lambda repo: repo.materialize(materializer=5),
        lambda repo: repo.gc(never=5),
        lambda repo: repo.gc(keep_last=HUGE),
        lambda repo: list(repo.log(limit=HUGE)),
        lambda repo: list(repo.search("x", limit=HUGE)),
        lambda repo: list(repo.operations(limit=HUGE)),
        lambda repo: repo.commit("x", usage=Usage(prompt=-1)),
        lambda repo: repo.commit("x", usage=Usage(prompt="5")),
        lambda repo: repo.commit("x", usage=Usage(prompt=5, cached=6)),
        lambda repo: repo.commit("x", usage=Usage(prompt=5, model=6)),
    ],
)
def test_it_is_refused_as_bad_input(verb: Callable[[Any], Any], repo: Repo) -> None:
    before = repo.get("HEAD").id
    with pytest.raises(InvalidInputError) as caught:
        verb(repo)
    assert "\n" not in str(caught.value)
    assert repo.get("HEAD").id == before
    assert repo.verify() == ()


def test_usage_that_can_be_is_kept(repo: Repo) -> None:
    usage = Usage(prompt=5, completion=2, cached=5, model="a model")
    assert repo.commit(assistant("two"), usage=usage).usage == usage
