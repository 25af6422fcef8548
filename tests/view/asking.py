"""Traces to ask questions of, and what a person would answer who read every commit of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from trace_git import Repo
from trace_git.answers import Hit
from trace_git.model import Author, Commit, Item, TokenCount
from trace_git.ops import write
from trace_git.store import format
from trace_git.store.snapshot import Draft, Entry

NOW = 1_700_000_000


def opened(folder: Path, **options: Any) -> Repo:
    """A trace whose clock never stands still: else the same commit twice is one commit."""
    clock = count(NOW)
    settings = {"tokenizer": None, "clock": lambda: next(clock), "durability": "os", **options}
    return Repo.open(folder / "t.trace", **settings)


def brought(repo: Repo, source: Repo, item: str) -> Commit:
    """A commit that has an item of another line, under its own id: what a cherry-pick makes of an append."""
    handle = repo._handle
    found = next(one for one in source.context().items if one.id == item)
    branch = write.branch_of(handle)
    with handle.store.transaction("cherry-pick", [branch], spaces=(handle.namespace,)) as transaction:
        parent = handle.commit(transaction.ref(branch) or "")
        draft = Draft(transaction, handle.snapshots, parent.tree, handle.namespace)
        key = format.next_key(handle.snapshots.last_key(parent.tree))
        draft.put(Entry(format.Place(key, found.role, found.id), found.blob))
        made = write.Change("append", "picked", Author("user", "user@trace"), TokenCount(0))
        oid = write.commit(handle, transaction, draft, parent, made)
    return handle.commit(oid)


def named(repo: Repo, text: str) -> Item:
    """The item of the context that says ``text``."""
    return next(one for one in repo.context().items if one.message.text == text)


def told(hits: Iterator[Hit]) -> list[tuple[str, str, str, str | None, str]]:
    """Agent, words, route, source and state of each hit."""
    return [(one.agent, one.text, one.route, one.source, one.state) for one in hits]


# -- every commit read ---------------------------------------------------------------------

Version = tuple[str, str]  # item and blob


def versions(repo: Repo, commit: str) -> dict[Version, str]:
    """Whatever a commit has, in its context and its archive, and where."""
    snapshots, tree = repo._handle.snapshots, repo._handle.store.commit(commit).tree
    found = {(one.place.item, one.blob): "archived" for shelf in snapshots.archived(tree).values() for one in shelf}
    return found | {(one.place.item, one.blob): "live" for one in snapshots.entries(tree)}


def entered(repo: Repo, head: str) -> dict[Version, str]:
    """Whatever is behind a commit of a trace without agents → the commit of the line with which it came."""
    store = repo._handle.store
    line = [head]
    while store.commit(line[-1]).parents:
        line.append(store.commit(line[-1]).parents[0])
    found: dict[Version, str] = {}
    met: set[str] = set()
    for commit in reversed(line):
        todo = [commit]
        while todo:
            one = todo.pop()
            if one in met:
                continue
            met.add(one)
            todo += store.commit(one).parents
            for version in versions(repo, one):
                found.setdefault(version, commit)
    return found


def state(repo: Repo, head: str, version: Version) -> str:
    there = versions(repo, head)
    if version in there:
        return there[version]
    return "edited" if any(item == version[0] for item, _ in there) else "dropped"
