"""All agents of a trace, or of several: who they are, what they knew when, where they go on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trace_git import Repo, Session, assistant
from trace_git.answers import Agent
from trace_git.errors import AmbiguousRevisionError, InvalidInputError, NotFoundError
from trace_git.view import agent_tree

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}


def made(path: Path) -> Path:
    """An orchestrator, a worker with a child, one that was deleted; the clock goes on by a second a commit."""
    with Repo.open(path, tokenizer=None) as repo:
        repo.commit("Lead.", timestamp=100)
        with (
            repo.spawn("worker", timestamp=101) as worker,
            worker.spawn("helper", context="empty", timestamp=102) as helper,
        ):
            helper.commit("Found it.", timestamp=103)
            worker.collapse(helper, summary="Helper found it.", timestamp=104)
            worker.commit(assistant("I look.", tool_calls=[CALL]), timestamp=105)
        with repo.spawn("idle", timestamp=106) as idle:
            idle.commit("x", timestamp=107)
        repo.delete_agent("idle", force=True)
        repo.commit("On.", timestamp=108)
    return path


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session.open(made(tmp_path / "run.trace"), tokenizer=None) as session:
        yield session


def test_all_agents_and_what_became_of_them(session: Session) -> None:
    assert [(one.name, one.parent, one.state) for one in session.agents()] == [
        ("idle", "", "abandoned"),
        ("worker", "", "running"),
        ("helper", "worker", "collapsed"),
    ]


def test_repositories_of_agents(session: Session) -> None:
    worker = session.repo("worker")
    worker.commit("more")
    assert session.repo("").name == session.repo().name == ""
    assert session.repo("worker").context().items == worker.context().items
    for name in ("nobody", "idle"):
        with pytest.raises(NotFoundError):
            session.repo(name)


def test_what_an_agent_knew(session: Session) -> None:
    def texts(moment: str | float | datetime, agent: str = "") -> list[str]:
        return [item.message.text for item in session.at(moment, agent=agent).items]

    assert texts("HEAD") == ["Lead.", "On."]
    assert texts(107.0) == texts(datetime.fromtimestamp(107, UTC)) == ["Lead."]
    assert texts(104.0, "worker") == ["Lead.", "Helper found it."]
    assert texts("agents/helper", "worker") == ["Lead."]  # at the spawn, which led to what helper said
    assert texts("agents/worker", "helper") == ["Found it."]
    assert texts("agents/worker") == ["Lead."]
    with pytest.raises(NotFoundError, match="had no commit by then"):
        session.at(99.0, agent="worker")
    with pytest.raises(NotFoundError, match="had not begun"):
        session.at("trace/main~1", agent="worker")
    with pytest.raises(InvalidInputError, match="no zone"):
        session.at(datetime(2020, 1, 1))
    with pytest.raises(NotFoundError):
        session.at("nonsense")


def test_where_to_go_on(session: Session) -> None:
    found = session.resume("worker")
    assert (found.agent, found.branch) == ("worker", "main")
    assert found.commit is not None
    assert found.commit.subject.startswith("assistant: I look.")
    assert found.operation is not None
    assert found.operation.verb == "append"
    assert [(call.id, call.name) for call in found.calls] == [("c1", "look")]
    assert found.interrupted == ()
    assert session.resume().calls == ()


def test_what_was_interrupted_is_named(session: Session) -> None:
    repo = session.repo()
    repo.open_merge.begin(repo.get("agents/worker").id, name="agents/worker")
    repo.open_bisect.start("HEAD", ["HEAD~1"])
    told = session.resume().interrupted
    assert any("merge of agents/worker" in line for line in told)
    assert any("bisect" in line and "main" in line for line in told)
    assert not any("bisect" in line for line in session.resume("worker").interrupted)


def test_a_rebase_that_stopped_is_named(session: Session) -> None:
    repo = session.repo()
    repo.open_replay.rebase("HEAD~1", todo=f"edit {repo.get('HEAD').id}\n")
    (told,) = session.resume().interrupted
    assert "rebase of main" in told
    assert "--continue" in told


def test_several_traces(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    paths = [made(tmp_path / "a.trace"), made(tmp_path / "project" / ".trace")]
    with Session.open(paths, tokenizer=None) as session:
        assert list(session.traces) == ["a", "project"]
        assert len(session.agents()) == 6
        known = session.agents()
        assert {session.resume(f"{one.trace}/{one.name}").agent for one in known if not one.deleted} == {
            "worker",
            "helper",
        }
        with pytest.raises(AmbiguousRevisionError, match="none is named"):
            session.repo()
        assert session.repo("a/worker").path == paths[0]
        assert session.repo("project/").name == ""
        with pytest.raises(AmbiguousRevisionError) as caught:
            session.resume("worker")
        assert set(caught.value.candidates) == {"a/worker", "project/worker"}
        with pytest.raises(NotFoundError, match="no trace 'b'"):
            session.repo("b/worker")


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        Session.open(tmp_path / "none.trace")
    with pytest.raises(InvalidInputError):
        Session.open([])
    assert not (tmp_path / "none.trace").exists()


def test_a_closed_session_closes_what_it_opened(session: Session) -> None:
    worker = session.repo("worker")
    session.close()
    session.close()
    with pytest.raises(Exception, match="was closed"):
        worker.commit("x")


def test_a_mirror_has_all_agents_also_where_it_flattens_their_heads(tmp_path: Path, session: Session) -> None:
    repo = session.repo()
    repo.collapse("worker", summary="Done.")
    worker = session.repo("worker")
    worker.branch("try", at="HEAD~1")
    repo.flush()
    git(tmp_path, "init", "--bare", "-q", "-b", "main", "remote.git")
    git(repo.path, "push", "--mirror", "-q", str(tmp_path / "remote.git"))
    git(tmp_path, "clone", "--mirror", "-q", "remote.git", "clone.trace")
    with Session.open(tmp_path / "clone.trace", tokenizer=None) as clone:
        names = {one.name: one for one in clone.agents()}
        assert {"worker", "helper"} <= set(names)
        assert (names["worker"].state, names["helper"].parent) == ("collapsed", "worker")
        assert clone.repo("worker").context().items == worker.context().items
        assert clone.repo("worker").status().branch == "main"
        clone.repo("worker").commit("Goes on here.")
        with clone.repo().child("HEAD") as look:
            assert look.context().items == worker.context().items
        assert not [one for one in clone.repo().verify() if one.severity == "error"]


def test_a_plain_clone_has_what_was_collapsed(tmp_path: Path, session: Session) -> None:
    repo = session.repo()
    repo.collapse("worker", summary="Done.")
    items = session.repo("worker").context().items
    repo.delete_agent("worker")
    repo.flush()
    git(tmp_path, "clone", "--bare", "-q", str(repo.path), "clone.trace")
    with Session.open(tmp_path / "clone.trace", tokenizer=None) as clone:
        assert {one.name for one in clone.agents()} == {"worker", "helper"}
        with clone.repo().child("HEAD") as look:
            assert look.context().items == items
        with pytest.raises(Exception, match="was here before"):
            clone.repo().spawn("worker")


def git(where: Path, *words: str) -> None:
    done = subprocess.run(["git", *words], cwd=where, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_any_number_of_agents_each_spawned_by_the_one_before() -> None:
    chain = {
        f"n{at}": Agent(f"n{at}", f"n{at - 1}" if at else "", "", "full", None, "running", None, 0.0, "", "")
        for at in range(3_000)
    }
    assert [one.name for one in agent_tree._ordered(chain)] == list(chain)
