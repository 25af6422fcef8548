"""What lines do before they are merged, as functions of a handle, and the merge with all that must hold of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from trace_git import Repo
from trace_git.errors import MergeConflictError
from trace_git.results import MergeResult

from .checks import bases_of, check
from .lines import Steps, compress, expand, forget, mask, named, reorder, texts

Make = Callable[..., tuple[Repo, MergeResult]]
LETTERS = ["a", "b", "c", "d", "e", "f"]


def masked(item: str, text: str, name: str = "m1") -> Steps:
    return lambda repo: mask(repo, named(repo, item), text, name=name)


def expanded(name: str = "c1") -> Steps:
    return lambda repo: expand(repo, name)


def forgotten(summary: str, name: str = "c1") -> Steps:
    return lambda repo: forget(repo, named(repo, summary), name)


def edit(item: str, text: str) -> Steps:
    return lambda repo: repo.edit(named(repo, item), text, force=True)


def drop(item: str) -> Steps:
    return lambda repo: repo.drop(named(repo, item))


def pin(item: str) -> Steps:
    return lambda repo: repo.pin(named(repo, item))


def unpin(item: str) -> Steps:
    return lambda repo: repo.unpin(named(repo, item))


def say(*said: object) -> Steps:
    return lambda repo: [repo.commit(one) for one in said]


def put_aside(items: str, text: str, name: str = "c1") -> Steps:
    return lambda repo: compress(repo, [named(repo, item) for item in items.split()], text, name=name)


def moved(items: str) -> Steps:
    return lambda repo: reorder(repo, [named(repo, item) for item in items.split()])


def all_of(*steps: Steps) -> Steps:
    return lambda repo: [step(repo) for step in steps]


SUMMARIES = put_aside("b c", "B+C")


def merge(repo: Repo, **options: object) -> MergeResult:
    bases = bases_of(repo, "HEAD", "other")
    before, theirs = repo.context(), repo.context("other")
    refs = refs_of(repo)
    result = repo.merge("other", **{"ff": "never", **options})
    if result.commit is not None:
        check(repo, before, theirs, result, bases)
        assert repo.verify() == ()
        assert repo.merge("other").kind == "up-to-date"
        after = refs_of(repo)
        repo.undo()
        assert refs_of(repo) == refs
        repo.redo()
        assert refs_of(repo) == after
    return result


def refs_of(repo: Repo) -> dict[str, str]:
    store = repo._handle.store
    store.refresh()
    return {ref: value for ref, value in store.ref_names().items() if not ref.startswith("refs/trace/keep/")}


def conflict(repo: Repo) -> str:
    """The kind of the one conflict of merging, which moved nothing."""
    refs = refs_of(repo)
    with pytest.raises(MergeConflictError) as caught:
        repo.merge("other")
    assert refs_of(repo) == refs
    assert [one.id for one in repo.merge("other", dry_run=True).conflicts] == [one.id for one in caught.value.conflicts]
    assert len(caught.value.conflicts) == 1
    return caught.value.conflicts[0].kind


def shown(repo: Repo) -> str:
    marks = ["*" if item.pinned else "" for item in repo.context().items]
    return " ".join(f"{text}{mark}" for text, mark in zip(texts(repo), marks, strict=True))
