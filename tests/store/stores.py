"""Commits straight on a store, and what it then holds, for us and for stock git."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from trace_git.model import Author
from trace_git.store import trees
from trace_git.store.commits import CommitData
from trace_git.store.store import Store

Git = Callable[..., str]
Open = Callable[..., Store]
MAIN = "refs/heads/main"
WHO = Author("Test", "test@example.org")


def commit(on: Store, text: str, *refs: str, verb: str = "append") -> str:
    """One commit with one file on the first of ``refs``; all of them move to it."""
    refs = refs or (MAIN,)
    with on.transaction(verb, refs) as transaction:
        blob = transaction.put_blob(text.encode())
        tree = transaction.put_tree({b"text": trees.entry(trees.FILE, b"text", blob)})
        tip = transaction.ref(refs[0])
        parents = (tip,) if tip else ()
        data = CommitData(tree.hex(), parents, WHO, WHO, 1_700_000_000, text[:50], {"Trace-Op": verb})
        oid = transaction.put_commit(data)
        for ref in refs:
            transaction.move(ref, oid)
    return oid


def line(on: Store, ref: str = MAIN) -> list[str]:
    """Texts of the commits of a branch, oldest first."""
    on.refresh()
    texts, at = [], on.ref(ref)
    while at:
        data = on.commit(at)
        texts.append(on.blob(trees.file(on.tree(bytes.fromhex(data.tree)), b"text").hex()).decode())  # type: ignore[union-attr]
        at = data.parents[0] if data.parents else None
    return texts[::-1]


def on_disk(on: Store, ref: str = MAIN) -> str | None:
    """What stock git would read."""
    path = Path(on.folder, ref)
    return path.read_text().strip() if path.exists() else None


class Syncs:
    """Counts ``fdatasync`` calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._real = os.fdatasync
        monkeypatch.setattr(os, "fdatasync", self)

    def __call__(self, fd: int) -> None:
        self.count += 1
        self._real(fd)
