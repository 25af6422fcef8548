"""Conflicts as people read them: base, ours and theirs side by side; and as JSON.

On a terminal too narrow for columns the versions stand below each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from ..conflicts import TOOLS, Conflict, Resolution
from ..model import Item
from ..safe import safe_text
from . import messages, screen, shapes

_NARROW = 50  # columns below which nothing stands side by side
_MOST = 8  # lines of a version that are shown
_BEFORE = 24  # columns of what is the same that stand before a difference
_INDENT = "  "
_COLOURS = {"base": "dim", "ours": "green", "theirs": "cyan"}


class _Column(NamedTuple):
    """One side: its heading, and what there is to read."""

    side: str
    heading: str
    text: str


def listed(conflicts: Sequence[Conflict], answers: Mapping[str, Resolution], *, put_off: bool = False) -> Iterator[str]:
    """All conflicts, with an empty line between them; ``answers`` by conflict id. ``put_off`` when a merge did that."""
    for number, conflict in enumerate(conflicts):
        if number:
            yield ""
        yield from lines(conflict, answers.get(conflict.id), put_off=put_off)


def lines(conflict: Conflict, answer: Resolution | None = None, *, put_off: bool = False) -> Iterator[str]:
    """One conflict: what it is about, its sides, and what may be answered."""
    name = (conflict.items[0] if put_off else conflict.id)[:8]
    yield f"{screen.paint(f'conflict {name}', 'yellow')}  {screen.paint(about(conflict), 'bold')}"
    yield _INDENT + screen.paint(conflict.text)
    shown = _columns(conflict)
    yield from _beside(shown) if screen.width() >= _NARROW else _below(shown)
    if answer is not None:
        said = f": {_line(str(answer.content))}" if answer.action == "replace" else ""
        yield _INDENT + screen.paint(f"answered {answer.action}{said}", "green")
        if answer.by:
            yield _INDENT + screen.paint(f"by a model: {answer.reason or '(no reason given)'}", "dim")
    else:
        yield _INDENT + screen.paint(f"answers: {', '.join(actions(conflict, put_off=put_off))}", "dim")


def about(conflict: Conflict) -> str:
    """``edit of assistant 1a2b3c4d``, ``order of 3 items``"""
    if conflict.items == (TOOLS,):
        return f"{conflict.kind} of the tool definitions"
    if len(conflict.items) > 1:
        return f"{conflict.kind} of {len(conflict.items)} items"
    item = next(iter((*conflict.ours, *conflict.theirs, *conflict.base)), None)
    return f"{conflict.kind} of {item.role if item else 'item'} {conflict.items[0][:8]}"


def actions(conflict: Conflict, *, put_off: bool = False) -> tuple[str, ...]:
    """What may be answered; what was put off is not put off again."""
    return tuple(action for action in conflict.actions if not put_off or action != "defer")


def shape(conflict: Conflict, answer: Resolution | None = None, *, put_off: bool = False) -> dict[str, Any]:
    """A conflict as JSON."""
    sides = {name: [shapes.item(item) for item in getattr(conflict, name)] for name in _COLOURS}
    return {
        "id": conflict.id,
        "kind": conflict.kind,
        "items": list(conflict.items),
        "text": conflict.text,
        "actions": list(actions(conflict, put_off=put_off)),
        "deferred": put_off,
        **sides,
        "resolution": resolution(answer),
    }


def resolution(answer: Resolution | None) -> dict[str, Any] | None:
    if answer is None:
        return None
    return {"action": answer.action, "content": answer.content, "reason": answer.reason, "by": answer.by or None}


# -- columns -------------------------------------------------------------------------------


def _columns(conflict: Conflict) -> list[_Column]:
    sides = {name: getattr(conflict, name) for name in _COLOURS if name != "base" or conflict.base}
    texts = _nearest({name: _said(conflict, name, items) for name, items in sides.items()})
    marks = {name: f" {screen.pin()}" if any(item.pinned for item in items) else "" for name, items in sides.items()}
    return [_Column(name, name + marks[name], texts[name]) for name in sides]


def _said(conflict: Conflict, side: str, items: Sequence[Item]) -> str:
    if not items:
        return "(not there)"
    if conflict.kind == "presence" and side != "base" and _archived(conflict, side):
        return "(compressed)"
    if len(items) == 1 and len(conflict.items) == 1:
        return messages.plain(items[0].message).rstrip("\n") or "(empty)"
    return "\n".join(f"{item.role} {item.id[:8]}: {messages.words(item.message)[:60]}" for item in items)


def _archived(conflict: Conflict, side: str) -> bool:
    """Whether a side still has the item, unchanged, while the other changed it: then it is in an archive there."""
    here, other = (conflict.ours, conflict.theirs) if side == "ours" else (conflict.theirs, conflict.ours)
    versions = [[(item.blob, item.pinned) for item in found] for found in (conflict.base, here, other)]
    return bool(other) and versions[0] == versions[1] != versions[2]


def _nearest(texts: Mapping[str, str]) -> dict[str, str]:
    """Long texts from shortly before the place where they begin to differ."""
    if all(len(text) < _BEFORE * _MOST for text in texts.values()) or len(set(texts.values())) == 1:
        return dict(texts)
    same = _shared([text for text in texts.values() if not text.startswith("(")])
    line = same.rfind("\n") + 1
    start = line if len(same) - line <= _BEFORE else max(line, same.rfind(" ", 0, len(same) - _BEFORE) + 1)
    return {side: f"… {text[start:]}" if start and text.startswith(same) else text for side, text in texts.items()}


def _shared(texts: Sequence[str]) -> str:
    """The beginning that all texts have."""
    first, last = min(texts, default=""), max(texts, default="")
    at = next((at for at, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    return first[:at]


def _beside(shown: Sequence[_Column]) -> Iterator[str]:
    bar = " │ " if screen.fancy() else " | "
    room = (screen.width() - len(_INDENT) - len(bar) * (len(shown) - 1)) // len(shown)
    yield _INDENT + bar.join(_padded(one.heading, room, _COLOURS[one.side]) for one in shown).rstrip()
    for row in zip_longest(*[_wrapped(one.text, room) for one in shown], fillvalue=""):
        cells = [
            _padded(text, room, "dim" if one.side == "base" else None) for text, one in zip(row, shown, strict=True)
        ]
        yield (_INDENT + bar.join(cells)).rstrip()


def _below(shown: Sequence[_Column]) -> Iterator[str]:
    for one in shown:
        yield _INDENT + screen.paint(one.heading, _COLOURS[one.side])
        yield from (_INDENT * 2 + line for line in _wrapped(one.text, max(10, screen.width() - 2 * len(_INDENT))))


def _padded(text: str, room: int, colour: str | None) -> str:
    return screen.paint(text, colour) + " " * (room - screen.columns(text))


def _wrapped(text: str, room: int) -> list[str]:
    """The first lines of a text, none wider than ``room``; the last one is an ellipsis when there are more."""
    found: list[str] = []
    for line in safe_text(text[: room * _MOST * 2], multiline=True).expandtabs(4).split("\n"):
        found += _broken(line, room)
    return [*found[: _MOST - 1], "…"] if len(found) > _MOST else found


def _broken(line: str, room: int) -> Iterator[str]:
    """A line in pieces, broken at spaces where that can be."""
    while screen.columns(line) > room:
        end = len(line) if len(line) <= room else room
        while screen.columns(line[:end]) > room:
            end -= 1
        space = line.rfind(" ", 1, end + 1)
        cut = space if line[:space].strip() and space > 0 else max(1, end)
        yield line[:cut].rstrip()
        line = line[cut:].lstrip(" ")
    yield line


def _line(text: str) -> str:
    return screen.cut(" ".join(text.split()), 50)
