"""What differs between two texts, word by word, in a way that reads well. Time and memory are bounded.

What both begin and end with is cut off first. The rest is compared by words when that is quick, else by lines (with
words inside the lines that differ), else it is replaced as a whole. It knows texts, no messages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

Piece = tuple[str, str]  # "=", "-" or "+", and a text

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_EDGE = 2_000  # characters that are looked at for the edge of a word
_CHARACTERS = 400_000  # in both texts: more are not taken apart into words
_INSIDE = 100_000  # characters of lines that differ: more are not taken apart
_LINES = 200_000
_EDITS = 600  # tokens that may come or go before comparing is given up
_STEPS = 2_000_000  # tokens compared before comparing is given up


class _Hunk(NamedTuple):
    """Some tokens that went and some that came, with what follows and stayed."""

    gone: str
    came: str
    stayed: str


def words(old: str, new: str) -> tuple[Piece, ...]:
    """The pieces of both texts in order: what stays (=), what goes (-), what comes (+).

    The pieces = and - joined give ``old``, the pieces = and + joined give ``new``.
    """
    head, tail = _alike(old, new)
    mine, theirs = old[head : len(old) - tail], new[head : len(new) - tail]
    hunks = [_Hunk("", "", old[:head]), *_hunks(mine, theirs)]
    hunks.append(_Hunk("", "", old[len(old) - tail :] if tail else ""))
    return _pieces(_readable(_joined(hunks)))


def _hunks(mine: str, theirs: str) -> list[_Hunk]:
    if not mine or not theirs:
        return [_Hunk(mine, theirs, "")]
    if len(mine) + len(theirs) <= _CHARACTERS:
        found = _compared(_TOKEN.findall(mine), _TOKEN.findall(theirs))
        if found is not None:
            return found
    return _by_lines(mine, theirs)


def _by_lines(mine: str, theirs: str) -> list[_Hunk]:
    old, new = mine.splitlines(keepends=True), theirs.splitlines(keepends=True)
    found = _compared(old, new) if 2 < len(old) + len(new) <= _LINES else None
    if found is None:
        return [_Hunk(mine, theirs, "")]
    hunks: list[_Hunk] = []
    left = _INSIDE
    for gone, came, stayed in _joined(found):
        size = len(gone) + len(came)
        inside = None
        if gone and came and size <= left:
            inside, left = _compared(_TOKEN.findall(gone), _TOKEN.findall(came)), left - size
        hunks += [*(inside or [_Hunk(gone, came, "")]), _Hunk("", "", stayed)]
    return hunks


def _alike(old: str, new: str) -> tuple[int, int]:
    """How many characters both begin with, and how many of the rest both end with; no word is cut in two."""
    head = _common(old, new, min(len(old), len(new)), front=True)
    if any(0 < head < len(text) and _TOKEN.fullmatch(text[head - 1 : head + 1]) for text in (old, new)):
        head -= _run(old[max(0, head - _EDGE) : head][::-1])
    tail = _common(old, new, min(len(old), len(new)) - head, front=False)
    if any(0 < tail < len(text) and _TOKEN.fullmatch(text[len(text) - tail - 1 :][:2]) for text in (old, new)):
        tail -= _run(old[len(old) - tail :][:_EDGE])
    return head, tail


def _run(text: str) -> int:
    """The length of the token that ``text`` begins with."""
    token = _TOKEN.match(text)
    return token.end() if token else 0


def _common(old: str, new: str, most: int, *, front: bool) -> int:
    """The length of the longest common beginning, or end, by bisection."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if front:
            same = old[low:middle] == new[low:middle]
        else:
            same = old[len(old) - middle : len(old) - low] == new[len(new) - middle : len(new) - low]
        low, high = (middle, high) if same else (low, middle - 1)
    return low


def _compared(old: Sequence[str], new: Sequence[str]) -> list[_Hunk] | None:
    """The hunks between two lists of tokens, with the fewest edits; None when that takes too long."""
    rounds = _rounds(old, new)
    if rounds is None:
        return None
    hunks: list[_Hunk] = []
    x, y = len(old), len(new)
    for furthest in reversed(rounds):  # from the end to the front: the edit of each round and the tokens behind it
        begin, came = _step(furthest, x - y, len(old), len(new))
        stayed = "".join(old[begin:x])
        x, y = begin, y - (x - begin)
        if not furthest:
            hunks.append(_Hunk("", "", stayed))
        elif came:
            y -= 1
            hunks.append(_Hunk("", new[y], stayed))
        else:
            x -= 1
            hunks.append(_Hunk(old[x], "", stayed))
    return hunks[::-1]


def _rounds(old: Sequence[str], new: Sequence[str]) -> list[dict[int, int]] | None:
    """Myers' greedy algorithm: before each round, by diagonal, how far in ``old`` that many edits reach.

    E. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986).
    """
    furthest: dict[int, int] = {}
    rounds: list[dict[int, int]] = []
    steps = 0
    for edits in range(_EDITS + 1):
        rounds.append(furthest)
        reached: dict[int, int] = {}
        for diagonal in range(-edits, edits + 1, 2):
            x, _ = _step(furthest, diagonal, len(old), len(new))
            if x < 0:
                continue
            begin = x
            while x < len(old) and x - diagonal < len(new) and old[x] == new[x - diagonal]:
                x += 1
            steps += x - begin + 1
            reached[diagonal] = x
            if x == len(old) and x - diagonal == len(new):
                return rounds
        if steps > _STEPS:
            return None
        furthest = reached
    return None


def _step(furthest: dict[int, int], diagonal: int, old: int, new: int) -> tuple[int, bool]:
    """How far one more edit reaches on a diagonal, and whether it is one that came; -1 when none leads there."""
    if not furthest:
        return 0, False
    down, right = furthest.get(diagonal + 1, -1), furthest.get(diagonal - 1, -2) + 1
    down = down if down - diagonal <= new else -1
    right = right if right <= old else -1
    return max(down, right), down >= right


def _joined(hunks: Sequence[_Hunk]) -> list[_Hunk]:
    """The same with edits that touch in one hunk, and what stays in one piece."""
    found: list[_Hunk] = []
    for hunk in hunks:
        if found and not found[-1].stayed:
            last = found.pop()
            found.append(_Hunk(last.gone + hunk.gone, last.came + hunk.came, hunk.stayed))
        elif found and not hunk.gone and not hunk.came:
            last = found.pop()
            found.append(last._replace(stayed=last.stayed + hunk.stayed))
        else:
            found.append(hunk)
    return found


def _readable(hunks: Sequence[_Hunk]) -> list[_Hunk]:
    """Hunks with less between them than they change become one: scraps that stay by chance only disturb."""
    found: list[_Hunk] = []
    for hunk in hunks:
        found.append(hunk)
        while len(found) > 1 and len(found[-2].stayed) <= min(map(_size, found[-2:])):
            last = found.pop()
            first = found.pop()
            gone, came = first.gone + first.stayed + last.gone, first.came + first.stayed + last.came
            found.append(_Hunk(gone, came, last.stayed))
    return found


def _size(hunk: _Hunk) -> int:
    return max(len(hunk.gone), len(hunk.came))


def _pieces(hunks: Sequence[_Hunk]) -> tuple[Piece, ...]:
    pieces = [piece for gone, came, stayed in hunks for piece in (("-", gone), ("+", came), ("=", stayed))]
    return tuple([piece for piece in pieces if piece[1]])
