"""What became of items, as lines: for ``trace diff`` and ``trace log --stat``.

The signs: + added, - removed, ~ edited, > moved, and the marks of pins. Which items changed is ``view``'s affair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from ..model import Item
from ..results import ItemChange
from ..safe import safe_text
from . import messages, screen, shapes

_KINDS = {
    "added": "green",
    "removed": "red",
    "edited": "yellow",
    "moved": "cyan",
    "pinned": "yellow",
    "unpinned": "dim",
}
_SIGNS = {"added": "+", "removed": "-", "edited": "~", "moved": ">"}
_AROUND = 2  # lines that are shown before and after a changed one
_WORDS = {"-": ("[-", "-]", "red"), "+": ("{+", "+}", "green")}


def rows(changes: Sequence[ItemChange], *, words: bool = True, reserved: int = 0) -> Iterator[str]:
    """One line for each change, in columns: sign, item, role, tokens, what happened, first words.

    ``reserved`` columns stay free for what the caller puts in front.
    """
    ids = shapes.short_ids(change.item for change in changes)
    roles = max((len(change.item.role) for change in changes), default=0)
    numbers = max((len(shapes.change(change.tokens)) for change in changes), default=0)
    for change in changes:
        sign, colour = _sign(change)
        item = change.item
        cells = [
            (sign, colour),
            (ids[item.id], "yellow"),
            (f"{item.role:<{roles}}", screen.ROLE_COLOURS.get(item.role)),
            (f"{shapes.change(change.tokens):>{numbers}}", None),
        ]
        happened = ", ".join(kind for kind in change.kinds if kind not in ("added", "removed"))
        said = messages.line(item.message) if words else ""
        yield screen.row(cells, ": ".join(part for part in (happened, said) if part), reserved=reserved)


def _sign(change: ItemChange) -> tuple[str, str]:
    kind = next((kind for kind in _KINDS if kind in change.kinds), "edited")
    return _SIGNS.get(kind) or screen.pin(there=kind == "pinned"), _KINDS[kind]


def body(change: ItemChange) -> Iterator[str]:
    """The text that came, went or changed, safe and coloured; nothing for what only moved or was pinned."""
    if change.old is None or change.new is None:
        sign, colour = _sign(change)
        for line in screen.painted(messages.plain(change.item.message).rstrip("\n"), colour):
            yield f"{screen.paint(sign, colour)}   {line}".rstrip(" ")
    elif "edited" in change.kinds:
        yield from edited(change.old, change.new)


def shape(change: ItemChange, *, words: bool) -> dict[str, Any]:
    """A change as JSON; with the items and, for an edit, its words when asked for."""
    item = change.item
    made = {"id": item.id, "role": item.role, "kinds": list(change.kinds), "tokens": int(change.tokens)}
    made["exact"] = not shapes.mark(change.tokens)
    if not words:
        return made
    old, new = change.old, change.new
    both = pieces(old, new) if old and new and "edited" in change.kinds else None
    return {**made, "old": shapes.item(old) if old else None, "new": shapes.item(new) if new else None, "words": both}


def pieces(old: Item, new: Item) -> list[tuple[str, str]]:
    """The words of an edit: ("=" | "-" | "+", text)."""
    from ..view.words import words

    before, after = messages.plain(old.message), messages.plain(new.message)
    if (plain := before.replace("\r\n", "\n")) != after.replace("\r\n", "\n"):
        before, after = plain, after.replace("\r\n", "\n")
    return list(words(before, after))


def edited(old: Item, new: Item) -> Iterator[str]:
    """What an edit changed, word by word, with some lines around it."""
    lines: list[list[tuple[str, str]]] = [[]]
    touched = set()
    for op, text in pieces(old, new):
        for number, piece in enumerate(text.split("\n")):
            if number:
                lines.append([])
            lines[-1].append((op, piece))
            if op != "=":
                touched.add(len(lines) - 1)
    if not touched:
        yield screen.paint(f"    the text is the same, other fields differ: {', '.join(_fields(old, new))}", "dim")
        return
    for near, run in groupby(enumerate(lines), key=lambda one: _near(one[0], touched)):
        some = list(run)
        if near or len(some) == 1:  # a mark would take as much room as the line
            yield from (("    " + "".join(_word(op, text) for op, text in line)).rstrip(" ") for _, line in some)
        else:
            yield screen.paint(f"    … {len(some):,} lines", "dim")


def _near(line: int, touched: set[int]) -> bool:
    return any(line + step in touched for step in range(-_AROUND, _AROUND + 1))


def _word(op: str, text: str) -> str:
    text = safe_text(text, multiline=True)
    if op == "=" or not text:
        return text
    left, right, colour = _WORDS[op]
    return screen.paint(text, colour) if screen.coloured() else f"{left}{text}{right}"


def _fields(old: Item, new: Item) -> list[str]:
    before, after = old.message, new.message
    names = [name for name in ("role", "fmt", "kind", "model", "name") if getattr(before, name) != getattr(after, name)]
    return names + sorted(key for key in {*before.body, *after.body} if before.body.get(key) != after.body.get(key))


def summary(changes: Iterable[ItemChange]) -> str:
    """2 added, 1 edited"""
    counts = Counter(kind for change in changes for kind in change.kinds)
    return ", ".join(f"{counts[kind]:,} {kind}" for kind in _KINDS if counts[kind])
