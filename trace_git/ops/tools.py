"""set_tools: the tool definitions that go with the context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InvalidInputError
from ..model import Author, Commit, TokenCount
from ..store import codec
from ..store.snapshot import Draft
from ..store.trees import blob_id
from ..view.handle import Handle
from . import write


def set_tools(
    handle: Handle, tools: Sequence[Mapping[str, Any]] | None, *, timestamp: int | None = None
) -> Commit | None:
    """Commit ``tools`` in force from here on; an empty list or None takes them away. The same again changes nothing."""
    if isinstance(tools, str | bytes | Mapping):
        raise InvalidInputError(
            "tools is not a list of definitions", field="tools", hint='give [{"type": "function", …}]'
        )
    listed = list(tools or ())
    data = codec.encode_tools(listed) if listed else None
    branch = write.branch_of(handle)
    with handle.store.transaction("tools", [branch], spaces=(handle.namespace,)) as transaction:
        tip = transaction.ref(branch)
        if tip is None:
            write.check_new(handle)
        parent = handle.commit(tip) if tip else None
        present = handle.snapshots.tools(parent.tree) if parent else None
        if present == (blob_id(data) if data is not None else None):
            return parent
        draft = Draft(transaction, handle.snapshots, parent.tree if parent else None, handle.namespace)
        draft.set_tools(data)
        names = ", ".join(_name(tool) for tool in listed) or "none"
        change = write.Change(
            "tools", f"tools: {names}"[:72], Author("trace-git", "tools@trace"), TokenCount(0), timestamp
        )
        oid = write.commit(handle, transaction, draft, parent, change)
    return handle.commit(oid)


def _name(tool: Mapping[str, Any]) -> str:
    function = tool.get("function")
    return str((function if isinstance(function, Mapping) else tool).get("name", "?"))
