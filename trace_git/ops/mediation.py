"""A model settles conflicts: what it is shown of them, what it may choose, and what of its answer counts.

It is the last of the resolver chain. It sees both sides of an open conflict as data, and beside them, for reference,
pinned messages and neighbours. The base, and whatever a side edited away, dropped or archived, it does not see unless
``show_base`` says so. It chooses among the actions that are listed: those of the conflict's kind, without those that
would give up a pin, and without "replace" where there is more to a message than text.

What does not name one of those conflicts and one of its actions, with a content that fits, is unusable: the model is
told and asked once more. A conflict that has no usable answer then stays open. What counts becomes a ``Resolution``,
and is carried out as if a person had given it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import llm
from ..conflicts import TOOLS, Conflict, Resolution
from ..llm import prompts
from ..llm.reply import Messages, Unusable, one_line
from ..model import Item
from ..results import Finding
from ..store.snapshot import Entry
from ..view import deferred
from ..view.merging.plan import Merging
from . import asking, resolving

PROMPT = "merge-conflicts.v1"
Contexts = tuple[Sequence[Item], Sequence[Item]]
ACTIONS = ("ours", "theirs", "both", "replace", "drop")
_PINNED = 40_000  # characters of pinned messages that are shown for reference
_BESIDE = 2  # messages before and after
_CLIPPED = 1_500  # characters of a message that is shown for reference
_MOST = 50  # conflicts in one question
_CONTENT = 20_000  # characters of a new content, or four times the longest version


@dataclass(frozen=True)
class Question:
    messages: Messages
    conflicts: tuple[Conflict, ...]


@dataclass
class Mediated:
    """What the model settled, by conflict id, and what it did not, as findings."""

    answers: dict[str, Resolution] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def offered(conflict: Conflict) -> tuple[str, ...]:
    """The actions that a model may choose."""
    versions = () if conflict.items == (TOOLS,) else (*conflict.ours, *conflict.theirs)
    plain = all(isinstance(one.message.content, str) and one.kind != deferred.KIND for one in versions)
    able = [one for one in ACTIONS if one in conflict.actions and (plain or one != "replace")]
    return tuple([one for one in able if not resolving.gives_up_pin(conflict, Resolution(one))])


def questions(
    merging: Merging, contexts: Contexts, conflicts: Sequence[Conflict], *, show_base: bool = False
) -> tuple[tuple[Question, ...], list[Finding]]:
    """What is asked about open conflicts, as many to a question as there is room for; and about which nothing is.

    ``contexts`` are ours' and theirs'.
    """
    view = _View(merging, contexts, conflicts, show_base)
    reference = view.pinned()
    found: list[Question] = []
    unasked: list[Finding] = []
    parts: list[tuple[Conflict, str]] = []
    left = room = asking.ROOM - asking.size(reference)
    for one in conflicts:
        told = view.told(one)
        takes = asking.size(told)
        if takes > room or not offered(one):
            why = "it is too long for a question" if offered(one) else "every answer would give up a pin"
            text = f"no model is asked about conflict {one.id}: {why}"
            unasked.append(Finding("llm", one.id, text, one.items, severity="warning"))
            continue
        if parts and (takes > left or len(parts) == _MOST):
            found.append(_question(reference, parts))
            parts, left = [], room
        parts.append((one, told))
        left -= takes
    return (*found, *([_question(reference, parts)] if parts else [])), unasked


def mediate(who: llm.Asker, asked: asking.Asked, questions: Sequence[Question]) -> Mediated:
    """Ask. LLMError when the model cannot be reached."""
    prompt = prompts.load(PROMPT)
    made = Mediated()
    for one in questions:
        read = _Reader(one.conflicts)
        wrong = asking.twice(who, one.messages, read, lambda reply: asked.note(prompt, who, reply))
        made.answers.update(read.usable)
        for conflict in one.conflicts:
            if conflict.id not in read.usable:
                text = f"{who.name} did not settle conflict {conflict.id}: {wrong}"
                made.findings.append(Finding("llm", conflict.id, text, conflict.items, severity="warning"))
    return made


def _question(reference: str, parts: Sequence[tuple[Conflict, str]]) -> Question:
    content = "\n\n".join(filter(None, [reference, *[text for _, text in parts]]))
    messages = asking.question(prompts.load(PROMPT), content)
    return Question(messages, tuple([conflict for conflict, _ in parts]))


class _View:
    """What a model is shown: the sides of a conflict, and of the rest only what stands in the result."""

    def __init__(self, merging: Merging, contexts: Contexts, conflicts: Sequence[Conflict], show_base: bool) -> None:
        self._merging = merging
        self._show_base = show_base
        disputed = {one for conflict in (*merging.conflicts, *conflicts) for one in conflict.items}
        self._standing = {one.id: one for one in _result(merging, contexts[0]) if one.id not in disputed}
        self._shown: set[str] = set()
        self._orders = [[one.id for one in context] for context in contexts]

    def pinned(self) -> str:
        """Pinned messages that are in no conflict, the last ones first in line when there is no room for all."""
        room, kept = _PINNED, []
        for one in reversed([one for one in self._standing.values() if one.pinned]):
            text = asking.shown("for reference,", one, most=_CLIPPED)
            if len(text) > room:
                break
            room -= len(text)
            kept.append(text)
            self._shown.add(one.id)
        head = "Pinned, for reference: not in dispute, will not change."
        return "\n\n".join([head, *reversed(kept)]) if kept else ""

    def told(self, conflict: Conflict) -> str:
        """One conflict: what it is about and what may be chosen in our words, what the sides say as data."""
        about = _OURS.get(conflict.kind, conflict.text)
        lines = [f"Conflict {conflict.id}", f"kind: {conflict.kind}: {about}",
                 f"items: {', '.join(conflict.items)}", f"actions: {', '.join(offered(conflict))}"]  # fmt: skip
        if conflict.kind == "semantic":
            lines.append(llm.delimit("what was found", conflict.text))
        ours, theirs = self._sides(conflict)
        lines += [*self._side("ours", conflict, ours), *self._side("theirs", conflict, theirs)]
        if self._show_base:
            lines += self._side("base", conflict, conflict.base)
        return "\n".join([*lines, *self._beside(conflict)])

    def _sides(self, conflict: Conflict) -> tuple[Sequence[Item], Sequence[Item]]:
        if conflict.items == (TOOLS,):
            return conflict.ours, conflict.theirs
        live = [{one.place.item for one in side.entries} for side in (self._merging.ours, self._merging.theirs)]
        ours, theirs = ([item for item in side if item.id in there]
                        for side, there in zip((conflict.ours, conflict.theirs), live, strict=True))  # fmt: skip
        return ours, theirs

    def _side(self, name: str, conflict: Conflict, items: Sequence[Item]) -> Iterator[str]:
        if not items:
            yield f"{name}: {'took it away' if name != 'base' else 'has nothing'}"
        elif conflict.items == (TOOLS,):
            yield from (llm.delimit(f"{name}, tool definitions", one.message.text) for one in items)
        elif conflict.kind == "order":
            yield llm.delimit(f"{name}, the order of the items", "\n".join(self._line(one) for one in items))
        else:
            yield from (asking.shown(f"{name},", one) for one in items)

    def _line(self, item: Item) -> str:
        """An item that moved: as it stands in the result, since what was edited away is not shown."""
        now = self._standing.get(item.id)
        said = " ".join(now.message.text[:400].split())[:100] if now is not None else ""
        return f"{item.id} {item.role} {said}".rstrip()

    def _beside(self, conflict: Conflict) -> Iterator[str]:
        """The nearest messages before and after that are not in dispute."""
        order = next((order for order in self._orders if conflict.items[0] in order), None)
        if order is None:
            return
        at = order.index(conflict.items[0])
        sides = {
            "Before": [one for one in order[:at] if one in self._standing][-_BESIDE:],
            "After": [one for one in order[at + 1 :] if one in self._standing][:_BESIDE],
        }
        for place, ids in sides.items():
            fresh = [self._standing[one] for one in ids if one not in self._shown]
            if fresh:
                yield f"{place} it, for reference: not in dispute, will not change."
                yield from (asking.shown("for reference,", one, most=_CLIPPED) for one in fresh)


def _result(merging: Merging, ours: Sequence[Item]) -> Iterator[Item]:
    """What stands when it is merged: what ``merging`` compares as it comes out, the rest as ours has it."""
    plan = merging.settled({})
    for one in ours:
        if one.id not in plan.states:
            yield one.with_pinned(one.id in plan.pins)
    for item in plan.order:
        entry = Entry(plan.entries[item].place, plan.states[item].blob)
        yield merging.handle.contexts.item(entry, pinned=item in plan.pins)


_OURS = {"semantic": "new messages of the two sides do not fit together"}


class _Reader:
    """Reads answers; ``usable`` are those that count, of the last answer that had a usable one."""

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        self._asked = {one.id: one for one in conflicts}
        self.usable: dict[str, Resolution] = {}

    def __call__(self, answer: Mapping[str, Any]) -> None:
        listed = answer.get("resolutions")
        if not isinstance(listed, list):
            raise Unusable('"resolutions" is not a list')
        if len(listed) > 2 * len(self._asked):
            raise Unusable(f"there are {len(listed)} resolutions for {len(self._asked)} conflicts")
        wrong: list[str] = []
        found: dict[str, Resolution] = {}
        seen: set[str] = set()
        for given in listed:
            try:
                name, resolution = self._read(given)
                if name in seen:
                    found.pop(name, None)
                    raise Unusable(f"conflict {name} is answered twice")
                seen.add(name)
                found[name] = resolution
            except Unusable as error:
                wrong.append(error.reason)
        wrong += [f"conflict {name} has no answer" for name in self._asked if name not in seen]
        self.usable.update(found)
        if wrong:
            raise Unusable("; ".join(wrong[:5]))

    def _read(self, given: Any) -> tuple[str, Resolution]:
        if not isinstance(given, dict):
            raise Unusable("a resolution is not an object")
        name, action, reason = given.get("conflict"), given.get("action"), given.get("reason") or ""
        conflict = self._asked.get(name) if isinstance(name, str) else None
        if conflict is None:
            raise Unusable(f"{one_line(repr(name), most=40)} is no conflict that was asked about")
        if action not in offered(conflict):
            said = one_line(repr(action), most=40)
            raise Unusable(f"conflict {name}: {said} is none of {', '.join(offered(conflict))}")
        if not isinstance(reason, str):
            raise Unusable(f"conflict {name}: the reason is not a text")
        content = _content(conflict, given.get("content")) if action == "replace" else None
        return conflict.id, Resolution(str(action), content, one_line(reason), by="llm")


def _content(conflict: Conflict, given: Any) -> str:
    if not isinstance(given, str) or not given.strip():
        raise Unusable(f"conflict {conflict.id}: replace needs a content that is a text")
    most = max([_CONTENT, *[4 * len(one.message.text) for one in (*conflict.ours, *conflict.theirs)]])
    if len(given) > most:
        raise Unusable(f"conflict {conflict.id}: the content has {len(given):,} characters, and {most:,} are allowed")
    return given
