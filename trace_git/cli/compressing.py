"""Compresses in words and as JSON: what one did or would do, and which ones a context has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..repo import Repo
from ..results import CompressedRun, Compression, CompressResult, Finding, Receipt, Recommendation
from . import changes, receipts, screen, shapes

_WORDS = {"mask": "masked", "trim": "trimmed", "summarize": "summarized", "manual": "summarized by your text"}


def shape(result: CompressResult, *, dry_run: bool = False) -> dict[str, Any]:
    """A result as JSON."""
    return {
        "id": result.id,
        "dry_run": dry_run,
        "commit": shapes.commit(result.commit) if result.commit else None,
        "strategy": result.strategy,
        "summaries": list(result.summaries),
        "tokens_before": int(result.tokens_before),
        "tokens_after": int(result.tokens_after),
        "exact": result.tokens_before.exact and result.tokens_after.exact,
        "budget": result.budget,
        "level": result.level,
        "runs": [_run(one) for one in result.runs],
        "findings": [finding(one) for one in result.findings],
        "receipt": receipts.shape(result.receipt),
        "recommended": _recommended(result.recommended),
        "sends": [{"messages": one} for one in result.sends],
    }


def _run(one: CompressedRun) -> dict[str, Any]:
    return {
        "items": list(one.items),
        "strategy": one.strategy,
        "tokens_before": one.tokens_before,
        "tokens_after": one.tokens_after,
        "stands": list(one.stands),
    }


def _recommended(one: Recommendation | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "range": one.range,
        "items": list(one.items),
        "tokens": one.tokens,
        "budget": one.budget,
        "receipt": receipts.shape(one.receipt),
    }


def finding(one: Finding) -> dict[str, Any]:
    return {"kind": one.kind, "name": one.name, "text": one.text, "items": list(one.items), "severity": one.severity}


def told(found: Iterable[Finding]) -> None:
    """Findings, on stderr: notes quietly, warnings as such."""
    for one in found:
        if one.severity == "note":
            changes.aside(one.text)
        else:
            screen.warn([one.text])


def done(repo: Repo, result: CompressResult, *, as_json: bool, back: str = "expand") -> None:
    """What a compress did; what it found out is on stderr. ``back`` is the command that takes it back."""
    if as_json:
        screen.emit(**shape(result))
        return
    told(result.findings)
    if result.commit is None:
        screen.note("nothing changed")
        return
    screen.show(
        [
            changes.line(result.commit, changes.branch(repo)),
            receipts.sizes(result.receipt),
            receipts.line(result.receipt),
        ]
    )
    changes.aside(f"back: trace expand {(result.id or '')[:8]}" if back == "expand" else f"back: trace {back}")


def planned(result: CompressResult, *, as_json: bool) -> None:
    """A compress that would be made: run by run, what it costs, and what would cost less."""
    if as_json:
        screen.emit(**shape(result, dry_run=True))
    elif result.strategy is None:
        told(result.findings)
        screen.note("nothing would change")
    else:
        screen.show(_plan(result), paged=True)


def _plan(result: CompressResult) -> Iterator[str]:
    before, after = shapes.number(result.tokens_before), shapes.number(result.tokens_after)
    most = "at most " if result.sends or result.strategy == "summarize" else ""
    limit = f", budget {result.budget:,}" if result.budget is not None else ""
    yield screen.paint(f"Would compress {before} → {most}{after} tokens{limit}", "bold")
    yield ""
    yield from _runs(result)
    yield ""
    for one in result.findings:
        yield f"{screen.paint('note:' if one.severity == 'note' else 'warning:', 'yellow')} {screen.paint(one.text)}"
    yield from receipts.lines(result.receipt)
    if (better := result.recommended) is not None:
        words = f"trace compress {better.range} --budget {better.budget} --strategy {result.strategy}"
        yield f"{screen.paint('cheaper for the cache:', 'green')} {words} keeps {_kept(better.receipt)} instead of " + (
            _kept(result.receipt)
        )


def _kept(receipt: Receipt) -> str:
    return f"{receipt.kept:,} tokens ({shapes.percent(receipt.share)})"


def _runs(result: CompressResult) -> Iterator[str]:
    """One line a run, all masked outputs on one."""
    short = [one for one in result.runs if one.strategy in ("mask", "trim")]
    if short:
        items, sizes = sum(len(one.items) for one in short), (_sum(short, "tokens_before"), _sum(short, "tokens_after"))
        outputs = f"{items:,} tool output{'' if items == 1 else 's'}"
        yield f"  {outputs}: {sizes[0]:,} → {sizes[1]:,} tokens, {_WORDS[short[0].strategy]}"
    for one in result.runs:
        if one.strategy not in ("mask", "trim"):
            count = f"{len(one.items):,} item{'' if len(one.items) == 1 else 's'}"
            yield (
                f"  {screen.paint(f'{one.items[0][:8]}…{one.items[-1][:8]}', 'yellow')}  {count}: "
                f"{one.tokens_before:,} → {one.tokens_after:,} tokens, {_WORDS[one.strategy]}"
            )


def _sum(runs: Iterable[CompressedRun], name: str) -> int:
    return sum(getattr(one, name) for one in runs)


# -- what a context has --------------------------------------------------------------------


def listed(found: Iterable[Compression]) -> Iterator[str]:
    """One line each: id, how much, how deep."""
    for one in found:
        facts = [f"{len(one.items):,} item{'' if len(one.items) == 1 else 's'}", _how(one)]
        facts += [] if one.live else ["compressed again since"]
        sizes = f"{one.tokens_before:,} → {one.tokens_after:,}"
        yield f"{screen.paint(one.id[:8], 'yellow')} {sizes} tokens {screen.paint(', '.join(facts), 'dim')}"


def _how(one: Compression) -> str:
    if not one.level:
        return "shortened"
    return "summarized" if one.level == 1 else f"summarized, level {one.level}"
