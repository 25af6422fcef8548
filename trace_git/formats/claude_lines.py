"""One line of a Claude Code file: a message, a link in the tree of messages, or an event.

    line                                          becomes
    type user, assistant or system with message   a line of the conversation (``Line``)
    the same with isSidechain                     a line of the side chains
    progress with data.message                    a line of that sub-agent; the progress line is a link
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
from typing import Any

from ..errors import InvalidInputError
from .records import mended
from .shape import check_body

MAIN_THREAD = ""
SIDE_THREAD = "side"
_SPEAKERS = ("user", "assistant", "system")


@dataclass(slots=True)
class Line:
    """One message line. ``usage`` is as reported, ``body`` the message without it."""

    number: int
    uuid: str
    parent: str | None
    thread: str
    body: dict[str, Any]
    usage: Any
    timestamp: float | None


@dataclass(slots=True)
class Lines:
    """The lines of a file so far. ``links`` maps the uuid of a line without message to its parent."""

    found: list[Line] = field(default_factory=list)
    links: dict[str, str | None] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)
    _last: dict[str, str] = field(default_factory=dict)  # thread → uuid of its latest line

    def take(self, number: int, record: Any) -> None:
        """One JSON value of the file; a list of objects is a whole file in one value."""
        if isinstance(record, list) and record and all(isinstance(inner, dict) for inner in record):
            for inner in record:
                self.take(number, inner)
        elif not isinstance(record, dict):
            self.warnings.append(f"line {number}: {_kind(record)} instead of an object; left out")
        else:
            self._take(number, record)

    def _take(self, number: int, record: dict[str, Any]) -> None:
        kind = _text(record.get("type")) or "no type"
        data = record.get("data")
        if isinstance(data, dict) and isinstance(data.get("message"), dict):
            self._link(number, record)
            self._agent_line(number, record, data)
        elif kind in _SPEAKERS and "message" in record:
            thread = SIDE_THREAD if record.get("isSidechain") is True else MAIN_THREAD
            if not self._line(number, record, _text(record.get("parentUuid")), thread):
                self._link(number, record)
        else:
            self.events[kind] += 1
            self._link(number, record)

    def _agent_line(self, number: int, record: dict[str, Any], data: dict[str, Any]) -> None:
        """A sub-agent's lines name no parents: each follows the one before it."""
        agent = _text(data.get("agentId")) or _text(record.get("parentToolUseID")) or "unnamed"
        inner = data["message"]
        if "message" not in inner:
            self.events["progress"] += 1
            return
        thread = f"agent {agent}"
        self._line(number, inner, _text(inner.get("parentUuid")) or self._last.get(thread), thread)

    def _line(self, number: int, record: dict[str, Any], parent: str | None, thread: str) -> bool:
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
        self.found.append(Line(number, uuid, parent, thread, whole, usage, _seconds(record.get("timestamp"))))
        self._last[thread] = uuid
        return True

    def _link(self, number: int, record: Mapping[str, Any]) -> None:
        uuid = _text(record.get("uuid"))
        if uuid is None:
            return
        parent = _text(record.get("parentUuid")) or _text(record.get("logicalParentUuid"))
        if parent is None and record.get("subtype") == "compact_boundary":
            parent = self._last.get(MAIN_THREAD)
            self.warnings.append(f"line {number}: a compaction names no parent; it follows the message before it")
        self.links.setdefault(uuid, parent)


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
