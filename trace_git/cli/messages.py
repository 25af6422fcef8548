"""Messages as people read them: text, tool calls with their arguments, and a word for what is no text.

What it gives is text of strangers still: it passes ``screen.block`` or ``screen.paint`` before it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..model import Message
from ..ops.subject import words
from ..view import deferred

_ROOM = 72  # columns that the arguments of a call may take in one line
_READ = ("text", "tool_use", "tool_result")  # blocks whose content is shown as such

__all__ = ["line", "parts", "plain", "words"]


def line(message: Message) -> str:
    """The words, and in front of them what kind of thing it is when that is no message."""
    return f"[{message.kind}] {words(message)}" if message.kind != "message" else words(message)


def parts(message: Message) -> Iterator[tuple[str, str]]:
    """What there is to read, in order: ("note" | "text" | "call", lines of it)."""
    if message.kind == deferred.KIND:
        yield from _versions(message)
        return
    for call in message.answers:
        yield "note", f"← {call or 'a function call'}"
    for block in message.content if isinstance(message.content, list | tuple) else ():
        if isinstance(block, Mapping) and block.get("type") not in _READ:
            yield "note", f"[{_block(block)}]"
    if message.text:
        yield "text", message.text
    for made in message.calls:
        yield "call", _call(made.name, made.arguments)


def _versions(message: Message) -> Iterator[tuple[str, str]]:
    """A conflict that a merge put off: each side, below a marker as git writes it."""
    for marker, side in (("<<<<<<<", "ours"), ("|||||||", "base"), (">>>>>>>", "theirs")):
        version = deferred.version(message, side)
        yield "note", f"{marker} {side}{'' if version else ': not there'}"
        yield from parts(version) if version else ()


def plain(message: Message) -> str:
    """All of it as one text, for comparing."""
    return "\n".join(text for _, text in parts(message))


def _block(block: Mapping[str, Any]) -> str:
    kind = str(block.get("type") or "block")
    text = block.get("thinking") or block.get("refusal")
    return f"{kind}: {len(text):,} characters" if isinstance(text, str) else kind


def _call(name: str, given: Any) -> str:
    """``→ grep(for="x")`` when that fits in a line, else one argument a line."""
    import json

    try:
        arguments = json.loads(given) if isinstance(given, str) else given
        if not isinstance(arguments, Mapping):
            return f"→ {name}({given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)})"
        written = {str(key): json.dumps(value, ensure_ascii=False) for key, value in arguments.items()}
    except (ValueError, RecursionError):  # the model wrote what is no JSON; shown as it is
        return f"→ {name}({given})"
    short = ", ".join(f"{key}={value}" for key, value in written.items())
    if len(short) + len(name) <= _ROOM:
        return f"→ {name}({short})"
    return "\n".join([f"→ {name}", *(_argument(key, arguments.get(key), text) for key, text in written.items())])


def _argument(key: str, value: Any, written: str) -> str:
    if not isinstance(value, str):
        return f"    {key}: {written}"
    if "\n" not in value:
        return f"    {key}: {value}"
    return "\n".join([f"    {key}:", *(f"        {line}" for line in value.removesuffix("\n").split("\n"))])
