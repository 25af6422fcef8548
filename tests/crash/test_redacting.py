"""redact killed anywhere, or refused: the text is everywhere still, or nowhere; never a message is lost."""

from __future__ import annotations

import errno
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from trace_git import StorageError

from . import children, kills
from .children import Send
from .faults import Fail, Kill, Watch
from .scenarios import Start
from .traces import NAME, TIME, assert_sound, git, open_trace, texts_of

SECRET = "tok_live_4815162342"


def secretive(folder: Path) -> None:
    """A secret on a branch, behind a tag, a pin and a keep, in loose objects, packed-refs and reflogs."""
    with open_trace(folder) as repo:
        repo.commit("one", timestamp=TIME)
        repo.commit(f"it is {SECRET}", timestamp=TIME, pin=True)
        repo.tag("noted", message=SECRET)
        repo.commit(f"again {SECRET}", timestamp=TIME)
        repo.reset("HEAD~1")
        repo.commit("two", timestamp=TIME)
    git(folder, "pack-refs", "--all")
    git(folder, "hash-object", "-w", "--stdin", given=SECRET)


def _redact(folder: Path, send: Send) -> None:
    open_trace(folder).redact(SECRET)
    send("ack")


def check(folder: Path, acked: int) -> None:
    """As it was, or gone for good; then the next verb works."""
    with open_trace(folder) as repo:
        texts = texts_of(repo)
        assert len(texts) == 3
        gone = SECRET not in texts[1]
        assert gone or not acked
        tips = set(git(folder, "rev-parse", "--all").split())
        told = [" ".join(item.message.text for item in repo.context(tip).items) for tip in tips]
        assert {SECRET in text for text in told} == {not gone}, "some refs still have it, and some do not"
        repo.commit("the next verb", timestamp=TIME)
        assert len(texts_of(repo)) == 4
    if gone:
        assert_nowhere(folder / NAME)
    assert_sound(folder)


def assert_nowhere(trace: Path) -> None:
    listed = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch"], cwd=trace, capture_output=True, check=True
    )
    assert SECRET.encode() not in listed.stdout
    for path in trace.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


def test_killed_anywhere_it_is_done_or_not(prepared: Callable[[Start], Path], place: Path) -> None:
    base = prepared(secretive)
    assert kills.everywhere(base, place / "work", _redact, check, halves=False) > 30


def test_another_process_that_has_it_open_finishes_what_a_dead_one_began(
    prepared: Callable[[Start], Path], place: Path
) -> None:
    base, work = prepared(secretive), place / "work"
    calls = kills.calls_of(base, work, _redact)
    begun = max(
        at for at, call in enumerate(calls, 1) if f"{NAME}/trace/redact" in call.paths and call.name == "replace"
    )
    for number in range(begun + 1, len(calls), 5):
        kills.copy(base, work)
        with open_trace(work) as repo:
            assert len(texts_of(repo)) == 3

            def body(send: Send, number: int = number) -> None:
                with Watch(work, Kill(number)):
                    _redact(work, send)

            children.run(body)
            repo.commit("the next verb", timestamp=TIME)
            texts = texts_of(repo)
        assert [SECRET in text for text in texts[2:]] == [False, False]
        if SECRET not in texts[1]:
            assert_nowhere(work / NAME)
        assert_sound(work)
        shutil.rmtree(work)


def test_refused_anywhere_it_is_done_or_not(prepared: Callable[[Start], Path], place: Path) -> None:
    base, work, failures = prepared(secretive), place / "work", list[tuple[str, str]]()
    for at in range(1, 500):
        kills.copy(base, work)
        plan = Fail(at, errno.ENOSPC)

        def body(send: Send, plan: Fail = plan) -> None:
            with Watch(work, plan):
                try:
                    open_trace(work).redact(SECRET)
                except StorageError as error:
                    send((str(plan.hit), str(error)))
                else:
                    send((str(plan.hit) if plan.hit else None, ""))

        try:
            hit, _ = children.run(body).messages[-1]
            check(work, 0)
        except kills.EXPECTED as error:
            failures.append((f"at call {at}", f"{type(error).__name__}: {error}"))
        shutil.rmtree(work)
        if hit is None:
            break
    assert at > 5
    assert not failures, kills.by_kind(failures)


def test_readers_beside_it_see_the_old_or_the_new(prepared: Callable[[Start], Path], place: Path) -> None:
    folder = prepared(secretive)

    def reading(send: Send) -> None:
        repo = open_trace(folder)
        send("ready")
        while True:
            texts = texts_of(repo)
            assert len(texts) == 3
            if SECRET not in texts[1]:
                send(texts[1])
                return

    readers = [children.start(reading) for _ in range(2)]
    assert all(reader.heard() for reader in readers)
    done = children.run(lambda send: _redact(folder, send))
    assert done.messages == ["ack"]
    assert [reader.wait().messages[-1] for reader in readers] == ["it is [redacted]"] * 2
    assert_nowhere(folder / NAME)
