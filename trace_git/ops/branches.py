"""branch and switch: names for lines of history. Creating one is O(1): a ref, nothing is copied."""

from __future__ import annotations

from contextlib import suppress

from ..errors import CorruptTraceError, InvalidInputError, NotFoundError, StateError, StorageError
from ..model import Branch, Commit
from ..store.refs import check_name
from ..view import revisions
from ..view.handle import Handle
from . import labels
from .keep import HEADS


def ref_of(handle: Handle, name: str) -> str:
    """The full ref of a branch name in the handle's namespace."""
    if not isinstance(name, str):
        raise InvalidInputError(f"{type(name).__name__} is no branch name", field="branch", hint="give it as text")
    return f"{handle.space}{HEADS}{check_name(name)}"


def branches(handle: Handle) -> tuple[Branch, ...]:
    """All branches of the handle's namespace, by name."""
    prefix = handle.space + HEADS
    names = handle.ref_names(prefix, skip_bad=True)
    found = [(ref, commit) for ref in names if (commit := handle.ref_commit(ref)) is not None]
    return tuple(Branch(ref.removeprefix(prefix), commit, ref == handle.branch) for ref, commit in found)


def branch(handle: Handle, name: str, *, at: str | Commit = "HEAD") -> Branch:
    """A new branch at a commit. StateError when the name is taken."""
    handle.check_present()
    ref = ref_of(handle, name)
    commit = revisions.resolve(handle, at)
    with handle.store.transaction("branch", [ref], spaces=(handle.namespace,)) as transaction:
        if transaction.ref(ref) is not None:
            raise StateError(f"branch {name!r} exists already", hint="choose another name, or switch to it")
        transaction.move(ref, commit)
        labels.relabel(handle, transaction)
    return Branch(name, commit, False)


def switch(handle: Handle, name: str, *, create: bool = False) -> None:
    """Bind HEAD and this handle to a branch; ``create`` makes it first, at the present commit if there is one."""
    handle.check_present()
    ref, head = ref_of(handle, name), handle.head_ref
    here = handle.head() if create else None
    with handle.store.transaction("switch", [head, ref], spaces=(handle.namespace,)) as transaction:
        exists = transaction.ref(ref) is not None
        if create and exists:
            raise StateError(
                f"branch {name!r} exists already", hint=f"switch to it without creating: trace switch {name}"
            )
        if not create and not exists and ref != handle.branch:
            raise _no_branch(handle, name)
        if create and here is not None:
            transaction.move(ref, here)
            labels.relabel(handle, transaction)
        transaction.move(head, f"ref: {ref}")
    handle.stand(f"ref: {ref}")


def _no_branch(handle: Handle, name: str) -> NotFoundError:
    tag = handle.ref(f"{handle.space}refs/tags/{name}") is not None
    hint = f"it is a tag; look at it with: trace checkout {name}" if tag else f"make it with: trace switch -c {name}"
    return NotFoundError(f"no branch {name!r}", hint=hint)


def bind(handle: Handle, branch: str | None) -> None:
    """Bind a handle: to ``branch`` when given, else to what HEAD says, which may be a commit to look at."""
    if branch is not None:
        ref = ref_of(handle, branch)
        value = handle.ref(ref)
        handle.stand(value if value is not None and value.startswith("ref: ") else f"ref: {ref}")
    else:
        value = handle.ref(handle.head_ref)
        if value is None:
            raise InvalidInputError("HEAD is missing", hint="run `trace fsck --repair`")
        handle.stand(value)
    with suppress(CorruptTraceError, StorageError):  # a branch that cannot be read is for the verbs to tell
        handle.head()
