"""Which format a file is in, by its first bytes.

Looks at the keys of the first JSON objects, not at the file's name: names lie. The name only
helps where the first bytes say nothing, as when a long trajectory comes before its history.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import InvalidInputError

_TOKEN = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?|[{}\[\]]', re.DOTALL)
_ANTHROPIC = re.compile(r'"type"\s*:\s*"(?:tool_use|tool_result|thinking|redacted_thinking)"|"input_schema"\s*:')


def recognise(head: bytes, name: str) -> str:
    """``claude-code``, ``openai``, ``anthropic`` or ``swe-agent``.

    ``head`` may end anywhere. Raises InvalidInputError when it is none of them.
    """
    text = head.decode(errors="replace").lstrip("\ufeff \t\r\n")
    for keys in _objects(text):
        found = _format(keys, text)
        if found:
            return found
    if name.endswith(".traj"):
        return "swe-agent"
    hint = "name it with --format: claude-code, openai, anthropic or swe-agent"
    raise InvalidInputError(f"{name} looks like no transcript: no message found in its first bytes", hint=hint)


def _format(keys: set[str], text: str) -> str | None:
    if keys & {"history", "trajectory"}:
        return "swe-agent"
    if "messages" in keys or "role" in keys:
        return "anthropic" if "system" in keys or _ANTHROPIC.search(text) else "openai"
    if "type" in keys and keys & {"uuid", "parentUuid", "sessionId", "leafUuid", "messageId", "message", "snapshot"}:
        return "claude-code"
    return None


def _objects(text: str) -> Iterator[set[str]]:
    """The keys of each outermost object; those of a list's objects count as outermost."""
    opened: list[str] = []
    objects = 0  # how many of them are objects
    keys: set[str] = set()
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in ("{", "["):
            opened.append(mark)
            objects += mark == "{"
        elif mark in ("}", "]"):
            objects -= bool(opened) and opened.pop() == "{"
            if keys and not objects:
                yield keys
                keys = set()
        elif token.group(2) and objects == 1 and opened[-1] == "{":
            keys.add(token.group(1))
    if keys:
        yield keys
