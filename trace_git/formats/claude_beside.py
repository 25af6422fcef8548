"""The files of a session's sub-agents, which Claude Code keeps apart from the session's own.

    <session>/subagents/agent-<id>.jsonl     beside <session>.jsonl
    agent-<id>.jsonl                         beside it, as older versions have it

Only files of agents that the session names are read, and those of agents that these name in turn. A file has more than
the session tells in ``progress`` lines, so its lines stand for them.
"""

from __future__ import annotations

import re
from pathlib import Path

from .claude_lines import AGENT_THREAD, Lines
from .records import records

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # what may stand in a file's name


def take_beside(path: Path, lines: Lines) -> None:
    """Add what the files of the sub-agents say that ``lines``, read from ``path``, name."""
    asked: set[str] = set()
    while waiting := [agent for agent in _named(lines) if agent not in asked]:
        for agent in waiting:
            asked.add(agent)
            file = _file(path, agent)
            if file is not None:
                lines.join(_read(file, agent))


def _named(lines: Lines) -> list[str]:
    spoke = [line.thread.removeprefix(AGENT_THREAD) for line in lines.found if line.thread.startswith(AGENT_THREAD)]
    return list(dict.fromkeys([*(one.agent for one in lines.told if one.hired), *spoke]))


def _file(path: Path, agent: str) -> Path | None:
    if not _ID.fullmatch(agent):
        return None
    name = f"agent-{agent}.jsonl"
    places = (path.parent / path.stem / "subagents" / name, path.parent / name)
    found = next((place for place in places if place.is_file()), None)
    return found if found is not None and not found.samefile(path) else None


def _read(file: Path, agent: str) -> Lines:
    """The lines of ``agent`` and of its own sub-agents; what else is in its file is not its word."""
    found, faults = Lines(), Lines()
    for number, record in records(file, faults.warnings):
        place = f"{number} of {file.name}"
        if isinstance(record, dict) and record.get("agentId") == agent:
            found.take(place, {**record, "isSidechain": True})
        elif isinstance(record, dict) and "message" in record:
            found.warnings.append(f"line {place}: not a message of {agent}; left out")
        else:
            found.take(place, record)
    found.warnings[:0] = [f"{file.name}: {warning}" for warning in faults.warnings]
    return found
