"""Dry runs of expand, and what every dry run and every call that asks a model refuses before it does anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trace_git import InvalidInputError, NotFoundError, RefusedError, Repo, StateError, TraceError
from trace_git.results import RewriteResult

CALL = {"id": "c1", "type": "function", "function": {"name": "grep", "arguments": "{}"}}


@pytest.fixture
def filled(repo: Repo) -> Repo:
    for message in (
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Look into the matter of the door that does not close any more."},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "found " * 40},
        {"role": "assistant", "content": "It is there, behind the door that does not close any more."},
        {"role": "user", "content": "Thanks."},
    ):
        repo.commit(message)
    return repo


def summary(repo: Repo) -> str:
    found = [item.id for item in repo.context().items[1:5]]
    made = repo.compress(found, summary="The door was looked at.")
    assert made.id is not None
    return made.id


def masked(repo: Repo) -> str:
    made = repo.compress([item.id for item in repo.context().items[1:5]], strategy="mask")
    assert made.id is not None
    return made.id


def apart(repo: Repo) -> str:
    """A summary that stands at another place than what it stands for did."""
    made = summary(repo)
    repo.move(repo.context().items[1], after=repo.context().items[2])
    return made


@pytest.mark.parametrize("compress", [summary, masked, apart])
def test_it_says_what_comes_back_and_changes_nothing(filled: Repo, compress: Callable[[Repo], str]) -> None:
    made = compress(filled)
    tip, done = filled.get("HEAD"), list(filled.operations())
    planned = filled.expand(made, dry_run=True)
    assert isinstance(planned, RewriteResult)
    assert planned.commit is None
    assert (filled.get("HEAD"), list(filled.operations())) == (tip, done)
    assert list(filled.expand(made).trailers) != []
    assert planned.items == filled.context().items
    assert planned.receipt == filled.receipt("HEAD", since=tip)
    assert (planned.receipt.before, planned.receipt.after) == (tip.context_tokens, filled.context().tokens)


def test_one_run_of_several(filled: Repo) -> None:
    ids = [item.id for item in filled.context().items]
    filled.pin(ids[4])
    made = filled.compress(ids[1:], summary=["The door.", "Thanked."])
    assert made.id is not None
    planned = filled.expand(made.id, only=made.summaries[1], dry_run=True)
    assert [item.id for item in planned.items] == [ids[0], made.summaries[0], ids[4], ids[5]]


def test_it_refuses_what_expand_refuses(filled: Repo) -> None:
    made = summary(filled)
    stand = filled.context().items[1]
    filled.pin(stand)
    for call, kind in [
        (lambda **how: filled.expand(made, **how), RefusedError),
        (lambda **how: filled.expand("0123456789abcdef", **how), NotFoundError),
        (lambda **how: filled.expand(made, only="0123", **how), NotFoundError),
    ]:
        with pytest.raises(kind) as real:
            call()
        with pytest.raises(kind) as dry:
            call(dry_run=True)
        assert (str(dry.value), dry.value.hint) == (str(real.value), real.value.hint)
    filled.checkout("HEAD~1")
    with pytest.raises(StateError, match="read-only look"):
        filled.expand(made, dry_run=True)


def test_on_a_branch_without_commits(repo: Repo) -> None:
    with pytest.raises(StateError, match="no commits"):
        repo.expand("0000", dry_run=True)


SAID: list[dict[str, Any]] = [{"message": " "}, {"message": 5}, {"timestamp": "soon"}, {"timestamp": -1}]
VERBS: dict[str, Callable[..., Any]] = {
    "edit": lambda repo, **how: repo.edit(repo.context().items[-1], "x", **how),
    "drop": lambda repo, **how: repo.drop(repo.context().items[-1], **how),
    "expand": lambda repo, **how: repo.expand(repo.compressions()[0].id, **how),
    "move": lambda repo, **how: repo.move(repo.context().items[-1], before=repo.context().items[1], **how),
    "compress": lambda repo, **how: repo.compress("HEAD", strategy="mask", **how),
    "merge": lambda repo, **how: repo.merge("try", **how),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("said", SAID, ids=str)
def test_a_dry_run_refuses_a_message_or_a_time_that_the_verb_refuses(filled: Repo, verb: str, said: Any) -> None:
    filled.branch("try")
    summary(filled)
    filled.switch("try")
    filled.commit("More.")
    filled.switch("main")
    with pytest.raises(InvalidInputError) as real:
        VERBS[verb](filled, **said)
    with pytest.raises(InvalidInputError) as dry:
        VERBS[verb](filled, dry_run=True, **said)
    assert str(dry.value) == str(real.value)


@pytest.mark.parametrize("said", SAID, ids=str)
def test_no_model_is_asked_for_what_cannot_be_written(filled: Repo, said: Any) -> None:
    asked: list[Any] = []

    def ask(messages: Any) -> str:
        asked.append(messages)
        return "Short."

    child = filled.spawn("helper")
    child.commit("Something new.")
    for call in (
        lambda: filled.compress("HEAD", budget=30, llm=ask, strategy="summarize", **said),
        lambda: filled.collapse("helper", llm=ask, **said),
    ):
        with pytest.raises(TraceError, match=r"message|time"):
            call()
    assert asked == []
    child.close()
