"""Conflicts of text as one file with git's markers, for an editor; and what the edited file says of each.

Markers are as long as it takes to tell them from what the messages say. A conflict with a marker left in it, or with no
text at all, stays a conflict: nothing is dropped by an empty line. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..conflicts import TOOLS, Conflict, Resolution
from ..model import Item
from . import conflicts as shown

_SIGNS = {"ours": "<", "base": "|", "middle": "=", "theirs": ">"}
_LEAST = 7
_HEAD = """\
For each conflict below leave the text that is meant, and remove the markers around it.
What still has markers, or no text, stays a conflict. Save and close the editor to go on.
"""


def marked(conflicts: Sequence[Conflict]) -> str:
    """The file: a few words, then each conflict below a line with its id. The last line has no end."""
    size = _size(conflicts)
    return "\n".join([_HEAD, *(line for one in conflicts for line in _section(one, size))])


def read(text: str, conflicts: Sequence[Conflict]) -> dict[str, Resolution]:
    """What an edited file says, by conflict id; conflicts of which it says nothing are left out."""
    size = _size(conflicts)
    markers = re.compile("|".join(rf"^{re.escape(sign * size)}(?: |$)" for sign in _SIGNS.values()), re.MULTILINE)
    found: dict[str, Resolution] = {}
    for conflict, section in _sections(text, conflicts):
        if section.strip() and not markers.search(section):
            found[conflict.id] = _answer(conflict, section)
    return found


def is_text(conflict: Conflict) -> bool:
    """Whether a conflict can be settled by writing: there is one item, and it says plain text on both sides."""
    if conflict.items == (TOOLS,) or "replace" not in conflict.actions:
        return False
    sides = [items for items in (conflict.ours, conflict.theirs) if items]
    texts = {_text(items) for items in sides}
    return bool(texts) and None not in texts and len(texts) == len(sides)


def _section(conflict: Conflict, size: int) -> Iterator[str]:
    def marker(name: str, label: str = "") -> str:
        return f"{_SIGNS[name] * size} {label}".rstrip()

    yield _line(conflict)
    yield marker("ours", "ours")
    yield from _lines(conflict.ours)
    if conflict.base:
        yield marker("base", "base")
        yield from _lines(conflict.base)
    yield marker("middle")
    yield from _lines(conflict.theirs)
    yield marker("theirs", "theirs")
    yield ""


def _line(conflict: Conflict) -> str:
    """What stands above a conflict, and tells where the one before it ends."""
    return f"@@ conflict {conflict.id} @@ {shown.about(conflict)}"


def _sections(text: str, conflicts: Sequence[Conflict]) -> Iterator[tuple[Conflict, str]]:
    known = {f"@@ conflict {one.id} @@": one for one in conflicts}
    conflict, section = None, list[str]()
    for line in text.split("\n"):
        above = known.get(line[:31])
        if above is not None:
            if conflict is not None:
                yield conflict, "\n".join(section)
            conflict, section = above, []
        else:
            section.append(line)
    if conflict is not None:
        yield conflict, "\n".join(section)


def _answer(conflict: Conflict, section: str) -> Resolution:
    """A side, when the text is that side's to the letter, whatever empty lines end it; else the text."""
    said = section.rstrip("\n")
    for side, items in (("ours", conflict.ours), ("theirs", conflict.theirs)):
        if items and (_text(items) or "").rstrip("\n") == said:
            return Resolution(side, reason="edited")
    return Resolution("replace", said, reason="edited")


def _size(conflicts: Sequence[Conflict]) -> int:
    """How long a marker must be to stand at the beginning of no line of any version."""
    runs = re.compile(r"^(<+|\|+|=+|>+)", re.MULTILINE)
    texts = (_text(side) or "" for one in conflicts for side in (one.base, one.ours, one.theirs))
    return max([_LEAST, *(len(run) + 1 for text in texts for run in runs.findall(text))])


def _text(items: Sequence[Item]) -> str | None:
    """The content of the one item, when it is plain text."""
    content = items[0].message.content if len(items) == 1 else None
    return content if isinstance(content, str) else None


def _lines(items: Sequence[Item]) -> list[str]:
    return [text] if (text := _text(items)) is not None else []
