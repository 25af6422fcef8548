"""Search: the same as reading every commit, whatever the index is made of and whatever became of it."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trace_git import InvalidInputError, NotFoundError, Repo, assistant, tool
from trace_git.errors import CorruptTraceError
from trace_git.view import search
from trace_git.view.searching import asked
from trace_git.view.searching.said import said, wanted

from . import asking
from .merging import lines

ODD = ["ß", "ẞ", "SS", "İ", "i̇", "ı", "I", "K", "k", "ﬁ", "fi", "ſ", "Σ", "ς", "é", "e\u0301", "\0", "\n", "'", '"',
       "*", "%", "_", "\\", "-", "(", "AND", "NEAR", "😀", "中文", " ", "a", "B", "jwt"]  # fmt: skip
texts = st.lists(st.sampled_from(ODD), min_size=1, max_size=8).map("".join)
needles = st.lists(st.sampled_from(ODD), min_size=1, max_size=4).map("".join)


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repo]:
    with asking.opened(tmp_path) as repo:
        yield repo


def found(repo: Repo, text: str, **options: object) -> list[tuple[str, str]]:
    """What each hit says, and its state."""
    return [(one.text, one.state) for one in repo.search(text, **options)]  # type: ignore[arg-type]


# -- what is found -------------------------------------------------------------------------


def test_what_is_there_was_edited_and_was_dropped_is_found_newest_first(repo):
    first = repo.commit("the JWT question")
    repo.edit(first, "the REST question")
    dropped = repo.commit("jwt, dropped")
    repo.drop(dropped)
    repo.commit(["old jwt", "new jwt"])
    assert found(repo, "jwt") == [
        ("new jwt", "live"),
        ("old jwt", "live"),
        ("jwt, dropped", "dropped"),
        ("the JWT question", "edited"),
    ]
    assert found(repo, "jwt", live=True) == [("new jwt", "live"), ("old jwt", "live")]
    assert found(repo, "jwt", limit=1) == [("new jwt", "live")]
    assert found(repo, "jwt", rev="HEAD~4") == [("the JWT question", "live")]


def test_a_hit_says_where_when_and_what(repo):
    repo.commit("before")
    made = repo.commit("we use JWT here")
    repo.pin(made)
    (hit,) = repo.search("jwt")
    assert (hit.agent, hit.branch, hit.commit, hit.time) == ("", "main", made, made.timestamp)
    assert hit.item == made.items[0].with_pinned(True)
    assert hit.text[hit.start : hit.stop] == "JWT"


def test_what_a_compress_put_aside_is_found_as_archived(repo):
    made = [repo.commit(text).items[0].id for text in ("one jwt", "two", "three")]
    lines.compress(asking_words(repo), made[:2], "a summary of jwt")
    assert [(one.text, one.state, one.route) for one in repo.search("jwt")] == [
        ("a summary of jwt", "live", "summarised"),
        ("one jwt", "archived", "own"),
    ]


def asking_words(repo: Repo) -> Repo:
    """The same trace with a tokenizer, which ``lines`` needs."""
    return Repo.open(repo.path, tokenizer=lines.Words(), clock=lambda: asking.NOW + 1000, durability="os")


def test_calls_thinking_and_both_sides_of_a_conflict_are_searched():
    arguments = '{"say": "a \\"quoted\\" \\u00e9"}'
    call = {"id": "c", "type": "function", "function": {"name": "grep", "arguments": arguments}}
    text = said(assistant("let me see", tool_calls=[call], reasoning_content="thinking of jwt"))
    assert all(part in text for part in ("let me see", "grep", 'a "quoted" é', '\\"quoted\\"', "thinking of jwt"))
    assert "tool_call" not in text
    assert said(tool("the result", "c")) == "the result"


def test_a_merge_brings_what_was_edited_away_on_the_other_branch(repo):
    repo.commit("base")
    repo.branch("other")
    with Repo.open(repo.path, branch="other", tokenizer=None, clock=lambda: asking.NOW + 500) as other:
        other.edit(other.commit("first words, jwt"), "second words, jwt")
    repo.commit("here")
    merged = repo.merge("other").commit
    repo.delete_branch("other")
    assert [(one.text, one.state, one.route, one.commit) for one in repo.search("jwt")] == [
        ("second words, jwt", "live", "merged", merged),
        ("first words, jwt", "edited", "merged", merged),
    ]


def test_a_regular_expression_and_case(repo):
    repo.commit("Timeout of 30 s")
    repo.commit("time out\nof 60 s")
    assert len(list(repo.search(r"time ?out", regex=True))) == 2
    assert [one.text for one in repo.search(r"^of 60", regex=True)] == ["time out\nof 60 s"]
    assert not list(repo.search("timeout", case=True))
    assert len(list(repo.search("Timeout", case=True))) == 1


@pytest.mark.parametrize("text", ["", 7, None])
def test_what_is_no_text_is_refused(repo, text):
    with pytest.raises(InvalidInputError) as caught:
        repo.search(text)
    assert caught.value.hint


def test_bad_input_is_refused_at_the_call(repo):
    repo.commit("x")
    for wrong in ({"regex": True, "text": "("}, {"text": "x", "limit": -1}):
        with pytest.raises(InvalidInputError):
            repo.search(**wrong)
    with pytest.raises(NotFoundError):
        repo.search("x", rev="nowhere")


def test_nothing_is_found_before_the_first_commit(repo):
    assert list(repo.search("x")) == []


def test_what_folds_into_several_characters_is_cut_out_whole():
    find = wanted("STRASSE").find
    assert find("die Straße hier") == (4, 10)
    assert find("ﬁﬁ straße") == (3, 9)
    assert wanted("s").find("ß") == (0, 1)


# -- against reading every commit ----------------------------------------------------------


def scanned(repo: Repo, needle: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Each version that says it → the commit with which it came, and its state: every commit and message is read."""
    head = repo.get("HEAD").id
    message = repo._handle.contexts.message
    return {version: (commit, asking.state(repo, head, version))
            for version, commit in asking.entered(repo, head).items()
            if needle.casefold() in message(version[1]).text.casefold()}  # fmt: skip


