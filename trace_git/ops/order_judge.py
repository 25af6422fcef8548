"""The judge of an order: a model that says where a new order of the same messages means something else.

It changes nothing and refuses nothing: what it finds are warnings of kind "meaning". It is shown messages as they stand
in the context now, never what was dropped or edited away, and only from the first place to the last that differs.

    answer                              outcome
    no JSON, unknown ids, a wrong form  asked once more, then LLMError
    findings                            a warning each, with the ids, how sure it is and why
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import llm
from ..errors import LLMError
from ..llm import prompts
from ..llm.reply import Messages, Unusable, one_line
from ..model import Item
from ..results import Finding
from ..view.rewriting import moves
from . import asking

PROMPT = "order-judge.v1"
_MOST = 200  # findings of one answer
_LONGEST = asking.ROOM // 8  # characters of one message
_FRAME = 400  # characters around a message


@dataclass(frozen=True)
class Question:
    """What is asked: ``items`` are the ids that are shown, ``left_out`` is how many there was no room for."""

    messages: Messages
    items: frozenset[str]
    left_out: int


def question(before: Sequence[Item], after: Sequence[Item]) -> Question | None:
    """The question about two orders of the same items; None when they are one order."""
    old = {item.id: at for at, item in enumerate(before, 1)}
    differ = [at for at, item in enumerate(after) if before[at].id != item.id]
    if not differ:
        return None
    span = list(enumerate(after))[differ[0] : differ[-1] + 1]
    labels = {item.id: f"place {at + 1}, which was place {old[item.id]}," for at, item in span}
    taken = _fitting([item for _, item in span], moves.moved(list(old), [item.id for item in after]), labels)
    parts = ["These messages stand in the new order:"]
    parts += [asking.shown(labels[item.id], item, most=_LONGEST) for _, item in span if item.id in taken]
    messages = asking.question(prompts.load(PROMPT), "\n\n".join(parts))
    return Question(messages, frozenset(taken), len(span) - len(taken))


def judge(who: llm.Asker, asked: asking.Asked, question: Question) -> tuple[Finding, ...]:
    """Ask. LLMError when no usable answer comes."""
    read = _Reader(question.items)
    prompt = prompts.load(PROMPT)
    wrong = asking.twice(who, question.messages, read, lambda reply: asked.note(prompt, who, reply))
    if wrong is not None:
        raise LLMError(
            f"{who.name} gave no usable verdict, asked twice: {wrong}",
            hint="nothing has changed; try another model, or reorder without llm= (--llm)",
        )
    if not question.left_out:
        return read.findings
    text = f"the new order is too long for one question: {question.left_out} messages were not judged"
    return (*read.findings, Finding("not-judged", who.name, text, severity="warning"))


def _fitting(items: Sequence[Item], moved: Collection[str], labels: Mapping[str, str]) -> set[str]:
    """The ids of what fits: everything, else what moved with its neighbours, as far as there is room."""
    sizes = {item.id: min(len(asking.shown(labels[item.id], item, most=_LONGEST)), _LONGEST) + _FRAME for item in items}
    if sum(sizes.values()) <= asking.ROOM:
        return set(sizes)
    ids = [item.id for item in items]
    places = [at for at, item in enumerate(ids) if item in moved]
    wanted = [ids[at] for at in places]
    wanted += [ids[beside] for at in places for beside in (at - 1, at + 1) if 0 <= beside < len(ids)]
    taken: set[str] = set()
    room = asking.ROOM
    for one in dict.fromkeys(wanted):
        if sizes[one] <= room:
            taken.add(one)
            room -= sizes[one]
    return taken


class _Reader:
    """Reads an answer; ``findings`` are those of the last one that could be read."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self.findings: tuple[Finding, ...] = ()

    def __call__(self, answer: Mapping[str, Any]) -> None:
        listed = answer.get("findings")
        if not isinstance(listed, list):
            raise Unusable('"findings" is not a list')
        if len(listed) > _MOST:
            raise Unusable(f"there are {len(listed)} findings, and at most {_MOST} are taken")
        self.findings = tuple([self._finding(at, one) for at, one in enumerate(listed)])

    def _finding(self, at: int, given: Any) -> Finding:
        if not isinstance(given, dict):
            raise Unusable(f"finding {at} is not an object")
        items, confidence, reason = given.get("items"), given.get("confidence"), given.get("reason")
        if not isinstance(items, list) or not items:
            raise Unusable(f'finding {at}: "items" is not a list of ids with at least one in it')
        for one in items:
            if not isinstance(one, str) or one not in self._known:
                raise Unusable(f"finding {at}: {one_line(repr(one), most=40)} is not an id that was shown")
        if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
            raise Unusable(f"finding {at}: the confidence is not a number from 0 to 1")
        if not isinstance(reason, str) or not reason.strip():
            raise Unusable(f"finding {at}: the reason is not a text")
        text = f"({confidence:.2f}) {one_line(reason)}"
        return Finding("meaning", items[0], text, tuple(dict.fromkeys(items)), severity="warning")
