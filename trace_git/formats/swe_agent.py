"""SWE-agent's trajectories: the ``history`` of a ``.traj`` file is the conversation.

``trajectory`` and ``info`` tell the same run in other words and are left out. Each entry keeps
all its keys (agent, thought, action, tool_call_ids, …); ``to_openai`` and ``to_anthropic`` know
which of them a provider takes.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import InvalidInputError
from ..model import SWE_AGENT, Message
from .entries import entry
from .records import Progress, records
from .transcript import Conversation, Transcript, linear

NAME = "swe-agent"


def read(path: Path, progress: Progress | None = None) -> Transcript:
    """Raises InvalidInputError without a ``history``, or for an entry that is no message, naming its place."""
    warnings: list[str] = []
    found: list[Conversation] = []
    for number, value in records(path, warnings, progress):
        history = value.get("history") if isinstance(value, dict) else None
        if not isinstance(history, list) or not history:
            warnings.append(f"line {number}: no history; left out")
            continue
        name = path.stem if not found else f"{path.stem}-{len(found) + 1}"
        bodies = [entry(path, f"history[{index}]", given, warnings) for index, given in enumerate(history)]
        found.append(linear(name, [(Message(body["role"], body, SWE_AGENT), None) for body in bodies]))
    if not found:
        raise InvalidInputError(f"{path} has no SWE-agent history", hint="looked for an object with a list `history`")
    return Transcript(NAME, tuple(found), tuple(warnings))
