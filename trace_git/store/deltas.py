"""Deltas, as gitformat-pack(5) has them, between versions that differ where we know they differ.

A folder's older version lacks its last entry, or differs in one; a commit's differs inside the same lines.
A general search for common parts would cost many times more and find the same.
"""

from __future__ import annotations


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
    """A delta between two texts of the same lines: what differs inside a line is inserted, the rest copied."""
    old, new = base.split(b"\n"), target.split(b"\n")
    if len(old) != len(new):
        return between_folders(base, target)
    parts = [_size(len(base)), _size(len(target))]
    at = copied = 0  # ``base[copied:at]`` is to be copied and not written down yet
    for mine, wanted in zip(old, new, strict=True):
        if mine != wanted:
            prefix, suffix = _common(mine, wanted)
            parts.append(_copy(copied, at + prefix - copied))
            parts.append(_insert(wanted[prefix : len(wanted) - suffix]))
            copied = at + len(mine) - suffix
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
