"""Status: where a handle stands, how full the context is, and what a provider would stumble over."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from ..model import Commit, Context, Status, TokenCount
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
    """The prompt's size anchored on the last API report that still holds, or None.

    A report is of the context before the commit that carries it; it holds while those items are unchanged.
    What came after is estimated.
    """
    if handle.counter is None:
        return None
    for found in islice(history.log(handle, commit.id), _LOOK_BACK):
        if found.usage is None or not found.parents:
            continue
        sent = handle.snapshots.entries(handle.commit(found.parents[0]).tree)
        now = handle.contexts.at(commit).items
        if [item.blob for item in now[: len(sent)]] != [entry.blob for entry in sent]:
            return None
        return handle.counter.anchored(found.usage, [handle.contexts.count(item) for item in now[len(sent) :]])
    return None
