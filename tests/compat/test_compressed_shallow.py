"""A shallow clone that ends at a compress: the originals are in its tree, so all about them works there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from trace_git import Repo, tool

from ..view.merging.lines import Words, call, ids, texts, trace


@pytest.fixture
def shallow(tmp_path: Path) -> Repo:
    repo = trace(tmp_path)
    repo.commit(["one " * 9, "two " * 9])
    repo.commit([call("c"), tool("out " * 60, "c"), "tail"])
    repo.compress(ids(repo)[2:4], strategy="mask")
    repo.compress(ids(repo)[:2], summary="S")
    repo.close()
    words = ["git", "clone", "-q", "--bare", "--depth=1", f"file://{repo.path}", "shallow.trace"]
    subprocess.run(words, cwd=tmp_path, check=True)
    return Repo.open(tmp_path / "shallow.trace", tokenizer=Words(), durability="os")


def test_looking_and_bringing_back(shallow: Repo) -> None:
    summary, masked = shallow.compressions()
    assert [item.message.text for item in shallow.peek("HEAD")] == ["one " * 9, "two " * 9]
    shallow.expand("HEAD")
    shallow.expand(masked.id)
    assert texts(shallow) == ["one " * 9, "two " * 9, "c", "out " * 60, "tail"]
    assert summary.level == 1
    assert shallow.verify() == ()


def test_compressing_and_fitting(shallow: Repo) -> None:
    tokens = int(shallow.status().tokens)
    made = shallow.compress(ids(shallow)[1:3], summary="looked")
    assert made.commit == shallow.get("HEAD")
    assert made.receipt.before == tokens
    shallow.expand(made.id or "")
    shallow.commit("word " * 40)
    assert shallow.fit(tokens, keep_last=0, llm=lambda messages: "short").commit is not None
    assert shallow.verify() == ()
