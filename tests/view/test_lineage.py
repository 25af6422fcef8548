"""Which commits spawned or collapsed agents: what a handle found once it does not look for again."""

from __future__ import annotations

from pathlib import Path

import pytest

from trace_git import Repo
from trace_git.errors import StateError
from trace_git.store.store import Store
from trace_git.view import agents, lineage

COMMITS = 40


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.setattr(lineage, "_MARKED", "no commit")  # else one id in 256 is kept, and ends a walk
    repo = Repo.open(tmp_path / "run.trace", tokenizer=None)
    with repo.batch():
        for number in range(COMMITS):
            repo.commit(f"{number}")
    repo.spawn("a").close()
    with repo.agent("a") as child:
        child.commit("found", role="assistant")
    return repo


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """The commits whose links were read, and whether the trace was locked meanwhile."""
    found: list[tuple[str, bool]] = []
    real = Store.links

    def links(self: Store, oid: str) -> object:
        found.append((oid, self._on.lock.held))
        return real(self, oid)

    monkeypatch.setattr(Store, "links", links)
    return found


def test_a_history_is_walked_once(repo: Repo, read: list[tuple[str, bool]]) -> None:
    def of_head() -> set[str]:
        tip = repo.get("HEAD").id
        read.clear()
        return {one.name for one in lineage.behind(repo._handle, [tip])}

    repo.collapse("a", summary="one")
    assert of_head() == {"a"}
    repo.commit("more")
    assert of_head() == {"a"}
    assert not read, "what is written on top of what is known is known"
    assert of_head() == {"a"}
    assert not read
    with repo.agent("a") as child:
        child.commit("again", role="assistant")
    made = repo.collapse("a", summary="two")
    taken = agents.taken(lineage.behind(repo._handle, [made.id]), "a")
    assert len(taken) == 2
    repo.undo()
    assert agents.taken(lineage.behind(repo._handle, [repo.get("HEAD").id]), "a") != taken


def test_others_do_not_wait_while_a_history_is_walked(repo: Repo, read: list[tuple[str, bool]]) -> None:
    with Repo.open(repo.path, tokenizer=None) as fresh:
        fresh.spawn("b").close()
        fresh.collapse("a", summary="one")
    assert len(read) >= COMMITS
    assert sum(locked for _, locked in read) < COMMITS / 4


def test_an_empty_agent_needs_nothing_of_its_parents_context(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    with Repo.open(repo.path, tokenizer=None) as fresh:
        monkeypatch.setattr(type(fresh._handle.snapshots), "leaf", lambda *_: pytest.fail("a folder was read"))
        fresh.spawn("b", context="empty").close()


def test_who_wrote_a_history_need_not_read_it_to_spawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = lineage._Walk._read
    monkeypatch.setattr(lineage._Walk, "_read", lambda walk, oid: read.append(oid) or real(walk, oid))
    monkeypatch.setattr(lineage, "_MARKED", "0")  # one of 16
    folder = tmp_path / "t.trace"
    with Repo.open(folder, tokenizer=None, durability="os") as repo, repo.batch():
        for at in range(400):
            repo.commit(str(at))
        repo.spawn("one").close()
        assert len(read) <= 1
    with Repo.open(folder, tokenizer=None) as repo:
        for at in range(3):
            repo.commit(str(at))
        repo.spawn("two").close()
    assert len(read) < 200, "some 16 commits here, however long the history is"
    with Repo.open(folder, tokenizer=None) as repo, pytest.raises(StateError, match="exists"):
        repo.spawn("one")
