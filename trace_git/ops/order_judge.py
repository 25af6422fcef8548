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
    sizes = {item.id: asking.size(asking.shown(labels[item.id], item, most=_LONGEST)) + _FRAME for item in items}
    if sum(sizes.values()) <= asking.ROOM:
        return set(sizes)
    ids = [item.id for item in items]
    places = [at for at, item in enumerate(ids) if item in moved]
    wanted = [ids[at] for at in places]
    wanted += [ids[beside] for at in places for beside in (at - 1, at + 1) if 0 <= beside < len(ids)]
    return asking.fitting(sizes, wanted)


class _Reader:
    """Reads an answer; ``findings`` are those of the last one that could be read."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self.findings: tuple[Finding, ...] = ()

    def __call__(self, answer: Mapping[str, Any]) -> None:
        self.findings = tuple([self._finding(at, one) for at, one in enumerate(asking.findings(answer))])

    def _finding(self, at: int, given: Mapping[str, Any]) -> Finding:
        items, reason = asking.named(at, given, "items", self._known, "that was shown"), given.get("reason")
        sure = asking.confidence(at, given)
        if not isinstance(reason, str) or not reason.strip():
            raise Unusable(f"finding {at}: the reason is not a text")
        text = f"({sure:.2f}) {one_line(reason)}"
        return Finding("meaning", items[0], text, items, severity="warning")