def searched(repo: Repo, needle: str, **ways: int) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    hits = search.here(repo._handle, "HEAD", search.ways(needle, **ways))  # type: ignore[arg-type]
    return [((one.item.id, one.item.blob), (one.commit.id, one.state)) for one in hits]


def grown(repo: Repo, dice: random.Random, said: list[str]) -> None:
    """Some history: commits of one and of several messages, edits, drops, an undo, branches merged."""
    repo.commit("begin")
    for number, text in enumerate(said):
        verb = dice.choice(["commit", "commit", "edit", "drop", "several", "branch", "undo"])
        items = repo.context().items
        if verb == "edit":
            repo.edit(dice.choice(items), text)
        elif verb == "drop" and len(items) > 2:
            repo.drop(dice.choice(items))
        elif verb == "several":
            repo.commit([text, text[::-1] or "x"])
        elif verb == "branch":
            repo.branch(f"b{number}")
            repo.checkout(f"b{number}")
            repo.edit(repo.commit(text), text * 2)
            repo.commit(text + "!")
            repo.checkout("main")
            repo.commit("meanwhile")
            repo.merge(f"b{number}")
        elif verb == "undo" and len(items) > 2:
            repo.undo()
        else:
            repo.commit(text)


@given(st.randoms(use_true_random=False), st.lists(texts, max_size=8), st.lists(needles, min_size=1, max_size=6))
@settings(max_examples=30)
def test_the_index_agrees_with_reading_every_commit(dice, said, needles):
    with tempfile.TemporaryDirectory() as folder, asking.opened(Path(folder)) as repo:
        grown(repo, dice, said)
        for needle in needles:
            expected = scanned(repo, needle)
            hits = searched(repo, needle)
            assert dict(hits) == expected
            assert len(hits) == len(expected)
            assert searched(repo, needle, few=0) == hits, "reading commit by commit gives another answer"
        memory = repo._handle.contexts.memory
        repo._handle.contexts.memory = asked.Memory(repo._handle, trigrams=False)
        for needle in needles:
            assert dict(searched(repo, needle)) == scanned(repo, needle)
        repo._handle.contexts.memory.close()
        repo._handle.contexts.memory = memory


