"""The first line of a commit message, made from what was committed.

Safe for a terminal, since stock ``git log`` prints it raw.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..model import Message
from ..safe import safe_text
from ..view import deferred

_WIDTH = 60
_LONGEST = 72


def subject(messages: Sequence[Message]) -> str:
    """``role: first words…``, with the tool names of a call, and ``(+n more)`` for several messages."""
    more = f" (+{len(messages) - 1} more)" if len(messages) > 1 else ""
    return _short(f"{messages[0].role}: {words(messages[0])}", _WIDTH - len(more)) + more


def about(verb: str, item: str, message: Message, *, more: int = 0) -> str:
    """``verb: id first words…`` for a commit that is about one item, and ``more`` of its tool group."""
    rest = f" (and {more} of its tool group)" if more else ""
    return _short(f"{verb}: {item[:8]} {words(message)}", _LONGEST - len(rest)) + rest


def collapsed(agent: str, message: Message) -> str:
    """``collapse: agent: first words…``."""
    return _short(f"collapse: {agent}: {words(message)}", _LONGEST)


def words(message: Message) -> str:
    """One line that tells what a message is about; of a conflict that a merge put off, ours' version."""
    message = deferred.shown(message)
    text = message.text.strip()
    calls = ", ".join(call.name for call in message.calls)
    if calls:
        return f"{_line(text)} → {calls}" if text else f"→ {calls}"
    return _line(text) or "(empty)"


def _line(text: str) -> str:
    return safe_text(" ".join(text[:400].split()))


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"
