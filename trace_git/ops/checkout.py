"""checkout: a read-only look at a commit, and back to a branch."""

from __future__ import annotations

from ..errors import InvalidInputError
from ..model import Commit
from ..view import revisions
from ..view.handle import Handle
from . import branches, keep


def checkout(handle: Handle, rev: str | Commit, *, head: bool = False) -> Commit:
    """Stand at ``rev``: on the branch when it names one, else on the commit, where nothing can be written.

    HEAD itself stays on its branch, as in git. With ``head`` the repository's HEAD goes there too.
    """
    named = _place(handle, rev) or ""
    tip = handle.ref_commit(named[5:]) if named.startswith("ref: ") else None  # a tag may have the branch's name
    commit = handle.commit(tip or revisions.resolve(handle, rev))
    handle.snapshots.root(commit.tree)
    place = named or commit.id
    if head:
        handle.check_present()
        ref = handle.head_ref
        with handle.store.transaction("checkout", [ref], spaces=(handle.namespace,)) as transaction:
            transaction.move(ref, place)
            keep.keep(handle, transaction)
    handle.stand(place)
    return commit


def _place(handle: Handle, rev: str | Commit) -> str | None:
    """The branch that ``rev`` is the name of, in the words of HEAD."""
    if not isinstance(rev, str):
        return None
    if rev in ("HEAD", "@"):
        return handle.place
    try:
        ref = branches.ref_of(handle, rev)
    except InvalidInputError:
        return None
    value = handle.ref(ref)
    if value is None:
        return None
    return value if value.startswith("ref: ") else f"ref: {ref}"
