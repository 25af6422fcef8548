"""One character, or two, are looked up in the index as longer texts are: in Chinese that is a word."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trace_git.view.searching import asked
from trace_git.view.searching.said import wanted

from . import asking

SIGNS = st.sampled_from([*"aAbB ßſKkİiı中文字。é\"'*%\\\0\n", "\ufffd", "😀", "e\u0301"])
said = st.lists(st.lists(SIGNS, max_size=6).map("".join), min_size=1, max_size=8)


@given(said, st.lists(SIGNS, min_size=1, max_size=2).map("".join))
@settings(max_examples=100)
def test_no_short_text_is_missed(texts, needle):
    with tempfile.TemporaryDirectory() as folder:
        holder = asked.IndexHolder(folder, readonly=True)
        blobs = [f"{number:040x}" for number in range(len(texts))]
        changes = [asked.news.Change(1, f"{number:016x}", blob) for number, blob in enumerate(blobs)]
        holder.add([asked.news.Fresh("a" * 40, (), changes)])
        holder.tell(dict(zip(blobs, texts, strict=True)))
        index = holder.index()
        want = wanted(needle)
        let = index.candidates(want.folded or "", 10)
        assert let is not None
        ids = index.blob_ids(let)
        assert {blob for blob, text in zip(blobs, texts, strict=True) if want.find(text)} <= set(ids.values())


@pytest.mark.parametrize("needle", ["文", "中文", "zz", "~"])
def test_few_are_let_through(tmp_path: Path, needle):
    with asking.opened(tmp_path) as repo:
        repo.commit([f"message {number}" for number in range(50)])
        repo.commit(f"the end: {needle}")
        (hit,) = repo.search(needle)
        assert hit.text == f"the end: {needle}"
        index = asked.memory(repo._handle).holder.index()
        assert len(index.candidates(needle, 10) or ()) == 1
        assert index.candidates("me", 10) is None, "too many have it to look each up"
