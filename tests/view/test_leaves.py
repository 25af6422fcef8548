"""What is known of folders of items: the same as reading every message would say, kept, and never in the way."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trace_git import Repo, Usage, assistant, tool
from trace_git.model import ANTHROPIC, Item, Message, Status, user
from trace_git.store import codec, kept
from trace_git.view import groups, leaf

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}


class Words:
    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


class Decoded:
    """Counts the messages that are read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._real = codec.decode
        monkeypatch.setattr(codec, "decode", self)

    def __call__(self, data: bytes, *, blob_id: str = "") -> Message:
        self.count += 1
        return self._real(data, blob_id=blob_id)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A trace of 300 messages, with calls across the edges of folders, a pin, an orphan and a report."""
    path = tmp_path / "t.trace"
    with Repo.open(path, tokenizer=Words()) as repo, repo.batch():
        repo.commit("be brief", role="system", pin=True)
        for number in range(74):
            repo.commit(f"question {number}")
            repo.commit(assistant(f"let me see {number}", tool_calls=[CALL]))
            if number % 10 == 3:
                repo.commit("meanwhile")
            repo.commit(tool(f"result {number}", "c1"))
        repo.commit(tool("lost", "c9"))
        repo.commit("the answer", role="assistant", usage=Usage(500, 7, 0, "some-model"))
    return path


def status(path: Path) -> Status:
    with Repo.open(path, tokenizer=Words()) as repo:
        return repo.status()


def afresh(path: Path) -> Status:
    """The status of a copy without any cache."""
    copy = path.with_name("copy.trace")
    shutil.copytree(path, copy)
    for name in os.listdir(copy / "trace" / "cache"):
        os.unlink(copy / "trace" / "cache" / name)
    found = status(copy)
    shutil.rmtree(copy)
    return Status(**{name: getattr(found, name) for name in Status.__slots__} | {"path": str(path)})


def cache(path: Path) -> Path:
    return path / "trace" / "cache" / "leaves-words"


def test_a_process_that_wrote_messages_spares_others_reading_them(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = Decoded(monkeypatch)
    found = status(path)
    assert decoded.count == 0
    assert found == afresh(path)
    assert decoded.count > 200
    assert (found.items, found.pinned, found.model) == (233, 1, "some-model")
    assert sum("stands between" in warning for warning in found.warnings) == 8
    assert sum("call c9" in warning for warning in found.warnings) == 1


def test_after_an_append_by_others_one_folder_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Repo.open(path, tokenizer=Words()) as other:
        other.commit("one more")
    decoded = Decoded(monkeypatch)
    found = status(path)
    assert decoded.count <= 32
    assert found == afresh(path)


def test_an_open_handle_reads_nothing_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Repo.open(path, tokenizer=Words()) as repo:
        repo.status()
        decoded = Decoded(monkeypatch)
        for number in range(70):
            repo.commit(f"again {number}")
            assert repo.status().items == 234 + number
        assert decoded.count <= 2 * 32
        now = repo.status()
    assert now == afresh(path)


def test_edits_pins_and_branches_are_seen(path: Path) -> None:
    with Repo.open(path, tokenizer=Words()) as repo:
        repo.status()
        items = repo.context().items
        repo.edit(items[40], "a longer text than it was")
        for item in items[60:90]:
            repo.pin(item)
        repo.unpin(items[0])
        there = repo.status()
    assert there == afresh(path)
    assert there.pinned >= 30


def test_no_cut_and_no_flipped_bit_of_the_file_changes_an_answer(path: Path) -> None:
    right = afresh(path)
    whole = cache(path).read_bytes()
    for place in [*range(0, len(whole), len(whole) // 10), 3, 4, len(whole) - 1]:
        cache(path).write_bytes(whole[:place])
        assert status(path) == right
        cache(path).write_bytes(whole[:place] + bytes([whole[place] ^ 0x20]) + whole[place + 1 :])
        assert status(path) == right
    assert cache(path).read_bytes() == whole  # written anew


@pytest.mark.parametrize("value", [b"", b"\x00" * 40, [1, 2], ["1 1 words", {b"x": 1}], ["1 1 words", [1]]])
def test_a_file_that_says_something_else_is_passed_over(value: object, path: Path) -> None:
    right = afresh(path)
    kept.Kept(str(path), "leaves-words").write(value)
    assert status(path) == right


def test_a_row_that_says_something_else_is_passed_over(path: Path) -> None:
    right = afresh(path)
    file = kept.Kept(str(path), "leaves-words")
    key, rows = file.read()
    for strange in (b"", b"\xc1", kept.pack(5), kept.pack([b""] * 9), kept.pack([1] * 9)):
        file.write((key, {oid: (row[0], strange) for oid, row in rows.items()}))
        assert status(path) == right


def test_the_file_is_small(path: Path) -> None:
    assert cache(path).stat().st_size < 60 * status(path).items


def test_versions_of_long_ago_go_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "t.trace"
    for number in range(8):
        with Repo.open(path, tokenizer=Words()) as repo:
            if not number:
                repo.commit([str(at) for at in range(70)])
            for at in (0, 40):
                repo.edit(repo.context().items[at], f"version {number}")
            repo.status()
    _, rows = kept.Kept(str(path), "leaves-words").read()
    assert 3 <= len(rows) <= 2 * 3


def test_a_look_at_a_tail_alone_writes_nothing(tmp_path: Path) -> None:
    for number in range(3):
        with Repo.open(tmp_path / "t.trace", tokenizer=Words()) as repo:
            repo.commit(str(number))
            repo.status()
    assert not cache(tmp_path / "t.trace").exists()


def test_other_counts_are_kept_apart(path: Path) -> None:
    class Letters(Words):
        name = "letters"

        def count(self, text: str) -> int:
            return len(text)

    words = status(path)
    with Repo.open(path, tokenizer=Letters()) as repo:
        letters = repo.status()
    with Repo.open(path, tokenizer=None) as repo:
        nothing = repo.status()
    assert sum(letters.roles.values()) > sum(words.roles.values())
    assert (nothing.roles, nothing.items, nothing.warnings) == ({}, words.items, words.warnings)
    assert status(path) == words


def test_a_folder_that_cannot_be_written_is_no_trouble(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = status(path)
    cache(path).unlink()

    def refuse(path: str, data: bytes, **_: object) -> None:
        raise OSError(28, "No space left on device", path)

    monkeypatch.setattr("trace_git.store.kept.files.replace", refuse)
    assert status(path) == right
    assert not cache(path).exists()


def of(message: Message, place: int) -> Item:
    return Item(f"{place:016x}", message.role, "0" * 40, lambda _: message)


def results(*ids: str) -> Message:
    blocks = [{"type": "tool_result", "tool_use_id": id, "content": "1"} for id in ids]
    return Message("user", {"role": "user", "content": blocks}, ANTHROPIC)


IDS = st.sampled_from("ab")
MESSAGES = st.one_of(
    st.just(user("x")),
    st.lists(IDS, min_size=1, max_size=2).map(lambda ids: assistant(tool_calls=[{**CALL, "id": id} for id in ids])),
    IDS.map(lambda id: tool("1", id)),
    st.just(results("a", "b")),
    st.just(Message("assistant", {"role": "assistant", "content": None, "function_call": {"name": "f"}})),
    st.just(Message("function", {"role": "function", "name": "f", "content": "1"})),
)


@given(st.lists(MESSAGES, max_size=14), st.lists(st.integers(1, 5), min_size=14, max_size=14))
@settings(max_examples=400, deadline=None)
def test_folder_by_folder_the_same_faults_are_found(messages: list[Message], sizes: list[int]) -> None:
    items = [of(message, place) for place, message in enumerate(messages)]
    folders = [folder(part) for part in cut(items, sizes)]
    assert tuple(leaf.faults(folders)) == groups.faults(items)


def cut(items: list[Item], sizes: list[int]) -> Iterator[list[Item]]:
    for size in sizes:
        yield items[:size]
        items = items[size:]


def folder(items: list[Item]) -> leaf.Leaf:
    loose, between = leaf.settle([groups.facts(item.message) for item in items])
    ids = bytes.fromhex("".join(item.id for item in items))
    return leaf.Leaf(ids, b"", b"", b"", (), (), True, loose, kept.pack([]), between, None)


def test_ids_that_are_no_text_stop_nobody() -> None:
    make: Callable[[object], Message] = lambda id: assistant(tool_calls=[{**CALL, "id": id}])  # noqa: E731
    messages = [
        make([1]),
        tool("1", "x"),
        make({"a": 1}),
        make(5),
        Message("tool", {"role": "tool", "tool_call_id": 5}),
    ]
    found = groups.faults([of(message, place) for place, message in enumerate(messages)])
    assert [(one.kind, int(one.item, 16)) for one in found] == [("unanswered", 0), ("orphan", 1), ("unanswered", 2)]
