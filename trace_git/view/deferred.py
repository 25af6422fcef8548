"""Conflict items: what a merge put off. One item holds the versions of both sides until somebody settles it.

Such an item has kind "conflict" and is no message: nobody may send it to a model without saying which side is meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import CorruptTraceError
from ..model import Item, Message

KIND = "conflict"
SIDES = ("base", "ours", "theirs")


def make(base: Sequence[Item], ours: Sequence[Item], theirs: Sequence[Item], *, reason: str) -> Message:
    """The conflict item of one item's versions; a side that has none took it away."""
    versions = {name: _dumped(side) for name, side in zip(SIDES, (base, ours, theirs), strict=True)}
    role = next(item.message.role for side in (ours, theirs) for item in side)
    return Message(role, {"role": role, "content": "", "conflict": {"reason": reason, **versions}}, kind=KIND)


def version(message: Message, side: str) -> Message | None:
    """What ``side`` (base, ours or theirs) says; None when it took the item away."""
    held = message.body.get("conflict")
    if message.kind != KIND or not isinstance(held, Mapping):
        raise CorruptTraceError("this item is no conflict", hint="run `trace fsck`")
    dumped = held.get(side)
    return _loaded(dumped) if isinstance(dumped, Mapping) else None


def _dumped(side: Sequence[Item]) -> dict[str, Any] | None:
    if not side:
        return None
    message = side[0].message
    fields = {"role": message.role, "body": dict(message.body), "fmt": message.fmt, "kind": message.kind}
    optional = {"model": message.model, "name": message.name, "provenance": message.provenance}
    return {**fields, **{name: value for name, value in optional.items() if value is not None}}


def _loaded(dumped: Mapping[str, Any]) -> Message:
    try:
        return Message(**dumped)
    except TypeError as error:
        raise CorruptTraceError(f"a conflict item holds no message: {error}", hint="run `trace fsck`") from error
