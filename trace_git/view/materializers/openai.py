"""The ``openai`` materializer: the list of chat messages that a chat completion takes.

Messages of that format pass verbatim, key order included; others are converted one by one. What
stands beside a result in a message of another format follows the last result of its group: nothing
may stand between, and parallel results come as a message each, any of which may bring an image.
Refused: a tool result whose call is not in the assistant message just before, and a call that
the messages right after it do not answer, unless it is open at the tail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ...formats.convert import losses, to_openai
from ...model import OPENAI, Item, Span
from .. import deferred
from .draft import Draft, Fault, Form, fresh, stand_in

_RESULTS = ("tool", "function")


class _Call(NamedTuple):
    at: int
    position: int
    id: str | None


class _Part(NamedTuple):
    at: int
    body: Mapping[str, Any]
    role: str


def fold(items: Sequence[Item], start: int, draft: Draft) -> None:
    waiting: list[_Call] = []
    beside: list[_Part] = []  # what stands beside results while others of their group are still to come
    answering = ""  # the item that gave the latest result
    parts, spans = draft.parts, draft.spans

    def emit(index: int, body: Mapping[str, Any], role: str) -> None:
        nonlocal waiting
        if waiting or role != "user":
            waiting = _follow(body, role, index, items, waiting, draft)
        parts.append(body)
        if spans is not None:
            _mark(spans, items[index].id, len(parts))

    def emit_beside() -> None:
        for part in beside:
            emit(*part)
        beside.clear()

    for index in range(start, len(items)):
        item = items[index]
        message = item.message
        if message.kind == deferred.KIND:
            raise deferred.refusal(items)
        if message.fmt != OPENAI and (lost := losses(message, OPENAI)):
            draft.warnings.append((index, f"item {item.id}: openai does not carry {', '.join(lost)}"))
        first = True
        for body in (message.body,) if message.fmt == OPENAI else to_openai(message):
            role = body.get("role", message.role)
            if role in _RESULTS:
                answering = item.id
            elif waiting and item.id == answering:
                beside.append(_Part(index, body, role))
                continue
            else:
                if beside:
                    emit_beside()
                if first:
                    draft.cuts.append((index, len(parts)))
            emit(index, body, role)
            if beside and not waiting:
                emit_beside()
            first = False
    emit_beside()


def _mark(spans: list[Span], item: str, stop: int) -> None:
    """The part before ``stop`` comes from ``item``."""
    if spans and spans[-1].item == item:
        spans[-1] = Span(item, spans[-1].start, stop)
    else:
        spans.append(Span(item, stop - 1, stop))


def _follow(
    body: Mapping[str, Any], role: str, index: int, items: Sequence[Item], waiting: list[_Call], draft: Draft
) -> list[_Call]:
    """The calls that wait for a result after ``body``; what the provider would refuse becomes a fault."""
    if role in _RESULTS:
        id = body.get("tool_call_id") if role == "tool" else None
        answered = next((call for call in waiting if call.id == id), None)
        if answered is None:
            text = f"item {items[index].id} answers {_named(id)}, which the message before it does not make"
            draft.faults.append(Fault(index, None, text))
        return [call for call in waiting if call is not answered]
    for call in waiting:
        text = f"item {items[call.at].id} makes {_named(call.id)}, which the messages after it do not answer"
        draft.faults.append(Fault(call.at, call.position, text))
    if role != "assistant":
        return []
    ids = [call.get("id") for call in body.get("tool_calls") or ()] + ([None] if body.get("function_call") else [])
    return [_Call(index, position, id) for position, id in enumerate(ids)]


def finish(parts: Sequence[Mapping[str, Any]], tools: Sequence[Any]) -> list[Any]:
    return [fresh(part) for part in parts]


def split(item: Item) -> list[Item]:
    message = item.message
    bodies = [message.body] if message.fmt == OPENAI else to_openai(message)
    return [stand_in(item, body, OPENAI) for body in bodies]


def leave_out(item: Item, parts: set[int]) -> Item | None:
    """The item without some of its calls; ``function_call`` counts as the last of them."""
    body = dict(item.message.body)
    calls = list(body.pop("tool_calls", None) or ())
    left = [call for position, call in enumerate(calls) if position not in parts]
    if left:
        body["tool_calls"] = left
    if len(calls) in parts:
        body.pop("function_call", None)
    said = body.get("content") or body.get("refusal") or left or body.get("function_call")
    return stand_in(item, body, OPENAI) if said else None


def _named(id: str | None) -> str:
    return f"call {id}" if id is not None else "a function call"


FORM = Form("openai", fold, finish, split=split, leave_out=leave_out)
