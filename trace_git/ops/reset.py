"""reset: move the branch to another commit. What it leaves behind is kept."""

from __future__ import annotations

from ..errors import InvalidInputError, RefusedError
from ..model import Commit
from ..results import RewriteResult
from ..view import agents, receipt, revisions
from ..view.handle import Handle
from . import keep, labels, planned, write

MODES = ("soft", "hard")


def reset(handle: Handle, rev: str | Commit, *, mode: str = "soft") -> Commit:
    """Let the bound branch be at ``rev``; see ``Repo.reset``. Where it is already, nothing is written."""
    _check(mode)
    branch = write.branch_of(handle)
    with handle.store.transaction("reset", [branch], spaces=(handle.namespace,)) as transaction:
        commit = _target(handle, rev)  # under the lock: HEAD~1 means the present tip's parent
        _check_own(handle, transaction.ref(branch), commit)
        transaction.move(branch, commit.id)
        transaction.note = "hard" if mode == "hard" else ""
        labels.relabel(handle, transaction)
        keep.keep(handle, transaction)
    return commit


def dry_run(handle: Handle, rev: str | Commit, *, mode: str = "soft") -> RewriteResult:
    """What the same reset would give."""
    _check(mode)
    tip = planned.tip(handle)
    commit = _target(handle, rev)
    _check_own(handle, tip, commit)
    told = receipt.moved(handle, handle.commit(tip) if tip is not None else None, commit)
    return RewriteResult(commit if commit.id == tip else None, (), told, handle.context(commit.id).items)


def _check(mode: str) -> None:
    if mode not in MODES:
        raise InvalidInputError(f"reset mode {mode!r} is unknown", field="mode", hint='use "soft" or "hard"')


def _check_own(handle: Handle, tip: str | None, commit: Commit) -> None:
    """RefusedError when an agent would lose its spawn commit: nobody could take back what it does from there."""
    spawned = agents.spawn_of(handle, tip, handle.namespace) if handle.namespace and tip is not None else None
    if spawned is not None and agents.spawn_of(handle, commit.id, handle.namespace) is None:
        raise RefusedError(
            f"agent {handle.namespace} had not begun at {commit.short_id}",
            hint=f"its first commit is {spawned[:8]}; spawn another agent to begin elsewhere",
        )


def _target(handle: Handle, rev: str | Commit) -> Commit:
    commit = handle.commit(revisions.resolve(handle, rev))
    handle.snapshots.root(commit.tree)  # refuses a commit that is no trace's
    return commit
