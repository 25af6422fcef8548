"""Status: where a handle stands, how full the context is, and what a provider would stumble over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import islice

from ..model import Commit, Context, Item, Status, TokenCount
from . import groups, history
from .handle import Handle

_LOOK_BACK = 50  # commits; an API report further back says little about now


def status(handle: Handle) -> Status:
    head = handle.head()
    commit = handle.commit(head) if head else None
    context = handle.contexts.at(commit)
    roles = _roles(handle, context)
    return Status(
        path=handle.store.folder,
        branch=handle.branch.rpartition("refs/heads/")[2] if handle.branch else None,
        head=head,
        items=len(context.items),
        tokens=context.tokens,
        roles=roles,
        pinned=sum(item.pinned for item in context.items),
        reported=reported(handle, commit) if commit else None,
        budget=handle.budget,
        warnings=tuple(str(finding) for finding in groups.faults(context.items)),
    )


def _roles(handle: Handle, context: Context) -> dict[str, int]:
    """Tokens by role; pinned items count as "pinned" only."""
    found: Counter[str] = Counter()
    if handle.counter is not None:
        for item in context.items:
            found["pinned" if item.pinned else item.role] += handle.contexts.count(item)
    return dict(found)


def reported(handle: Handle, commit: Commit) -> TokenCount | None:
    """The prompt's size anchored on the last API report, or None.

    The report is of the items that were sent. What came since is estimated and added; what was sent and is
    in the context no more is estimated and taken away.
    """
    if handle.counter is None:
        return None
    found = next((one for one in islice(history.log(handle, commit.id), _LOOK_BACK) if one.usage is not None), None)
    sent = _sent(handle, found) if found else None
    if found is None or found.usage is None or sent is None:
        return None
    now = handle.contexts.at(commit).items
    kept = Counter(item.blob for item in now) & Counter(item.blob for item in sent)
    count = handle.contexts.count
    return handle.counter.anchored(
        found.usage, [count(item) for item in _beyond(now, kept)], gone=[count(item) for item in _beyond(sent, kept)]
    )


def _sent(handle: Handle, commit: Commit) -> tuple[Item, ...] | None:
    """The items that the report of ``commit`` is about: those of the ancestor whose digest it names."""
    over = commit.trailers.get("Trace-Usage", "").rpartition(" over=")[2]
    if not commit.parents:
        return () if over == digest(()) else None
    for ancestor in islice(history.log(handle, commit.parents[0]), _LOOK_BACK):
        items = handle.contexts.items(ancestor.tree)
        if digest(items) == over:
            return items
    return None


def _beyond(items: Sequence[Item], kept: Mapping[str, int]) -> list[Item]:
    """``items`` without the ``kept`` number of each version."""
    left = dict(kept)
    beyond = []
    for item in items:
        if left.get(item.blob, 0):
            left[item.blob] -= 1
        else:
            beyond.append(item)
    return beyond


def digest(items: Sequence[Item]) -> str:
    """32 hex that name the versions of ``items`` in their order."""
    return sha256("".join([item.blob for item in items]).encode()).hexdigest()[:32]
