"""branch -d and -m: deleting a branch, and giving it another name. The commits stay; undo brings the name back."""

from __future__ import annotations

import os
from contextlib import suppress

from ..errors import NotFoundError, RefusedError, StateError
from ..store import files
from ..view import descent
from ..view.handle import Handle
from . import branches, keep, labels


def delete(handle: Handle, name: str, *, force: bool = False) -> str | None:
    """Delete a branch; where it was. See ``Repo.delete_branch``."""
    handle.check_present()
    ref = branches.ref_of(handle, name)
    with handle.store.transaction("branch", [ref, handle.head_ref], spaces=(handle.namespace,)) as transaction:
        if f"ref: {ref}" in (handle.place, transaction.ref(handle.head_ref)):
            raise StateError(
                f"branch {name!r} is the present one", hint="switch to another one first: trace switch NAME"
            )
        if transaction.ref(ref) is None:
            raise _missing(handle, name)
        tip = handle.ref_commit(ref)
        if not force:
            _check_merged(handle, name, tip)
        transaction.move(ref, None)
        labels.relabel(handle, transaction)
        keep.keep(handle, transaction)
    return tip


def _check_merged(handle: Handle, name: str, tip: str | None) -> None:
    """As git does: what would be left behind must be in the history of where one stands."""
    here = handle.head()
    if tip is None or (here is not None and descent.is_ancestor(handle, tip, here)):
        return
    stand = handle.branch.rpartition("refs/heads/")[2] if handle.branch else "this commit"
    raise RefusedError(
        f"branch {name!r} has commits that {stand} has not", hint=f"to delete it all the same: trace branch -D {name}"
    )


def rename(handle: Handle, old: str, new: str) -> None:
    """Let a branch have another name; HEAD and this handle stay on it. See ``Repo.rename_branch``."""
    handle.check_present()
    source, target, head = branches.ref_of(handle, old), branches.ref_of(handle, new), handle.head_ref
    here = handle.branch == source
    if source == target:
        if not here and handle.ref(source) is None:
            raise _missing(handle, old)
        return
    if not handle.store.in_batch:
        handle.store.flush()  # so that the reflog is whole
    with handle.store.transaction("branch", [source, target, head], spaces=(handle.namespace,)) as transaction:
        value = transaction.ref(source)
        if value is None and not here:
            raise _missing(handle, old)
        if transaction.ref(target) is not None:
            raise StateError(f"branch {new!r} exists already", hint="choose another name")
        transaction.move(source, None)
        transaction.move(target, value)
        if transaction.ref(head) == f"ref: {source}":
            transaction.move(head, f"ref: {target}")
        log = files.read(_log(handle, source)) or b""
    if here:
        handle.stand(f"ref: {target}")
    if log and not handle.store.in_batch:
        _carry_log(handle, target, log)


def _carry_log(handle: Handle, ref: str, log: bytes) -> None:
    """Put the old name's reflog before the new one's, so that ``new@{1}`` is known. A courtesy, as reflogs are."""
    handle.store.flush()
    with handle.store.transaction("branch", [ref], spaces=(handle.namespace,)), suppress(OSError):
        path = _log(handle, ref)
        fresh = files.read(path) or b""
        last = log.rstrip(b"\n").rpartition(b"\n")[2][41:81]
        if fresh.startswith(b"0" * 40) and last in fresh[:81]:
            fresh = last + fresh[40:]
        scratch = os.path.join(handle.store.folder, "trace", "tmp", f"reflog-{os.getpid()}")
        files.replace(path, log + fresh, scratch=scratch)


def _log(handle: Handle, ref: str) -> str:
    return os.path.join(handle.store.folder, "logs", ref)


def _missing(handle: Handle, name: str) -> NotFoundError:
    import difflib  # costs start-up time

    near = difflib.get_close_matches(name, [one.name for one in branches.branches(handle)], n=2)
    return NotFoundError(
        f"no branch {name!r}",
        hint=f"did you mean {' or '.join(near)}?" if near else "`trace branch` lists the branches",
    )
