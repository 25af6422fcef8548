"""gc while others write, and while the operating system says no."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from trace_git import LockedError, Repo, StorageError

from . import children, kills, scenarios
from .children import Send
from .faults import Fail, Watch
from .scenarios import Start
from .traces import TIME, assert_sound, contents, git, lines_of, open_trace, texts_of

SECONDS = 3.0
WRITERS = 4


def _writer(folder: Path, name: str, end: float) -> Callable[[Send], None]:
    """Appends to a branch of its own, and now and then goes back, for good or not."""

    def body(send: Send) -> None:
        repo = open_trace(folder, branch=name)
        number = 0
        while time.monotonic() < end:
            repo.commit(f"{name} {number}", role="user")
            if number % 5 == 4:
                repo.commit("a blind alley", role="user")
                repo.reset("HEAD~1", mode="hard" if number % 2 else "soft")
            if number % 7 == 6:
                with repo.batch():
                    for _ in range(20):
                        number += 1
                        repo.commit(f"{name} {number}", role="user")
            number += 1
            send(number)
        repo.close()

    return body


def _collector(folder: Path, end: float) -> Callable[[Send], None]:
    def body(send: Send) -> None:
        repo = open_trace(folder)
        while time.monotonic() < end:
            try:
                send(repo.gc(dry_run=False, keep_days=0).removed)
            except LockedError:
                send(0)
        repo.close()

    return body


def test_in_a_loop_beside_four_writers_nothing_acknowledged_breaks(
    prepared: Callable[[Start], Path], place: Path
) -> None:
    folder = prepared(scenarios.conversation)
    names = [f"w{number}" for number in range(WRITERS)]
    with open_trace(folder) as repo:
        for name in names:
            repo.branch(name)
    end = time.monotonic() + SECONDS
    writers = [children.start(_writer(folder, name, end)) for name in names]
    collectors = [children.start(_collector(folder, end)) for _ in range(2)]
    counts = {name: child.wait(60).messages[-1] for name, child in zip(names, writers, strict=True)}
    removed = [number for child in collectors for number in child.wait(60).messages]
    assert len(removed) > 3
    assert sum(removed) > 0
    for name, number in counts.items():
        with open_trace(folder, branch=name) as repo:
            assert texts_of(repo)[5:] == [f"{name} {at}" for at in range(number)]
    with open_trace(folder) as repo:
        assert repo.verify() == ()
        repo.gc(dry_run=False, keep_days=0)
    assert_sound(folder)
    assert "packs: 1" in git(folder, "count-objects", "-v")


def _gc(folder: Path) -> str:
    repo = open_trace(folder)
    try:
        repo.gc(dry_run=False)
    except StorageError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("code", "stays"), [(errno.ENOSPC, True), (errno.EIO, False)], ids=["full disk", "one error"])
def test_a_refused_call_loses_nothing(code: int, stays: bool, prepared: Callable[[Start], Path], place: Path) -> None:
    base = prepared(scenarios.conversation)
    with open_trace(base) as repo:
        repo.commit("gone", role="user", timestamp=TIME)
        repo.reset("HEAD~1", mode="hard")
        wanted = lines_of(repo)
    work, failures = place / "work", list[tuple[str, str]]()
    for at in range(1, 500):
        kills.copy(base, work)
        plan = Fail(at, code, stays=stays)

        def body(send: Send, plan: Fail = plan) -> None:
            with Watch(work, plan):
                told = _gc(work)
            send((str(plan.hit) if plan.hit else None, told))

        try:
            hit, _ = children.run(body).messages[-1]
            assert contents(work).branches[0].lines == wanted
            with Repo.open(work / "t.trace", tokenizer=None) as repo:
                repo.gc(dry_run=False)
            assert_sound(work)
            assert "packs: 1" in git(work, "count-objects", "-v")
        except kills.EXPECTED as error:
            failures.append((f"at call {at}", f"{type(error).__name__}: {error}"))
        shutil.rmtree(work)
        if hit is None:
            break
    assert at > 10
    assert not failures, kills.by_kind(failures)
