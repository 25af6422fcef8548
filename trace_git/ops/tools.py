"""set_tools: the tool definitions that go with the context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import InvalidInputError
from ..model import Author, Commit, TokenCount
from ..results import RewriteResult
from ..store import codec
from ..store.snapshot import Draft
from ..store.trees import blob_id
from ..view.handle import Handle
from . import planned, write

Given = Sequence[Mapping[str, Any]] | None


def set_tools(handle: Handle, tools: Given, *, timestamp: int | None = None) -> Commit | None:
    """Commit ``tools`` in force from here on; an empty list or None takes them away. The same again changes nothing."""
    listed, data = _read(tools)
    branch = write.branch_of(handle)
    with handle.store.transaction("tools", [branch], spaces=(handle.namespace,)) as transaction:
        tip = transaction.ref(branch)
        if tip is None:
            write.check_new(handle)
        parent = handle.commit(tip) if tip else None
        if not _changes(handle, parent, data):
            return parent
        draft = Draft(transaction, handle.snapshots, parent.tree if parent else None, handle.namespace)
        draft.set_tools(data)
        names = ", ".join(_name(tool) for tool in listed) or "none"
        change = write.Change(
            "tools", f"tools: {names}"[:72], Author("trace-git", "tools@trace"), TokenCount(0), timestamp
        )
        oid = write.commit(handle, transaction, draft, parent, change)
    return handle.commit(oid)


def dry_run(handle: Handle, tools: Given) -> RewriteResult:
    """What the same would give."""
    listed, data = _read(tools)
    tip = planned.tip(handle)
    parent = handle.commit(tip) if tip else None
    items = handle.context(tip).items
    return planned.result(handle, parent, items, tools=listed, changed=_changes(handle, parent, data))


def _read(tools: Given) -> tuple[list[Mapping[str, Any]], bytes | None]:
    """The definitions, and the bytes of their blob; none for no definitions."""
    if tools is not None and (isinstance(tools, str | bytes | Mapping) or not isinstance(tools, Iterable)):
        raise InvalidInputError(
            "tools is not a list of definitions", field="tools", hint='give [{"type": "function", …}]'
        )
    listed = list(tools or ())
    return listed, codec.encode_tools(listed) if listed else None


def _changes(handle: Handle, parent: Commit | None, data: bytes | None) -> bool:
    present = handle.snapshots.tools(parent.tree) if parent else None
    return present != (blob_id(data) if data is not None else None)


def _name(tool: Mapping[str, Any]) -> str:
    function = tool.get("function")
    return str((function if isinstance(function, Mapping) else tool).get("name", "?"))