@given(texts, needles, st.booleans())
@settings(max_examples=120)
def test_no_candidate_is_missed(text, needle, case):
    """Whatever Python finds in a folded text, the trigrams of SQLite let through."""
    with tempfile.TemporaryDirectory() as folder:
        holder = asked.IndexHolder(folder, readonly=True)
        holder.add([asked.news.Fresh("a" * 40, (), [asked.news.Change(1, "1" * 16, "b" * 40)])])
        holder.tell({"b" * 40: text})
        index = holder.index()
        want = wanted(needle, case=case)
        let = index.candidates(want.folded or "", 10)
        assert want.find(text) is None or let is None or let == {1}


def test_half_a_character_is_nowhere(repo):
    repo.commit("whole \U0001f600 words")
    assert list(repo.search("\ud83d and more")) == []


# -- the index as a file -------------------------------------------------------------------


def cache(repo: Repo) -> Path:
    return repo.path / "trace" / "cache"


@pytest.mark.parametrize("damage", ["garbage", "cut", "empty", "flipped", "deleted", "unsummed", "folder"])
def test_a_damaged_index_is_made_anew(repo, damage, tmp_path):
    for number in range(20):
        repo.commit(f"message {number} of jwt")
    before = found(repo, "jwt")
    assert len(before) == 20
    path = cache(repo) / "search"
    data = bytearray(path.read_bytes())
    if damage == "garbage":
        path.write_bytes(b"\0garbage" * 999)
    elif damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "flipped":
        at = bytes(data).rindex(b"message 7 of")
        data[at] ^= 1
        path.write_bytes(data)
    elif damage == "deleted":
        shutil.rmtree(cache(repo))
    elif damage == "unsummed":
        (cache(repo) / "search.sum").unlink()
    else:
        path.unlink()
        path.mkdir()
    assert found(repo, "jwt") == before
    assert found(repo, "message 7") == [("message 7 of jwt", "live")]
    with Repo.open(repo.path, tokenizer=None) as again:
        assert found(again, "jwt") == before


def test_flipped_bits_anywhere_never_change_an_answer(repo):
    for number in range(12):
        repo.commit(f"number {number} {'abcdefgh'[number % 8]} jwt")
    before = found(repo, "jwt")
    path = cache(repo) / "search"
    dice = random.Random(3)
    for _ in range(12):
        data = bytearray(path.read_bytes())
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        path.write_bytes(data)
        with Repo.open(repo.path, tokenizer=None) as again:
            assert found(again, "jwt") == before
            assert found(again, "number 11") == before[:1]


def test_what_others_commit_and_index_is_seen(repo):
    repo.commit("first jwt")
    assert len(found(repo, "jwt")) == 1
    with Repo.open(repo.path, tokenizer=None, clock=lambda: asking.NOW + 99) as other:
        other.commit("second jwt")
        assert len(found(other, "jwt")) == 2
        assert len(found(repo, "jwt")) == 2
        repo.commit("third jwt")
        assert len(found(repo, "jwt")) == 3
        assert len(found(other, "jwt")) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_trace_that_is_only_read_is_searched_in_memory(repo):
    repo.commit("one jwt")
    repo.flush()
    folders = (cache(repo), repo.path / "trace", repo.path)
    for path in folders:
        path.chmod(0o555)
    try:
        with Repo.open(repo.path, tokenizer=None) as again:
            assert len(found(again, "jwt")) == 1
            assert not list(cache(repo).glob("search*"))
    finally:
        for path in reversed(folders):
            path.chmod(0o755)


