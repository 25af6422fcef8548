"""A model summarises runs of items, and what of its answers counts.

An answer is text, and becomes the text of a summary or nothing: it is stripped of white space around it and of control
characters, never cut, completed or put together by us. One that is over its share of the budget is refused, whatever
it says; the model is told by how much and asked again. One that lost facts (see ``view.retention``) is asked for once
more where its share has room for them, or always when the caller said how many it has to keep. Each question stands
alone: it has the whole piece again, and of the earlier answers only the last. Nothing is written here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from .. import llm
from ..errors import BudgetError, InvalidInputError, LLMError, UnsafeRewriteError
from ..llm import prompts
from ..llm.reply import Messages, one_line
from ..results import Finding
from ..view.retention import Originals, Retention
from . import asking, portions
from .portions import Count, Run, Task, tasks

__all__ = ["Run", "Summary", "Task", "summarize", "tasks"]

ATTEMPTS = 3  # of one question
AIM = 0.7  # a share of the facts below which it is worth to ask once more
POOR = 0.5  # below which a warning says so
_ROOM = 0.8  # ... when no more than this of the share is taken
_NAMED = 40  # lost facts that the model is told
_SHOWN = 20_000  # characters of an answer that the model is shown again
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Summary:
    """``text`` is what the model gave; ``tokens`` what it counts as a message; ``cost`` in US dollars or None.

    ``prompt`` is the mark of the text that it was asked with, ``name@digest``; ``attempts`` counts the questions that
    were asked for it; ``retention`` is what it keeps of the facts of its run.
    """

    text: str
    tokens: int
    model: str
    prompt: str
    attempts: int
    cost: float | None
    retention: Retention
    findings: tuple[Finding, ...]


def summarize(who: llm.Asker, asked: asking.Asked, tasks: Sequence[Task], *, count: Count,
              least: float | None = None) -> tuple[Summary | None, ...]:  # fmt: skip
    """One summary a task, in order; None for a run that stays as it is.

    ``least`` is the share of facts, 0 to 1, that each summary has to keep. BudgetError when an answer stays over its
    share, UnsafeRewriteError when it stays below ``least``, LLMError when there is none that can be used.
    """
    if least is not None and not 0 <= least <= 1:
        raise InvalidInputError(
            f"a summary cannot keep {least} of the facts", field="least", hint="give a share from 0 to 1, as 0.9"
        )
    return tuple([None if task.stays else _summary(who, asked, task, count, least) for task in tasks])


def _summary(who: llm.Asker, asked: asking.Asked, task: Task, count: Count, least: float | None) -> Summary:
    before = len(asked.replies)
    beside = (*task.run.before, *task.run.after, *task.pins)
    facts = Originals(task.run.items, beside=beside)
    if len(task.pieces) == 1:
        prompt = portions.PROMPT
        answer = _Question(who, asked, prompt, task.sends[0], task.share, facts, count, least).answer()
    else:
        prompt = portions.JOINING
        most = task.overhead + 2 * task.most
        notes = [
            _Question(who, asked, portions.PROMPT, one, most, Originals(piece, beside=beside), count).answer().text
            for one, piece in zip(task.sends, task.pieces, strict=True)
        ]
        while len(together := task.together(notes)) > 1:
            notes = [
                _Question(who, asked, prompt, task.joining(some), most, None, count).answer().text
                if len(some) > 1 else some[0] for some in together
            ]  # fmt: skip
        answer = _Question(who, asked, prompt, task.joining(notes), task.share, facts, count, least).answer()
    replies = asked.replies[before:]
    costs = [reply.cost for reply in replies if reply.cost is not None]
    return Summary(
        answer.text, answer.tokens, one_line(replies[-1].model or who.name, most=80), prompts.load(prompt).mark,
        len(replies), sum(costs) if costs else None, answer.kept, tuple(_findings(task, answer, least)),
    )  # fmt: skip


@dataclass(frozen=True)
class _Answer:
    text: str
    tokens: int
    kept: Retention
    controls: int


@dataclass
class _Question:
    """One question with all its attempts. ``share`` is in tokens of a message; ``facts`` are what it should keep."""

    who: llm.Asker
    asked: asking.Asked
    prompt: str
    messages: Messages
    share: int
    facts: Originals | None
    count: Count
    least: float | None = None

    def answer(self) -> _Answer:
        """The best of the answers that are within the share."""
        best: _Answer | None = None
        sizes: list[int] = []
        until, messages = time.monotonic() + asking.DEADLINE, self.messages
        for _ in range(ATTEMPTS):
            try:
                text, controls = self._ask(messages, until)
            except LLMError:
                if best is None or self.least is not None:
                    raise
                break  # it was asked for something better only
            tokens = self.count(text)
            if not text or tokens > self.share:
                sizes += [tokens] if text else []
                messages = self._again(text, self._too_long(tokens) if text else "There was no text in that answer.")
                continue
            kept = self.facts.kept_by(text) if self.facts else Retention()
            last, best = best, _better(best, _Answer(text, tokens, kept, controls))
            if self._will_do(best, again=last is not None):
                break
            messages = self._again(text, self._missing(kept))
        return self._checked(best, sizes)

    def _ask(self, messages: Messages, until: float) -> tuple[str, int]:
        reply = self.who.ask(messages, deadline=until - time.monotonic())
        self.asked.note(prompts.load(self.prompt), self.who, reply)
        text, controls = _CONTROL.subn("", reply.text)
        return text.strip(), controls

    def _will_do(self, best: _Answer, *, again: bool) -> bool:
        if self.least is not None:
            return best.kept.share >= self.least
        return again or best.kept.share >= AIM or best.tokens > _ROOM * self.share

    def _checked(self, best: _Answer | None, sizes: Sequence[int]) -> _Answer:
        if best is None and not sizes:
            raise LLMError(f"{self.who.name} gave no text, asked {ATTEMPTS} times", hint="try another model")
        if best is None:
            raise BudgetError(
                f"{self.who.name} gave no summary within {self.share:,} tokens, asked {ATTEMPTS} times: "
                f"the shortest has {min(sizes):,}",
                budget=self.share, needed=min(sizes), hint="give a larger budget, or take another model",
            )  # fmt: skip
        if self.least is not None and best.kept.share < self.least:
            raise UnsafeRewriteError(
                f"the summary by {self.who.name} keeps {best.kept.share:.0%} of the facts, and {self.least:.0%} are "
                f"asked for; lost: {best.kept.named()}",
                findings=(Finding("retention", "summary", best.kept.told),),
                hint="give a larger budget, pin what must stay, or ask for less",
            )  # fmt: skip
        return best

    def _again(self, text: str, wrong: str) -> Messages:
        """The question again, with the answer that it got and what is wrong with that."""
        said = text if len(text) <= _SHOWN else text[:_SHOWN] + "\n…"
        asks = f"{wrong} Answer the question again, with the text of the summary alone."
        return [
            *self.messages,
            {"role": "assistant", "content": said or "(no text)"},
            {"role": "user", "content": asks},
        ]

    def _too_long(self, tokens: int) -> str:
        framing = self.count("")
        has, most = tokens - framing, self.share - framing
        return (f"That summary has {has:,} tokens, {has - most:,} more than the {most:,} that it may have. Keep what "
                f"matters most and leave out the rest: {most * 4 // 5:,} tokens would be a good length.")  # fmt: skip

    def _missing(self, kept: Retention) -> str:
        named = "\n".join(one_line(fact.text, most=200) for fact in kept.lost[:_NAMED])
        shown = llm.delimit("names and numbers that the summary leaves out, the most mentioned first", named)
        return (f"That summary is short enough, and leaves out much that a reader may need.\n{shown}\nPut in those "
                "that matter, with what is said of them, within the same number of tokens.")  # fmt: skip


def _better(one: _Answer | None, other: _Answer) -> _Answer:
    return one if one is not None and one.kept.share >= other.kept.share else other


def _findings(task: Task, answer: _Answer, least: float | None) -> list[Finding]:
    ids = tuple([one.id for one in task.run.items])
    told: list[Finding] = []

    def tell(kind: str, text: str, severity: str = "note") -> None:
        told.append(Finding(kind, ids[0], text, ids, severity=severity))

    kept = answer.kept
    tell("retention", kept.told, "warning" if least is None and kept.share < POOR else "note")
    if kept.unsaid:
        named = ", ".join(map(str, kept.unsaid[:10]))
        tell("negation", f"a user spoke of {named} with a not, never or only, and the summary without")
    if answer.controls:
        tell("control", f"{answer.controls} control characters are taken out of the summary", "warning")
    if len(task.pieces) > 1:
        tell("pieces", f"read in {len(task.pieces)} pieces, as it is more than the model reads at once")
    for one in task.cut:
        tell("cut", f"item {one.id} is longer than the model reads: it was shown its beginning and its end", "warning")
    return told
