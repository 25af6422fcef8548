"""Deltas, as gitformat-pack(5) has them: applying any, and making them between versions that differ where we know.

A folder's older version lacks its last entry, or differs in one; a commit's differs inside the same lines.
A general search for common parts would cost many times more and find the same.
"""

from __future__ import annotations


def apply(base: bytes, delta: bytes) -> bytes:
    """What ``delta`` makes of ``base``; ValueError or IndexError when it is none for this base."""
    expected, at = _read_size(delta, 0)
    size, at = _read_size(delta, at)
    if expected != len(base):
        raise ValueError("a delta is for another base")
    parts: list[bytes] = []
    end = len(delta)
    while at < end:
        op = delta[at]
        at += 1
        if op & 0x80:
            place = length = 0
            for bit in range(4):
                if op >> bit & 1:
                    place |= delta[at] << 8 * bit
                    at += 1
            for bit in range(3):
                if op >> bit & 0x10:
                    length |= delta[at] << 8 * bit
                    at += 1
            length = length or 0x10000
            parts.append(base[place : place + length])
        elif op:
            length = op
            parts.append(delta[at : at + op])
            at += op
        else:
            raise ValueError("a delta has a step of no known kind")
        size -= length
        if len(parts[-1]) != length or size < 0:
            raise ValueError("a delta copies what is not there, or more than it says")
    if size:
        raise ValueError("a delta gives less than it says")
    return b"".join(parts)


def _read_size(delta: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = delta[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


def between_folders(base: bytes, target: bytes) -> bytes:
    """A delta of at most three steps: copy a common prefix, insert, copy a common suffix."""
    size = len(target)
    sizes = _size(len(base)) + _size(size)
    if base.startswith(target):  # an append, seen from the newer side
        return sizes + _copy(0, size)
    if len(base) == size >= 20 and base[:-20] == target[:-20]:  # the last folder in it changed
        return sizes + _copy(0, size - 20) + b"\x14" + target[-20:]
    prefix, suffix = _common(base, target)
    middle = target[prefix : size - suffix]
    return b"".join([sizes, _copy(0, prefix), _insert(middle), _copy(len(base) - suffix, suffix)])


def between_commits(base: bytes, target: bytes) -> bytes:
    """A delta between two texts of the same lines: of a line that differs its first word may be copied, as the rest."""
    old, new = base.split(b"\n"), target.split(b"\n")
    if len(old) != len(new):
        return between_folders(base, target)
    parts = [_size(len(base)), _size(len(target))]
    at = copied = 0  # ``base[copied:at]`` is to be copied and not written down yet
    for mine, wanted in zip(old, new, strict=True):
        if mine != wanted:
            word = wanted.find(b" ") + 1
            if mine[:word] != wanted[:word]:
                word = 0
            parts.append(_copy(copied, at + word - copied))
            parts.append(_insert(wanted[word:]))
            copied = at + len(mine)
        at += len(mine) + 1
    parts.append(_copy(copied, len(base) - copied))
    return b"".join(parts)


def _common(a: bytes, b: bytes) -> tuple[int, int]:
    """Lengths of the common prefix and of the common suffix behind it; one xor finds each."""
    shorter = min(len(a), len(b))
    differ = int.from_bytes(a[:shorter], "big") ^ int.from_bytes(b[:shorter], "big")
    prefix = shorter - (differ.bit_length() + 7 >> 3)
    rest = shorter - prefix
    if not rest:
        return prefix, 0
    differ = int.from_bytes(a[len(a) - rest :], "little") ^ int.from_bytes(b[len(b) - rest :], "little")
    return prefix, rest - (differ.bit_length() + 7 >> 3)


def _size(value: int) -> bytes:
    if value < 128:
        return bytes((value,))
    out = bytearray()
    while value > 0x7F:
        out.append(0x80 | value & 0x7F)
        value >>= 7
    out.append(value)
    return bytes(out)


def _insert(data: bytes) -> bytes:
    if len(data) < 128:
        return bytes((len(data),)) + data if data else b""
    return b"".join([bytes((len(data[at : at + 127]),)) + data[at : at + 127] for at in range(0, len(data), 127)])


def _copy(offset: int, size: int) -> bytes:
    """Copy instructions; an instruction leaves out the zero bytes of its offset and size."""
    if not size:
        return b""
    if offset < 256 and size < 256:  # the usual case, for speed
        return bytes((0x91, offset, size)) if offset else bytes((0x90, size))
    if size > 0xFFFF:
        return _copy(offset, 0xFFFF) + _copy(offset + 0xFFFF, size - 0xFFFF)
    op, out = 0x80, b""
    for bit, value in enumerate((offset & 255, offset >> 8 & 255, offset >> 16 & 255, offset >> 24)):
        if value:
            op |= 1 << bit
            out += bytes((value,))
    low, high = size & 255, size >> 8
    if low:
        op |= 0x10
        out += bytes((low,))
    if high:
        op |= 0x20
        out += bytes((high,))
    return bytes((op,)) + out
