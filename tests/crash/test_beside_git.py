"""Stock git works on the same trace, between our commits and at the same time; it is also the oracle."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from trace_git import TraceError

from . import children, scenarios
from .children import Send
from .scenarios import Start
from .traces import NAME, TIME, assert_sound, contents, git, lines_of, open_trace, texts_of

HOUSEKEEPING = [
    ["gc", "--prune=now", "--aggressive", "--quiet"],
    ["gc", "--prune=now", "--quiet"],
    ["repack", "-a", "-d", "-q"],
    ["repack", "-A", "-d", "-f", "-q"],
    ["pack-refs", "--all", "--prune"],
    ["prune", "--expire=now"],
    ["prune-packed"],
    ["multi-pack-index", "write"],
    ["commit-graph", "write", "--reachable"],
    ["reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all"],
    ["fsck", "--strict"],
]


@pytest.fixture
def folder(prepared: Callable[[Start], Path]) -> Path:
    return prepared(scenarios.conversation)


def _texts(folder: Path) -> list[str]:
    with open_trace(folder) as repo:
        return texts_of(repo)


@pytest.mark.parametrize("command", HOUSEKEEPING, ids=lambda command: " ".join(command[:3]))
def test_housekeeping_between_commits(command: list[str], folder: Path) -> None:
    with open_trace(folder) as repo:
        for number in range(6):
            repo.commit(f"number {number}", role="user", timestamp=TIME)
            before = lines_of(repo)
            git(folder, *command)
            assert lines_of(repo) == before
            assert [commit.id for commit in repo.log(limit=None)] == git(folder, "log", "--format=%H").split()
    assert _texts(folder)[5:] == [f"number {number}" for number in range(6)]
    assert_sound(folder)


def test_everything_is_as_before_after_gc(folder: Path) -> None:
    with open_trace(folder) as repo:
        with repo.batch():
            for number in range(300):
                repo.commit(f"number {number}", role="user", timestamp=TIME)
        repo.pin(repo.context().items[100].id)
        repo.edit(repo.context().items[50].id, "edited")
    before = contents(folder)
    git(folder, "gc", "--prune=now", "--aggressive", "--quiet")
    assert contents(folder) == before
    assert_sound(folder)


def test_gc_in_a_loop_beside_four_writers(folder: Path) -> None:
    def writing(name: str) -> Callable[[Send], None]:
        def body(send: Send) -> None:
            with open_trace(folder) as repo:
                end = time.monotonic() + 2
                number = 0
                while time.monotonic() < end:
                    repo.commit(f"{name} {number}", role="user")
                    number += 1
                    if number % 40 == 0:
                        time.sleep(0.05)
            send(number)

        return body

    writers = [children.start(writing(name)) for name in "abcd"]
    rounds = 0
    while rounds < 100:
        done = subprocess.run(
            ["git", f"--git-dir={folder / NAME}", "gc", "--prune=now", "--quiet"], capture_output=True, check=False
        )
        rounds += done.returncode == 0
        if all(not writer.heard(0) and writer.messages for writer in writers):
            break
    counts = {name: writer.wait(30).messages[-1] for name, writer in zip("abcd", writers, strict=True)}
    with open_trace(folder) as repo:
        texts = texts_of(repo)[5:]
    for name, count in counts.items():
        assert [text for text in texts if text.startswith(name)] == [f"{name} {number}" for number in range(count)]
    assert_sound(folder)


def test_objects_that_gc_took_are_written_again(folder: Path) -> None:
    """The store has seen a blob, git has dropped it since: a commit of the same content must bring it along."""
    with open_trace(folder) as repo:
        repo.commit("gone and back", role="user", timestamp=TIME)
        git(folder, "update-ref", "refs/heads/main", "HEAD~1")
        git(folder, "reflog", "expire", "--expire=now", "--all")
        git(folder, "gc", "--prune=now", "--quiet")
        repo.commit("gone and back", role="user", timestamp=TIME)
        assert texts_of(repo)[-1] == "gone and back"
    assert_sound(folder)


def test_what_git_moved_stays_moved(folder: Path) -> None:
    with open_trace(folder) as repo:
        first = git(folder, "rev-parse", "HEAD~1")
        repo.commit("dropped by hand", role="user", timestamp=TIME)
        git(folder, "update-ref", "refs/heads/main", first)
        assert texts_of(repo) == ["Be brief."]
        assert repo.commit("on top", role="user", timestamp=TIME).parents == (first,)
    assert _texts(folder) == ["Be brief.", "on top"]
    assert_sound(folder)


def test_what_git_moved_while_a_dead_process_had_commits_pending(folder: Path) -> None:
    """A replay must not undo the user's own move."""
    first = git(folder, "rev-parse", "HEAD~1")

    def body(send: Send) -> None:
        repo = open_trace(folder)
        for number in range(40):
            repo.commit(f"number {number}", role="user", timestamp=TIME)

    children.run(body)
    (folder / NAME / "refs/heads/main.lock").unlink(missing_ok=True)  # the user cleared the way
    git(folder, "update-ref", "-m", "by hand", "refs/heads/main", first)
    with open_trace(folder) as repo:
        assert texts_of(repo) == ["Be brief."]
        repo.commit("on top", role="user", timestamp=TIME)
        assert texts_of(repo) == ["Be brief.", "on top"]
    assert_sound(folder)


