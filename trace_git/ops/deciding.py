"""Who decides what in a merge, in which order, and what each of them said. Nothing here writes.

    1  the conflicts of the structure: resolutions by id, the strategy, the resolver, the model
    2  when these are settled and ``semantic`` says so: the judge, about what is new on both sides
    3  the conflicts that the judge found: the same chain

Whoever is asked may take minutes, so all this happens before the trace is locked. In a dry run no model is asked:
``sends`` are the questions that would be, as far as they do not depend on an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .. import llm as models
from ..conflicts import Conflict, Resolution
from ..errors import InvalidInputError
from ..llm.reply import Messages
from ..results import Finding
from ..safe import safe_text
from ..view.handle import Handle
from ..view.merging.plan import Merging
from ..view.merging.tails import tails
from . import asking, judging, mediation, resolving

THRESHOLD = 0.7  # confidence from which a finding of the judge is a conflict


@dataclass(frozen=True)
class Ways:
    """How this merge may settle conflicts. ``semantic`` is whether to judge, or what was judged before."""

    resolutions: Mapping[str, Resolution] = field(default_factory=dict)
    strategy: str | None = None
    resolver: resolving.Resolver | None = None
    asker: models.Asker | None = None
    semantic: bool | Sequence[Conflict] = False
    threshold: float = THRESHOLD
    show_base: bool = False
    dry_run: bool = False
    asked: Mapping[str, str] = field(default_factory=dict)  # the trailers of an earlier try

    def __post_init__(self) -> None:
        if not isinstance(self.resolutions, Mapping):
            raise InvalidInputError(
                f"resolutions is a {type(self.resolutions).__name__}", field="resolutions",
                hint="give a dict: conflict id → Resolution",
            )  # fmt: skip
        if not isinstance(self.semantic, bool | list | tuple):
            raise InvalidInputError(
                f"semantic={self.semantic!r} is neither yes nor no", field="semantic", hint="give True or False"
            )
        if isinstance(self.threshold, bool) or not isinstance(self.threshold, int | float) \
                or not 0 <= self.threshold <= 1:  # fmt: skip
            raise InvalidInputError(
                f"threshold {self.threshold!r} is not a number from 0 to 1", field="threshold",
                hint=f"the usual one is {THRESHOLD}",
            )  # fmt: skip
        if self.semantic is True and self.asker is None:
            raise InvalidInputError(
                "a semantic merge asks a model", field="semantic", hint="say which: llm= a model's name or a callable"
            )

    @property
    def asks(self) -> bool:
        """Whether somebody is asked, who may take long."""
        return self.resolver is not None or (self.asker is not None and not self.dry_run)


@dataclass
class Decided:
    """``conflicts`` are all that came up, ``judged`` those of them that a judge found, ``answers`` by conflict id.

    ``before`` are the trailers that name who was asked in an earlier try.
    """

    conflicts: tuple[Conflict, ...]
    judged: tuple[Conflict, ...] = ()
    answers: dict[str, Resolution] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    sends: list[Messages] = field(default_factory=list)
    asked: asking.Asked = field(default_factory=asking.Asked)
    before: Mapping[str, str] = field(default_factory=dict)

    @property
    def trailers(self) -> dict[str, str]:
        """How conflicts were settled, each as kind, item and action, "@llm" where a model did; and which model."""
        told = [
            f"{one.kind}:{one.items[0]}={self.answers[one.id].action}{'@llm' * (self.answers[one.id].by == 'llm')}"
            for one in self.conflicts
        ]
        return ({"Trace-Resolved": " ".join(told)} if told else {}) | self.who

    @property
    def who(self) -> dict[str, str]:
        """The trailers that name whom this merge asked, in all its tries."""
        now = self.asked.trailers
        names = dict.fromkeys([*self.before, *now])
        words = {name: (*self.before.get(name, "").split(), *now.get(name, "").split()) for name in names}
        return {name: " ".join(dict.fromkeys(said)) for name, said in words.items()}

    @property
    def open(self) -> tuple[Conflict, ...]:
        return tuple([one for one in self.conflicts if one.id not in self.answers])


def decide(handle: Handle, merging: Merging, ours: str, theirs: str, ways: Ways) -> Decided:
    """Ask whoever is to be asked about the merge of two commits. LLMError when a model cannot be reached."""
    made = Decided(merging.conflicts, before=ways.asked)
    if ways.semantic is False:
        resolving.check_known(merging.conflicts, ways.resolutions)
    contexts: mediation.Contexts = ((), ())  # whole contexts are read only for who is to be shown something of them
    if ways.asker is not None:
        contexts = (handle.context(ours).items, handle.context(theirs).items)
    _chain(made, merging, contexts, merging.conflicts, ways)
    if ways.semantic is not False and (ways.dry_run or not made.open):
        made.judged = _judged(made, merging, ways)
        made.conflicts = (*merging.conflicts, *made.judged)
        _chain(made, merging, contexts, made.judged, ways)
        made.findings += _strangers(made, ways)
    made.findings += made.asked.findings
    if ways.dry_run and ways.asker is not None:
        made.findings.append(asking.would(handle, ways.asker, made.sends))
    return made


def _chain(made: Decided, merging: Merging, contexts: mediation.Contexts, some: Sequence[Conflict], ways: Ways) -> None:
    made.answers |= resolving.answered(some, ways.resolutions, ways.strategy, ways.resolver)
    left = [one for one in some if one.id not in made.answers]
    if ways.asker is None or not left:
        return
    questions, unasked = mediation.questions(merging, contexts, left, show_base=ways.show_base)
    made.sends += [one.messages for one in questions]
    made.findings += unasked
    if ways.dry_run:
        return
    said = mediation.mediate(ways.asker, made.asked, questions)
    made.answers |= said.answers
    made.findings += said.findings


def _judged(made: Decided, merging: Merging, ways: Ways) -> tuple[Conflict, ...]:
    ours, theirs = tails(merging)
    if not isinstance(ways.semantic, bool):
        return judging.again(ways.semantic, ours, theirs)
    question = judging.question(ours, theirs)
    if question is None or ways.asker is None:
        return ()
    made.sends.append(question.messages)
    if ways.dry_run:
        return ()
    said = judging.judge(ways.asker, made.asked, question, (ours, theirs), ways.threshold)
    made.findings += said.findings
    return said.conflicts


def _strangers(made: Decided, ways: Ways) -> list[Finding]:
    """Resolutions of conflicts that did not come up: a judge does not find the same each time."""
    known = {one.id for one in made.conflicts}
    return [
        Finding("resolution", name, f"no conflict {safe_text(str(name))[:40]} came up; its resolution was not needed",
                severity="warning")
        for name in ways.resolutions
        if name not in known and not ways.dry_run
    ]  # fmt: skip
