"""gc of a trace whose search index knows what goes, killed or refused anywhere: the next gc leaves none of it."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from trace_git import StorageError

from . import children, kills
from .children import Send
from .faults import Fail, Kill, Watch
from .scenarios import Start
from .traces import NAME, TIME, assert_sound, open_trace, texts_of

WORD = "zanzibar"
_EACH = 5  # calls from one kill to the next


def indexed(folder: Path) -> None:
    """A word that a hard reset left behind, in an index that knows it."""
    with open_trace(folder) as repo:
        repo.commit("one light", timestamp=TIME)
        repo.commit(f"two {WORD}", timestamp=TIME)
        assert len(list(repo.search(WORD))) == 1
        repo.reset("HEAD~1", mode="hard")
        repo.commit("three light", timestamp=TIME)
    for pack in (folder / NAME / "objects" / "pack").iterdir():
        os.utime(pack, (TIME, TIME))  # one without an index that is younger may be somebody's who writes it


def _collect(folder: Path, send: Send) -> None:
    open_trace(folder).gc(dry_run=False)
    send("ack")


def check(folder: Path, acked: int) -> None:
    """A trace that answers, and nothing of the word once it was collected."""
    with open_trace(folder) as repo:
        assert texts_of(repo) == ["one light", "three light"]
        if not acked:
            repo.gc(dry_run=False)
        left = [path for path in (folder / NAME).rglob("*") if path.is_file() and WORD.encode() in path.read_bytes()]
        assert not left, f"{WORD} is in {left}"
        assert len(list(repo.search("light"))) == 2
        assert not list(repo.search(WORD))
    (folder / NAME / "trace" / "cache" / "search.lock").unlink()  # one that is held by who has it open, not by a name
    assert_sound(folder)


def test_killed_anywhere(prepared: Callable[[Start], Path], place: Path) -> None:
    base, work, failures = prepared(indexed), place / "work", list[tuple[str, str]]()
    calls = kills.calls_of(base, work, _collect)
    for number in range(1, len(calls) + 1, _EACH):
        _, acked = kills.kill(base, work, _collect, Kill(number))
        try:
            check(work, acked)
        except kills.EXPECTED as error:
            failures.append((f"before {number} {calls[number - 1]}", f"{type(error).__name__}: {error}"))
        shutil.rmtree(work)
    assert not failures, kills.by_kind(failures)


def test_refused_anywhere(prepared: Callable[[Start], Path], place: Path) -> None:
    base, work, failures = prepared(indexed), place / "work", list[tuple[str, str]]()
    for at in range(1, 500, _EACH):
        kills.copy(base, work)
        plan = Fail(at, errno.ENOSPC)

        def body(send: Send, plan: Fail = plan) -> None:
            with Watch(work, plan):
                with suppress(StorageError):
                    open_trace(work).gc(dry_run=False)
                send(str(plan.hit) if plan.hit else None)

        try:
            hit = children.run(body).messages[-1]
            check(work, 0)
        except kills.EXPECTED as error:
            failures.append((f"at call {at}", f"{type(error).__name__}: {error}"))
        shutil.rmtree(work)
        if hit is None:
            break
    assert at > 5
    assert not failures, kills.by_kind(failures)
