"""Names on disk: order keys, item ids, the paths of messages, pins and archives. docs/format.md is the normative text.

Pure functions over bytes and strings; what is inside a blob is ``codec``'s affair.
"""

from __future__ import annotations

import re
from hashlib import sha1
from typing import NamedTuple

from ..errors import CorruptTraceError

FORMAT_NAME = b"format"
ATTRIBUTES_NAME = b".gitattributes"
MESSAGES = b"messages"
PINS = b"pins"
ARCHIVE = b"archive"
TOOLS_NAME = b"tools.msgpack"
SUFFIX = b".msgpack"

_DIGITS = "0123456789abcdefghijklmnopqrstuv"
_WIDTH = 7
FIRST_KEY = "1000000"
MAX_KEY = 24
_NAME = re.compile(rb"([0-9a-v]{7}(?:\.[0-9a-v]*[1-9a-v])?)-([a-z]{1,16})-([0-9a-f]{16})\.msgpack\Z")
_FOLDER = re.compile(  # of messages, as text in which a character is a byte
    r"100644 ([0-9a-v]{7}(?:\.[0-9a-v]*[1-9a-v])?)-([a-z]{1,16})-([0-9a-f]{16})\.msgpack\0(.{20})", re.DOTALL
)
_FIXED = len("100644 --.msgpack\0") + 16 + 20  # bytes of an entry besides key and role
_PIN = re.compile(rb"([0-9a-f]{16})\.msgpack\Z")
_NO_PARENT = "0" * 40


class Place(NamedTuple):
    """The parts of a message's file name: order key, role of its first version, item id."""

    key: str
    role: str
    item: str


def parse_name(name: bytes) -> Place:
    """CorruptTraceError when ``name`` is not ``<order>-<role>-<id>.msgpack``."""
    match = _NAME.match(name)
    if match is None:
        raise CorruptTraceError(f"messages/ holds a file with a strange name: {name[:80]!r}", hint="run `trace fsck`")
    return Place(match[1].decode(), match[2].decode(), match[3].decode())


def parse_folder(data: bytes) -> list[tuple[str, str, str, str]] | None:
    """Key, role, item id and blob id of each message in a folder, from the bytes of its tree; None when anything else
    is in there. All at once, since one by one takes thrice the time."""
    found = _FOLDER.findall(data.decode("latin-1"))
    if sum([len(key) + len(role) for key, role, _, _ in found]) + _FIXED * len(found) != len(data):
        return None
    return [(key, role, item, oid.encode("latin-1").hex()) for key, role, item, oid in found]


def parse_pin(name: bytes) -> str:
    """The item id of a file in ``pins/``."""
    match = _PIN.match(name)
    if match is None:
        raise CorruptTraceError(f"pins/ holds a file with a strange name: {name[:80]!r}", hint="run `trace fsck`")
    return match[1].decode()


def file_name(place: Place) -> bytes:
    return f"{place.key}-{place.role}-{place.item}.msgpack".encode()


def message_path(place: Place) -> tuple[bytes, ...]:
    """Where a message lives: ``messages/<first five digits>/<sixth>/<name>``, 32 files a folder."""
    name = file_name(place)
    return MESSAGES, name[:5], name[5:6], name


def archive_path(compress: str, place: Place) -> tuple[bytes, ...]:
    """Where a compress puts an original: as in ``messages``, below the id of the compress."""
    return ARCHIVE, compress.encode(), *message_path(place)[1:]


def pin_path(item: str) -> tuple[bytes, ...]:
    return PINS, item.encode() + SUFFIX


def next_key(key: str | None) -> str:
    """The key behind ``key`` for an append: the seven digits plus one. ``None`` gives the first key."""
    if key is None:
        return FIRST_KEY
    last = key[_WIDTH - 1]
    if last != "v":  # 31 of 32 times only the last digit changes
        return key[: _WIDTH - 1] + _DIGITS[_DIGITS.index(last) + 1]
    number = int(key[:_WIDTH], 32) + 1
    digits = []
    for _ in range(_WIDTH):
        number, digit = divmod(number, 32)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def item_id(namespace: str, parent: str | None, position: int, blob: bytes, counter: int = 0) -> str:
    """The stable id of a new item: 16 hex of sha1 over where it is born and what it says.

    Two branches of one namespace that append equal bytes at the same commit make the same item.
    ``counter`` is above 0 only where the id is taken already.
    """
    seed = f"{namespace}\0{parent or _NO_PARENT}\0{position}\0{blob.hex()}"
    if counter:
        seed += f"\0{counter}"
    return sha1(seed.encode()).hexdigest()[:16]
