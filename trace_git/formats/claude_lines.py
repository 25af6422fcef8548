"""One line of a Claude Code file: a message, a link in the tree of messages, or an event.

    line                                          becomes
    type user, assistant or system with message   a line of the conversation (``Line``)
    the same with isSidechain                     a line of the side chains, or of the sub-agent that agentId names
    progress with data.message                    a line of that sub-agent; the progress line is a link
    toolUseResult with agentId, or with a task    also what the result says of a sub-agent (``Told``)
    anything else with a uuid                     a link: its children hang on its parent
    the rest (summary, snapshots, queue, …)       an event, counted

What does not have the shape of a message is left out with a warning that names the line; its
uuid stays as a link. How lines make turns, and turns a tree, is said elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from ..errors import InvalidInputError
from .records import mended
from .shape import check_body

MAIN_THREAD = ""
SIDE_THREAD = "side"
AGENT_THREAD = "agent "  # and the sub-agent's id
_SPEAKERS = ("user", "assistant", "system")


@dataclass(slots=True)
class Line:
    """One message line. ``usage`` is as reported, ``body`` the message without it.

    ``number`` says where it stands, ``7`` or ``7 of agent-x.jsonl``; ``call`` is the call that a sub-agent works on.
    """

    number: int | str
    uuid: str
    parent: str | None
    thread: str
    body: dict[str, Any]
    usage: Any
    timestamp: float | None
    call: str | None = None


class Told(NamedTuple):
    """What the result of ``call`` says of a sub-agent: the call set it to work (``hired``), its work is ``done``."""

    agent: str
    call: str
    hired: bool
    done: bool


@dataclass(slots=True)
class Lines:
    """The lines of a file so far. ``links`` maps the uuid of a line without message to its parent."""

    found: list[Line] = field(default_factory=list)
    links: dict[str, str | None] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    _last: dict[str, str] = field(default_factory=dict)  # thread → uuid of its latest line

    def take(self, number: int | str, record: Any) -> None:
        """One JSON value of the file; a list of objects is a whole file in one value."""
        if isinstance(record, list) and record and all(isinstance(inner, dict) for inner in record):
            for inner in record:
                self.take(number, inner)
        elif not isinstance(record, dict):
            self.warnings.append(f"line {number}: {_kind(record)} instead of an object; left out")
        else:
            self._take(number, record)

    def join(self, other: Lines) -> None:
        """The lines of a sub-agent's own file, which stand for those that this one tells of it."""
        theirs = {(line.thread, line.uuid): line for line in other.found}
        for line in self.found:
            if (own := theirs.get((line.thread, line.uuid))) is not None:
                own.call = own.call or line.call
        kept = [line for line in self.found if (line.thread, line.uuid) not in theirs]
        self.found = [*kept, *other.found]
        self.links = {**other.links, **self.links}
        self.events += other.events
        self.warnings += other.warnings
        self.told += other.told

    def _take(self, number: int | str, record: dict[str, Any]) -> None:
        kind = _text(record.get("type")) or "no type"
        data = record.get("data")
        if isinstance(data, dict) and isinstance(data.get("message"), dict):
            self._link(number, record)
            self._agent_line(number, record, data)
        elif kind in _SPEAKERS and "message" in record:
            if not self._line(number, record, _text(record.get("parentUuid")), _thread(record)):
                self._link(number, record)
        else:
            self.events[kind] += 1
            self._link(number, record)

    def _agent_line(self, number: int | str, record: dict[str, Any], data: dict[str, Any]) -> None:
        """A sub-agent's lines name no parents: each follows the one before it."""
        call = _text(record.get("parentToolUseID"))
        agent = _text(data.get("agentId")) or call or "unnamed"
        inner = data["message"]
        if "message" not in inner:
            self.events["progress"] += 1
            return
        thread = AGENT_THREAD + agent
        self._line(number, inner, _text(inner.get("parentUuid")) or self._last.get(thread), thread, call)

    def _line(
        self, number: int | str, record: dict[str, Any], parent: str | None, thread: str, call: str | None = None
    ) -> bool:
        body, role = record["message"], record.get("type")
        if not isinstance(body, dict):
            self.warnings.append(f"line {number}: message is {_kind(body)} instead of an object; left out")
            return False
        usage = body.get("usage")
        plain = {key: value for key, value in body.items() if key != "usage"}
        if "role" not in plain:
            plain = {"role": role, **plain}
        try:
            whole: dict[str, Any] = mended(plain)
            check_body(whole)
        except InvalidInputError as error:
            where = f"{error.field.lstrip('.')} " if error.field and error.field not in str(error) else ""
            self.warnings.append(f"line {number}: {where}{error}; left out")
            return False
        if whole is not plain:
            self.warnings.append(f"line {number}: lone surrogates were replaced by U+FFFD")
        uuid = _text(record.get("uuid")) or f"line-{number}-{len(self.found)}"
        self.found.append(Line(number, uuid, parent, thread, whole, usage, _seconds(record.get("timestamp")), call))
        self._last[thread] = uuid
        self.told += _told(whole, record.get("toolUseResult"))
        return True

    def _link(self, number: int | str, record: Mapping[str, Any]) -> None:
        uuid = _text(record.get("uuid"))
        if uuid is None:
            return
        parent = _text(record.get("parentUuid")) or _text(record.get("logicalParentUuid"))
        if parent is None and record.get("subtype") == "compact_boundary":
            parent = self._last.get(_thread(record))
            self.warnings.append(f"line {number}: a compaction names no parent; it follows the message before it")
        self.links.setdefault(uuid, parent)


def _thread(record: Mapping[str, Any]) -> str:
    if record.get("isSidechain") is not True:
        return MAIN_THREAD
    agent = _text(record.get("agentId"))
    return AGENT_THREAD + agent if agent else SIDE_THREAD


def _told(body: Mapping[str, Any], result: Any) -> list[Told]:
    """A result that is only the news that an agent begins, or how it is doing, is not done."""
    content = body.get("content")
    blocks = [one for one in content if isinstance(one, Mapping)] if isinstance(content, list) else []
    calls = [call for one in blocks if (call := _text(one.get("tool_use_id")))]
    if not isinstance(result, Mapping) or len(calls) != 1:
        return []
    task = result.get("task")
    if isinstance(task, Mapping):
        agent, hired = _text(task.get("task_id")), False
        done = result.get("retrieval_status") == "success" and task.get("status") != "running"
    else:
        agent, hired = _text(result.get("agentId")), True
        done = result.get("isAsync") is not True and not str(result.get("status")).endswith("launched")
    return [Told(agent, calls[0], hired, done)] if agent else []


def _text(value: Any) -> str | None:
    return mended(value) if isinstance(value, str) and value else None


def _kind(value: Any) -> str:
    names = {str: "a text", list: "a list", dict: "an object", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


def _seconds(value: Any) -> float | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.timestamp() if moment.tzinfo else None  # a local time of another machine says nothing
    except (ValueError, OverflowError):
        return None
