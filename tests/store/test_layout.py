"""The folder of a trace: made whole or not at all, recognised, and never made of what is something else."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from trace_git import Repo
from trace_git.errors import InvalidInputError, NotFoundError, StateError, StorageError
from trace_git.store import layout

Git = Callable[..., str]


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Every path below ``folder`` with its bytes."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def test_stock_git_finds_a_sound_bare_repository(folder: str, git: Git) -> None:
    assert git(folder, "rev-parse", "--is-bare-repository").strip() == "true"
    assert git(folder, "symbolic-ref", "HEAD").strip() == "refs/heads/main"
    git(folder, "fsck", "--strict")
    assert git(folder, "count-objects").startswith("0 objects")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("gc.auto", "0"),
        ("core.logAllRefUpdates", "always"),
        ("core.filesRefLockTimeout", "5000"),
        ("log.initialDecorationSet", "all"),
        ("merge.directoryRenames", "false"),
        ("transfer.hideRefs", "refs/trace/keep"),
    ],
)
def test_what_git_is_told(key: str, value: str, folder: str, git: Git) -> None:
    assert git(folder, "config", key).strip() == value


def test_git_is_told_not_to_touch_messages(folder: str, git: Git) -> None:
    said = git(folder, "check-attr", "text", "diff", "merge", "--", "messages/10000/0/x.msgpack")
    assert [line.rpartition(": ")[2] for line in said.splitlines()] == ["unset", "trace", "unset"]


def test_making_it_again_changes_nothing(folder: str) -> None:
    before = snapshot(Path(folder))
    assert layout.init(folder) == folder
    assert snapshot(Path(folder)) == before


def test_an_empty_folder_becomes_the_trace(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    assert layout.is_repository(layout.init(str(tmp_path / "there")))
    assert layout.is_repository(layout.init(str(tmp_path / "not" / "there" / "yet")))


def test_an_empty_folder_stays_the_one_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever stands in it goes on standing in it."""
    there = tmp_path / "there"
    there.mkdir()
    before = there.stat().st_ino
    monkeypatch.chdir(there)
    with Repo.open(".", tokenizer=None) as repo:
        repo.commit("hello")
    assert (there.stat().st_ino, Path.cwd()) == (before, there)
    assert layout.is_repository(".")
    assert not list(there.glob(".new-*"))


def failing(call: str, nth: int, error: BaseException) -> Callable[..., Any]:
    """A function of ``os`` whose ``nth`` call fails."""
    real, calls = getattr(os, call), count(1)

    def fail(*args: Any, **options: Any) -> Any:
        if next(calls) == nth:
            raise error
        return real(*args, **options)

    return fail


@pytest.mark.parametrize("call", ["fsync", "write", "link", "rename", "mkdir", "posix_fallocate"])
@pytest.mark.parametrize("dies", [False, True])
def test_a_failure_leaves_an_empty_folder_empty(
    call: str, dies: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or what another try clears away, where the process died."""
    for nth in range(1, 14):
        fail = failing(call, nth, KeyboardInterrupt() if dies else OSError(28, "No space left on device"))
        target = tmp_path / f"{call}-{nth}"
        target.mkdir()
        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail)
            with suppress(StorageError, KeyboardInterrupt):
                layout.init(str(target))
        assert layout.is_repository(str(target)) or dies or not list(target.iterdir())
        Repo.open(target, tokenizer=None).close()
        assert not list(target.glob(".new-*"))


def test_a_trace_that_lost_its_head_is_not_begun_anew(tmp_path: Path) -> None:
    """Also when whoever made it died before the draft was removed."""
    there = tmp_path / "there"
    there.mkdir()
    with Repo.open(there, tokenizer=None) as repo:
        repo.commit("hello")
    (there / ".new-trace-1-00000000").mkdir()
    (there / "HEAD").unlink()
    before = sorted(path.name for path in there.rglob("*"))
    with pytest.raises(InvalidInputError, match="not empty"):
        layout.init(str(there))
    assert sorted(path.name for path in there.rglob("*")) == before


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    before = snapshot(tmp_path)
    for name in ("full", "file"):
        with pytest.raises(InvalidInputError, match=name) as caught:
            Repo.open(tmp_path / name, tokenizer=None)
        assert caught.value.hint
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("call", ["fsync", "write", "link", "rename", "mkdir", "posix_fallocate"])
def test_a_failure_leaves_no_half_of_a_trace(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever fails, at whichever of its calls: afterwards there is no trace, or a whole one."""
    for nth in range(1, 9):
        fail = failing(call, nth, OSError(28, "No space left on device"))
        target = tmp_path / f"{call}-{nth}"
        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail)
            try:
                layout.init(str(target))
            except StorageError as error:
                reached = str(error)
            else:
                reached = ""
        assert layout.is_repository(str(target)) or (reached and not target.exists())
        Repo.open(target, tokenizer=None).close()
    assert not list(tmp_path.glob("*.new-*"))


