"""Locks: a dead process's is taken over, a live one's is waited for and then named."""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trace_git import LockedError
from trace_git.store import foreign, locks

from . import children, scenarios
from .children import Send
from .scenarios import Start
from .traces import NAME, assert_sound, git, open_trace, texts_of


@pytest.fixture
def folder(prepared: Callable[[Start], Path]) -> Path:
    return prepared(scenarios.conversation)


@pytest.fixture
def git_at_work(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Stock git in the middle of a ref transaction: it has the lock, and no descriptor open on it."""
    tip = git(folder, "rev-parse", "HEAD~1")
    command = ["git", f"--git-dir={folder / NAME}", "update-ref", "--stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"start\nupdate refs/heads/main {tip}\nprepare\n")
        process.stdin.flush()
        assert process.stdout.readline() == "start: ok\n"
        assert process.stdout.readline() == "prepare: ok\n"
        yield process
        process.kill()


@pytest.mark.parametrize("ref", ["refs/heads/main", "HEAD"])
@pytest.mark.parametrize("content", ["", "0123456789"])
def test_the_lock_of_a_dead_process_is_taken_over(ref: str, content: str, folder: Path) -> None:
    lock = folder / NAME / f"{ref}.lock"
    lock.write_text(content)
    with open_trace(folder) as repo:
        begun = time.monotonic()
        if ref == "HEAD":
            repo.switch("other")
        else:
            repo.commit("after", role="user")
        assert time.monotonic() - begun < 3.5
    assert not lock.exists()
    assert_sound(folder)


def test_a_lock_that_was_left_when_git_was_killed_is_taken_over(
    folder: Path, git_at_work: subprocess.Popen[str]
) -> None:
    git_at_work.kill()
    git_at_work.wait()
    assert (folder / NAME / "refs/heads/main.lock").exists()
    with open_trace(folder) as repo:
        repo.commit("after", role="user")
        repo.switch("main")  # git had locked HEAD as well
    assert_sound(folder)


def test_a_live_git_is_waited_for_and_its_move_is_kept(folder: Path, git_at_work: subprocess.Popen[str]) -> None:
    tip = git(folder, "rev-parse", "HEAD~1")
    with open_trace(folder) as repo:
        child = children.start(lambda send: send(_parent_of_a_commit(folder)))
        time.sleep(2.6)  # longer than a dead process's lock would have lived
        assert not child.heard(0.1)
        assert git_at_work.stdin is not None
        git_at_work.stdin.write("commit\n")
        git_at_work.stdin.flush()
        assert child.wait(15).messages == [tip]
        assert texts_of(repo)[-1] == "after"
    assert_sound(folder)


def _parent_of_a_commit(folder: Path) -> str:
    with open_trace(folder) as repo:
        return repo.commit("after", role="user").parents[0]


def test_a_live_git_that_does_not_end_is_named(
    folder: Path, git_at_work: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign, "_PATIENCE", 2.5)
    with open_trace(folder) as repo:
        before = texts_of(repo)
        with pytest.raises(LockedError, match=rf"refs/heads/main\.lock.*{git_at_work.pid}.* s old"):
            repo.commit("after", role="user")
        assert texts_of(repo) == before
        git_at_work.kill()
        git_at_work.wait()
        repo.commit("after", role="user")
        repo.switch("main")  # git had locked HEAD as well
    assert_sound(folder)


def test_other_branches_go_on_beside_a_locked_one(folder: Path, git_at_work: subprocess.Popen[str]) -> None:
    begun = time.monotonic()
    with open_trace(folder, branch="other") as repo:
        repo.commit("on the other branch", role="user")
    assert time.monotonic() - begun < 1
    git_at_work.kill()


def test_a_trace_lock_held_for_long_is_named_with_its_holder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_PATIENCE", 0.5)

    def body(send: Send) -> None:
        fd = os.open(folder / NAME / "trace" / "lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(fd, fcntl.LOCK_EX)
        send("held")
        time.sleep(60)

    holder = children.start(body)
    assert holder.heard()
    begun = time.monotonic()
    with open_trace(folder) as repo:
        assert len(texts_of(repo)) == 5  # reading never waits
        assert time.monotonic() - begun < 0.4
        with pytest.raises(LockedError, match=str(holder.pid)):
            repo.commit("x", role="user")
        holder.kill()
        holder.wait()
        repo.commit("x", role="user")


def test_waiting_writers_take_over_once(folder: Path) -> None:
    """Two processes find the same stale lock; the second must not remove the first one's own."""
    (folder / NAME / "refs/heads/main.lock").touch()

    def body(send: Send) -> None:
        with open_trace(folder) as repo:
            for number in range(10):
                repo.commit(f"{os.getpid()} {number}", role="user")

    started = [children.start(body) for _ in range(4)]
    for child in started:
        child.wait(30)
    with open_trace(folder) as repo:
        assert len(texts_of(repo)) == 5 + 40
    assert_sound(folder)
