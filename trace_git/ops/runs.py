"""Runs: stretches of commits that only append, which is what most commits do. Compared at once, written one by one.

The comparison of the whole stretch says whether each of its commits just comes behind the tip: then the trees are those
that ``Replay.pick`` would give, and no message is read or counted again. Where it says anything else, both halves are
tried, down to single commits, which are picked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from ..model import Commit, TokenCount
from ..store.snapshot import Draft, Entry
from ..view.appends import appended
from ..view.handle import Handle
from ..view.merging import bases
from . import merged
from .replay import Done, Replay

Archive = Mapping[str, tuple[Entry, ...]]


class Append(NamedTuple):
    """A commit that only appends, and what."""

    commit: Commit
    entries: tuple[Entry, ...]


def run(handle: Handle, commits: Sequence[str]) -> list[Append]:
    """The commits with which ``commits`` (ids, each the parent of the next) begin, as long as they only append."""
    found: list[Append] = []
    for oid in commits:
        commit = handle.commit(oid)
        if len(commit.parents) != 1 or (found and commit.parents[0] != found[-1].commit.id):
            break
        entries = appended(handle, handle.store.commit(commit.parents[0]).tree, commit.tree)
        if entries is None:
            break
        found.append(Append(commit, entries))
    return found


def pick(replay: Replay, some: Sequence[Append]) -> None:
    """Pick a run of commits."""
    stay = 0
    while stay < len(some) and replay.stays(some[stay].commit):
        stay += 1
    some = some[stay:]
    if not some:
        return
    if len(some) == 1:
        replay.pick(some[0].commit, some[0].commit.parents[0])
    elif replay.anchor is not None or not _at_once(replay, some):
        half = len(some) // 2
        pick(replay, some[:half])
        pick(replay, some[half:])


def _at_once(replay: Replay, some: Sequence[Append]) -> bool:
    """Whether the whole run just comes behind the tip; then it is there."""
    handle = replay.handle
    tail = _tail(replay, some)
    if tail is None:
        return False
    coming = iter(tail)
    for one in some:
        entries = list(islice(coming, len(one.entries)))
        draft = Draft(replay.plan, handle.snapshots, replay.tip.tree, handle.namespace)
        for entry in entries:
            draft.put(entry)
        done = Done(draft.write(), _count(handle, entries), {})
        replay.put(one.commit, done, blobs=[entry.blob for entry in entries])
    return True


def _tail(replay: Replay, some: Sequence[Append]) -> tuple[Entry, ...] | None:
    """What comes behind the tip when all of ``some`` is merged with it; None when anything else happens."""
    base, last = some[0].commit.parents[0], some[-1].commit
    merging = bases.replayed(replay.handle, base, replay.tip.id, last.id)
    if merging.conflicts:
        return None
    plan = merging.settled({})
    made = merged.merged(replay.handle, merging, plan, replay.tip)
    ours = merging.ours
    tail = made.entries[len(ours.entries) :]
    fresh = [(entry.place.item, entry.blob) for one in some for entry in one.entries]
    clean = (
        made.entries[: len(ours.entries)] == ours.entries
        and [(entry.place.item, entry.blob) for entry in tail] == fresh
        and made.pins == ours.pins
        and plan.tools == ours.tools
        and _shelved(plan.archived) == _shelved(ours.archived)
        and not made.outcome.faults()
    )
    return tail if clean else None


def _shelved(archive: Archive) -> set[tuple[str, Entry]]:
    return {(under, one) for under, entries in archive.items() for one in entries}


def _count(handle: Handle, entries: Sequence[Entry]) -> TokenCount | None:
    if handle.counter is None:
        return None
    leaves = handle.contexts.leaves
    exact = all(map(leaves.exact, [entry.blob for entry in entries]))
    return TokenCount(sum([leaves.count(entry.blob) for entry in entries]), exact=exact, counter=handle.counter.name)
