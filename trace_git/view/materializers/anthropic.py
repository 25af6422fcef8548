"""The ``anthropic`` materializer: ``{system, messages, tools}`` fit for ``client.messages.create(**output)``.

Anthropic wants user and assistant in turn beginning with the user, results at the head of the user
message after their calls, call ids unique in the whole request, and no blank text. Merging roles, moving
results, renaming ids used again and leaving out blanks change no word and are done; the rest is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from ...formats.convert import losses, to_anthropic
from ...model import ANTHROPIC, Item, Span
from .. import deferred
from .draft import Draft, Fault, Form, fresh, stand_in

SYSTEM = -1  # where a span starts that lies in the system part
_SYSTEM_ROLES = ("system", "developer")
_TEXT_KEYS = frozenset(("role", "content"))
_RESULT_KEYS = frozenset(("role", "content", "tool_call_id", "name"))
_ILLEGAL = re.compile(r"[^a-zA-Z0-9_-]")


class _Block(NamedTuple):
    """A content block and where it comes from: the place of the item, the place in the item."""

    at: int
    position: int
    block: Any


class _Call(NamedTuple):
    """A call that waits for its result, with its id as given and as sent."""

    at: int
    position: int
    id: str | None
    sent: str


@dataclass(slots=True)
class _Turn:
    """What the assistant says and the user answers: two messages, either may be missing."""

    first: int
    spoken: list[tuple[int, Any]] = field(default_factory=list)  # (place of the item, content)
    heard: list[tuple[int, Any]] = field(default_factory=list)


def fold(items: Sequence[Item], start: int, draft: Draft) -> None:
    begin = start or _fold_system(items, draft)
    turn = _Turn(begin)
    for index in range(begin, len(items)):
        item = items[index]
        message = item.message
        if message.kind == deferred.KIND:
            raise deferred.refusal(items)
        if message.role in _SYSTEM_ROLES:
            draft.warnings.append((index, f"item {item.id}: {message.role} text stands in its place as user text"))
        if message.fmt != ANTHROPIC:
            _warn(index, item, draft)
        for wire in to_anthropic(message):
            if wire["role"] != "assistant":
                turn.heard.append((index, wire["content"]))
                continue
            if turn.heard:
                _close(turn, items, draft, last=False)
                turn = _Turn(index)
            turn.spoken.append((index, wire["content"]))
    _close(turn, items, draft, last=True)


def _fold_system(items: Sequence[Item], draft: Draft) -> int:
    """The leading system and developer items as one part; returns the place after them."""
    given: list[tuple[int, Any]] = []
    for index, item in enumerate(items):
        if item.role not in _SYSTEM_ROLES:
            break
        if item.kind == deferred.KIND:
            raise deferred.refusal(items)
        given.extend((index, wire["content"]) for wire in to_anthropic(item.message))
    if given:
        draft.cuts.append((0, 0))
        blocks = _blocks(given, items, draft)
        draft.parts.append({"system": _content(given, blocks)})
        _mark(draft, items, given, blocks, SYSTEM)
    return len(given)


def _warn(index: int, item: Item, draft: Draft) -> None:
    """Says what the conversion leaves out; the name beside a result stands in its call as well."""
    body = item.message.body
    if isinstance(body.get("content"), str) and body.keys() <= (_RESULT_KEYS if item.role == "tool" else _TEXT_KEYS):
        return  # most messages, at a glance
    lost = [loss for loss in losses(item.message, ANTHROPIC) if loss != "name" or item.role != "tool"]
    if lost:
        draft.warnings.append((index, f"item {item.id}: anthropic does not carry {', '.join(lost)}"))


def _close(turn: _Turn, items: Sequence[Item], draft: Draft, *, last: bool) -> None:
    """The turn as messages of the draft. ``last``: its calls may still be answered."""
    if not turn.spoken and not turn.heard:
        return
    draft.cuts.append((turn.first, len(draft.parts)))
    calls: list[_Call] = []
    if turn.spoken:
        if not any("role" in part for part in draft.parts[:2]):
            for index, _ in turn.spoken:
                text = f"item {items[index].id} of the assistant comes before the first user message"
                draft.faults.append(Fault(index, None, text))
        blocks = [_opened(block, calls, items, draft) for block in _blocks(turn.spoken, items, draft)]
        _emit("assistant", turn.spoken, blocks, items, draft)
    if turn.heard:
        given = [_answered(block, calls, items, draft) for block in _blocks(turn.heard, items, draft)]
        blocks = [block for block in given if _is(block, "tool_result")]
        others = [block for block in given if not _is(block, "tool_result")]
        last = last and not others
        _emit("user", turn.heard, blocks + others, items, draft)
    for call in () if last else calls:
        text = f"item {items[call.at].id} makes {_named(call.id)}, which the user message after it does not answer"
        draft.faults.append(Fault(call.at, call.position, text))


def _blocks(given: list[tuple[int, Any]], items: Sequence[Item], draft: Draft) -> list[_Block]:
    """The blocks of several contents. Blank text is left out, as it says nothing; alone it is a fault."""
    found: list[_Block] = []
    for index, content in given:
        blocks = (content,) if isinstance(content, str) else content or ()
        before = len(found)
        odd = 0
        for position, block in enumerate(blocks):
            if isinstance(block, str):
                block = {"type": "text", "text": block}
            if not isinstance(block, Mapping):
                odd += 1
                text = f"item {items[index].id} has a block that is no object"
                draft.faults.append(Fault(index, position, text))
            elif block.get("type") != "text" or str(block.get("text") or "").strip():
                found.append(_Block(index, position, block))
        if len(found) == before:
            draft.faults.append(Fault(index, None, f"item {items[index].id} has no content but blank text"))
        elif len(found) - before + odd < len(blocks):
            draft.warnings.append((index, f"item {items[index].id}: blank text is left out"))
    return found


def _opened(given: _Block, calls: list[_Call], items: Sequence[Item], draft: Draft) -> _Block:
    """A block of the assistant; a call is noted, under an id that no other call of the output has."""
    if not _is(given, "tool_use"):
        return given
    id = given.block.get("id")
    sent = _ILLEGAL.sub("_", id or "call")
    if sent in draft.call_ids:
        number = len(draft.call_ids) + 1
        while f"{sent}-{number}" in draft.call_ids:
            number += 1
        sent = f"{sent}-{number}"
    draft.call_ids[sent] = given.at
    calls.append(_Call(given.at, given.position, id, sent))
    if sent == id:
        return given
    if id:
        draft.warnings.append((given.at, f"item {items[given.at].id}: call {id} is sent as {sent}"))
    return given._replace(block={**given.block, "id": sent})


def _answered(given: _Block, calls: list[_Call], items: Sequence[Item], draft: Draft) -> _Block:
    """A block of the user; a result takes the call it answers off ``calls``."""
    if not _is(given, "tool_result"):
        return given
    id = given.block.get("tool_use_id")
    nearest = max((call.at for call in calls if call.id == id), default=None)
    for call in calls:
        if call.at == nearest and call.id == id:
            calls.remove(call)
            return given if call.sent == id else given._replace(block={**given.block, "tool_use_id": call.sent})
    text = f"item {items[given.at].id} answers {_named(id)}, which the assistant message before it does not make"
    draft.faults.append(Fault(given.at, given.position, text))
    return given


def _emit(role: str, given: list[tuple[int, Any]], blocks: list[_Block], items: Sequence[Item], draft: Draft) -> None:
    at = len(draft.parts) - (1 if draft.parts and "role" not in draft.parts[0] else 0)
    draft.parts.append({"role": role, "content": _content(given, blocks)})
    _mark(draft, items, given, blocks, at)


def _content(given: list[tuple[int, Any]], blocks: list[_Block]) -> Any:
    """Text alone stays text; everything else is a list of blocks."""
    if len(given) == 1 and isinstance(given[0][1], str):
        return given[0][1]
    return [block.block for block in blocks]


def _mark(draft: Draft, items: Sequence[Item], given: list[tuple[int, Any]], blocks: list[_Block], at: int) -> None:
    if draft.spans is None:
        return
    if len(given) == 1:
        draft.spans.append(Span(items[given[0][0]].id, at, at + 1))
        return
    for index, run in groupby(enumerate(blocks), key=lambda pair: pair[1].at):
        places = [place for place, _ in run]
        draft.spans.append(Span(items[index].id, at, at + 1, (places[0], places[-1])))


def finish(parts: Sequence[Mapping[str, Any]], tools: Sequence[Any]) -> dict[str, Any]:
    output: dict[str, Any] = {}
    if parts and "role" not in parts[0]:
        output["system"] = fresh(parts[0]["system"])
        parts = parts[1:]
    output["messages"] = [fresh(part) for part in parts]
    if tools:
        output["tools"] = [fresh(tool) for tool in tools]
    return output


def convert_tools(tools: Sequence[Mapping[str, Any]]) -> tuple[list[Any], tuple[str, ...]]:
    """Tools in Anthropic's form, and one line for each that has none."""
    converted: list[Any] = []
    refused: list[str] = []
    for tool in tools:
        function = tool.get("function", tool)
        if "input_schema" in tool or (tool.get("type") not in (None, "function", "custom") and "name" in tool):
            converted.append(tool)
        elif tool.get("type", "function") != "function" or not isinstance(function, Mapping) or "name" not in function:
            refused.append(f"tool {tool.get('name') or tool.get('type') or '?'} has no form that Anthropic takes")
        else:
            words = {"description": function["description"]} if function.get("description") else {}
            schema = function.get("parameters") or {"type": "object", "properties": {}}
            converted.append({"name": function["name"], **words, "input_schema": schema})
    return converted, tuple(refused)


def split(item: Item) -> list[Item]:
    return [stand_in(item, wire, ANTHROPIC) for wire in to_anthropic(item.message)]


def leave_out(item: Item, parts: set[int]) -> Item | None:
    content = item.message.content
    left = [] if isinstance(content, str) else [b for place, b in enumerate(content) if place not in parts]
    return stand_in(item, {"role": item.role, "content": left}, ANTHROPIC) if left else None


def _is(given: _Block, kind: str) -> bool:
    return bool(given.block.get("type") == kind)


def _named(id: str | None) -> str:
    return f"call {id}" if id else "a call without id"


FORM = Form("anthropic", fold, finish, split=split, leave_out=leave_out, tools=convert_tools)
