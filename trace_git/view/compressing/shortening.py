"""Shorter versions of tool results, made without a model: masked to a stub, or trimmed to head and tail.

Only what a tool gave is touched: of a message that holds results and other blocks, the results alone; never a call, and
never what somebody said. Equal inputs give equal bytes.

    how       a result becomes
    mask      [tool output masked: 48,213 bytes, sha256 0f3a…]
    trim      its first and last characters, cut at line ends where one is near, and between them how much was cut
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from ...model import SWE_AGENT, Item, Message
from ..leaf import is_output

HOW = ("mask", "trim")
STUB_TOKENS = 30  # about what a stub counts, its message included; for plans of very many
HEAD, TAIL = 800, 400  # characters that a trimmed output keeps of its beginning and of its end
_LEAST = 200  # characters: less is not worth cutting out
_NEAR = 80  # characters in which a line end is looked for


def shortened(item: Item, how: str, tokens: Callable[[Message], int] | None = None) -> Message | None:
    """The shorter version of an item; None where it would not be shorter, or is one already.

    It names the item and the digest of what it stands for. Messages that trace-git made have a provenance of their
    own, and are left alone. ``tokens`` counts a message, to see that it does get smaller; without it characters are.
    """
    message = item.message
    if not is_output(message) or message.kind != "message" or message.provenance is not None:
        return None
    body = _body(message, _mask if how == "mask" else _trim)
    if body == message.body:
        return None
    made = replace(message, body=body, provenance={"digests": [item.blob], "how": how, "items": [item.id]})
    size = tokens or (lambda one: len(_text(one.body)))
    return made if size(made) < size(message) else None


def _body(message: Message, short: Callable[[Any], Any]) -> Mapping[str, Any]:
    body, content = message.body, message.content
    if message.role in ("tool", "function") or message.fmt == SWE_AGENT:
        return {**body, "content": short(content)} if content else body
    if not isinstance(content, list | tuple):
        return body
    return {**body, "content": [_block(block, short) for block in content]}


def _block(block: Any, short: Callable[[Any], Any]) -> Any:
    if not isinstance(block, Mapping) or block.get("type") != "tool_result" or not block.get("content"):
        return block
    return {**block, "content": short(block["content"])}


def _mask(content: Any) -> Any:
    data = _text(content).encode("utf-8", "surrogatepass")
    return f"[tool output masked: {len(data):,} bytes, sha256 {sha256(data).hexdigest()[:12]}]"


def _trim(content: Any) -> Any:
    """Each text by itself; pictures and the like stay."""
    if isinstance(content, str):
        return _trimmed(content)
    if not isinstance(content, Sequence):
        return content
    return [_trimmed_part(part) for part in content]


def _trimmed_part(part: Any) -> Any:
    if isinstance(part, str):
        return _trimmed(part)
    if isinstance(part, Mapping) and isinstance(part.get("text"), str):
        return {**part, "text": _trimmed(part["text"])}
    return part


def _trimmed(text: str) -> str:
    if len(text) < HEAD + TAIL + _LEAST:
        return text
    head, tail = text[:HEAD], text[-TAIL:]
    if (end := head.rfind("\n", HEAD - _NEAR)) >= 0:
        head = head[: end + 1]
    if (start := tail.find("\n", 0, _NEAR)) >= 0:
        tail = tail[start + 1 :]
    mark = f"[… {len(text) - len(head) - len(tail):,} characters cut …]"
    return f"{head}{'' if head.endswith(chr(10)) else chr(10)}{mark}\n{tail}"


def _text(content: Any) -> str:
    """What a digest is taken of: a text itself, anything else as compact JSON."""
    if isinstance(content, str):
        return content
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str)
