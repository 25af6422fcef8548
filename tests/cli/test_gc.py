"""``trace gc`` and ``trace redact``: nothing without being told to, and then exactly that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Result

Cli = Callable[..., Result]


@pytest.fixture
def left(trace: Cli) -> Cli:
    """A trace of one commit, and one that `reset --hard` left behind."""
    for text in ("one", "a secret: tok_4815"):
        assert trace("commit", text).code == 0
    assert trace("reset", "HEAD~1", "--hard").code == 0
    return trace


def test_gc_is_a_dry_run_until_it_is_told_to_apply(left: Cli) -> None:
    said = left("gc")
    assert said.code == 0
    assert "1 commit among them" in said.out
    assert "left by reset 3" in said.out
    assert "to keep it" in said.out or "to keep one: trace branch NAME" in said.out
    assert "trace gc --apply" in said.err
    assert left("gc", "--json").json["applied"] is False
    assert left("undo").code == 0
    assert "a secret" in left("log").out


def test_gc_applied(left: Cli) -> None:
    found = left("gc", "--apply", "--json").json
    assert (found["applied"], found["commits"]["removed"], found["packs_after"]) == (True, 1, 1)
    assert found["bytes_after"] < found["bytes_before"]
    undone = left("undo")
    assert (undone.code, "is gone" in undone.err) == (2, True)
    looked = left("log", "--at-op", "2")
    assert (looked.code, "is gone" in looked.err) == (2, True)
    assert left("fsck").code == 0


def test_gc_options(left: Cli) -> None:
    assert left("gc", "--keep-last", "1", "--json").json["commits"]["removed"] == 0
    assert left("gc", "--never", "main", "--json").json["commits"]["removed"] == 0
    assert left("gc", "--keep-days", "-1").code == 2
    assert left("gc", "--keep-days", "x").code == 2


def test_redact_asks_first_and_without_a_person_changes_nothing(left: Cli) -> None:
    said = left("redact", "tok_4815")
    assert said.code == 1
    assert "would be rewritten" in said.out
    assert "--yes" in said.err
    assert left("redact", "tok_4815", "--dry-run").code == 0
    assert left("undo").code == 0
    assert "tok_4815" in left("log").out


def test_redact(left: Cli, here: Path) -> None:
    done = left("redact", "--stdin", "--yes", input=b"tok_4815\n")
    assert done.code == 0
    assert "1 items" in done.out
    assert not any(b"tok_4815" in path.read_bytes() for path in (here / ".trace").rglob("*") if path.is_file())
    assert left("undo").code == 6
    assert left("log", "--at-op", "1").code == 6
    assert left("redact", "tok_4815", "--yes").code == 3


@pytest.mark.parametrize(
    ("words", "code"),
    [((), 2), (("",), 2), (("a", "--regex", "b"), 2), (("--regex", "x*"), 2), (("--item", "ffffffff"), 3),
     (("nowhere",), 3), (("red",), 2), (("main",), 6)],
)  # fmt: skip
def test_redact_refuses(words: tuple[str, ...], code: int, left: Cli) -> None:
    found = left("redact", "--yes", *words)
    assert found.code == code
    assert "hint:" in found.err
