"""Claude Code's session files: lines into turns, leaves into named branches.

An API message is written as several lines, one content block each, with the same ``message.id``:
they are one turn, with the usage of the last. The tree is drawn in ``claude_tree``; here a name
is given to each leaf:

    main           the leaf of the latest line that is no side chain
    fork-N         another leaf of that tree
    earlier-N      a leaf of another tree: before a cleared context, or before the first prompt was rewritten
    sidechain-N    a leaf of a side chain or of a sub-agent

N counts from 1 in file order. Which of them are of sub-agents, and whose, is found in ``claude_agents``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import InvalidInputError
from ..model import ANTHROPIC, Message, Usage
from . import claude_agents
from .claude_beside import take_beside
from .claude_lines import MAIN_THREAD, Line, Lines
from .claude_tree import Node, Step, grow
from .records import Progress, records
from .transcript import MAIN, Conversation, Transcript, Turn
from .usage import anthropic_usage

NAME = "claude-code"


@dataclass(slots=True)
class _Draft:
    """A turn in the making: the first line's body, and the blocks of each of its lines."""

    first: Line
    parts: dict[str, list[Any]] = field(default_factory=dict)  # uuid of a line → its blocks
    latest: dict[str, Any] = field(default_factory=dict)
    usage: Usage | None = None

    def add(self, line: Line) -> None:
        """A line repeated with the same uuid stands for its earlier self; a block with the same identity comes once."""
        self.latest = line.body
        self.usage = anthropic_usage(line.usage, _model(line)) or self.usage
        self.parts[line.uuid] = []
        known = {_identity(block) for blocks in self.parts.values() for block in blocks} - {None}
        self.parts[line.uuid] = [block for block in _blocks(line.body) if _identity(block) not in known]

    def message(self) -> Message:
        body = self.first.body
        if self.latest is not body or len(self.parts) > 1:
            content = [block for blocks in self.parts.values() for block in blocks]
            body = {**body, **self.latest, "content": content}
        return Message(body["role"], body, ANTHROPIC, model=_model(self.first))


def read(path: Path, progress: Progress | None = None) -> Transcript:
    """The conversation of a session file, with its forks, clears, compactions, side chains and sub-agents.

    The files of its sub-agents are read as well, where they lie beside it. Raises InvalidInputError when no line
    holds a message.
    """
    lines = Lines()
    for number, record in records(path, lines.warnings, progress):
        lines.take(number, record)
    if not lines.found:
        hint = "looked for JSON lines with type user or assistant and a message; name another format if it is none"
        raise InvalidInputError(f"{path} has no message of a Claude Code session", hint=hint)
    take_beside(path, lines)
    return Transcript(NAME, (conversation(path.stem, lines),), (*lines.warnings, *_events(lines.events)))


def conversation(name: str, lines: Lines) -> Conversation:
    """The tree of ``lines``."""
    warnings: list[str] = []
    drafts: dict[str, _Draft] = {}
    steps = _merge(lines.found, drafts, warnings)
    messages = {key: draft.message() for key, draft in drafts.items()}
    nodes = {key: _node(key, drafts[key].first.thread, message) for key, message in messages.items()}
    parents = grow(steps, nodes, lines.links, warnings)
    seen = [
        claude_agents.Seen(key, line.thread, line.call, messages[key], line.timestamp)
        for key in parents
        if (line := drafts[key].first)
    ]
    delegations = claude_agents.delegations(seen, parents, lines.told, warnings)
    if unheard := len({one.agent for one in delegations if one.prompt}):
        warnings.append(
            f"of {unheard} sub-agent{'s' * (unheard > 1)} nothing but the prompt and the answer is in the file; "
            "Claude Code keeps their messages in agent-<id>.jsonl, in <session>/subagents beside it"
        )
    turns = tuple(
        Turn(key, parent, messages[key], drafts[key].first.timestamp, drafts[key].usage)
        for key, parent in parents.items()
    )
    return Conversation(name, turns, _tips(parents, steps, nodes), None, tuple(warnings), delegations)


def _merge(found: Sequence[Line], drafts: dict[str, _Draft], warnings: list[str]) -> list[Step]:
    """Fill ``drafts``, by turn, and say to which turn each line belongs."""
    steps: list[Step] = []
    turn_of: dict[str, str] = {}  # uuid of a line → its turn
    by_message: dict[tuple[str, str], str] = {}  # thread and message.id → turn
    for line in found:
        id = line.body.get("id")
        shared = (line.thread, id) if isinstance(id, str) and line.body["role"] == "assistant" else None
        key = by_message.get(shared) if shared else None
        uuid = line.uuid
        if uuid in turn_of and turn_of[uuid] != key:
            if line.body == drafts[turn_of[uuid]].first.body:
                continue
            uuid = f"{uuid}#{line.number}"
            warnings.append(f"line {line.number}: another message has its uuid already; both are kept")
        if key is None:
            key = uuid
            drafts[key] = _Draft(line)
        drafts[key].add(line)
        turn_of[uuid] = key
        if shared:
            by_message[shared] = key
        steps.append(Step(line.number, uuid, line.parent, key, line.thread))
    return steps


def _tips(
    parents: Mapping[str, str | None], steps: Sequence[Step], nodes: Mapping[str, Node]
) -> tuple[tuple[str, str], ...]:
    roots: dict[str, str] = {}
    children: dict[str, list[str]] = {}
    for key, parent in parents.items():
        roots[key] = roots[parent] if parent is not None else key
        if parent is not None:
            children.setdefault(parent, []).append(key)
    spoken = [step.turn for step in steps if step.thread == MAIN_THREAD]
    main = spoken[-1] if spoken else steps[-1].turn  # the file of a sub-agent has nothing but a side chain
    place = {step.turn: index for index, step in enumerate(steps)}
    while main in children:
        main = max(children[main], key=lambda key: (nodes[key].thread == nodes[main].thread, place[key]))
    tips = [(MAIN, main)]
    counted: Counter[str] = Counter()
    for key in nodes:
        if key in children or key == main:
            continue
        kind = "fork" if roots[key] == roots[main] else "earlier"
        if nodes[key].thread != nodes[main].thread:
            kind = "sidechain"
        counted[kind] += 1
        tips.append((f"{kind}-{counted[kind]}", key))
    return tuple(tips)


def _node(key: str, thread: str, message: Message) -> Node:
    return Node(key, thread, frozenset(call.id for call in message.calls), frozenset(message.answers))


def _identity(block: Any) -> tuple[str, str] | None:
    """What makes a block the same block wherever it stands; a text has no such thing."""
    if isinstance(block, Mapping):
        for key in ("id", "signature"):
            if isinstance(block.get(key), str) and block[key]:
                return key, block[key]
    return None


def _blocks(body: Mapping[str, Any]) -> list[Any]:
    content = body.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return list(content or ())


def _model(line: Line) -> str | None:
    model = line.body.get("model")
    return model if isinstance(model, str) and model else None


def _events(events: Counter[str]) -> tuple[str, ...]:
    if not events:
        return ()
    kinds = ", ".join(f"{ascii(kind)[1:-1]} {count}" for kind, count in sorted(events.items()))
    number = sum(events.values())
    return (f"left out {number} line{'' if number == 1 else 's'} without a message ({kinds})",)
