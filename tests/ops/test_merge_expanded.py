"""What was said after a compress comes behind its originals, whichever side brings them back."""

from __future__ import annotations

import pytest

from trace_git import Repo

from .rewriting import say, texts


@pytest.mark.parametrize("expands", ["main", "side"])
def test_originals_that_come_back_stay_together(repo: Repo, expands: str) -> None:
    said = say(repo, *(f"message {number} has a few words" for number in range(5)))
    made = repo.compress([one.items[0].id for one in said], summary="five messages")
    assert made.id is not None
    repo.commit("next")
    repo.branch("side")
    for branch in ("main", "side"):
        repo.switch(branch)
        if branch == expands:
            repo.expand(made.id)
        for number in range(2):
            repo.commit(f"{branch} {number}")
    repo.switch("main")
    assert repo.merge("side").conflicts == ()
    originals = [f"message {number} has a few words" for number in range(5)]
    assert texts(repo) == [*originals, "next", "main 0", "main 1", "side 0", "side 1"]
    assert repo.verify() == ()
