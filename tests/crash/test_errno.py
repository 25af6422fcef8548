"""The operating system says no, at every call in turn: a typed error, nothing lost, and the same process goes on."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trace_git import Repo, StorageError

from . import children, kills, scenarios
from .children import Send
from .faults import Fail, Watch
from .scenarios import Start
from .traces import TIME, Contents, assert_sound, contents, lines_of, open_trace

Verb = Callable[[Repo], object]
CODES = [errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EACCES, errno.EROFS]
ONCE = (errno.ENOSPC, errno.EIO)  # these may be over at the next call; the others stay until somebody does something
THIRDS = (errno.EMFILE, errno.EACCES, errno.EROFS)  # each at every third call, all calls between them. CRASH=all: all


def _append(repo: Repo) -> object:
    return repo.commit("one", role="user", timestamp=TIME)


def _edit(repo: Repo) -> object:
    return repo.edit(repo.context().items[4].id, "changed")


def _pin(repo: Repo) -> object:
    return repo.pin(repo.context().items[2].id)


def _large(repo: Repo) -> object:
    return repo.commit("word " * 250_000, role="user", timestamp=TIME)


VERBS: list[Verb] = [_append, _edit, _pin, _large, _append]


def _insist(folder: Path, plan: Fail) -> list[str]:
    """Open, do all verbs, close; what is refused is done again once the fault is gone. The errors met on the way."""
    refused: list[str] = []
    try:
        repo = open_trace(folder)
    except StorageError as error:
        refused.append(f"open: {error}")
        plan.lift()
        repo = open_trace(folder)
    for verb in VERBS:
        try:
            verb(repo)
        except StorageError as error:
            refused.append(f"{verb.__name__}: {error}")
            plan.lift()
            repo = _again(folder, repo, verb, unknown="outcome unknown" in str(error))
    repo.close()
    return refused


def _again(folder: Path, repo: Repo, verb: Verb, *, unknown: bool) -> Repo:
    """Do ``verb`` again: with the same handle, but after an unknown outcome with a new one and only if need be."""
    if unknown:
        before = repo.context().commit  # a handle shows what it knows to be there
        repo.close()
        repo = open_trace(folder)
        if repo.context().commit != before:
            return repo
    verb(repo)
    return repo


@pytest.mark.parametrize(
    ("code", "stays"),
    [(code, stays) for code in CODES for stays in (False, True) if stays or code in ONCE],
    ids=lambda value: errno.errorcode[value] if value in CODES else "until lifted" if value else "once",
)
def test_a_refused_call_loses_nothing(code: int, stays: bool, prepared: Callable[[Start], Path], place: Path) -> None:
    base = prepared(scenarios.conversation)
    wanted = _faultless(base, place / "work")
    failures: list[tuple[str, str]] = []
    thirds = code in THIRDS and os.environ.get("CRASH") != "all"
    for at in range(1 + THIRDS.index(code), 1000, 3) if thirds else range(1, 1000):
        call, complaint = _refuse(base, place / "work", Fail(at, code, stays=stays), wanted)
        if complaint:
            failures.append((f"at call {at}, {call}", complaint))
        if call is None:
            break
    assert at > 3
    assert not failures, f"{len(failures)} of {at} calls:\n" + kills.by_kind(failures)


def _faultless(base: Path, work: Path) -> Contents:
    kills.copy(base, work)
    children.run(lambda send: _insist(work, Fail(0, 0)))
    wanted = contents(work)
    shutil.rmtree(work)
    return wanted


def _refuse(base: Path, work: Path, plan: Fail, wanted: Contents) -> tuple[str | None, str]:
    """Run with ``plan``: (the call that failed, what is wrong afterwards)."""
    kills.copy(base, work)

    def body(send: Send) -> None:
        with Watch(work, plan):
            refused = _insist(work, plan)
        send((str(plan.hit) if plan.hit else None, refused))

    hit: str | None = "a call"
    try:
        hit, refused = children.run(body).messages[-1]
        found = contents(work)
        if found != wanted:
            return hit, f"after {refused} and doing it again there is {_short(found)}"
        assert_sound(work)
    except kills.EXPECTED as error:
        return hit, _last_words(error)
    finally:
        shutil.rmtree(work)
    return hit, ""


def _last_words(error: BaseException) -> str:
    """Without the child's traceback."""
    text = f"{type(error).__name__}: {error}".strip()
    return f"the child raised {text.rpartition(chr(10))[2]}" if "Traceback" in text else text


def _short(found: Contents) -> str:
    return ", ".join(
        f"{branch.name}: {branch.commits} {[line.text[:8] for line in branch.lines]}" for branch in found.branches
    )


# -- reading -------------------------------------------------------------------------------


def _read_all(repo: Repo) -> list[Any]:
    found: list[Any] = [lines_of(repo), [commit.id for commit in repo.log(limit=None)]]
    found += [
        [branch.name for branch in repo.branches()],
        lines_of(repo, "other"),
        repo.get("HEAD~1").id,
        repo.status().items,
    ]
    return found


@pytest.mark.parametrize("stays", [False, True], ids=["once", "until lifted"])
@pytest.mark.parametrize("code", [errno.EIO, errno.EMFILE, errno.EACCES], ids=lambda code: errno.errorcode[code])
def test_a_read_error_is_a_storage_error_and_nothing_else(
    code: int, stays: bool, prepared: Callable[[Start], Path], place: Path
) -> None:
    base = prepared(scenarios.conversation)
    with open_trace(base) as repo:
        wanted = _read_all(repo)
    failures: list[tuple[str, str]] = []
    for at in range(1, 1000):
        plan = Fail(at, code, stays=stays)
        complaint = children.run(lambda send, plan=plan: send(_read_through(base, plan, wanted))).messages[-1]  # type: ignore[misc]
        if complaint == "unhurt":
            break
        if complaint:
            failures.append((f"at call {at}", complaint))
    assert at > 3
    assert not failures, f"{len(failures)} of {at} calls:\n" + kills.by_kind(failures)


def _read_through(folder: Path, plan: Fail, wanted: list[Any]) -> str:
    """What is wrong with how reading took the fault; "" for nothing, "unhurt" when it did not come to it."""
    with Watch(folder, plan, reads=True):
        try:
            repo = open_trace(folder, create=False)
            found = _read_all(repo)
        except StorageError:
            found = wanted
        except kills.EXPECTED as error:
            return f"{plan.hit}: {type(error).__name__}: {error}"
        if found != wanted:
            return f"{plan.hit}: read {found} instead"
        plan.lift()
        with open_trace(folder, create=False) as repo:
            if _read_all(repo) != wanted:
                return f"{plan.hit}: wrong after the fault was lifted"
    return "" if plan.hit else "unhurt"


def test_a_read_only_folder_can_be_read(prepared: Callable[[Start], Path]) -> None:
    base = prepared(scenarios.conversation)
    plan = Fail(1, errno.EROFS, stays=True)
    with open_trace(base) as repo:
        wanted = lines_of(repo)

    def body(send: Send) -> None:
        with Watch(base, plan):
            repo = open_trace(base)
            send(lines_of(repo))
            with pytest.raises(StorageError):
                repo.commit("x", role="user")
            send(lines_of(repo))
            repo.close()

    assert children.run(body).messages == [wanted, wanted]
