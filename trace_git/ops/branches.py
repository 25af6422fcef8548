"""branch and switch: names for lines of history. Creating one is O(1): a ref, nothing is copied."""

from __future__ import annotations

from ..errors import InvalidInputError, NotFoundError, StateError
from ..model import Branch, Commit
from ..store.refs import check_name
from ..view import history
from ..view.handle import Handle

HEADS = "refs/heads/"


def ref_of(handle: Handle, name: str) -> str:
    """The full ref of a branch name in the handle's namespace."""
    space = f"refs/namespaces/{handle.namespace}/" if handle.namespace else ""
    return f"{space}{HEADS}{check_name(name)}"


def branches(handle: Handle) -> tuple[Branch, ...]:
    """All branches of the handle's namespace, by name."""
    prefix = ref_of(handle, "x")[:-1]
    names = handle.store.ref_names(prefix, skip_bad=True)
    found = [(ref, commit) for ref in names if (commit := handle.ref_commit(ref)) is not None]
    return tuple(Branch(ref.removeprefix(prefix), commit, ref == handle.branch) for ref, commit in found)


def branch(handle: Handle, name: str, *, at: str | Commit = "HEAD") -> Branch:
    """A new branch at a commit. StateError when the name is taken."""
    ref = ref_of(handle, name)
    commit = history.resolve(handle, at)
    with handle.store.transaction("branch", [ref], spaces=(handle.namespace,)) as transaction:
        if transaction.ref(ref) is not None:
            raise StateError(f"branch {name!r} exists already", hint="choose another name, or switch to it")
        transaction.move(ref, commit)
    return Branch(name, commit, False)


def switch(handle: Handle, name: str, *, create: bool = False) -> None:
    """Bind HEAD and this handle to a branch; ``create`` makes it first, at the present commit if there is one."""
    ref = ref_of(handle, name)
    here = handle.head()
    with handle.store.transaction("switch", [head_ref(handle), ref], spaces=(handle.namespace,)) as transaction:
        exists = transaction.ref(ref) is not None
        if create and exists:
            raise StateError(
                f"branch {name!r} exists already", hint=f"switch to it without creating: trace switch {name}"
            )
        if not create and not exists and ref != handle.branch:
            raise NotFoundError(f"no branch {name!r}", hint=f"make it with: trace switch -c {name}")
        if create and here is not None:
            transaction.move(ref, here)
        transaction.move(head_ref(handle), f"ref: {ref}")
    handle.branch, handle.detached = ref, None


def head_ref(handle: Handle) -> str:
    """The HEAD of the handle's namespace."""
    return f"refs/namespaces/{handle.namespace}/HEAD" if handle.namespace else "HEAD"


def bind(handle: Handle, branch: str | None) -> None:
    """Bind a fresh handle: to ``branch`` when given, else to what HEAD says."""
    if branch is not None:
        ref = ref_of(handle, branch)
        value = handle.store.ref(ref)
        handle.branch = value[5:] if value is not None and value.startswith("ref: ") else ref
        return
    value = handle.store.ref(head_ref(handle))
    if value is None:
        raise InvalidInputError("HEAD is missing", hint="run `trace fsck --repair`")
    if value.startswith("ref: "):
        handle.branch, handle.detached = value[5:], None
    else:
        handle.branch, handle.detached = None, value
