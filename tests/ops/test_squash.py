"""Squashing: labels of pins go along, and a commit that was stopped at can be squashed into."""

from __future__ import annotations

import pytest

from .rewriting import forked, refs, say, texts


def labels(repo):
    return {ref.rpartition("/")[2]: value for ref, value in refs(repo).items() if ref.startswith("refs/trace/pins/")}


@pytest.mark.parametrize("onto", ["main", "base"])
def test_the_labels_of_what_was_squashed_go_along(repo, onto):
    base, _, _ = forked(repo, ours=("c",))
    pinned = repo.pin(repo.context().items[-1])
    last = repo.commit("d", pin=True)
    first = repo.get("HEAD~2")
    repo.rebase(onto if onto == "main" else base[-1], todo=[("pick", first), ("squash", pinned), ("squash", last)])
    head = repo.get("HEAD").id
    assert texts(repo)[-2:] == ["c", "d"]
    assert labels(repo) == dict.fromkeys(repo.pins(), head)
    assert len(repo.pins()) == 2


def test_a_commit_that_was_stopped_at_is_squashed_into(repo):
    _, ours, _ = forked(repo, ours=("c", "d", "g"))
    todo = f"edit {ours[0].id}\nsquash {ours[1].id}\npick {ours[2].id}\n"
    assert repo.open_replay.rebase("main", todo=todo).why == "edit"
    repo.open_replay.go_on()
    assert texts(repo) == ["a", "b", "e", "f", "c", "d", "g"]
    assert [one.message for one in repo.log("main..HEAD")] == ["user: g", f"{ours[0].message}\n\n{ours[1].message}"]


def test_what_was_stopped_at_and_is_there_already_is_not_squashed_into(repo):
    _, ours, _ = forked(repo, ours=("c", "d"))
    repo.switch("main")
    repo.cherry_pick(ours[0])
    tip = repo.get("HEAD").id
    repo.switch("topic")
    repo.open_replay.rebase("main", todo=f"edit {ours[0].id}\nsquash {ours[1].id}\n")
    repo.open_replay.go_on()
    assert repo.get("HEAD~1").id == tip


def test_what_was_said_at_the_stop_is_squashed_into(repo):
    _, ours, _ = forked(repo, ours=("c", "d"))
    repo.open_replay.rebase("main", todo=f"edit {ours[0].id}\nsquash {ours[1].id}\n")
    say(repo, "between")
    repo.open_replay.go_on()
    assert texts(repo)[-3:] == ["c", "between", "d"]
    assert len(list(repo.log("main..HEAD"))) == 2
