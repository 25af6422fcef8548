"""Messages as bytes: one canonical msgpack encoding, and a reader that accepts nothing else.

A blob's id is the hash of its bytes, so equal messages must give equal bytes and a reader
must not accept two spellings of one message. Writing walks the value once, refusing what
msgpack or JSON cannot carry without loss, and names the path of the culprit. Reading
unpacks, checks the envelope and packs again: what differs from the input is refused, which
covers double keys, long forms of numbers and unsorted envelopes at the price of one pack.

It does not know what a role or a tool call means, nor where the bytes are kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from types import NoneType
from typing import Any

import msgpack

from ..errors import CorruptTraceError, InvalidInputError
from ..model import KINDS, ROLES, Message
from .plain import JSON, JSON_AND_BYTES, MAX_DEPTH, Unfit, check, fit, quote

VERSION = 1

_BUFFER = 4096  # bytes; msgpack's default of 256 KB costs more than packing a small message
_SMALL = 4096  # bytes; below this, headers that lie about their length cannot cost memory worth a check
_FSCK = "run `trace fsck` to see what else is affected"


class _Damaged(Exception):
    """Bytes that are not what this module writes."""


def encode(message: Message) -> bytes:
    """The blob of a message. InvalidInputError names the field (path inside the body) that cannot be stored."""
    _check_head(message)
    envelope = _envelope(message)
    fit(envelope, JSON, room=MAX_DEPTH + 1, inside=".body")
    return _pack(envelope)


def decode(data: bytes, *, blob_id: str = "") -> Message:
    """The message of a blob; CorruptTraceError for any bytes that ``encode`` does not write."""
    try:
        envelope = _unpack(data)
        _check_version(envelope)
        message = _message(envelope)
        if (_packer.pack(envelope) if len(data) <= _SMALL else _pack(envelope)) != data:
            raise _Damaged("it is not in canonical form")
    except (_Damaged, Unfit) as error:
        raise _corrupt("message blob", blob_id, error) from None
    return message


def encode_tools(tools: Sequence[Mapping[str, Any]]) -> bytes:
    """The bytes of ``tools.msgpack``: the definitions in order, the order of their keys kept."""
    if not isinstance(tools, list | tuple) or not all(isinstance(tool, Mapping) for tool in tools):
        raise InvalidInputError("tools must be a list of dicts", field="tools", hint="pass [] for none")
    file = {"tools": [tool if type(tool) is dict else dict(tool) for tool in tools], "v": VERSION}
    fit(file, JSON, room=MAX_DEPTH + 2)
    return _pack(file)


def decode_tools(data: bytes, *, blob_id: str = "") -> tuple[dict[str, Any], ...]:
    """The tool definitions of ``tools.msgpack``; CorruptTraceError for bytes ``encode_tools`` does not write."""
    try:
        file = _unpack(data)
        _check_version(file)
        tools = file.get("tools")
        if list(file) != ["tools", "v"] or type(tools) is not list or any(type(tool) is not dict for tool in tools):
            raise _Damaged("it is not a list of tool definitions")
        check(file, MAX_DEPTH + 2, JSON)
        if _pack(file) != data:
            raise _Damaged("it is not in canonical form")
    except (_Damaged, Unfit) as error:
        raise _corrupt("tools.msgpack", blob_id, error) from None
    return tuple(tools)


def encode_value(value: Any) -> bytes:
    """Canonical msgpack of any plain value, for digests and records. Unlike a message it may hold bytes."""
    fit(value, JSON_AND_BYTES)
    return _pack(value)


def decode_value(data: bytes) -> Any:
    """The value ``encode_value`` wrote (tuples come back as lists); CorruptTraceError for any other bytes."""
    try:
        value = _unpack(data)
        check(value, MAX_DEPTH, JSON_AND_BYTES)
        if _pack(value) != data:
            raise _Damaged("it is not in canonical form")
    except (_Damaged, Unfit) as error:
        raise _corrupt("record", "", error) from None
    return value


# --- the envelope -------------------------------------------------------------------------------------------------


_REQUIRED = {"body": dict, "fmt": str, "kind": str, "role": str, "v": int}
_OPTIONAL = {"model": str, "name": str, "provenance": dict}


def _layouts() -> dict[tuple[str, ...], tuple[type, ...]]:
    """Each legal row of envelope keys, in order, with the types that go with it: eight in all."""
    fields = _REQUIRED | _OPTIONAL
    rows = (chosen for count in range(4) for chosen in combinations(_OPTIONAL, count))
    keys = (tuple(sorted([*_REQUIRED, *chosen])) for chosen in rows)
    return {row: tuple(fields[key] for key in row) for row in keys}


_LAYOUTS = _layouts()


def _check_head(message: Message) -> None:
    """Refuse what the walk cannot judge: the role, the kind, and fields of the wrong type."""
    for field, word, known in (("role", message.role, ROLES), ("kind", message.kind, KINDS)):
        if type(word) is not str or word not in known:
            hint = f"use one of: {', '.join(known)}"
            raise InvalidInputError(f"unknown {field} {quote(word)}", field=field, hint=hint)
    if type(message.fmt) is not str or not message.fmt:
        raise InvalidInputError("a message needs the name of its format", field="fmt", hint="leave fmt out for OpenAI")
    if not isinstance(message.body, Mapping):
        raise InvalidInputError("the body of a message must be a dict", field="body", hint="use user('...') for text")
    if message.provenance is not None and not isinstance(message.provenance, Mapping):
        raise InvalidInputError("provenance must be a dict", field="provenance", hint="leave it out if there is none")
    for field, text in (("model", message.model), ("name", message.name)):
        if text is not None and type(text) is not str:
            raise InvalidInputError(f"{field} of a message must be text", field=field, hint=f"pass {field} as a str")


def _envelope(message: Message) -> dict[str, Any]:
    """The map that is written: our keys sorted, the body's left in the order they came."""
    body = message.body
    envelope: dict[str, Any] = {
        "body": body if type(body) is dict else dict(body),
        "fmt": message.fmt,
        "kind": message.kind,
    }
    if message.model is not None:
        envelope["model"] = message.model
    if message.name is not None:
        envelope["name"] = message.name
    if message.provenance is not None:
        envelope["provenance"] = _sorted(dict(message.provenance), MAX_DEPTH)
    envelope["role"] = message.role
    envelope["v"] = VERSION
    return envelope


