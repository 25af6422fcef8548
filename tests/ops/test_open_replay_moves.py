"""A rebase that stopped for an edit, and a branch that is moved there: it stays open until it is finished, given up,
or taken back by ``undo``."""

from __future__ import annotations

import pytest

from trace_git.errors import MergeConflictError

from .rewriting import refs, say, texts


@pytest.fixture(params=["onto", "in place"])
def stopped(repo, request):
    """main: a b c d e f; two stops, behind d and behind f; the first is reached."""
    commits = say(repo, "a", "b", "c", "d", "e", "f")
    repo.branch("up", at=commits[1])
    repo.switch("up")
    say(repo, "u")
    repo.switch("main")
    verbs = ("pick", "edit", "pick", "edit")
    todo = "\n".join(f"{verb} {one.id}" for verb, one in zip(verbs, commits[2:], strict=True))
    before, onto = refs(repo), request.param == "onto"
    repo.open_replay.rebase("up" if onto else commits[1].id, todo=todo)
    return repo, before, "abu" if onto else "ab"


def word(repo) -> str:
    return "".join(texts(repo))


def test_a_reset_takes_the_last_commit_back_and_it_goes_on(stopped):
    repo, _, base = stopped
    repo.reset("HEAD~1")
    assert repo.open_replay.read().left == 2
    repo.open_replay.go_on()
    assert word(repo) == f"{base}cef"
    repo.reset("HEAD~1")
    say(repo, "F")
    repo.open_replay.go_on()
    assert word(repo) == f"{base}ceF"
    assert repo.open_replay.read() is None


def test_abort_after_a_reset_moves_the_branch_back(stopped):
    repo, before, base = stopped
    repo.reset("HEAD~1")
    say(repo, "x")
    assert word(repo) == f"{base}cx"
    repo.open_replay.abort()
    assert refs(repo) == before
    assert word(repo) == "abcdef"


def test_undo_takes_it_back_and_what_is_said_then_is_no_part_of_it(stopped):
    repo, before, _ = stopped
    repo.undo()
    assert refs(repo) == before
    assert repo.open_replay.read() is None
    say(repo, "g")
    assert repo.open_replay.read() is None


def test_undo_of_the_second_step_leads_back_to_the_first_stop(stopped):
    repo, _, base = stopped
    repo.open_replay.go_on()
    repo.undo()
    assert repo.open_replay.read().left == 2
    say(repo, "x")
    repo.open_replay.go_on()
    assert word(repo) == f"{base}cdxef"


def test_a_branch_that_moves_while_a_conflict_behind_a_stop_is_open(repo):
    base = say(repo, "a", "b")
    repo.branch("topic")
    repo.edit(repo.context().items[0], "A")
    repo.switch("topic")
    first = say(repo, "c")[0]
    edit = repo.edit(repo.context().items[0], "α")
    last = say(repo, "d")[0]
    before = refs(repo)
    repo.open_replay.rebase("main", todo=f"edit {first.id}\npick {edit.id}\npick {last.id}\n")
    with pytest.raises(MergeConflictError):
        repo.open_replay.go_on()
    repo.commit("said since")
    begun = repo.open_replay.read()
    assert (begun.why, begun.stopped, begun.left) == ("conflict", edit.id, 2)
    repo.open_replay.skip()
    assert texts(repo) == ["A", "b", "c", "said since", "d"]
    for _ in range(3):
        repo.undo()
    assert refs(repo) == before
    assert base[0].id in [one.id for one in repo.log()]
