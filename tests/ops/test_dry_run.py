"""Dry runs: they say what the verb would do, refuse what it would refuse, and leave no trace."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trace_git import NotFoundError, RefusedError, Repo, StateError, TraceError, UnsafeRewriteError, Usage
from trace_git.conflicts import Resolution
from trace_git.results import RewriteResult

CALL = {"id": "c1", "type": "function", "function": {"name": "grep", "arguments": "{}"}}
TOOLS = [{"type": "function", "function": {"name": "grep"}}]
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Look."},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "found"},
    {"role": "assistant", "content": "It is there."},
]


def deferred(repo: Repo) -> None:
    """Leave a conflict in the context that a merge put off."""
    repo.branch("try")
    repo.edit(repo.context().items[0], "Be very brief.")
    repo.switch("try")
    repo.edit(repo.context().items[0], "Be long.")
    repo.switch("main")
    repo.merge("try", resolver=lambda _: Resolution("defer"))


@pytest.fixture
def filled(repo: Repo) -> Repo:
    for message in MESSAGES:
        repo.commit(message)
    repo.commit("Thanks.", usage=Usage(100, 10, model="claude-opus-4-6"))
    deferred(repo)
    return repo


VERBS: dict[str, Callable[..., Any]] = {
    "edit": lambda repo, **how: repo.edit(repo.context().items[1], "Look again.", **how),
    "edit of the same": lambda repo, **how: repo.edit(repo.context().items[1], "Look.", **how),
    "drop": lambda repo, **how: repo.drop(repo.context().items[1], **how),
    "drop of a group": lambda repo, **how: repo.drop(repo.context().items[3], **how),
    "reset": lambda repo, **how: repo.reset("HEAD~3", **how),
    "hard reset": lambda repo, **how: repo.reset("try", mode="hard", **how),
    "reset to where it is": lambda repo, **how: repo.reset("HEAD", **how),
    "set_tools": lambda repo, **how: repo.set_tools(TOOLS, **how),
    "set_tools to none": lambda repo, **how: repo.set_tools(None, **how),
    **{
        f"resolve {answer.action}": lambda repo, answer=answer, **how: repo.resolve(repo.conflicts()[0], answer, **how)
        for answer in (Resolution("ours"), Resolution("theirs"), Resolution("both"), Resolution("drop"),
                       Resolution("replace", "Be as you like."))
    },
}  # fmt: skip


def state(repo: Repo) -> dict[str, str]:
    """Every file of the trace that is no cache, with a digest of its bytes."""
    root = Path(repo.path)
    files = [path for path in root.rglob("*") if path.is_file() and "cache" not in path.parts]
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_is_written_and_what_is_said_comes_true(filled: Repo, verb: str) -> None:
    filled.flush()
    before, done = state(filled), list(filled.operations())
    tip = filled.get("HEAD")
    planned = VERBS[verb](filled, dry_run=True)
    assert isinstance(planned, RewriteResult)
    assert state(filled) == before
    assert list(filled.operations()) == done
    made = VERBS[verb](filled)
    assert planned.commit == (tip if made == tip else None)
    assert planned.items == filled.context().items
    assert planned.receipt == filled.receipt(made, since=tip)
    assert (planned.receipt.before, planned.receipt.after) == (tip.context_tokens, filled.context().tokens)
    assert planned.receipt.model == "claude-opus-4-6"


@pytest.mark.parametrize("verb", VERBS)
def test_it_needs_no_lock_and_no_right_to_write(filled: Repo, verb: str) -> None:
    filled.flush()
    lock = Path(filled.path, "refs", "heads", "main.lock")
    lock.touch()
    assert VERBS[verb](filled, dry_run=True).receipt.after > 0
    lock.unlink()


REFUSED: dict[str, tuple[type[TraceError], Callable[..., Any]]] = {
    "edit of a pin": (RefusedError, lambda repo, **how: repo.edit(repo.context().items[4], "x", **how)),
    "edit that tears": (UnsafeRewriteError, lambda repo, **how: repo.edit(
        repo.context().items[2], {"role": "assistant", "content": "no call"}, **how)),
    "edit of nothing": (NotFoundError, lambda repo, **how: repo.edit("0000", "x", **how)),
    "drop of a pin": (RefusedError, lambda repo, **how: repo.drop(repo.context().items[4], **how)),
    "reset to nowhere": (NotFoundError, lambda repo, **how: repo.reset("nowhere", **how)),
    "reset in another way": (TraceError, lambda repo, **how: repo.reset("HEAD", mode="mixed", **how)),
    "tools that are none": (TraceError, lambda repo, **how: repo.set_tools("grep", **how)),
    "resolve of no conflict": (StateError, lambda repo, **how: repo.resolve(
        repo.context().items[1], Resolution("ours"), **how)),
    "resolve again put off": (TraceError, lambda repo, **how: repo.resolve(
        repo.conflicts()[0], Resolution("defer"), **how)),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_it_refuses_what_the_verb_refuses(filled: Repo, case: str) -> None:
    filled.pin(filled.context().items[4])
    kind, verb = REFUSED[case]
    with pytest.raises(kind) as real:
        verb(filled)
    with pytest.raises(kind) as dry:
        verb(filled, dry_run=True)
    assert (type(dry.value), str(dry.value), dry.value.hint) == (type(real.value), str(real.value), real.value.hint)


def test_a_forced_edit_of_a_pin_stays_pinned(filled: Repo) -> None:
    pinned = filled.context().items[4]
    filled.pin(pinned)
    planned = filled.edit(pinned, "Here.", force=True, dry_run=True)
    assert [item.id for item in planned.items if item.pinned] == [pinned.id]


def test_on_a_branch_without_commits(repo: Repo) -> None:
    with pytest.raises(StateError, match="no commits"):
        repo.drop("0000", dry_run=True)
    planned = repo.set_tools(TOOLS, dry_run=True)
    assert (planned.commit, planned.items, planned.receipt.sent) == (None, (), 0)
    assert list(repo.operations()) == []


def test_on_a_look_at_a_commit_it_is_refused_as_the_verb_is(filled: Repo) -> None:
    filled.checkout("HEAD~1")
    with pytest.raises(StateError, match="read-only look"):
        filled.drop(filled.context().items[1], dry_run=True)


def test_it_sees_what_another_program_did(open_repo: Callable[..., Repo]) -> None:
    one, other = open_repo(), open_repo()
    item = one.commit("one").items[0]
    with other.batch():  # what is not published yet too
        other.commit("two")
        assert len(one.edit(item, "won", dry_run=True).items) == 2


@pytest.mark.parametrize("kind", ["up-to-date", "fast-forward", "merge"])
def test_a_merge_locks_nothing(repo: Repo, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it says what would come where nothing can be written, too."""
    repo.commit("one")
    repo.branch("more")
    if kind == "merge":
        repo.commit("two")
    repo.switch("more")
    if kind != "up-to-date":
        repo.commit("three")
    repo.switch("main")
    monkeypatch.setattr(repo._handle.store, "writable", False)
    assert repo.merge("more", dry_run=True).kind == kind


def test_a_merge_says_who_is_asked_next_too(filled: Repo) -> None:
    filled.resolve(filled.conflicts()[0], Resolution("ours"))
    filled.branch("more")
    filled.switch("more")
    filled.commit("A further question.")
    filled.switch("main")
    filled.commit("Another one.")
    planned, made = filled.merge("more", dry_run=True), filled.merge("more")
    assert planned.receipt == made.receipt == filled.receipt()
    assert (made.receipt.model, made.receipt.cost is None) == ("claude-opus-4-6", False)
