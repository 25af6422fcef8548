"""The search index beside verbs that remove objects: what is gone from the trace is gone from the index too."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from trace_git import Repo
from trace_git.errors import TraceError
from trace_git.message import Message
from trace_git.view.searching import asked, news

WORD = "zanzibar"
Open = Callable[[], Repo]


@pytest.fixture
def open_repo(tmp_path: Path) -> Open:
    return lambda: Repo.open(tmp_path / "t.trace", tokenizer=None)


def hits(repo: Repo, text: str) -> int:
    return len(list(repo.search(text)))


def where(repo: Repo, text: str) -> list[str]:
    """The files of the trace that have a text in them."""
    return [path.name for path in Path(repo.path).rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def indexed(repo: Repo, table: str) -> int:
    with sqlite3.connect(Path(repo.path) / "trace" / "cache" / "search") as db:
        found: int = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    return found


def test_what_gc_removed_is_in_no_file(open_repo: Open) -> None:
    one, two = open_repo(), open_repo()
    one.commit("first light")
    one.commit(f"hidden {WORD}")
    one.commit("third")
    assert hits(one, WORD) == 1
    assert hits(two, "light") == 1
    one.reset("HEAD~2", mode="hard")
    one.commit("fourth light")
    assert hits(two, "fourth") == 1
    assert "search" in where(one, WORD)
    assert one.gc(dry_run=False).commits["removed"] == 2
    assert where(one, WORD) == []
    assert (indexed(one, "texts"), indexed(one, "commits"), indexed(one, "blobs")) == (2, 2, 2)
    for repo in (one, two):
        assert hits(repo, WORD) == 0
        assert hits(repo, "light") == 2
    two.commit("fifth light")
    assert hits(one, "light") == 3
    one.close()
    two.close()


def test_a_question_goes_on_with_what_it_saw(open_repo: Open) -> None:
    repo, other = open_repo(), open_repo()
    repo.commit("kept light")
    repo.branch("side")
    repo.switch("side")
    for number in range(5):
        repo.commit(f"light {number}")
    hits(repo, "light")
    answer = other.search("light")
    next(answer)
    repo.switch("main")
    repo.delete_branch("side", force=True)
    repo.gc(dry_run=False, keep_days=0)
    list(answer)
    assert hits(other, "light") == 1
    repo.close()
    other.close()


def test_the_next_gc_clears_what_one_that_was_killed_left(open_repo: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = open_repo()
    repo.commit("one")
    repo.commit(f"two {WORD}")
    hits(repo, WORD)
    repo.reset("HEAD~1", mode="hard")
    with monkeypatch.context() as patch:
        patch.setattr("trace_git.store.textindex.forget", lambda folder, here: None)
        repo.gc(dry_run=False)
    assert where(repo, WORD) == ["search"]
    repo.gc(dry_run=False)
    assert where(repo, WORD) == []
    repo.close()


def test_an_index_that_is_damaged_is_removed(open_repo: Open) -> None:
    repo = open_repo()
    repo.commit("one")
    repo.commit(f"two {WORD}")
    hits(repo, WORD)
    repo.close()
    path = Path(repo.path) / "trace" / "cache" / "search"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    repo = open_repo()
    repo.reset("HEAD~1", mode="hard")
    repo.gc(dry_run=False)
    assert where(repo, WORD) == []
    assert hits(repo, "one") == 1
    repo.close()


@pytest.mark.parametrize("verb", ["redact", "gc"])
def test_a_search_that_runs_meanwhile_brings_nothing_back(
    verb: str, open_repo: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has read the texts, and writes them into the index, when they are gone from the trace."""
    one, two = open_repo(), open_repo()
    one.commit("light")
    tip = one.commit(f"light {WORD}").id
    if verb == "gc":
        one.reset("HEAD~1")
    said, done = news.said, list[str]()

    def then(message: Message) -> str:
        text = said(message)
        if WORD in text and not done:
            done.append(text)
            if verb == "redact":
                one.redact(WORD)
            else:
                one.gc(dry_run=False, keep_days=0)
        return text

    monkeypatch.setattr(news, "said", then)
    with suppress(TraceError):
        list(two.search(WORD, rev=tip))
    assert done
    assert where(one, WORD) == []
    assert hits(two, "light") == (2 if verb == "redact" else 1)
    assert hits(two, WORD) == 0
    assert where(one, WORD) == []
    one.close()
    two.close()


def test_a_plain_index_forgets_too(open_repo: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = open_repo()
    repo.commit("one")
    repo.commit(f"two {WORD}")
    memory = asked.Memory(repo._handle, trigrams=False)
    repo._handle.contexts.memory = memory
    assert hits(repo, WORD) == 1
    assert "search-plain" in where(repo, WORD)
    repo.reset("HEAD~1", mode="hard")
    repo.gc(dry_run=False)
    assert where(repo, WORD) == []
    repo.close()
