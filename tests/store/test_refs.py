"""Ref files: which names are legal, what a file may say, and that an error is never "absent"."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trace_git.errors import CorruptTraceError, InvalidInputError, StorageError, TraceError
from trace_git.store.refs import RefFiles, check_name, is_id

A, B, C = "a" * 40, "b" * 40, "c" * 40
MAIN = "refs/heads/main"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("refs/heads", "refs/tags", "trace"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def refs(folder: Path) -> RefFiles:
    return RefFiles(str(folder), str(folder / "trace" / "reflock"), str(folder / "trace" / "tmp"))


def put(folder: Path, ref: str, text: str | bytes) -> None:
    path = folder / ref
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


BAD = [
    "", "a..b", ".a", "a.lock", "a//b", "/a", "a/", "a b", "a~b", "a^b", "a:b", "a?b", "a*b", "a[b", "a\\b", "a\0b",
    "a\nb", "a\x7fb", "a\x1bb", "a\tb", "@", "a@{b", "-a", "a.", "a/.b", "a/b.lock", "a.lock/b", "..", ".", "x/..",
]  # fmt: skip
GOOD = ["main", "é", "🚀", "a/b", "a-b", "a.b", "x@y", "$(id)", ";rm", "a'b", "CON", "feature/é/🚀", "a.lock.b", "lock"]


@pytest.mark.parametrize("name", BAD)
def test_names_that_git_refuses_are_refused(name: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_name(name)
    assert "\n" not in str(caught.value)
    assert repr(name) in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("name", GOOD)
def test_names_that_git_allows_are_allowed(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", [name for name in BAD + GOOD if "\0" not in name and name not in ("", "@")])
def test_git_agrees(name: str, git: Callable[..., str], tmp_path: Path) -> None:
    if name in BAD:
        with pytest.raises(AssertionError):
            git(tmp_path, "check-ref-format", "--branch", name)
    else:
        git(tmp_path, "check-ref-format", "--branch", name)


@pytest.mark.parametrize("name", ["trace", "trace/x", "agents/bob", "agents", "HEAD", "\ud800", "x" * 300, "é" * 150])
def test_names_that_are_ours_or_fit_no_file_are_refused(name: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_name(name, what="session")
    assert "session" in str(caught.value) or name in str(caught.value) or repr(name) in str(caught.value)


@pytest.mark.parametrize(
    ("value", "yes"), [(A, True), (None, False), ("A" * 40, False), (A + "\n", False), ("", False)]
)
def test_what_an_id_is(value: str | None, yes: bool) -> None:
    assert is_id(value) is yes


def test_a_ref_is_absent_an_id_or_symbolic(refs: RefFiles, folder: Path) -> None:
    assert refs.read(MAIN) is None
    put(folder, MAIN, f"{A}\n")
    put(folder, "HEAD", f"ref: {MAIN}\n")
    assert refs.read(MAIN) == A
    assert refs.read("HEAD") == f"ref: {MAIN}"
    assert refs.read("refs/heads") is None  # a folder
    assert refs.read(f"{MAIN}/below") is None


@pytest.mark.parametrize(
    "raw",
    [b"", b"\n", bytes(41), b"\xff" * 41, b"deadbeef\n", A[:39].encode(), f"{A} x".encode(), b"ref: ../../x", b"ref: "],
)
def test_garbage_is_corruption_and_never_absence(raw: bytes, refs: RefFiles, folder: Path) -> None:
    put(folder, "packed-refs", f"{A} {MAIN}\n")
    put(folder, MAIN, raw)
    with pytest.raises(CorruptTraceError, match=MAIN):
        refs.read(MAIN)
    with pytest.raises(CorruptTraceError, match=MAIN):
        refs.all()
    assert refs.all_names("refs/") == [MAIN]


@pytest.mark.parametrize("target", ["refs/head", "refs/heads/", "refs/tags/x", "refs/trace/keep/1"])
def test_a_head_that_names_no_branch_is_damage(target: str, refs: RefFiles, folder: Path) -> None:
    put(folder, "HEAD", f"ref: {target}\n")
    put(folder, "refs/namespaces/a/HEAD", f"ref: refs/namespaces/a/{target}\n")
    for head in ("HEAD", "refs/namespaces/a/HEAD"):
        with pytest.raises(CorruptTraceError, match=f"ref {head} holds no object id"):
            refs.read(head)
    put(folder, "refs/remotes/origin/HEAD", "ref: refs/remotes/origin/main\n")
    assert refs.read("refs/remotes/origin/HEAD") == "ref: refs/remotes/origin/main"


def test_packed_refs_are_read_and_loose_ones_win(refs: RefFiles, folder: Path) -> None:
    put(folder, "packed-refs", f"# pack-refs with: peeled fully-peeled sorted\n{A} {MAIN}\n{B} refs/tags/t\n^{C}\n")
    assert refs.all() == {MAIN: A, "refs/tags/t": B}
    put(folder, MAIN, f"{C}\n")
    assert refs.read(MAIN) == C
    assert refs.all("refs/heads/") == {MAIN: C}
    assert refs.all("refs/tags/") == {"refs/tags/t": B}


def test_packed_refs_are_read_again_when_they_change(refs: RefFiles, folder: Path) -> None:
    put(folder, "packed-refs", f"{A} {MAIN}\n")
    assert refs.read(MAIN) == A
    (folder / "new").write_text(f"{B} {MAIN}\n")
    os.replace(folder / "new", folder / "packed-refs")
    assert refs.read(MAIN) == B


@pytest.mark.parametrize("line", [f"{A[:30]} {MAIN}", "garbage", f"{A}", "\0" * 60])
def test_a_damaged_packed_refs_says_so(line: str, refs: RefFiles, folder: Path) -> None:
    put(folder, "packed-refs", f"{B} refs/tags/t\n{line}\n")
    with pytest.raises(CorruptTraceError, match="packed-refs"):
        refs.read(MAIN)


def test_a_deleted_ref_does_not_come_back_from_packed_refs(refs: RefFiles, folder: Path) -> None:
    text = f"# pack-refs with: peeled fully-peeled sorted \n{A} {MAIN}\n{B} refs/tags/t\n^{C}\n{C} refs/tags/u\n"
    put(folder, "packed-refs", text)
    put(folder, "refs/tags/t", f"{A}\n")
    put(folder, "logs/refs/tags/t", "line\n")
    refs.delete("refs/tags/t")
    assert refs.all() == {MAIN: A, "refs/tags/u": C}
    assert (folder / "packed-refs").read_text() == text.replace(f"{B} refs/tags/t\n^{C}\n", "")
    assert not list(folder.rglob("*.lock"))
    assert not (folder / "logs/refs/tags/t").exists()


def test_a_ref_is_not_deleted_while_git_rewrites_packed_refs(refs: RefFiles, folder: Path) -> None:
    put(folder, "packed-refs", f"{A} {MAIN}\n")
    put(folder, MAIN, f"{B}\n")
    put(folder, "packed-refs.lock", "")
    with pytest.raises(StorageError, match="packed-refs"):
        refs.delete(MAIN)
    assert refs.read(MAIN) == B


def test_a_new_ref_replaces_the_empty_folders_that_deleted_ones_left(refs: RefFiles, folder: Path) -> None:
    refs.write("refs/heads/a/b/c", A)
    refs.delete("refs/heads/a/b/c")
    refs.write("refs/heads/a", B)
    assert refs.all() == {"refs/heads/a": B}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("there", "wanted"), [("a", "a/b"), ("a/b", "a"), ("a", "a/b/c"), ("a/b/c", "a")])
def test_refs_that_cannot_live_side_by_side(
    there: str, wanted: str, packed: bool, refs: RefFiles, folder: Path
) -> None:
    there, wanted = f"refs/heads/{there}", f"refs/heads/{wanted}"
    put(folder, "packed-refs" if packed else there, f"{A} {there}\n" if packed else f"{A}\n")
    assert refs.clash(wanted) == there
    assert refs.clash("refs/heads/ab") is None


FAILURES = [errno.EIO, errno.EACCES, errno.EMFILE]


@pytest.mark.parametrize("code", FAILURES)
@pytest.mark.parametrize("call", ["open", "read"])
def test_a_read_error_is_never_no_such_ref(
    call: str, code: int, refs: RefFiles, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **options: Any) -> Any:
        raise OSError(code, os.strerror(code))

    put(folder, MAIN, f"{A}\n")
    put(folder, "packed-refs", f"{B} {MAIN}\n")
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(StorageError, match=os.strerror(code)):
        refs.read(MAIN)


@pytest.mark.parametrize("code", FAILURES)
def test_refs_that_cannot_be_listed_are_an_error(code: int, refs: RefFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> Any:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "scandir", fail)
    with pytest.raises(StorageError):
        refs.all()


def test_a_lock_is_gits_lock_and_known_as_ours_by_its_inode(refs: RefFiles, folder: Path) -> None:
    assert refs.try_lock(MAIN)
    assert (folder / f"{MAIN}.lock").exists()
    assert refs.owns(str(folder / f"{MAIN}.lock"))
    assert refs.try_lock(MAIN)  # the trace has it already
    assert refs.holds_locks()
    assert refs.own_locks() == [str(folder / f"{MAIN}.lock")]
    assert refs.all() == {}  # a lock is no ref
    refs.unlock(MAIN)
    assert not refs.holds_locks()
    assert not (folder / f"{MAIN}.lock").exists()


def test_another_handle_of_the_trace_knows_the_lock(refs: RefFiles, folder: Path) -> None:
    refs.try_lock("refs/heads/a/b")
    other = RefFiles(str(folder), str(folder / "trace" / "reflock"), str(folder / "trace" / "other"))
    assert other.try_lock("refs/heads/a/b")
    assert other.own_locks() == [str(folder / "refs/heads/a/b.lock")]


def test_a_strangers_lock_is_respected(refs: RefFiles, folder: Path) -> None:
    put(folder, f"{MAIN}.lock", "")
    assert not refs.try_lock(MAIN)
    assert not refs.owns(str(folder / f"{MAIN}.lock"))
    assert refs.own_locks() == []


@pytest.mark.parametrize("first", [True, False])
def test_a_lock_below_a_ref_is_refused(first: bool, refs: RefFiles, folder: Path) -> None:
    if not first:
        refs.try_lock(MAIN)
        refs.unlock(MAIN)
    put(folder, "refs/heads/a", f"{A}\n")
    with pytest.raises(TraceError):
        refs.try_lock("refs/heads/a/b")


def test_git_waits_for_our_lock(refs: RefFiles, folder: Path, git: Callable[..., str]) -> None:
    git(folder, "init", "-q", "--bare", ".")
    tree = git(folder, "mktree").strip()
    who = ["-c", "user.name=a", "-c", "user.email=b", "-c", "core.filesRefLockTimeout=0"]
    commit = git(folder, *who, "commit-tree", "-m", "x", tree).strip()
    refs.try_lock(MAIN)
    with pytest.raises(AssertionError, match="lock"):
        git(folder, *who, "update-ref", MAIN, commit)
    refs.unlock(MAIN)
    git(folder, *who, "update-ref", MAIN, commit)
    assert refs.read(MAIN) == commit


def test_who_moved_a_ref_last(refs: RefFiles, folder: Path) -> None:
    put(folder, f"logs/{MAIN}", f"{A} {B} trace <> 1 +0000\tappend 1\n")
    assert refs.moved_by_git(MAIN, B) is None
    put(folder, f"logs/{MAIN}", f"{A} {B} trace <> 1 +0000\tappend 1\n{B} {A} Ann <a@b> 2 +0000\treset\n")
    assert refs.moved_by_git(MAIN, A) == B
    assert refs.moved_by_git(MAIN, B) is None
