"""Contexts: items in order, read from the tree alone, and cheap to read again."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trace_git import Repo
from trace_git.errors import CorruptTraceError, InvalidInputError


class Words:
    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


@pytest.fixture
def open_repo(tmp_path: Path) -> Iterator[Callable[..., Repo]]:
    opened: list[Repo] = []

    def make(**options: Any) -> Repo:
        opened.append(Repo.open(tmp_path / "t.trace", **{"tokenizer": Words(), **options}))
        return opened[-1]

    yield make
    for repo in opened:
        repo.close()


@pytest.fixture
def repo(open_repo: Callable[..., Repo]) -> Repo:
    return open_repo()


def texts(repo: Repo, rev: str = "HEAD") -> list[str]:
    return [item.message.text for item in repo.context(rev).items]


def test_every_commit_has_its_own(repo: Repo) -> None:
    commits = [repo.commit(str(number)) for number in range(40)]  # more than one folder of items
    for number, commit in enumerate(commits):
        context = repo.context(commit)
        assert [item.message.text for item in context.items] == [str(one) for one in range(number + 1)]
        assert context.commit == commit.id
        assert context.tokens == commit.context_tokens == (number + 1) * 5 + 3


def test_keys_carry_over(repo: Repo) -> None:
    """32 items fill a folder, 1,024 a folder of folders."""
    with repo.batch():
        repo.commit([str(number) for number in range(1023)])
        for number in range(1023, 1030):
            repo.commit(str(number))
    assert texts(repo) == [str(number) for number in range(1030)]
    ids = [item.id for item in repo.context().items]
    assert len(set(ids)) == 1030


def test_equal_messages_are_different_items(repo: Repo) -> None:
    repo.commit(["same", "same"])
    repo.commit("same")
    items = repo.context().items
    assert len({item.id for item in items}) == 3
    assert len({item.blob for item in items}) == 1


def test_an_unchanged_item_is_the_same_object(repo: Repo) -> None:
    repo.commit([str(number) for number in range(100)])
    before = repo.context().items
    assert repo.context() is repo.context()
    repo.commit("one more")
    after = repo.context().items
    assert sum(one is other for one, other in zip(before, after, strict=False)) >= 96
    assert after[:100] == before


def test_reading_again_costs_what_changed(open_repo: Callable[..., Repo]) -> None:
    with open_repo() as writer, writer.batch():
        for start in range(0, 6000, 500):
            writer.commit([str(number) for number in range(start, start + 500)])
    repo = open_repo()
    begun = time.perf_counter()
    assert len(repo.materialize().output) == 6000
    cold = time.perf_counter() - begun
    again = []
    for number in range(5):
        repo.commit(str(number))
        begun = time.perf_counter()
        repo.materialize()
        again.append(time.perf_counter() - begun)
    assert min(again) < cold / 10


def test_no_history_is_walked(open_repo: Callable[..., Repo]) -> None:
    with open_repo() as writer, writer.batch():
        for number in range(300):
            writer.commit(str(number))
    repo = open_repo()
    read: list[str] = []
    store = repo._handle.store
    real = store.commit
    store.commit = lambda oid: read.append(oid) or real(oid)  # type: ignore[func-returns-value, method-assign]
    assert len(repo.context()) == 300
    assert len(set(read)) == 1


def test_items_say_what_they_are(repo: Repo) -> None:
    repo.commit("a", role="system", pin=True)
    repo.commit("b")
    first, second = repo.context().items
    assert (first.role, first.kind, first.pinned) == ("system", "message", True)
    assert (second.role, second.kind, second.pinned) == ("user", "message", False)
    assert len(first.id) == 16
    assert int(first.id, 16)


def commit_by_hand(repo: Repo, name: str, content: bytes) -> str:
    """A commit, made by stock git, of HEAD's tree with another blob at ``name``."""

    def git(*args: str, given: bytes = b"") -> str:
        return subprocess.run(
            ["git", *args], cwd=repo.path, input=given, capture_output=True, check=True
        ).stdout.decode()

    blob = git("hash-object", "-w", "--stdin", given=content).strip()
    listed = [line for line in git("ls-tree", "HEAD").splitlines() if not line.endswith(f"\t{name}")]
    tree = git("mktree", given="\n".join([*listed, f"100644 blob {blob}\t{name}"]).encode()).strip()
    who = ("-c", "user.name=a", "-c", "user.email=b@c")
    commit = git(*who, "commit-tree", "-m", "by hand", tree).strip()
    git("update-ref", "refs/heads/foreign", commit)
    return commit


@pytest.mark.parametrize("version", [b"trace 2\n", b"", b"trace 1"])
def test_a_format_of_others_is_refused(version: bytes, repo: Repo) -> None:
    repo.commit("one")
    commit_by_hand(repo, "format", version)
    with pytest.raises(InvalidInputError) as caught:
        repo.context("foreign")
    assert repr(version) in str(caught.value)
    assert caught.value.hint
    assert texts(repo) == ["one"]


def test_what_others_add_to_the_tree_stays(repo: Repo) -> None:
    repo.commit("one")
    commit_by_hand(repo, "notes.txt", b"mine")
    repo.switch("foreign")
    commit = repo.commit("two")
    assert texts(repo) == ["one", "two"]
    listed = subprocess.run(["git", "ls-tree", commit.id], cwd=repo.path, capture_output=True, check=True).stdout
    assert b"\tnotes.txt" in listed


def test_a_damaged_message_is_named_and_the_others_are_read(open_repo: Callable[..., Repo]) -> None:
    with open_repo() as writer:
        writer.commit("one")
        writer.commit("two")
        first, _ = writer.context().items
    loose = writer.path / "objects" / first.blob[:2] / first.blob[2:]
    packs = sorted((writer.path / "objects" / "pack").glob("*.pack"))
    aside = [path.rename(path.with_suffix(".aside")) for path in packs]
    for path in aside:
        path.with_suffix(".idx").unlink()
        subprocess.run(["git", "unpack-objects", "-q"], cwd=writer.path, input=path.read_bytes(), check=True)
    loose.chmod(0o644)
    loose.write_bytes(b"garbage")
    items = open_repo().context().items
    assert items[1].message.text == "two"
    with pytest.raises(CorruptTraceError, match=first.blob) as caught:
        _ = items[0].message
    assert caught.value.object_id == first.blob
