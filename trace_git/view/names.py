"""Names of commits: HEAD, branches, tags, ids and their beginnings, in the handle's namespace, in git's order.

What may follow a name (``~2``, ``@{1}``, ``..``) is in ``revisions``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import AmbiguousRevisionError, InvalidInputError, NotFoundError
from ..store.records import COMMIT, TAG
from .handle import Handle

_ID = re.compile(r"[0-9a-f]{40}\Z")
_HEX = re.compile(r"[0-9a-fA-F]{4,40}\Z")
_SHORT_HEX = re.compile(r"[0-9a-fA-F]{1,3}\Z")
_LONGEST = 255  # bytes that a file name may have
_PLACES = ("", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/")
_KINDS = ("refs/heads/", "refs/remotes/", "refs/tags/")
_AGENTS, _TRACE = "agents/", "trace/"  # no branch begins with these


def named(handle: Handle, name: str) -> str:
    """The id of the commit that ``name`` is, without anything behind it; for errors see ``revisions.resolve``."""
    if name in ("HEAD", "@"):
        return head(handle)
    if _ID.match(name) and handle.store.is_commit(name):
        return name
    for ref in refs_of(handle, name):
        value = handle.ref_commit(ref)
        if value is not None:
            return commit_at(handle, name, value)
    if _SHORT_HEX.match(name):
        raise InvalidInputError(f"{name!r} is too short for a commit id", field="rev", hint="give 4 hex digits or more")
    if _HEX.match(name):
        return _by_prefix(handle, name.lower())
    raise unknown(handle, name)


def head(handle: Handle) -> str:
    """Where the handle stands; NotFoundError when it has no commit yet."""
    found = handle.head()
    if found is None:
        raise NotFoundError("no commits yet", hint="`trace commit TEXT` or `trace import FILE` makes the first")
    return found


def refs_of(handle: Handle, name: str) -> Iterator[str]:
    """The full names that a short one may stand for. HEAD is not among them.

    ``agents/NAME`` is where an agent stands, ``agents/NAME/BRANCH`` and ``trace/BRANCH`` are an agent's branch and one
    of the trace itself, from wherever one looks.
    """
    if name.startswith((_AGENTS, _TRACE)):
        yield from _elsewhere(handle, name)
    for place in _PLACES:
        ref = handle.space + place + name
        if (place or name.startswith("refs/")) and _is_ref_name(ref):
            yield ref


def _elsewhere(handle: Handle, name: str) -> Iterator[str]:
    """The ref of another agent, or of the trace, that a name is for."""
    agent, _, branch = name.removeprefix(_AGENTS).partition("/") if name.startswith(_AGENTS) else ("", "", name[6:])
    space = f"refs/namespaces/{agent}/" if agent else ""
    head = handle.ref(f"{space}HEAD") if not branch and _is_ref_name(space + "HEAD") else None
    symbolic = head is not None and head.startswith("ref: ")  # a mirror clone flattens it: then main is meant
    ref = f"{space}refs/heads/{branch or 'main'}"
    if agent or name.startswith(_TRACE):
        yield (head or "")[5:] if symbolic else ref


def _is_ref_name(ref: str) -> bool:
    fits = all(len(part.encode("utf-8", "replace")) <= _LONGEST for part in ref.split("/"))
    return fits and ".." not in ref and "//" not in ref and not ref.endswith((".lock", "/")) and ref.isprintable()


def commit_at(handle: Handle, name: str, oid: str) -> str:
    """``oid``, which ``name`` leads to; a tag may lead to something else than a commit."""
    if handle.store.kind(oid) not in (COMMIT, None):  # a missing one is told by whoever reads it
        raise InvalidInputError(f"{shown(name)} leads to something that is no commit", field="rev")
    return oid


def _by_prefix(handle: Handle, prefix: str) -> str:
    kinds = {oid: handle.store.kind(oid) for oid in handle.store.with_prefix(prefix)}
    found = sorted({handle.store.peel(oid) for oid, kind in kinds.items() if kind in (COMMIT, TAG)})
    if len(found) > 1:
        raise AmbiguousRevisionError(
            f"{prefix!r} is the beginning of {len(found)} commits",
            candidates=found,
            hint="one of: " + " ".join(found[:8]),
        )
    if not found:
        raise unknown(handle, prefix)
    return commit_at(handle, prefix, found[0])


def unknown(handle: Handle, name: str) -> NotFoundError:
    """The error for a name that nothing has, with the names that are near."""
    import difflib  # costs start-up time, and is needed here only

    short = [ref.removeprefix(handle.space + "refs/").partition("/")[2] for ref in _refs(handle)]
    short += [_AGENTS + ref.split("/")[2] for ref in handle.ref_names("refs/namespaces/", skip_bad=True)]
    names = {one.lower(): one for one in [*short, "HEAD"]}
    near = [names[one] for one in difflib.get_close_matches(name.lower(), names, n=3)]
    hint = f"did you mean {' or '.join(near)}?" if near else "`trace log` lists commits, `trace branch` branches"
    return NotFoundError(f"unknown revision {shown(name)}", hint=hint)


def shown(rev: str) -> str:
    """A revision as errors quote it: one line, and not longer than a line."""
    return repr(rev if len(rev) <= 100 else rev[:99] + "…")


def _refs(handle: Handle) -> list[str]:
    names = handle.ref_names(handle.space + "refs/", skip_bad=True)
    return [ref for ref in names if ref.startswith(tuple(handle.space + kind for kind in _KINDS))]


def tips(handle: Handle) -> list[str]:
    """The commits at all branches and tags, by name, then HEAD; a commit may come more than once."""
    found = [handle.ref_commit(ref) for ref in _refs(handle)]
    return [oid for oid in [*found, handle.head()] if oid is not None and handle.store.kind(oid) in (COMMIT, None)]
