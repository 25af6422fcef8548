"""What verify says of agents: names that nobody could have given, a HEAD that leads nowhere, a spawn commit not found.

A HEAD that is missing, or a commit's id, is no finding: clones bring it so, and then main is meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..errors import CorruptTraceError, InvalidInputError, NotFoundError, StateError
from ..results import Finding
from ..view import agents
from ..view.handle import Handle

_UNREADABLE = (CorruptTraceError, InvalidInputError, NotFoundError, StateError)


def agent_findings(handle: Handle, refs: Mapping[str, str]) -> Iterator[Finding]:
    """``refs`` are all refs whose values are good."""
    for name in sorted({ref.split("/", 3)[2] for ref in refs if ref.startswith(agents.SPACES)}):
        text, severity = _wrong(handle, name, refs) or ("", "")
        if text:
            yield Finding("agent", name, f"agent {name}: {text}", (), severity)


def _wrong(handle: Handle, name: str, refs: Mapping[str, str]) -> tuple[str, str] | None:
    """What is wrong with an agent, and how bad that is."""
    space = f"{agents.SPACES}{name}/"
    try:
        agents.check_name(name)
    except InvalidInputError:
        return "no agent may have this name; its refs were not made by trace-git", "warning"
    head = refs.get(f"{space}HEAD", "")
    if head.startswith("ref: ") and head[5:] not in refs:
        return f"its HEAD names {head[5:].removeprefix(space)}, which has no commit", "error"
    if not head.startswith("ref: ") and f"{space}refs/heads/{agents.FIRST}" not in refs:
        return f"it has neither a HEAD that names a branch, nor a branch {agents.FIRST}", "warning"
    try:
        tip = agents.tip_of(handle, name)
        found = agents.spawn_of(handle, tip, name) if tip is not None else None
    except _UNREADABLE:
        return None  # told of the commit that cannot be read
    if found is None:
        return "the commit that spawned it is not in its history: who it is of, and what for, is not known", "warning"
    return None