_FLAT = frozenset({str, int, bool, NoneType})  # unpacked, these need no walk


def _message(envelope: dict[str, Any]) -> Message:
    if tuple(map(type, envelope.values())) != _LAYOUTS.get(tuple(envelope)):
        raise _Damaged("its fields are missing, unknown, out of order or of the wrong type")
    get = envelope.get
    message = Message(
        envelope["role"], envelope["body"], envelope["fmt"], envelope["kind"], get("model"), get("name"),
        get("provenance"),
    )  # fmt: skip
    if message.role not in ROLES or message.kind not in KINDS or not message.fmt:
        raise _Damaged("its role, kind or format is unknown")
    for key, value in message.body.items():
        if type(value) not in _FLAT or type(key) is not str:
            check(message.body, MAX_DEPTH, JSON)
            break
    if message.provenance is not None:
        check(message.provenance, MAX_DEPTH, JSON)
        if _pack(_sorted(message.provenance, MAX_DEPTH)) != _pack(message.provenance):
            raise _Damaged("its provenance is not sorted")
    return message


def _sorted(value: Any, room: int) -> Any:
    """Maps sorted by key at every depth; what cannot be stored anyway is left for the walk to name."""
    if room == 0:
        return value
    if type(value) is dict and all(type(key) is str for key in value):
        return {key: _sorted(value[key], room - 1) for key in sorted(value)}
    if type(value) in (list, tuple):
        return [_sorted(item, room - 1) for item in value]
    return value


def _check_version(envelope: Any) -> None:
    version = envelope.get("v") if type(envelope) is dict else None
    if type(version) is not int:
        raise _Damaged("it has no format version")
    if version != VERSION:
        raise _Damaged(f"its format version is {version} and this trace-git reads {VERSION}")


def _corrupt(what: str, blob_id: str, error: _Damaged | Unfit) -> CorruptTraceError:
    newer = "format version is" in str(error)
    return CorruptTraceError(
        f"cannot read {f'{what} {blob_id}'.strip()}: {error}",
        object_id=blob_id or None,
        hint="upgrade trace-git: pip install --upgrade trace-git" if newer else _FSCK,
    )


# --- bytes --------------------------------------------------------------------------------------------------------


class _Packer(threading.local):
    """One a thread, for small values: making one costs more than packing does."""

    def __init__(self) -> None:
        self.pack: Callable[[Any], bytes] = msgpack.Packer(buf_size=_BUFFER).pack


_packer = _Packer()


def _pack(value: Any) -> bytes:
    packed: bytes = msgpack.packb(value, buf_size=_BUFFER)
    return packed


def _unpack(data: bytes) -> Any:
    try:
        if len(data) > _SMALL:
            # Walks the bytes without building anything: afterwards every length is known to be backed by data.
            # Unpacking allocates what a list header promises, at each of 1,024 levels.
            unpacker = msgpack.Unpacker(None, max_buffer_size=len(data), read_size=1)
            unpacker.feed(data)
            unpacker.skip()
        return msgpack.unpackb(data)
    except (ValueError, OverflowError, msgpack.UnpackException) as error:
        reason = str(error).partition("\n")[0][:100] or type(error).__name__
        raise _Damaged(f"not valid msgpack ({reason})") from None
