"""Where to go on after a crash or a restart: the last acknowledged commit, what is open, which calls wait."""

from __future__ import annotations

from ..errors import CorruptTraceError
from ..results import OpenCall, Resumption
from ..view import groups, operations
from ..view.handle import Handle
from .open_merge import OpenMerge


def resumption(handle: Handle) -> Resumption:
    """See ``Repo.resumption``. Nothing is changed; what was acknowledged is there since the trace was opened."""
    handle.store.refresh()
    head = handle.head()
    branch = handle.branch.rpartition("refs/heads/")[2] if handle.branch is not None else None
    last = next(
        (one for one in operations.operations(handle) if handle.namespace in one.agents and not one.undone), None
    )
    items = handle.context(head).items
    calls = [OpenCall(items[call.at].id, call.id, call.name) for call in groups.groups(items).open]
    commit = handle.commit(head) if head is not None else None
    return Resumption(handle.namespace, branch, commit, last, tuple(_interrupted(handle)), tuple(calls))


def _interrupted(handle: Handle) -> list[str]:
    found = list(handle.store.warnings)
    try:
        begun = OpenMerge(handle).read()
    except CorruptTraceError as error:
        return [*found, str(error)]
    if begun is not None:
        found.append(f"the merge of {begun.name} into {begun.into} is open: trace merge --continue, or --abort")
    return found