def test_a_trace_inside_a_project_hides_itself(tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "-q", ".")
    Repo.open(tmp_path / ".trace", tokenizer=None).close()
    assert (tmp_path / ".trace" / ".gitignore").read_text() == "*\n"
    assert git(tmp_path, "status", "--porcelain") == ""
    assert not (Path(layout.init(str(tmp_path / "other.trace"))) / ".gitignore").exists()


def test_where_a_trace_is_found(tmp_path: Path) -> None:
    inner = layout.init(str(tmp_path / "project" / ".trace"))
    bare = layout.init(str(tmp_path / "run.trace"))
    assert layout.locate(bare) == bare
    assert layout.locate(str(tmp_path / "project")) == layout.locate(inner) == inner
    assert layout.locate(str(tmp_path)) is None
    (tmp_path / "link").symlink_to(bare)
    assert layout.locate(str(tmp_path / "link")) == bare


def test_a_trace_is_found_upwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = layout.init(str(tmp_path / "project" / ".trace"))
    deep = tmp_path / "project" / "a" / "b"
    deep.mkdir(parents=True)
    assert str(Repo.find(deep)) == inner
    monkeypatch.chdir(deep)
    assert str(Repo.find()) == inner
    with pytest.raises(NotFoundError) as caught:
        Repo.find(tmp_path)
    assert caught.value.hint


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("commits", [True, False])
def test_a_source_code_repository_is_no_trace_and_stays_untouched(
    bare: bool, commits: bool, tmp_path: Path, git: Git
) -> None:
    git(tmp_path, "init", "-q", "source")
    source = tmp_path / "source"
    (source / "main.c").write_text("int main;")
    if commits:
        git(source, "add", ".")
        git(source, "-c", "user.name=a", "-c", "user.email=b", "commit", "-q", "-m", "x")
    if bare:
        git(tmp_path, "clone", "-q", "--bare", "source", "bare")
        source = tmp_path / "bare"
    before = snapshot(source)
    for create in (True, False):
        with pytest.raises(NotFoundError, match="not a trace") as caught:
            Repo.open(source, create=create, tokenizer=None)
        assert caught.value.hint
    assert snapshot(source) == before


def test_nothing_there_and_nothing_to_be_made(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="not a trace"):
        Repo.open(tmp_path / "absent", create=False, tokenizer=None)
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(InvalidInputError):
        Repo.open(path, tokenizer=None)


@pytest.mark.parametrize(
    "config",
    [
        "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n",
        "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefstorage = reftable\n",
        "[core]\n\trepositoryformatversion = 2\n",
    ],
)
def test_a_repository_we_could_damage_is_refused(config: str, folder: str) -> None:
    (Path(folder) / "config").write_text(config)
    with pytest.raises(StateError) as caught:
        Repo.open(folder, tokenizer=None)
    assert folder in str(caught.value)


def filled(folder: str) -> None:
    with Repo.open(folder, tokenizer=None) as repo:
        repo.commit("hello")
        repo.commit("there", role="assistant")


def test_a_read_only_folder_can_be_read(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(folder)
    before = snapshot(Path(folder))
    monkeypatch.setattr(os, "access", lambda *args: False)
    with Repo.open(folder, tokenizer="estimate") as repo:
        assert [message["content"] for message in repo.context().messages()] == ["hello", "there"]
        assert [commit.op for commit in repo.log()] == ["append", "append"]
        assert repo.status().items == 2
        assert repo.verify() == ()
        with pytest.raises(StorageError, match="read-only"):
            repo.commit("no")
        with pytest.raises(StorageError, match="read-only"), repo.batch():
            pass
    assert snapshot(Path(folder)) == before


def test_a_clone_with_a_work_tree_can_be_read_and_not_written(folder: str, tmp_path: Path, git: Git) -> None:
    filled(folder)
    git(tmp_path, "clone", "-q", folder, "clone")
    before = snapshot(tmp_path / "clone")
    with Repo.open(tmp_path / "clone", tokenizer="estimate") as repo:
        assert [message["content"] for message in repo.context().messages()] == ["hello", "there"]
        assert len(list(repo.log())) == repo.status().items == 2
        assert repo.verify() == ()
        for write in (lambda: repo.commit("no"), lambda: repo.branch("no"), lambda: repo.switch("no", create=True)):
            with pytest.raises(StateError) as caught:
                write()
            assert "git clone --bare" in (caught.value.hint or "")
    assert snapshot(tmp_path / "clone") == before
