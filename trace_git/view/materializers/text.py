"""The ``text`` and ``xml`` materializers: a context as one string, for people and for plain prompts.

Both show text, calls and results; other blocks by their type, in brackets or as an empty
element; thinking not at all. ``text`` is for reading: nothing in it is escaped, so it is
not for parsing. ``xml`` is well-formed whatever the messages hold. Nothing is a fault here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ...model import Item, Message, Span
from .. import deferred
from .draft import Draft, Form

_BREAK = "\n\n"
_HEAD, _TAIL = "<context>\n", "</context>\n"
_THINKING = ("thinking", "redacted_thinking", "reasoning")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# By hand: xml.sax.saxutils would bring urllib, http and ssl along. A parser reads a bare return as a newline.
_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_XML_VALUE = _XML | str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


class _Piece(NamedTuple):
    """A stretch of a message: ``kind`` is text, call, result, or the type of any other block."""

    kind: str
    text: str = ""
    id: str | None = None
    name: str = ""


def _pieces(message: Message) -> Iterator[_Piece]:
    if message.role in ("tool", "function"):
        answers = " ".join(str(id) for id in message.answers if id)
        yield _Piece("result", _shown(message.content), answers, str(message.body.get("name") or ""))
        return
    content = message.content
    for block in [content] if isinstance(content, str) else content or ():
        yield from _of_block(block)
    if not (isinstance(content, list | tuple) and any(_kind(block) == "tool_use" for block in content)):
        for call in message.calls:
            yield _Piece("call", _plain(call.arguments), call.id, call.name)


def _of_block(block: Any) -> Iterator[_Piece]:
    kind = _kind(block)
    if kind == "text":
        text = block if isinstance(block, str) else str(block.get("text") or "")
        if text:
            yield _Piece("text", text)
    elif kind == "tool_use":
        yield _Piece("call", _plain(block.get("input")), block.get("id"), str(block.get("name", "")))
    elif kind == "tool_result":
        yield _Piece("result", _shown(block.get("content")), block.get("tool_use_id"))
    elif kind not in _THINKING:
        yield _Piece(kind)


def _kind(block: Any) -> str:
    if isinstance(block, str):
        return "text"
    return str(block.get("type") or "text") if isinstance(block, Mapping) else "block"


def _shown(content: Any) -> str:
    """The content of a result as text: other blocks by their type in brackets."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list | tuple):
        return "" if content is None else _plain(content)
    pieces = [piece for block in content for piece in _of_block(block)]
    return "\n".join(piece.text if piece.kind == "text" else f"[{piece.kind}]" for piece in pieces)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps({} if value is None else value, ensure_ascii=False)


def as_text(message: Message) -> str:
    """``role: text``, a paragraph for each result and for what is said between them."""
    paragraphs: list[tuple[str, list[str]]] = []
    for piece in _pieces(message):
        if piece.kind == "result":
            paragraphs.append((f"tool {piece.name}".strip(), [piece.text]))
            continue
        if not paragraphs or paragraphs[-1][0] != message.role:
            paragraphs.append((message.role, []))
        if piece.kind == "call":
            paragraphs[-1][1].append(f"[call {piece.name} {piece.text}]")
        else:
            paragraphs[-1][1].append(piece.text if piece.kind == "text" else f"[{piece.kind}]")
    lines = [f"{role}: " + "\n".join(said) for role, said in paragraphs or [(message.role, [""])]]
    return _BREAK.join(lines)


def as_xml(message: Message) -> str:
    """``<message role="…">`` with text, ``<call>`` and ``<result>`` inside."""
    inside: list[str] = []
    for piece in _pieces(message):
        if piece.kind == "text":
            inside.append(_escaped(piece.text))
        elif piece.kind in ("call", "result"):
            known = (("id", piece.id), ("name", piece.name))
            named = "".join(f" {key}={_quoted(value)}" for key, value in known if value)
            inside.append(f"<{piece.kind}{named}>{_escaped(piece.text)}</{piece.kind}>")
        else:
            inside.append(f"<block type={_quoted(piece.kind)}/>")
    separated = "\n".join(inside)
    return f"<message role={_quoted(message.role)}>{separated}</message>\n"


def _escaped(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text).translate(_XML)


def _quoted(value: Any) -> str:
    return '"' + _NOT_XML.sub("\ufffd", str(value)).translate(_XML_VALUE) + '"'


def _folder(show: Callable[[Message], str], start_at: int, gap: int) -> Callable[[Sequence[Item], int, Draft], None]:
    def fold(items: Sequence[Item], start: int, draft: Draft) -> None:
        offset = start_at
        for index in range(start, len(items)):
            message = items[index].message
            if message.kind == deferred.KIND:
                raise deferred.refusal(items)
            part = show(message)
            draft.cuts.append((index, len(draft.parts)))
            draft.parts.append(part)
            if draft.spans is not None:
                draft.spans.append(Span(items[index].id, offset, offset + len(part)))
                offset += len(part) + gap

    return fold


def _join_text(parts: Sequence[str], tools: Sequence[Any]) -> str:
    return _BREAK.join(parts)


def _join_xml(parts: Sequence[str], tools: Sequence[Any]) -> str:
    return _HEAD + "".join(parts) + _TAIL


TEXT = Form("text", _folder(as_text, 0, len(_BREAK)), _join_text)
XML = Form("xml", _folder(as_xml, len(_HEAD), 0), _join_xml)
