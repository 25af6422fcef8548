"""Where to go on after a crash or a restart: the last acknowledged commit, what is open, which calls wait.

Of a batch or an import that was cut off each commit was acknowledged by itself. It is told for as long as it is the
last operation: after that somebody has gone on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..answers import OpenCall, Resumption
from ..errors import CorruptTraceError
from ..results import Operation
from ..store import batches
from ..view import leaf, operations
from ..view.handle import Handle
from . import open_replay
from .open_bisect import OpenBisect
from .open_merge import OpenMerge
from .open_replay import OpenReplay


def resumption(handle: Handle) -> Resumption:
    """See ``Repo.resumption``. Nothing is changed; what was acknowledged is there since the trace was opened."""
    handle.store.refresh()
    head = handle.head()
    commit = handle.commit(head) if head is not None else None
    branch = handle.branch.rpartition("refs/heads/")[2] if handle.branch is not None else None
    done = (one for one in operations.operations(handle) if handle.namespace in one.agents)
    last = next((one for one in done if not one.undone and one.undoes is None), None)
    leaves = handle.contexts.leaves.of(handle.snapshots.leaf_ids(commit.tree)) if commit is not None else []
    calls = tuple(OpenCall(item, call.id, call.name) for item, call in leaf.open_calls(leaves))
    return Resumption(handle.namespace, branch, commit, last, tuple(_interrupted(handle, last)), calls)


def _interrupted(handle: Handle, last: Operation | None) -> Iterator[str]:
    yield from handle.store.warnings
    if last is not None and last.number in batches.cut(handle.store.folder):
        name = "an import" if last.verb == operations.IMPORT else "a batch"
        yield f"{name} was cut off after {last.commits:,} commits: do the rest, or take these back: trace undo"
    for found in (_merge, _replay, _bisect):
        yield from _told(handle, found)


def _told(handle: Handle, found: Callable[[Handle], str | None]) -> Iterator[str]:
    try:
        text = found(handle)
    except CorruptTraceError as error:
        text = str(error)
    if text is not None:
        yield text


def _merge(handle: Handle) -> str | None:
    begun = OpenMerge(handle).read()
    if begun is None:
        return None
    return f"the merge of {begun.name} into {begun.into} is open: trace merge --continue, or --abort"


def _replay(handle: Handle) -> str | None:
    begun = OpenReplay(handle).read()
    if begun is None:
        return None
    return f"{open_replay.called(begun)} is open: {open_replay.ways(begun)}"


def _bisect(handle: Handle) -> str | None:
    begun = OpenBisect(handle).read()
    if begun is None:
        return None
    where = begun.place.rpartition("refs/heads/")[2]
    return f"a bisect is open that was begun on {where}: trace bisect log, or reset"
