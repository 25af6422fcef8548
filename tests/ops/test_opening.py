"""Repo.open: what it takes, what it refuses, and what it leaves behind."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trace_git import Repo
from trace_git.errors import CorruptTraceError, InvalidInputError, NotFoundError, StateError, TraceError


def test_a_trace_in_memory_goes_at_close() -> None:
    with Repo.open(":memory:", tokenizer=None) as repo:
        repo.commit("one")
        path = repo.path
        assert path.exists()
        assert len(repo.context()) == 1
        with Repo.open(":memory:", tokenizer=None) as other:
            assert other.path != path
    assert not path.parent.exists()


def test_the_default_is_a_hidden_folder_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Repo.open(tokenizer=None) as repo:
        assert repo.path == tmp_path / ".trace"
        repo.commit("one")
    with Repo.open(tmp_path, tokenizer=None, create=False) as repo:  # the project's folder means its trace
        assert len(repo.context()) == 1
    with pytest.raises(NotFoundError):
        Repo.open(tmp_path / "else", create=False, tokenizer=None)


def test_an_unknown_tokenizer_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no-such-tokenizer"):
        Repo.open(tmp_path / "t.trace", tokenizer="no-such-tokenizer")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"durability": "none"}, "durability"),
        ({"budget": 0}, "budget"),
        ({"budget": -1}, "budget"),
        ({"budget": True}, "budget"),
        ({"budget": "x"}, "budget"),
        ({"tokenizer": object()}, "tokenizer.name"),
        ({"branch": "a b"}, "branch"),
    ],
)
def test_what_is_refused_makes_nothing(options: dict[str, Any], field: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Repo.open(tmp_path / "t.trace", **{"tokenizer": None, **options})
    assert caught.value.field == field
    assert os.listdir(tmp_path) == []


def test_the_branch_of_a_handle(open_repo: Callable[..., Repo]) -> None:
    repo = open_repo()
    repo.commit("one")
    repo.branch("try")
    with open_repo(branch="try") as other:
        assert other.status().branch == "try"
        assert repo.status().branch == "main"


def test_a_detached_head_is_a_look_and_no_place_to_commit(
    open_repo: Callable[..., Repo], git: Callable[..., str]
) -> None:
    repo = open_repo()
    one = repo.commit("one")
    repo.commit("two")
    git(repo, "update-ref", "--no-deref", "HEAD", one.id)
    with open_repo() as look:
        assert look.status().branch is None
        assert look.get("HEAD") == one
        assert len(look.context()) == 1
        for verb in (lambda: look.commit("x"), lambda: look.pin(one), lambda: look.edit(one, "x")):
            with pytest.raises(StateError, match=one.short_id) as caught:
                verb()
            assert "switch -c" in (caught.value.hint or "")
        look.switch("rescue", create=True)
        assert look.commit("x").parents == (one.id,)


@pytest.mark.parametrize("content", ["", "garbage", "ref: ../../etc/passwd", "\0" * 41])
def test_a_damaged_head_is_named(content: str, open_repo: Callable[..., Repo]) -> None:
    repo = open_repo()
    repo.commit("one")
    repo.close()
    (repo.path / "HEAD").write_text(content)
    with pytest.raises(CorruptTraceError, match="HEAD"):
        open_repo()


def test_a_missing_head_is_not_an_invitation(open_repo: Callable[..., Repo]) -> None:
    repo = open_repo()
    repo.commit("one")
    repo.close()
    (repo.path / "HEAD").unlink()
    before = sorted(repo.path.rglob("*"))
    with pytest.raises(TraceError):
        open_repo()
    assert sorted(repo.path.rglob("*")) == before


def test_counts_are_kept_for_the_next_process(open_repo: Callable[..., Repo]) -> None:
    class Once:
        name = "once"
        asked = 0

        def count(self, text: str) -> int:
            Once.asked += 1
            return 1

    with open_repo(tokenizer=Once()) as repo:
        for number in range(5):
            repo.commit(str(number))
        total = repo.context().tokens
    asked = Once.asked
    with open_repo(tokenizer=Once()) as repo:
        repo.status()
        assert repo.context().tokens == total
    assert Once.asked == asked


@pytest.mark.parametrize("name", ["o200k_base", "cl100k_base"])
def test_without_a_table_a_commit_counts_nothing_and_warns(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trace_git.view.encodings.there", lambda name: name == "estimate")
    with Repo.open(":memory:", tokenizer=name) as repo:
        made = repo.commit("one")
        assert (made.tokens, made.context_tokens) == (None, None)
        assert not any(key.startswith("Trace-Tok") for key in made.trailers)
        assert [warning for warning in repo.warnings if name in warning and "pip install" in warning]
        assert repo.materialize().output == [{"role": "user", "content": "one"}]
        assert repo.edit(made, "two").op == "edit"
        assert repo.status().items == 1
    with Repo.open(":memory:", tokenizer="estimate") as repo:
        assert repo.commit("one").tokens
        assert repo.warnings == ()
