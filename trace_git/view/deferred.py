"""Conflict items: what a merge put off. One item holds the versions of both sides until somebody settles it.

Such an item has kind "conflict" and is no message: nobody may send it to a model without saying which side is meant.
Where one version has to stand for it (counting, pairing calls with results, a line of text), ours does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..conflicts import Conflict
from ..errors import CorruptTraceError, InvalidInputError, RefusedError
from ..model import Context, Item, Message, TokenCount
from ..store import codec
from ..store.trees import blob_id

KIND = "conflict"
SIDES = ("base", "ours", "theirs")
_NAMED = 3  # items named in a refusal


def make(
    base: Sequence[Item], ours: Sequence[Item], theirs: Sequence[Item], *, reason: str, kind: str = "edit"
) -> Message:
    """The conflict item of one item's versions; a side that has none took it away. ``kind`` is that of the conflict."""
    versions = {name: _dumped(side) for name, side in zip(SIDES, (base, ours, theirs), strict=True)}
    role = next(item.message.role for side in (ours, theirs) for item in side)
    return Message(role, {"role": role, "content": "", "conflict": {"kind": kind, "reason": reason, **versions}},
                   kind=KIND)  # fmt: skip


def version(message: Message, side: str) -> Message | None:
    """What ``side`` (base, ours or theirs) says; None when it took the item away."""
    dumped = _held(message).get(side)
    return _loaded(dumped) if isinstance(dumped, Mapping) else None


def shown(message: Message) -> Message:
    """The version that stands for a conflict item: ours, or theirs where ours took it away. Any other as it is."""
    while message.kind == KIND:
        found = version(message, "ours") or version(message, "theirs")
        if found is None:
            raise CorruptTraceError("a conflict item holds no version", hint="run `trace fsck`")
        message = found
    return message


def conflict(item: Item) -> Conflict:
    """The question that a conflict item puts off."""
    held = _held(item.message)
    base, ours, theirs = (_version(item, side) for side in SIDES)
    return Conflict(str(held.get("kind", "edit")), (item.id,), base, ours, theirs, str(held.get("reason", "")))


def conflicts(items: Iterable[Item]) -> tuple[Conflict, ...]:
    """The questions that are still open in a context, in its order."""
    return tuple([conflict(item) for item in items if item.kind == KIND])


def actions(open: Conflict) -> tuple[str, ...]:
    """How a question that was put off can be settled; putting it off again is no answer."""
    return tuple([action for action in open.actions if action != "defer"])


def settled(context: Context, side: str | None) -> Context:
    """``context`` with each conflict item as ``side`` has it, "ours" or "theirs"; nothing is written.

    RefusedError when there is one and no side is given. Sizes stay what they are for ours: an estimate.
    """
    if side not in (None, "ours", "theirs"):
        raise InvalidInputError(f"conflicts={side!r} is no side", field="conflicts", hint='use "ours" or "theirs"')
    if not any(item.kind == KIND for item in context.items):
        return context
    if side is None:
        raise refusal(context.items)
    items = tuple([one for item in context.items for one in _as(item, side)])
    tokens = TokenCount(context.tokens, exact=False, counter=context.tokens.counter)
    return Context(context.commit, items, tokens, context.tools)


def refusal(items: Iterable[Item]) -> RefusedError:
    """What is said to somebody who wants to send conflict items to a model."""
    found = [item.id for item in items if item.kind == KIND]
    more = f" (and {len(found) - _NAMED} more)" if len(found) > _NAMED else ""
    named = f"items {', '.join(found[:_NAMED])}{more} are unresolved conflicts"
    if len(found) == 1:
        named = f"item {found[0]} is an unresolved conflict"
    return RefusedError(
        f"{named}: a model cannot be shown both sides",
        hint=f"settle it: trace resolve {found[0][:8]} ours; or say a side: --conflicts ours",
    )


def _as(item: Item, side: str) -> tuple[Item, ...]:
    while item.kind == KIND:
        found = _version(item, side)
        if not found:
            return ()
        item = found[0]
    return (item,)


def _version(item: Item, side: str) -> tuple[Item, ...]:
    """The item as a side has it, with the blob id it had there; nothing where the side took it away."""
    message = version(item.message, side)
    if message is None:
        return ()
    pinned = bool(_held(item.message)[side].get("pinned"))
    return (Item.of(item.id, blob_id(codec.encode(message)), message).with_pinned(pinned),)


def _held(message: Message) -> Mapping[str, Any]:
    held = message.body.get("conflict")
    if message.kind != KIND or not isinstance(held, Mapping):
        raise CorruptTraceError("this item is no conflict", hint="run `trace fsck`")
    return held


def _dumped(side: Sequence[Item]) -> dict[str, Any] | None:
    if not side:
        return None
    message = side[0].message
    fields = {"role": message.role, "body": dict(message.body), "fmt": message.fmt, "kind": message.kind}
    optional = {"model": message.model, "name": message.name, "provenance": message.provenance}
    given = {name: value for name, value in optional.items() if value is not None}
    return {**fields, **given, "pinned": side[0].pinned}


def _loaded(dumped: Mapping[str, Any]) -> Message:
    fields = {name: value for name, value in dumped.items() if name != "pinned"}
    try:
        return Message(**fields)
    except TypeError as error:
        raise CorruptTraceError(f"a conflict item holds no message: {error}", hint="run `trace fsck`") from error
