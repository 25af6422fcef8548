"""What becomes of a range: which way is taken, and what stands for its items then. A model may be asked here.

    strategy      summary=    what happens
    mask, trim    no          tool outputs get shorter, oldest first, until the range is within its budget
    summarize     no          a model writes a summary of each run
    manual        yes         the text that was given stands for the runs
    auto          no          mask; when that is not enough, summarize
    auto          yes         manual

Nothing is written here, and nothing is locked: a model may take minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from .. import llm
from ..errors import BudgetError, InvalidInputError, LLMError, StateError, UnsafeRewriteError
from ..llm.reply import Messages
from ..model import Message, TokenCount
from ..results import Finding
from ..view import models
from ..view.compressing import archive, plan
from ..view.compressing.plan import Replacement
from ..view.compressing.ranges import Chosen
from ..view.handle import Handle
from ..view.retention import retention
from . import asking, summarize

STRATEGIES = ("auto", "mask", "trim", "summarize", "manual")
_BESIDE = 3  # items on either side of a run that a model is shown


@dataclass(frozen=True)
class Ways:
    """How a range may be made smaller. ``budget`` is of the range, in tokens; ``least`` the share of facts to keep;
    ``rewrite`` takes the originals out of the branch's history as well."""

    strategy: str = "auto"
    texts: tuple[str, ...] = ()
    budget: int | None = None
    llm: llm.Given = None
    least: float | None = None
    dry_run: bool = False
    rewrite: bool = False


@dataclass
class Shrunk:
    """``made`` is what stands for items; ``exact`` whether its size is known, and not the most that it may be."""

    strategy: str
    made: list[Replacement]
    exact: bool = True
    findings: list[Finding] = field(default_factory=list)
    sends: list[Messages] = field(default_factory=list)
    asked: asking.Asked = field(default_factory=asking.Asked)


def shrink(handle: Handle, chosen: Chosen, ways: Ways) -> Shrunk:
    """What becomes of ``chosen``. BudgetError when it cannot be brought within the budget."""
    check_pins(chosen, ways)
    if ways.texts:
        return _manual(handle, chosen, ways)
    most = plan.goal(chosen, ways.budget)
    if ways.strategy in ("mask", "trim"):
        made, exact = plan.shortened(chosen, ways.strategy, ways.budget, plan=ways.dry_run)
        return Shrunk(ways.strategy, made, exact)
    if ways.strategy == "auto":
        made, exact = plan.shortened(chosen, "mask", most, plan=ways.dry_run)
        if plan.after(chosen, made) <= most:
            return Shrunk("mask", made, exact)
    return _summarized(handle, chosen, ways, most)


def check_pins(chosen: Chosen, ways: Ways) -> None:
    """BudgetError when what is pinned is more than the budget by itself."""
    if ways.budget is not None and chosen.fixed > ways.budget:
        raise BudgetError(
            f"pinned items of the range take {chosen.fixed:,} tokens, and the budget is {ways.budget:,}",
            budget=ways.budget, needed=chosen.fixed, hint="give a larger budget, or unpin some of them",
        )  # fmt: skip


# -- a text that was given -----------------------------------------------------------------


def _manual(handle: Handle, chosen: Chosen, ways: Ways) -> Shrunk:
    runs, texts = chosen.runs, ways.texts
    if len(texts) == 1:
        made = [_summary(handle, chosen, chosen.places, texts[0], "manual", tuple(map(len, runs)))]
    elif len(texts) == len(runs):
        made = [_summary(handle, chosen, run, text, "manual", (len(run),))
                for run, text in zip(runs, texts, strict=True)]  # fmt: skip
    else:
        raise InvalidInputError(
            f"{len(texts)} summaries are given, and the range has {len(runs)} run{'' if len(runs) == 1 else 's'}",
            field="summary", hint="give one text for all, or one for each run; a dry run lists them",
        )  # fmt: skip
    return Shrunk("manual", made, findings=[_kept(chosen, one, ways.least) for one in made])


def _kept(chosen: Chosen, one: Replacement, least: float | None) -> Finding:
    """What the text keeps of the facts of its originals."""
    assert one.message is not None
    items = [chosen.sight.items[at] for at in one.places]
    beside = [item for at, item in enumerate(chosen.sight.items) if at in chosen.sight.pinned]
    found = retention(items, one.message.text, beside=beside)
    if least is not None and found.share < least:
        raise UnsafeRewriteError(
            f"the summary keeps {found.share:.0%} of the facts, and {least:.0%} are asked for",
            findings=(Finding("retention", items[0].id, found.told),), hint="say more, or ask for less",
        )  # fmt: skip
    return Finding("retention", items[0].id, found.told, tuple([item.id for item in items]), severity="note")


