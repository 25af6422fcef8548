"""reset: move the branch to another commit. What it leaves behind is kept."""

from __future__ import annotations

from ..errors import InvalidInputError
from ..model import Commit
from ..view import revisions
from ..view.handle import Handle
from . import keep, labels, write

MODES = ("soft", "hard")


def reset(handle: Handle, rev: str | Commit, *, mode: str = "soft") -> Commit:
    """Let the bound branch be at ``rev``; see ``Repo.reset``. Where it is already, nothing is written."""
    if mode not in MODES:
        raise InvalidInputError(f"reset mode {mode!r} is unknown", field="mode", hint='use "soft" or "hard"')
    branch = write.branch_of(handle)
    with handle.store.transaction("reset", [branch], spaces=(handle.namespace,)) as transaction:
        commit = handle.commit(revisions.resolve(handle, rev))  # under the lock: HEAD~1 means the present tip's parent
        handle.snapshots.root(commit.tree)  # refuses a commit that is no trace's
        transaction.move(branch, commit.id)
        transaction.note = "hard" if mode == "hard" else ""
        labels.relabel(handle, transaction)
        keep.keep(handle, transaction)
    return commit
