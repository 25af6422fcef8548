"""fit: keep a context within a limit, as an agent's loop calls it before each question.

It does nothing until the limit is passed, and then goes well below it, so that the prompt's cache is not broken at
every turn. In this order, the first that does:

    1  mask tool outputs in the latest part of the range that gives enough, down to the low mark
    2  let a model summarize the latest such part, down to the low mark; when there is a model
    3  mask whatever it takes, down to the limit
    4  let a model summarize all of the range, down to the limit

The latest part, since all that is before it stays cached. A model that fails, or loses too many facts, is not asked
again: a loop goes on where masking does. The size of the context is what an API reported, where one did, and what came
since.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from ..errors import BudgetError, InvalidInputError, LLMError, StateError, TraceError, UnsafeRewriteError
from ..llm import Given
from ..results import CompressResult, Finding
from ..view import status
from ..view.compressing import plan, ranges
from ..view.compressing.ranges import Chosen
from ..view.handle import Handle
from . import asking, compress
from .shrinking import Ways

LOW = 0.7  # of the limit: how far down it goes


class _Try(NamedTuple):
    """A part of the range, what it may have, and how."""

    part: Chosen
    budget: int
    strategy: str


def fit(
    handle: Handle,
    budget: int | None = None,
    *,
    llm: Given = None,
    low: float = LOW,
    keep_last: int | None = None,
    retention: float | None = None,
    dry_run: bool = False,
    message: str | None = None,
    timestamp: float | datetime | None = None,
) -> CompressResult:
    """Compress the bound branch when its context is above ``budget``; see ``Repo.fit``."""
    limit = _limit(handle, budget)
    compress.check_share(low, "low")
    if handle.counter is None:
        raise StateError("nobody counts tokens here, so no budget can be met", hint="open the trace with a tokenizer")
    sight = compress.sight(handle)
    total = sight.above(limit)
    if total <= limit:
        told = Finding("budget", "budget", f"the context has {total:,} tokens, within {limit:,}", severity="note")
        size = sight.prompt
        return CompressResult(None, None, (), size, size, (told,), plan.receipt(sight, ()), budget=limit)
    chosen = ranges.choose(sight, None, keep_last=keep_last)
    model = _model(handle, llm)
    given = model if model is not None else False
    failed: BudgetError | None = None
    useless: LLMError | UnsafeRewriteError | None = None
    for one in _tries(chosen, total, limit, int(limit * low), model=model is not None):
        if one.strategy == "summarize" and useless is not None:
            break
        try:
            how = Ways(one.strategy, (), one.budget, given, retention, dry_run)
            made = compress.of(handle, one.part, how, message=message, timestamp=timestamp)
            return made if useless is None else replace(made, findings=(*made.findings, _without(useless)))
        except BudgetError as error:
            failed = error
        except (LLMError, UnsafeRewriteError) as error:
            if one.strategy != "summarize":
                raise
            useless = error
    raise useless or _unfit(chosen, total, limit, failed, model=model is not None)


def _without(error: TraceError) -> Finding:
    told = f"tool outputs are masked down to the limit, as there is no summary: {error}"
    return Finding("llm", "llm", told, severity="warning")


def _tries(chosen: Chosen, total: int, limit: int, low: int, *, model: bool) -> Iterator[_Try]:
    ways = [("mask", low), ("summarize", low), ("mask", limit), ("summarize", limit)]
    for strategy, most in ways:
        wanted = total - most
        part = plan.part(chosen, wanted, strategy) if most == low else chosen
        if (strategy == "mask" or model) and part is not None and part.places and part.tokens - wanted > part.fixed:
            yield _Try(part, part.tokens - wanted, strategy)


def _limit(handle: Handle, budget: int | None) -> int:
    if budget is None:
        handle.store.refresh()
        budget = status.status(handle).budget
        if budget is None:
            raise StateError("there is no budget to fit into", hint="give one, or set it: trace budget TOKENS")
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < 1:
        raise InvalidInputError(f"budget {budget!r} is not a number of tokens", field="budget", hint="give 1 or more")
    return budget


def _model(handle: Handle, llm: Given) -> Given:
    """Who would be asked; None for nobody, when none was given or is configured."""
    try:
        return asking.asker(handle, True if llm is None else llm)
    except LLMError:
        if llm is True:
            raise
        return None


def _unfit(chosen: Chosen, total: int, limit: int, failed: BudgetError | None, *, model: bool) -> BudgetError:
    kept = total - chosen.tokens + chosen.fixed
    if kept > limit:
        text, hint = f"{kept:,} of them stay, pinned or in the last turns", "unpin some, or keep fewer: keep_last=1"
    elif model:
        text, hint = "no summary got it that far", "give a larger budget, or try another model"
    else:
        text, hint = "masking tool outputs is not enough", "pass llm= a model's name or a callable"
    said = f" ({failed})" if failed is not None and kept <= limit else ""
    return BudgetError(
        f"the context has {total:,} tokens, the budget is {limit:,}, and {text}{said}",
        budget=limit,
        needed=failed.needed if failed is not None and kept <= limit else kept,
        hint=hint,
    )
