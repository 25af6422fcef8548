"""What a user still has after a kill, a restart, a full disk, or another program at work on the same trace."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from trace_git import Repo
from trace_git.errors import CorruptTraceError, LockedError, StorageError
from trace_git.store import connection, foreign, marks, store
from trace_git.store.publish import Publisher
from trace_git.store.store import Store

from .stores import MAIN, WHO, Git, Open, commit, line, on_disk

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # Python 3.12 warns of threads


def die(*args: Any, **options: Any) -> NoReturn:
    """Put in the place of a call: the process is killed there."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def in_child(work: Callable[[], object]) -> int:
    """Run ``work`` in a forked child; how that ended, as ``waitstatus_to_exitcode`` has it."""
    return ended(start(work))


def start(work: Callable[[], object]) -> int:
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException as error:
            os.write(2, f"in the child: {error!r}\n".encode())
            os._exit(1)
        os._exit(0)
    return child


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def store_on(folder: str) -> Store:
    """A store that no fixture closes: for children, which are killed."""
    return Store(folder, durability="full", committer=WHO, clock=lambda: 1_700_000_000.0)


def killed_before_publication(folder: str, text: str) -> None:
    """A process commits ``text``, is told that it is safe, and is killed before stock git could see it."""

    def work() -> None:
        on = store_on(folder)
        Publisher._publish_objects = die  # type: ignore[method-assign]
        commit(on, text)

    assert in_child(work) == -signal.SIGKILL