# -- a model -------------------------------------------------------------------------------


def _summarized(handle: Handle, chosen: Chosen, ways: Ways, most: int) -> Shrunk:
    if handle.counter is None:
        raise StateError("nobody counts tokens here, so a model cannot be told how long a summary may be",
                         hint="open the trace with a tokenizer, or give summary=")  # fmt: skip
    who = _asker(handle, chosen, ways, most)
    sight = chosen.sight
    runs = [_run(chosen, run) for run in chosen.runs]

    def count(text: str) -> int:
        return int(handle.counter.message(_message(text))) if handle.counter is not None else 0

    pins = [sight.items[at] for at in sorted(sight.pinned)]
    window = models.window(who.name, folder=handle.store.folder, readonly=not handle.store.writable) if who else None
    tasks = summarize.tasks(runs, budget=most - chosen.fixed, count=count, pins=pins, window=window)
    shrunk = Shrunk("summarize", [])
    if ways.dry_run:
        shrunk.exact = False
        shrunk.made = [
            Replacement(run, "summarize", task.share, runs=(len(run),))
            for run, task in zip(chosen.runs, tasks, strict=True)
            if not task.stays
        ]
        if who is not None:  # the questions to the letter take time
            shrunk.sends = [messages for task in tasks for messages in task.sends]
            shrunk.findings.append(asking.would(handle, who, shrunk.sends))
        return shrunk
    assert who is not None
    said = summarize.summarize(who, shrunk.asked, tasks, count=count, least=ways.least)
    for run, one in zip(chosen.runs, said, strict=True):
        if one is not None:
            made = _summary(handle, chosen, run, one.text, "summarize", (len(run),), model=one.model, prompt=one.prompt)
            shrunk.made.append(made)
            shrunk.findings += one.findings
    shrunk.findings += shrunk.asked.findings
    return shrunk


def _asker(handle: Handle, chosen: Chosen, ways: Ways, most: int) -> llm.Asker | None:
    """Whom to ask: who was given, else the handle's or the user's model. A dry run asks nobody, so it needs nobody."""
    try:
        found = asking.asker(handle, True if ways.llm is None else ways.llm)
    except LLMError:
        found = None
    if found is None and not ways.dry_run:
        least = plan.after(chosen, plan.shortened(chosen, "mask", None)[0])
        raise LLMError(
            f"the range has {chosen.tokens:,} tokens and may have {most:,}: masking leaves {least:,}, and no model is "
            "chosen to summarize it",
            hint="pass llm= (--llm) a model's name or a callable, set TRACE_GIT_MODEL, "
            'or do without a model: summary="…" (--summary), strategy="mask" (--strategy mask)',
        )
    return found


def _run(chosen: Chosen, run: Sequence[int]) -> summarize.Run:
    sight, first, stop = chosen.sight, run[0], run[-1] + 1
    return summarize.Run(
        tuple([sight.items[at] for at in run]),
        sight.tokens(run),
        sight.items[max(first - _BESIDE, 0) : first],
        sight.items[stop : stop + _BESIDE],
    )


# -- summaries as items --------------------------------------------------------------------


def _message(text: str) -> Message:
    return Message("user", {"role": "user", "content": text}, kind="summary")


def _summary(handle: Handle, chosen: Chosen, places: tuple[int, ...], text: str, strategy: str, runs: tuple[int, ...],
             *, model: str | None = None, prompt: str | None = None) -> Replacement:  # fmt: skip
    """The summary of some items as it will be committed: it names them, their versions, and who wrote it."""
    sight, message = chosen.sight, _message(text)
    items = [sight.items[at] for at in places]
    tokens = int(handle.counter.message(message)) if handle.counter is not None else 0
    made: dict[str, object] = {"digests": [item.blob for item in items], "items": [item.id for item in items]}
    if handle.counter is not None:
        made["tokens"] = {"after": tokens, "before": sight.tokens(places)}
    if prompt is not None:
        made["prompt"] = prompt
    if len(runs) > 1:
        made["runs"] = list(runs)
    made["level"] = archive.level_above([item.message for item in items if item.role == archive.SUMMARY_ROLE])
    message = replace(message, model=model, name="summariser" if model else None, provenance=made)
    return Replacement(places, strategy, tokens, message, runs)


def size(handle: Handle, value: int, *, exact: bool) -> TokenCount:
    """A number of tokens by this handle's tokenizer."""
    return TokenCount(value, exact=exact, counter=handle.counter.name if handle.counter is not None else "")
