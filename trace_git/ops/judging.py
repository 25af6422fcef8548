"""The semantic judge: a model that says which new items of two branches do not fit together.

It changes nothing. What it is sure of becomes a conflict of kind "semantic", which goes through the resolver chain like
any other; what it only suspects is a finding.

    answer                              outcome
    no JSON, unknown ids, a wrong form  asked once more, then LLMError
    confidence below the threshold      a finding
    at or above it                      a conflict; findings that share an item are one conflict
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .. import llm
from ..conflicts import Conflict
from ..errors import LLMError, NotFoundError
from ..llm import prompts
from ..llm.reply import Messages, Unusable, one_line
from ..model import Item
from ..results import Finding
from ..view import prefilter
from ..view.merging.tails import Tail
from . import asking

PROMPT = "merge-judge.v1"
KINDS = ("contradiction", "duplicate", "superseded")
_LONGEST = asking.ROOM // 8  # characters of one message
_FRAME = 400  # bytes around a message


class _Verdict(NamedTuple):
    kind: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    confidence: float
    reason: str

    @property
    def text(self) -> str:
        return f"{self.kind} ({self.confidence:.2f}): {self.reason}"


@dataclass(frozen=True)
class Judged:
    """What the judge is sure of, and what it suspects."""

    conflicts: tuple[Conflict, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Question:
    """What the judge is asked about: ``ours`` and ``theirs`` are the items it is shown, ``left_out`` how many not."""

    messages: Messages
    ours: tuple[Item, ...]
    theirs: tuple[Item, ...]
    left_out: int


def question(ours: Tail, theirs: Tail) -> Question | None:
    """The question about two tails; None when there is nothing to compare. Long ones: only what the prefilter found."""
    if not ours.items or not theirs.items:
        return None
    pairs = prefilter.candidates(ours.items, theirs.items)
    taken = _fitting(ours.items, theirs.items, pairs)
    left, right = ([item for item in tail.items if item.id in taken] for tail in (ours, theirs))
    parts = ["These messages are new on ours, in order:", *[_shown("ours", item) for item in left]]
    parts += ["These messages are new on theirs, in order:", *[_shown("theirs", item) for item in right]]
    seen = [one for one in pairs if {one.ours, one.theirs} <= taken]
    pointed = [f"ours {one.ours} and theirs {one.theirs}: {one.why}" for one in seen]
    if pointed:
        parts.append(llm.delimit("pairs of ids that are worth a look, found by comparing words", "\n".join(pointed)))
    messages = asking.question(prompts.load(PROMPT), "\n\n".join(parts))
    left_out = len(ours.items) + len(theirs.items) - len(left) - len(right)
    return Question(messages, tuple(left), tuple(right), left_out)


def judge(who: llm.Asker, asked: asking.Asked, question: Question, tails: Sequence[Tail], threshold: float) -> Judged:
    """Ask. LLMError when no usable answer comes."""
    read = _Reader({item.id for item in question.ours}, {item.id for item in question.theirs})
    prompt = prompts.load(PROMPT)
    wrong = asking.twice(who, question.messages, read, lambda reply: asked.note(prompt, who, reply))
    if wrong is not None:
        raise LLMError(
            f"{who.name} gave no usable verdict, asked twice: {wrong}",
            hint="try another model, or merge without semantic=True (--semantic)",
        )
    sure = [one for one in read.verdicts if one.confidence >= threshold]
    findings = [_finding(one) for one in read.verdicts if one.confidence < threshold]
    if question.left_out:
        text = f"the new messages are too long for one question: {question.left_out} were not compared"
        findings.append(Finding("not-compared", who.name, text, severity="warning"))
    return Judged(_conflicts(sure, *tails), tuple(findings))


def again(found: Iterable[Conflict], *tails: Tail) -> tuple[Conflict, ...]:
    """Conflicts that a judge found in an earlier try of the same merge. NotFoundError for one that is not there now."""
    kept = []
    for one in found:
        if one.kind != "semantic":
            continue
        fresh = standing(one.id, [item.id for item in one.ours], [item.id for item in one.theirs], one.text, tails)
        if fresh is None:
            raise NotFoundError(f"no conflict {one.id!r} in this merge any more", hint="merge with semantic=True")
        kept.append(fresh)
    return tuple(kept)


def standing(
    name: str, ours: Sequence[str], theirs: Sequence[str], text: str, tails: Sequence[Tail]
) -> Conflict | None:
    """The conflict ``name`` that a judge found between these items; None when it is not so any more."""
    sides = [{item.id: item for item in tail.items} for tail in tails]
    now = [tuple([side[one] for one in given if one in side])
           for side, given in zip(sides, (ours, theirs), strict=True)]  # fmt: skip
    found = Conflict("semantic", (*ours, *theirs), (), now[0], now[1], text)
    return found if found.id == name else None


class _Reader:
    """Reads an answer; ``verdicts`` are those of the last one that could be read."""

    def __init__(self, ours: Collection[str], theirs: Collection[str]) -> None:
        self._sides = {"ours": ours, "theirs": theirs}
        self.verdicts: tuple[_Verdict, ...] = ()

    def __call__(self, answer: Mapping[str, Any]) -> None:
        listed = asking.findings(answer)
        self.verdicts = tuple([self._verdict(at, one) for at, one in enumerate(listed)])

    def _verdict(self, at: int, given: Mapping[str, Any]) -> _Verdict:
        kind, reason = given.get("kind"), given.get("reason") or ""
        if kind not in KINDS:
            raise Unusable(f"finding {at}: the kind is none of {', '.join(KINDS)}")
        sure = asking.confidence(at, given)
        if not isinstance(reason, str):
            raise Unusable(f"finding {at}: the reason is not a text")
        ours, theirs = (asking.named(at, given, side, known, f"of {side}") for side, known in self._sides.items())
        return _Verdict(kind, ours, theirs, sure, one_line(reason))


def _shown(side: str, item: Item) -> str:
    return asking.shown(f"{side},", item, most=_LONGEST)


def _finding(one: _Verdict) -> Finding:
    return Finding(one.kind, one.ours[0], one.text, (*one.ours, *one.theirs), severity="warning")


def _conflicts(verdicts: Sequence[_Verdict], ours: Tail, theirs: Tail) -> tuple[Conflict, ...]:
    """One conflict for verdicts that share an item: who settles it decides about all of them at once."""
    parts: list[tuple[set[str], set[str], list[str]]] = []
    for one in verdicts:
        left = {item.id for item in ours.closed(one.ours)}
        right = {item.id for item in theirs.closed(one.theirs)}
        touched = [part for part in parts if part[0] & left or part[1] & right]
        parts = [part for part in parts if part not in touched]
        texts = [text for part in touched for text in part[2]]
        parts.append((left.union(*(part[0] for part in touched)), right.union(*(part[1] for part in touched)),
                      [*texts, one.text]))  # fmt: skip
    found = []
    for some, others, texts in parts:
        mine, other = ours.closed(some), theirs.closed(others)
        items = tuple([item.id for item in (*mine, *other)])
        found.append(Conflict("semantic", items, (), mine, other, "; ".join(texts)))
    rank = {item.id: at for at, item in enumerate(ours.items)}
    return tuple(sorted(found, key=lambda one: rank[one.items[0]]))


def _fitting(ours: Sequence[Item], theirs: Sequence[Item], pairs: Sequence[prefilter.Pair]) -> set[str]:
    """The ids of what fits into a question: everything, else candidates with their neighbours, else what is newest."""
    sizes = {item.id: asking.size(_shown("", item)) + _FRAME for item in (*ours, *theirs)}
    if sum(sizes.values()) <= asking.ROOM:
        return set(sizes)
    left, right = ([item.id for item in side] for side in (ours, theirs))
    wanted = [one for pair in pairs for one in (pair.ours, pair.theirs)]
    wanted += [one for pair in pairs for one in (*_beside(left, pair.ours), *_beside(right, pair.theirs))]
    if not pairs:
        wanted = [one for two in zip(reversed(left), reversed(right), strict=False) for one in two]
    return asking.fitting(sizes, wanted)


def _beside(ids: Sequence[str], one: str) -> Sequence[str]:
    at = ids.index(one)
    return (*ids[max(0, at - 1) : at], *ids[at + 1 : at + 2])
