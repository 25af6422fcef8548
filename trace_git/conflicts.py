"""What a merge asks and what it is answered: conflicts and resolutions. Frozen values.

Which answers a conflict takes, and what each does, by kind:

| kind | what happened | ours, theirs | both | replace | defer |
|---|---|---|---|---|---|
| edit | both gave an item other content | that version | theirs follows, new id | new content | conflict item |
| presence | one took away what the other changed | that side's state | – | lives so | conflict item |
| pin | one pinned what the other edited | that side's state | – | pinned so | conflict item |
| order | both moved the same items, differently | that order | – | – | – |
| answer | two results for a call, or one for a call that is gone | that side's | – | – | – |
| summary | both compressed the same items, differently | that summary | – | – | – |
| semantic | a judge says that new items disagree | the other's go | nothing goes | ours so | conflict item |

``drop`` takes the item away, with its tool group; it is offered where replace is. Several items at once are a tool
group: they take a side or are dropped. One with tool calls or results takes no ``both``. Tool definitions are the one
item ``tools``, and take a side. What a side compressed is not put off.

A semantic conflict has items of both sides: ``ours`` leaves theirs' out, ``theirs`` ours', ``drop`` both; ``replace``
gives the first of ours the content and leaves theirs' out. It is put off only where each side has one item; one with
tool calls or results takes a side, both or drop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

from .model import Item

_VERSIONS = ("ours", "theirs", "replace", "drop", "defer")
OFFERED: Mapping[str, tuple[str, ...]] = {
    "edit": ("ours", "theirs", "both", "replace", "drop", "defer"),
    "presence": _VERSIONS,
    "pin": _VERSIONS,
    "order": ("ours", "theirs"),
    "answer": ("ours", "theirs"),
    "summary": ("ours", "theirs"),
    "semantic": ("ours", "theirs", "both", "replace", "drop", "defer"),
}
TOOLS = "tools"  # stands for an item id where the tool definitions are meant; they take ours or theirs


@dataclass(frozen=True, slots=True)
class Resolution:
    """An answer to one conflict: an action of ``OFFERED``; ``content`` is for replace, ``reason`` for the record.

    ``by`` is "llm" where a model gave it: the merge commit says so.
    """

    action: str
    content: Any = None
    reason: str = ""
    by: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something two sides changed in ways that exclude each other.

    ``items`` are the ids it is about; ``base``, ``ours`` and ``theirs`` are those items as each side has them (for
    "order" in the order of that side; for "summary" the summaries that a side has instead), and empty where a side took
    them away. ``text`` says it in one line. ``aside`` names the sides that took them away by a compress.
    """

    kind: str
    items: tuple[str, ...]
    base: tuple[Item, ...]
    ours: tuple[Item, ...]
    theirs: tuple[Item, ...]
    text: str
    aside: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """16 hex that stay the same as long as the same thing is asked about the same versions."""
        seed = [self.kind, *self.items, *self.aside]
        for side in (self.base, self.ours, self.theirs):
            seed += ["", *(f"{item.id}{item.blob}{item.pinned:d}" for item in side)]
        return sha1("\0".join(seed).encode()).hexdigest()[:16]

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions a resolution may have."""
        if self.items == (TOOLS,):
            return ("ours", "theirs")
        if self.kind == "presence" and not self.ours and not self.theirs:  # nobody has a version that could live
            return ("ours", "theirs", "drop")
        if len(self.items) > 1 and self.kind in ("edit", "presence", "pin"):  # a tool group: there is no one content
            return ("ours", "theirs", "drop")
        if self.aside and self.kind == "presence":  # a conflict item cannot be put aside again
            return tuple([one for one in _VERSIONS if one != "defer"])
        if self.kind == "semantic":
            return self._semantic()
        both = (*self.ours, *self.theirs)
        if self.kind == "edit" and any(item.message.calls or item.message.answers for item in both):
            return tuple([one for one in OFFERED["edit"] if one != "both"])  # a call is made once, and answered once
        return OFFERED[self.kind]

    def _semantic(self) -> tuple[str, ...]:
        both = (*self.ours, *self.theirs)
        if any(item.message.calls or item.message.answers for item in both):
            return ("ours", "theirs", "both", "drop")
        return tuple([one for one in OFFERED["semantic"] if one != "defer" or len(both) == 2])