def test_without_a_place_to_write_the_index_is_in_memory(repo, monkeypatch):
    repo.commit("one jwt")
    assert len(found(repo, "jwt")) == 1
    before = sorted(path.name for path in cache(repo).iterdir())
    stamp = (cache(repo) / "search").stat().st_mtime_ns
    repo.commit("two jwt")
    with Repo.open(repo.path, tokenizer=None) as again:
        monkeypatch.setattr(again._handle.store, "writable", False)
        assert len(found(again, "jwt")) == 2
        assert len(found(again, "two")) == 1
    assert sorted(path.name for path in cache(repo).iterdir()) == before
    assert (cache(repo) / "search").stat().st_mtime_ns == stamp


@pytest.mark.parametrize("same", [False, True])
def test_hits_are_told_while_the_index_is_made_anew(repo, same):
    for number in range(8):
        repo.commit(f"jwt {number}")
    hits = repo.search("jwt")
    assert next(hits).text == "jwt 7"
    shutil.rmtree(cache(repo))
    with Repo.open(repo.path, tokenizer=None) as other:
        repo.commit("something else")
        assert len(found(repo if same else other, "jwt")) == 8
    assert [one.text for one in hits] == [f"jwt {number}" for number in range(6, -1, -1)]


def test_a_message_that_cannot_be_read_is_told_after_all_others(repo):
    repo.commit("good jwt")
    bad = repo.commit("bad jwt").items[0].blob
    repo.commit("fine jwt")
    read = repo._handle.contexts.message
    repo._handle.contexts.message = lambda blob: broken(blob) if blob == bad else read(blob)  # type: ignore[method-assign]
    hits = repo.search("jwt")
    assert [next(hits).text, next(hits).text] == ["fine jwt", "good jwt"]
    with pytest.raises(CorruptTraceError):
        next(hits)


def broken(blob: str) -> None:
    raise CorruptTraceError(f"{blob} is damaged", object_id=blob)


PROCESS = """
import sys
from trace_git import Repo
with Repo.open(sys.argv[1], tokenizer=None) as repo:
    print(len(list(repo.search("jwt"))))
"""


def test_processes_that_build_the_index_at_once_all_answer(repo):
    for start in range(0, 600, 100):
        repo.commit([f"message {number} of jwt" for number in range(start, start + 100)])
    repo.flush()
    command = [sys.executable, "-c", PROCESS, str(repo.path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [one.communicate(timeout=60)[0] for one in running] == ["600\n"] * 3
    assert len(found(repo, "jwt")) == 600
    assert sorted(path.name for path in cache(repo).glob("search*")) == ["search", "search.lock", "search.sum"]


def test_a_process_that_is_killed_while_it_writes_leaves_nothing_wrong(repo):
    for number in range(5):
        repo.commit(f"jwt {number}")
    repo.flush()
    killed = subprocess.run([sys.executable, "-c", KILLED, str(repo.path)], check=False)
    assert killed.returncode == -9
    assert found(repo, "jwt") == [(f"jwt {number}", "live") for number in range(4, -1, -1)]


KILLED = """
import os, sys
from trace_git import Repo
from trace_git.store.textindex import IndexHolder
told = IndexHolder._tell
def tell(index, db, texts):
    told(index, db, texts)
    db.execute("PRAGMA cache_spill = 1")
    os.kill(os.getpid(), 9)
IndexHolder._tell = tell
with Repo.open(sys.argv[1], tokenizer=None) as repo:
    list(repo.search("jwt"))
"""


def test_a_forked_child_searches_with_files_of_its_own(repo):
    repo.commit("one jwt")
    assert len(found(repo, "jwt")) == 1
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, str(len(found(repo, "jwt"))).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 10) == b"1"
    os.close(reading)
    os.close(writing)
    repo.commit("two jwt")
    assert len(found(repo, "jwt")) == 2


def test_threads_search_with_one_handle(repo):
    for number in range(30):
        repo.commit(f"jwt {number}")
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: len(found(repo, "jwt")), range(8))) == [30] * 8
