"""What must stay: every value of a ref or a HEAD, and what an open merge, rebase or bisect needs. For verbs that remove
objects.

A ref that cannot be read, or is lost, is no reason to take its history for garbage: it is refused.
"""

from __future__ import annotations

import os
import time

from ..errors import CorruptTraceError, StateError
from ..store import layout, mending
from ..store.refs import is_id
from ..view.handle import Handle
from . import unfinished

_LOOKS = 20


def roots(handle: Handle) -> dict[str, str]:
    """Object ids by the name of what holds them.

    CorruptTraceError for a damaged ref; StateError where not all is here, or a work tree has an index of its own.
    """
    store = handle.store
    if lines := mending.lost_lines(store.folder):
        raise CorruptTraceError(f"packed-refs has a damaged line: {lines[0][:80]!r}", hint="`trace fsck --repair`")
    found = _refs(handle)
    needed = unfinished.commits(store.folder)
    return found | {name: value for name, value in needed.items() if store.kind(value) is not None}


def _refs(handle: Handle) -> dict[str, str]:
    for left in range(_LOOKS, -1, -1):
        found: dict[str, str] = {}
        bad: CorruptTraceError | None = None
        for ref, value in handle.store.raw_refs():
            if isinstance(value, CorruptTraceError):
                bad = value
            elif is_id(value):
                found[ref] = value
        if bad is None:
            return found
        if left:  # others may be moving it: that looks the same until what they journaled is read
            time.sleep(0.005)
            handle.store.refresh()
    raise CorruptTraceError(f"{bad}: nothing can be removed safely", hint="`trace fsck --repair` first")


def check_whole(handle: Handle) -> None:
    """StateError where objects may be needed, or missing, for reasons that are not seen here."""
    folder = handle.store.folder
    handle.check_present()
    if layout.is_partial(folder):
        raise StateError(
            "this is a partial clone: what is missing cannot be told from garbage", hint="fetch all of it first"
        )
    trees = os.path.join(folder, "worktrees")
    if os.path.isdir(trees) and os.listdir(trees):
        name = sorted(os.listdir(trees))[0]
        raise StateError(
            f"the work tree {name!r} of stock git hangs on this trace and may hold objects of its own",
            hint="remove it first: git worktree list, git worktree remove",
        )
