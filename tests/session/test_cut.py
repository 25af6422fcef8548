"""A batch, or an import, that a crash cut off: what is there is there, and resume says that it is not all."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from trace_git import Repo, Session
from trace_git.store import batches, files, locks

from ..crash import children
from ..crash.children import Send


def test_a_batch_that_was_cut_is_told_until_the_agent_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "run.trace"
    with Repo.open(folder, tokenizer=None) as repo:
        repo.commit("begin")
        for name in ("a", "b"):
            repo.spawn(name).close()

    def body(send: Send) -> None:
        with Repo.open(folder, agent="a", tokenizer=None) as repo, repo.batch():
            for number in range(3):
                repo.commit(f"{number}")
            os.kill(os.getpid(), signal.SIGKILL)

    children.start(body).wait()
    with Session.open(folder, tokenizer=None) as session:
        (told,) = session.resume("a").interrupted
        assert told.startswith("a batch was cut off after 3 commits")
        assert session.resume().interrupted == session.resume("b").interrupted == ()
        agent = session.repo("a")
        assert len(agent.context().items) == 4
        agent.undo()
        assert session.resume("a").interrupted == ()
        agent.redo()
        assert session.resume("a").interrupted == (told,)
        agent.commit("and on")
        assert session.resume("a").interrupted == ()


def test_an_import_that_was_cut_is_told(tmp_path: Path) -> None:
    folder, source = tmp_path / "run.trace", tmp_path / "chat.jsonl"
    source.write_text("".join(json.dumps({"role": "user", "content": str(number)}) + "\n" for number in range(20)))

    def body(send: Send) -> None:
        def progress(done: int, total: int) -> None:
            if done == 5:
                os.kill(os.getpid(), signal.SIGKILL)

        with Repo.open(folder, tokenizer=None) as repo:
            repo.import_file(source, progress=progress)

    children.start(body).wait()
    with Session.open(folder, tokenizer=None) as session:
        (told,) = session.resume().interrupted
        assert told.startswith("an import was cut off after ")
        session.repo().undo()
        session.repo().import_file(source)
        assert session.resume().interrupted == ()


def test_an_import_that_was_interrupted_is_told(tmp_path: Path) -> None:
    folder, source = tmp_path / "run.trace", tmp_path / "chat.jsonl"
    source.write_text("".join(json.dumps({"role": "user", "content": str(number)}) + "\n" for number in range(20)))

    def progress(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with Repo.open(folder, tokenizer=None) as repo, suppress(KeyboardInterrupt):
        repo.import_file(source, progress=progress)
    with Session.open(folder, tokenizer=None) as session:
        (told,) = session.resume().interrupted
        assert told.startswith("an import was cut off after 5 commits")
        session.repo().undo()
        session.repo().import_file(source)
        assert session.resume().interrupted == ()


def test_only_a_batch_that_was_cut_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "run.trace"
    marks = folder / "trace" / "batches"
    with Repo.open(folder, tokenizer=None) as repo:
        repo.commit("begin")
        repo.spawn("a").close()

        def body(send: Send) -> None:
            with Repo.open(folder, agent="a", tokenizer=None) as agent, agent.batch():
                agent.commit("one")
                send("under way")
                os.read(os.pipe()[0], 1)

        child = children.start(body)
        assert child.heard()
        with suppress(ZeroDivisionError), repo.batch():
            repo.commit("more")
            raise ZeroDivisionError  # the program knows
        assert batches.cut(str(folder)) == frozenset()
        child.kill()
        child.wait()
        assert batches.cut(str(folder)) == {3}
        with repo.agent("a") as agent, agent.batch():
            agent.commit("two")
        assert batches.cut(str(folder)) == frozenset(), "the agent has gone on since"
        assert not os.listdir(marks)


def test_a_batch_goes_on_where_nothing_can_be_said_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "run.trace"
    with Repo.open(folder, tokenizer=None) as repo:
        (folder / "trace" / "batches").write_text("in the way")
        with repo.batch():
            repo.commit("one")
        assert len(repo.context().items) == 1
        assert batches.cut(str(folder)) == frozenset()


def test_a_batch_that_ended_is_not_told_where_its_mark_was_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run.trace"

    def full(fd: int, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with Repo.open(folder, tokenizer=None) as repo:
        with monkeypatch.context() as context, repo.batch():
            context.setattr(files, "write_all", full)
            with suppress(OSError):
                batches.Mark(str(folder), 1, ("",))
        assert batches.cut(str(folder)) == frozenset()
        assert not os.listdir(folder / "trace" / "batches")


def test_a_batch_that_ended_is_not_told_where_its_mark_cannot_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, real = tmp_path / "run.trace", files.unlink

    def no(path: str) -> bool:
        if "/trace/batches/" in path:
            raise PermissionError(errno.EACCES, "no")
        return real(path)

    with Repo.open(folder, tokenizer=None) as repo, monkeypatch.context() as context:
        context.setattr(files, "unlink", no)
        with repo.batch():
            repo.commit("one")
    assert os.listdir(folder / "trace" / "batches")
    assert batches.cut(str(folder)) == frozenset()


def test_who_looks_for_a_mark_is_in_nobodys_way(tmp_path: Path) -> None:
    mark = tmp_path / "1"
    mark.write_text("\n")
    with mark.open("rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        assert not locks.is_held(str(mark))
        fcntl.flock(looking, fcntl.LOCK_EX)
        assert locks.is_held(str(mark))


def test_a_child_of_the_one_that_was_killed_does_not_hide_it(tmp_path: Path) -> None:
    folder = tmp_path / "run.trace"
    ends, end = os.pipe()

    def body(send: Send) -> None:
        with Repo.open(folder, tokenizer=None) as repo, repo.batch():
            repo.commit("one")
            if os.fork() == 0:
                os.close(end)
                os.read(ends, 1)  # until this test is over
                os._exit(0)
            send("under way")
            os.read(os.pipe()[0], 1)

    child = children.start(body)
    assert child.heard()
    assert batches.cut(str(folder)) == frozenset()
    child.kill()
    os.waitpid(child.pid, 0)
    for _ in range(400):  # the child of the child may not have come to letting go of its files yet
        if batches.cut(str(folder)):
            break
        time.sleep(0.025)
    assert batches.cut(str(folder)) != frozenset()
    os.close(end)