def test_branches_made_and_deleted_by_git(folder: Path) -> None:
    with open_trace(folder) as repo:
        git(folder, "branch", "by-git", "main")
        assert "by-git" in [branch.name for branch in repo.branches()]
        with open_trace(folder, branch="by-git") as other:
            other.commit("there", role="user", timestamp=TIME)
        git(folder, "branch", "-D", "by-git")
        assert "by-git" not in [branch.name for branch in repo.branches()]
        repo.branch("by-git")
        with open_trace(folder, branch="by-git") as other:
            assert texts_of(other) == texts_of(repo)
    assert_sound(folder)


def test_a_commit_made_by_git_is_read(folder: Path) -> None:
    with open_trace(folder) as repo:
        who = {
            "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@b",
        }
        os.environ.update(who)
        made = git(folder, "commit-tree", "-p", "HEAD", "-m", "by git", "HEAD~1^{tree}")
        git(folder, "update-ref", "refs/heads/main", made)
        assert texts_of(repo) == ["Be brief."]
        assert repo.commit("on top", role="user", timestamp=TIME).parents == (made,)
        assert repo.get("HEAD~1").op == ""
    assert_sound(folder)


def test_every_commit_is_visible_to_git_when_the_call_returns(folder: Path) -> None:
    with open_trace(folder) as repo:
        for number in range(10):
            commit = repo.commit(f"number {number}", role="user")
            assert git(folder, "rev-parse", "refs/heads/main") == commit.id
            time.sleep(0.06)
        with repo.batch():
            last = [repo.commit(f"batch {number}", role="user") for number in range(20)][-1]
        assert git(folder, "rev-parse", "refs/heads/main") == last.id


def test_git_sees_a_long_burst_at_most_a_moment_late(folder: Path) -> None:
    with open_trace(folder) as repo:
        last = [repo.commit(f"number {number}", role="user") for number in range(60)][-1]
        time.sleep(0.5)
        assert git(folder, "rev-parse", "refs/heads/main") == last.id
        last = [repo.commit(f"more {number}", role="user") for number in range(60)][-1]
        repo.flush()
        assert git(folder, "rev-parse", "refs/heads/main") == last.id


def test_a_clone_and_a_push_carry_the_whole_context(folder: Path) -> None:
    git(folder, "clone", "--quiet", "--bare", str(folder / NAME), str(folder / "clone.trace"))
    with open_trace(folder) as repo:
        wanted = lines_of(repo)
    clone = folder / "copy"
    clone.mkdir()
    (folder / "clone.trace").rename(clone / NAME)
    with open_trace(clone) as repo:
        assert lines_of(repo) == wanted
        repo.commit("in the clone", role="user", timestamp=TIME)
    git(clone, "push", "--quiet", str(folder / NAME), "main")
    with open_trace(folder) as repo:
        assert texts_of(repo)[-1] == "in the clone"


def test_a_ref_that_leads_nowhere_is_never_built_upon(folder: Path) -> None:
    good = git(folder, "rev-parse", "main")
    ref = folder / NAME / "refs/heads/main"
    for bad in (b"", b"\0" * 41, b"garbage\n", b"0123456789" * 4 + b"\n", b"0" * 40 + b"\n"):
        ref.write_bytes(bad)
        with pytest.raises(TraceError, match=good), open_trace(folder) as repo:
            repo.commit("on sand", role="user")
        assert ref.read_bytes() == bad
    ref.write_text(good + "\n")
    with open_trace(folder) as repo:
        repo.commit("on rock", role="user")
    assert_sound(folder)
