"""verify in the middle of a burst, when stock git does not see the last commits yet."""

from __future__ import annotations

from trace_git import Repo


def test_refs_that_are_not_published_yet_are_there(repo: Repo) -> None:
    for text in map(str, range(40)):
        repo.commit(text)
        repo.pin(repo.context().items[-1])
        repo.branch(f"b{text}")
        assert repo.verify() == ()
    assert len(list(repo._handle.store.raw_refs())) >= 81


def test_what_is_acknowledged_and_not_published_is_verified_too(repo: Repo) -> None:
    with repo.batch():
        for text in map(str, range(40)):
            repo.commit(text, pin=True)
        known = {ref for ref, _ in repo._handle.store.raw_refs()}
        assert {f"refs/trace/pins/{item}" for item in repo.pins()} <= known
        assert repo.verify() == ()
