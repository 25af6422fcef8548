"""Rebase and cherry-pick on random histories: what holds whatever came before.

Runs of appends are written without a comparison for each commit; the trees must be those that the comparison gives.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trace_git import Repo
from trace_git.errors import MergeConflictError, RefusedError, StateError, UnsafeRewriteError
from trace_git.model import Commit
from trace_git.ops import runs
from trace_git.view import groups

TIME = 1_700_000_000


class Words:
    """A tokenizer that counts words."""

    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


def call(number: int) -> dict[str, Any]:
    made = {"id": f"c{number % 3}", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    return {"role": "assistant", "content": None, "tool_calls": [made]}


verbs = st.sampled_from(
    ["say", "say", "say", "several", "ask", "answer", "edit", "pin", "unpin", "drop", "tools", "usage"]
)
steps = st.lists(st.tuples(verbs, st.integers(0, 10**6)), max_size=12)
quick = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@contextmanager
def opened() -> Iterator[Repo]:
    folder = Path(tempfile.mkdtemp(prefix="trace-git-rebase-"))
    try:
        with Repo.open(folder / "t.trace", tokenizer=Words(), durability="os", clock=lambda: TIME) as repo:
            yield repo
    finally:
        shutil.rmtree(folder)


def act(repo: Repo, some: list[tuple[str, int]], name: str) -> None:
    """Some verbs; one that is refused is left out."""
    for at, (verb, index) in enumerate(some):
        items = repo.context().items
        item = items[index % len(items)].id if items else None
        open_call = groups.groups(items).tail
        try:
            if verb in ("say", "usage") and not open_call:
                repo.commit(f"{name} {at}", role=("user", "assistant")[index % 2], timestamp=TIME + at)
            elif verb == "several" and not open_call:
                repo.commit([{"role": "user", "content": f"{name} {at}.{one}"} for one in range(3)], pin=index % 5 == 0)
            elif verb == "ask" and not open_call:
                repo.commit(call(index))
            elif verb == "answer" and open_call:
                repo.commit({"role": "tool", "tool_call_id": open_call[0].id, "content": f"{name} {at}"})
            elif verb == "edit" and item and items[index % len(items)].role in ("user", "system"):
                repo.edit(item, f"{name} edited {at}")
            elif verb in ("pin", "unpin", "drop") and item:
                getattr(repo, verb)(item)
            elif verb == "tools":
                repo.set_tools([{"type": "function", "function": {"name": f"look{index % 3}"}}])
        except (RefusedError, StateError):
            continue
    tail = groups.groups(repo.context().items).tail
    for one in tail:
        repo.commit({"role": "tool", "tool_call_id": one.id, "content": "at last"})


def history(repo: Repo, base: list[Any], ours: list[Any], theirs: list[Any]) -> None:
    repo.commit("first", timestamp=TIME)
    act(repo, base, "base")
    repo.branch("topic")
    act(repo, theirs, "theirs")
    repo.switch("topic")
    act(repo, ours, "ours")


def fork(repo: Repo) -> Commit:
    """Where topic left main."""
    there = {one.id for one in repo.log("main")}
    return next(one for one in repo.log() if one.id in there)


def line(repo: Repo, rev: str = "HEAD") -> list[tuple[Any, ...]]:
    return [(one.tree, one.author, one.timestamp, one.message, dict(one.trailers)) for one in repo.log(rev)]


def whole(repo: Repo) -> None:
    """What must hold of any context: I1 to I10 as far as one commit shows them."""
    context = repo.context()
    ids = [item.id for item in context.items]
    assert len(set(ids)) == len(ids)
    assert groups.faults(context.items) == ()
    log = [repo.get("HEAD")]
    while log[-1].parents:
        log.append(repo.get(log[-1].parents[0]))
    assert sum(one.tokens or 0 for one in log) == log[0].context_tokens == context.tokens
    assert repo.verify() == ()


@quick
@given(base=steps, ours=steps, theirs=steps)
def test_a_rebase_is_whole_or_changes_nothing(base, ours, theirs):
    with opened() as repo:
        history(repo, base, ours, theirs)
        base_pins, known = repo.pins(fork(repo)), {item.id for item in repo.context(fork(repo)).items}
        before, old = repo._handle.store.ref_names(), repo.context()
        upstream = repo.context("main")
        try:
            result = repo.rebase("main")
        except (MergeConflictError, UnsafeRewriteError):
            assert repo._handle.store.ref_names() == before
            return
        whole(repo)
        now = {item.id for item in repo.context().items}
        assert {item.id for item in old.items} - known <= now
        assert ({item.id for item in old.items if item.pinned} - base_pins) & now <= repo.pins()
        assert {item.id for item in upstream.items if item.pinned} & now <= repo.pins() | _unpinned(repo, "main")
        assert result.commit is not None
        assert result.commit.id == repo.get("HEAD").id
        again = repo.rebase("main")
        assert again.commit == result.commit
        if result.commit.id != before["refs/heads/topic"]:
            repo.undo()
            left = {ref: value for ref, value in repo._handle.store.ref_names().items() if "/keep/" not in ref}
            assert left == {ref: value for ref, value in before.items() if "/keep/" not in ref}


def _unpinned(repo: Repo, upstream: str) -> set[str]:
    """Items that the topic itself unpinned."""
    return {item.id for one in repo.log(f"{upstream}..HEAD") if one.op == "unpin" for item in one.items}


@quick
@given(base=steps, ours=steps, theirs=steps)
def test_runs_of_appends_give_what_single_comparisons_give(base, ours, theirs):
    with opened() as repo:
        history(repo, base, ours, theirs)
        found, tip = [], repo.get("HEAD").id
        for slow in (False, True):
            with (
                patch.object(runs, "run", lambda handle, commits: []) if slow else patch.object(runs, "pick", runs.pick)
            ):
                try:
                    repo.rebase("main", timestamp=TIME)
                    found.append(line(repo))
                    if repo.get("HEAD").id != tip:
                        repo.undo()
                except (MergeConflictError, UnsafeRewriteError) as error:
                    found.append([(type(error), str(error))])
        assert found[0] == found[1]


@quick
@given(base=steps, ours=steps, theirs=steps)
def test_there_and_back_gives_the_first_digest(base, ours, theirs):
    with opened() as repo:
        history(repo, base, ours, theirs)
        base_commit = fork(repo)
        digest = repo.materialize().digest
        try:
            repo.rebase("main")
            repo.rebase("main", onto=base_commit)
        except (MergeConflictError, UnsafeRewriteError):
            return
        dropped = [one for one in repo.log("main") if one.op not in ("append", "pin")]
        if not dropped:  # what both did is there only once
            assert repo.materialize().digest == digest
        whole(repo)


@quick
@given(base=steps, ours=steps, order=st.permutations(range(8)), dropped=st.sets(st.integers(0, 7)))
def test_any_list_is_whole_or_refused(base, ours, order, dropped):
    with opened() as repo:
        history(repo, base, ours, [])
        commits = list(repo.log("main..HEAD"))[::-1]
        todo: list[tuple[str, str | Commit]] = [
            ("pick", commits[at]) for at in order if at < len(commits) and at not in dropped
        ]
        before, known = repo._handle.store.ref_names(), Counter(item.id for item in repo.context().items)
        try:
            repo.rebase("main", todo=todo or [("drop", repo.get("HEAD"))])
        except (MergeConflictError, UnsafeRewriteError):
            assert repo._handle.store.ref_names() == before
            return
        whole(repo)
        if not dropped and len(commits) <= 8 and all(one.op in ("append", "pin", "edit") for one in commits):
            assert Counter(item.id for item in repo.context().items) == known


@quick
@given(base=steps, ours=steps, theirs=steps, which=st.sets(st.integers(0, 11), min_size=1), at=st.integers(0, 30))
def test_any_pick_is_whole_or_refused(base, ours, theirs, which, at):
    with opened() as repo:
        history(repo, base, ours, theirs)
        commits = [one for number, one in enumerate(list(repo.log("main..HEAD"))[::-1]) if number in which]
        if not commits:
            return
        repo.switch("main")
        before, items = repo._handle.store.ref_names(), [item.id for item in repo.context().items]
        try:
            repo.cherry_pick(commits, at=min(at, len(items)))
        except (MergeConflictError, UnsafeRewriteError):
            assert repo._handle.store.ref_names() == before
            return
        whole(repo)
        if all(one.op in ("append", "pin", "edit") for one in commits):
            assert [item.id for item in repo.context().items if item.id in items] == items


def test_the_properties_are_of_something():
    """The histories do have appends that go at once, and others."""
    with opened() as repo:
        history(repo, [("say", 1)], [("say", at) for at in range(6)], [("say", 3)])
        with patch.object(runs, "_at_once", wraps=runs._at_once) as at_once:
            repo.rebase("main")
        assert at_once.call_count == 1
        with pytest.raises(StateError):
            repo.rebase("main", todo="# nothing")