def failing_once(call: Callable[..., Any], meanwhile: Callable[[], object] = lambda: None) -> Callable[..., Any]:
    """``call``, the first time an I/O error after ``meanwhile``."""
    calls: list[int] = []

    def run(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            meanwhile()
            raise OSError(errno.EIO, "Input/output error")
        return call(*args)

    return run


def restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the machine has been started anew."""
    monkeypatch.setattr(marks, "boot_id", lambda: b"another boot id.")


@pytest.fixture
def grouped(monkeypatch: pytest.MonkeyPatch, endless_burst: None) -> None:
    """Not even the first commits are published one by one."""
    monkeypatch.setattr(store, "SINGLE", 0)


# -- beside stock git --------------------------------------------------------------------------


def test_a_commit_onto_what_git_moved_survives_a_kill(folder: str, open_store: Open, git: Git) -> None:
    on = open_store()
    first, _ = commit(on, "one"), commit(on, "two")
    on.close()
    git(folder, "update-ref", "-m", "reset", MAIN, first)
    killed_before_publication(folder, "three")
    on = open_store()
    assert line(on) == ["one", "three"]
    assert git(folder, "rev-parse", MAIN).strip() == on.ref(MAIN)
    assert [entry.verb for entry in on.entries()] == ["append", "external", "append", "append"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_branch_that_git_deleted_stays_deleted_after_a_restart(
    packed: bool, folder: str, open_store: Open, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = open_store()
    commit(on, "one", MAIN, "refs/heads/try")
    on.close()
    if packed:
        git(folder, "pack-refs", "--all")
    git(folder, "branch", "-D", "try")
    restart(monkeypatch)
    on = open_store()
    assert list(on.ref_names()) == git(folder, "for-each-ref", "--format=%(refname)").split() == [MAIN]
    assert on.warnings == []


def test_opening_beside_a_checkpoint_brings_no_deleted_branch_back(
    folder: str, open_store: Open, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = open_store()
    commit(on, "one", MAIN, "refs/heads/try")
    on.close()
    git(folder, "branch", "-D", "try")
    on = open_store()
    commit(on, "two")
    real, openers, seen = marks.write_generation, [], []

    def amid(fd: int, generation: marks.Generation) -> None:
        real(fd, generation)
        openers.append(threading.Thread(target=lambda: seen.append(open_store())))
        openers[0].start()
        openers[0].join(0.5)  # if it wants the lock, it has to wait for the end of this

    monkeypatch.setattr(marks, "write_generation", amid)
    on.close()
    monkeypatch.undo()
    openers[0].join()
    assert list(seen[0].ref_names()) == git(folder, "for-each-ref", "--format=%(refname)").split() == [MAIN]
    assert seen[0].warnings == []


def test_a_commit_on_a_symbolic_branch_goes_where_it_points(folder: str, git: Git) -> None:
    with Repo.open(folder, tokenizer=None) as repo:
        repo.commit("one")
    git(folder, "symbolic-ref", "refs/heads/alias", MAIN)
    with Repo.open(folder, branch="alias", tokenizer=None) as repo:
        tip = repo.commit("two").id
        assert next(found.id for found in repo.log()) == tip
    assert git(folder, "rev-parse", MAIN, "refs/heads/alias").split() == [tip, tip]
    assert git(folder, "symbolic-ref", "refs/heads/alias").strip() == MAIN


def test_garbage_in_head_does_not_harm_commits_on_a_named_branch(folder: str, git: Git) -> None:
    Repo.open(folder, tokenizer=None).close()
    Path(folder, "HEAD").write_text("garbage\n")
    with Repo.open(folder, branch="main", tokenizer=None) as repo:
        tip = repo.commit("one").id
        assert Path(folder, MAIN).read_text().strip() == tip or repo.warnings
        assert any("HEAD" in str(finding) for finding in repo.verify())
    with Repo.open(folder, branch="main", tokenizer=None) as repo:
        assert [found.id for found in repo.log("main")] == [tip]
    Path(folder, "HEAD").write_text(f"ref: {MAIN}\n")
    assert git(folder, "rev-parse", "HEAD").strip() == tip


def test_a_reflog_that_cannot_be_written_stops_nothing(folder: str, open_store: Open, git: Git) -> None:
    on = open_store()
    commit(on, "one")
    Path(folder, "logs", MAIN).unlink()
    Path(folder, "logs", MAIN, "in-the-way").mkdir(parents=True)
    tip = commit(on, "two")
    assert git(folder, "rev-parse", MAIN).strip() == tip
    on.close()
    assert line(open_store()) == ["one", "two"]


@pytest.mark.parametrize("known_by", ["GIT_DIR", "argument", "folder"])
def test_the_lock_of_a_live_program_of_any_name_is_left_alone(
    known_by: str, folder: str, open_store: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign, "_QUIET", 0.1)
    monkeypatch.setattr(foreign, "_PATIENCE", 0.4)
    on = open_store()
    tip = commit(on, "one")
    lock = Path(folder, MAIN + ".lock")
    holder = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)", *([folder] if known_by == "argument" else [])],
        cwd=folder if known_by == "folder" else "/",
        env={**os.environ, **({"GIT_DIR": folder} if known_by == "GIT_DIR" else {})},
    )
    try:
        lock.touch()
        with pytest.raises(LockedError, match=str(holder.pid)):
            commit(on, "two")
        assert lock.exists()
    finally:
        holder.kill()
        holder.wait()
    assert on_disk(on) == tip
    commit(on, "three")  # nobody holds it any more
    assert line(on) == ["one", "three"]


# -- a fresh clone -----------------------------------------------------------------------------


@pytest.fixture
def clone(folder: str, open_store: Open, git: Git, tmp_path: Path) -> str:
    """A bare clone with one commit, never opened."""
    on = open_store()
    commit(on, "one")
    on.close()
    git(tmp_path, "clone", "-q", "--bare", folder, "clone.trace")
    return str(tmp_path / "clone.trace")


@pytest.mark.parametrize("call", ["posix_fallocate", "pwrite", "fdatasync", "link", "unlink"])
def test_a_kill_at_the_first_opening_of_a_clone_is_harmless(call: str, clone: str) -> None:
    def work() -> None:
        setattr(os, call, die)
        store_on(clone)

    assert in_child(work) == -signal.SIGKILL
    on = store_on(clone)
    commit(on, "two")
    assert line(on) == ["one", "two"]
    on.close()


def test_processes_that_first_open_a_clone_at_the_same_time(clone: str, git: Git) -> None:
    def work(name: str) -> None:
        on = store_on(clone)
        commit(on, name)
        on.close()

    names = ["a", "b", "c", "d"]
    children = [start(lambda name=name: work(name)) for name in names]  # type: ignore[misc]
    assert [ended(child) for child in children] == [0] * len(names)
    on = store_on(clone)
    assert (line(on)[0], sorted(line(on)[1:])) == ("one", names)
    assert [entry.seq for entry in on.entries()] == [5, 4, 3, 2, 1]  # the first: what the clone came with
    on.close()


# -- several handles ---------------------------------------------------------------------------


@pytest.mark.usefixtures("grouped")
def test_nobody_builds_upon_a_record_that_was_taken_back(open_store: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, other = open_store(), open_store()
    commit(writer, "base")
    seen: list[list[str]] = []
    look = failing_once(os.fdatasync, meanwhile=lambda: seen.append(line(other)))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", look)
        with pytest.raises(StorageError):
            commit(writer, "never acknowledged, and a long one")
    assert seen == [["base", "never acknowledged, and a long one"]]  # else this shows nothing
    assert line(other) == ["base"]
    commit(writer, "short")
    assert line(other) == ["base", "short"]
    commit(other, "more")
    assert line(writer) == line(other) == line(open_store()) == ["base", "short", "more"]


@pytest.mark.usefixtures("grouped")
def test_damage_to_the_first_unpublished_record_is_told_in_a_copy_too(folder: str, tmp_path: Path) -> None:
    """A copy has none of the dead writer's locks, which otherwise have what it left looked through."""

    def write() -> None:
        on = store_on(folder)
        with on.batch():
            for number in range(5):
                commit(on, str(number))
            die()

    assert in_child(write) == -signal.SIGKILL
    copy = str(shutil.copytree(folder, tmp_path / "copy"))
    journal = Path(copy, "trace", "journal")
    raw = bytearray(journal.read_bytes())
    raw[marks.DATA_START + 100] ^= 1
    journal.write_bytes(raw)
    with pytest.raises(CorruptTraceError, match="record 1 at offset"):
        store_on(copy)
    assert journal.read_bytes() == raw


def test_a_reader_lets_go_of_what_is_published(open_store: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_OVERLAY_BYTES", 20_000)
    writer, reader = open_store(), open_store()
    for number in range(300):
        commit(writer, f"{number} " + "y" * 1000)
        reader.refresh()
    writer.flush()
    reader.refresh()
    assert reader._on.pending == []
    assert sum(len(data) for _, data in reader._on.objects.overlay.values()) <= 20_000
    assert len(line(reader)) == 300
