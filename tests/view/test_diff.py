"""Diff: what became of each item, in the order of the new context, at the price of what changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trace_git import Repo
from trace_git.errors import NotFoundError
from trace_git.model import Author
from trace_git.results import Diff
from trace_git.store import format, trees
from trace_git.store.commits import CommitData
from trace_git.store.format import Place
from trace_git.view.diff import longest_increasing

WHO = Author("Test", "test@example.org")
EACH = 3 + 1  # framing and role of a message
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}


class Words:
    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repo]:
    with Repo.open(tmp_path / "t.trace", tokenizer=Words()) as repo:
        yield repo


def seen(diff: Diff) -> list[tuple[str, tuple[str, ...]]]:
    """What the new (or gone) version of each changed item says, with what became of it."""
    return [(change.item.message.text, change.kinds) for change in diff.changes]


def rearranged(repo: Repo, order: list[int], *, width: int = 1) -> str:
    """A commit with the items of HEAD in another order (those not named are gone), every ``width``-th key used."""
    store = repo._handle.store
    tip = repo.get("HEAD")
    entries = repo._handle.snapshots.entries(tip.tree)
    with store.transaction("reorder", ["refs/heads/main"]) as transaction:
        key, changes = "0zzzzzz".replace("z", "v"), {format.message_path(entry.place): None for entry in entries}
        placed: dict[tuple[bytes, ...], tuple[bytes, bytes] | None] = dict(changes)
        for at in order:
            for _ in range(width):
                key = format.next_key(key)
            place = Place(key, entries[at].place.role, entries[at].place.item)
            placed[format.message_path(place)] = (trees.FILE, bytes.fromhex(entries[at].blob))
        tree = trees.edit(transaction, bytes.fromhex(tip.tree), placed)
        assert tree is not None
        data = CommitData(tree.hex(), (tip.id,), WHO, WHO, 1_700_000_000, "reorder", {"Trace-Op": "reorder"})
        oid = transaction.put_commit(data)
        transaction.move("refs/heads/main", oid)
    return oid


def test_an_append_adds(repo: Repo) -> None:
    repo.commit("one")
    repo.commit(["two", "three four"])
    diff = repo.diff()
    assert seen(diff) == [("two", ("added",)), ("three four", ("added",))]
    assert [change.tokens for change in diff.changes] == [1 + EACH, 2 + EACH]
    assert (diff.old, diff.new, diff.tools_changed) == (repo.get("HEAD~1").id, repo.get("HEAD").id, False)
    assert bool(diff)
    assert seen(repo.diff("HEAD", "HEAD~1")) == [("two", ("removed",)), ("three four", ("removed",))]


def test_a_root_is_compared_with_nothing(repo: Repo) -> None:
    root = repo.commit("one", pin=True)
    diff = repo.diff(new=root)
    assert (diff.old, seen(diff)) == (None, [("one", ("added", "pinned"))])
    assert (diff.receipt.sent, diff.receipt.baseline, diff.receipt.share) == (0, None, 0)


def test_a_commit_and_itself_do_not_differ(repo: Repo) -> None:
    repo.commit("one")
    assert not repo.diff("HEAD", "HEAD")


def test_an_empty_trace_has_nothing_to_compare(repo: Repo) -> None:
    with pytest.raises(NotFoundError, match="no commits yet"):
        repo.diff()


def test_edit_pin_unpin_and_several_at_once(repo: Repo) -> None:
    first = repo.commit("one")
    repo.commit("two", pin=True)
    start = repo.get("HEAD")
    repo.edit(first, "one and a half")
    repo.pin(first)
    repo.unpin(repo.context().items[1])
    diff = repo.diff(start)
    assert seen(diff) == [("one and a half", ("edited", "pinned")), ("two", ("unpinned",))]
    edited, unpinned = diff.changes
    assert edited.old is not None
    assert edited.new is not None
    assert (edited.old.message.text, edited.old.pinned, edited.new.pinned, edited.tokens) == ("one", False, True, 3)
    assert unpinned.tokens == 0


def test_a_pin_far_from_what_changed_is_found(repo: Repo) -> None:
    repo.commit([str(number) for number in range(200)])
    start = repo.get("HEAD")
    repo.pin(repo.context().items[70])
    repo.commit("last")
    assert seen(repo.diff(start)) == [("70", ("pinned",)), ("last", ("added",))]


def test_tool_definitions_are_told_apart(repo: Repo) -> None:
    repo.commit("one")
    repo.set_tools([TOOL])
    diff = repo.diff()
    assert (diff.changes, diff.tools_changed, bool(diff)) == ((), True, True)


def test_removed_items_come_where_they_stood(repo: Repo) -> None:
    repo.commit([str(number) for number in range(40)])
    start = repo.get("HEAD")
    repo.edit(repo.context().items[3], "three")
    repo.commit("last")
    rearranged(repo, [at for at in range(41) if at not in (0, 2, 4, 5, 39)])
    assert seen(repo.diff(start)) == [
        ("0", ("removed",)),
        ("2", ("removed",)),
        ("three", ("edited",)),
        ("4", ("removed",)),
        ("5", ("removed",)),
        ("39", ("removed",)),
        ("last", ("added",)),
    ]


@pytest.mark.parametrize("width", [1, 7], ids=["full folders", "sparse folders"])
def test_a_move_is_one_item_and_not_its_neighbours(width: int, repo: Repo) -> None:
    repo.commit([str(number) for number in range(100)])
    start = repo.get("HEAD")
    rearranged(repo, [*range(1, 80), 0, *range(80, 100)], width=width)
    assert seen(repo.diff(start)) == [("0", ("moved",))]


def test_a_move_past_folders_that_stay_is_seen(repo: Repo) -> None:
    """32 items fill a folder: the last of the first one takes the place of the first of the third one."""
    repo.commit([str(number) for number in range(96)])
    start = repo.get("HEAD")
    entries = repo._handle.snapshots.entries(start.tree)
    mover, gone = entries[31], entries[64]
    place = Place(gone.place.key, mover.place.role, mover.place.item)
    with repo._handle.store.transaction("reorder", ["refs/heads/main"]) as transaction:
        changes: dict[tuple[bytes, ...], tuple[bytes, bytes] | None] = {
            format.message_path(mover.place): None,
            format.message_path(gone.place): None,
            format.message_path(place): (trees.FILE, bytes.fromhex(mover.blob)),
        }
        tree = trees.edit(transaction, bytes.fromhex(start.tree), changes)
        assert tree is not None
        data = CommitData(tree.hex(), (start.id,), WHO, WHO, 1_700_000_000, "move", {"Trace-Op": "reorder"})
        transaction.move("refs/heads/main", transaction.put_commit(data))
    assert sorted(seen(repo.diff(start))) == [("31", ("moved",)), ("64", ("removed",))]


def test_without_a_tokenizer_sizes_are_nought(repo: Repo) -> None:
    repo.commit("one")
    repo.commit("two")
    with Repo.open(repo.path, tokenizer=None) as other:
        diff = other.diff()
        assert seen(diff) == [("two", ("added",))]
    assert (diff.changes[0].tokens, diff.receipt.before, diff.receipt.after, diff.receipt.kept) == (0, 0, 0, 0)


def test_only_what_differs_is_read(tmp_path: Path) -> None:
    with Repo.open(tmp_path / "t.trace", tokenizer=Words()) as writer, writer.batch():
        for number in range(600):
            writer.commit(str(number))
    with Repo.open(tmp_path / "t.trace", tokenizer=Words()) as repo:
        read: list[bytes] = []
        snapshots = repo._handle.snapshots
        real = snapshots.leaf
        snapshots.leaf = lambda oid: read.append(oid) or real(oid)  # type: ignore[func-returns-value, method-assign]
        diff = repo.diff("HEAD~10", "HEAD")
        assert len(diff.changes) == 10
        assert (diff.receipt.kept_items, diff.receipt.breaks_at) == (590, None)
        assert len(set(read)) <= 2


@given(st.permutations(range(8)))
@settings(deadline=None)
def test_a_longest_increasing_part(numbers: list[int]) -> None:
    found = [numbers[at] for at in longest_increasing(numbers)]
    assert found == sorted(found)
    longest = [0] * len(numbers)
    for at, number in enumerate(numbers):
        longest[at] = 1 + max((longest[i] for i in range(at) if numbers[i] < number), default=0)
    assert len(found) == max(longest)
