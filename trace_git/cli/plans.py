"""Plans of verbs that rewrite: what moves where, what was found about it, and whether to go on.

A command tries the verb first (a dry run, or ``approve=`` of a verb that has it) and hands what comes to ``settle``: on
a terminal a person decides, in a script ``--yes`` does. ``explained`` shows all findings of a refusal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click

from .. import view
from ..errors import UnsafeRewriteError
from ..model import Item
from ..repo import Repo
from ..results import Finding, ItemChange, RewriteResult
from . import changes, differences, editor, exits, messages, receipts, screen, shapes

_MOST = 20  # findings of one kind that a person is shown

yes = click.option(
    "-y", "--yes", is_flag=True, help="Go on whatever the plan warns of; needed where nobody can be asked."
)


def show(repo: Repo, result: RewriteResult, *, title: str, as_json: bool, **more: Any) -> None:
    """A plan that was not carried out: ``title`` says what it would do. ``more`` is for JSON only."""
    before = repo.context().items
    if as_json:
        screen.emit(**shape(result, before=before, repo=repo), **more)
    else:
        screen.show(lines(repo, result, title=title), paged=True)


def shape(result: RewriteResult, *, before: Sequence[Item], repo: Repo) -> dict[str, Any]:
    """A plan as JSON: ``order`` are the ids that the context would have."""
    found = view.diff.of_items(before, result.items, repo.count)
    places = [{item.id: at for at, item in enumerate(some, 1)} for some in (before, result.items)]
    return {
        "dry_run": True,
        "commit": shapes.commit(result.commit) if result.commit else None,
        "order": [item.id for item in result.items],
        "changes": [
            {**differences.shape(one, words=False), **dict(zip(("from", "to"), _places(one, places), strict=True))}
            for one in found
        ],
        "findings": [finding(one) for one in result.findings],
        "receipt": receipts.shape(result.receipt),
        "sends": [{"messages": one} for one in result.sends],
    }


def _places(change: ItemChange, places: Sequence[Mapping[str, int]]) -> list[int | None]:
    return [some.get(change.item.id) for some in places]


def finding(one: Finding) -> dict[str, Any]:
    """A finding as JSON."""
    return {"kind": one.kind, "name": one.name, "text": one.text, "items": list(one.items), "severity": one.severity}


def findings(error: UnsafeRewriteError) -> list[dict[str, Any]]:
    """What a refusal found, as JSON."""
    return [finding(one) for one in _of(error)]


def _of(error: UnsafeRewriteError) -> list[Finding]:
    return [one for one in error.findings if isinstance(one, Finding)]


def lines(repo: Repo, result: RewriteResult, *, title: str) -> Iterator[str]:
    """A plan as text."""
    before = repo.context().items
    found = view.diff.of_items(before, result.items, repo.count)
    yield screen.paint(title, "bold")
    yield ""
    if not found:
        yield "the context stays as it is"
    yield from _rows(found, before, result.items)
    if result.findings:
        yield ""
        yield from listed(result.findings, [*before, *result.items])
    yield ""
    yield from receipts.lines(result.receipt, shapes.short_ids(before))


def _rows(found: Sequence[ItemChange], before: Sequence[Item], after: Sequence[Item]) -> Iterator[str]:
    """A line each: what moved with its two places, counted from 1; everything else as ``diff`` shows it."""
    old, new = ({item.id: at for at, item in enumerate(some, 1)} for some in (before, after))
    ids = shapes.short_ids(one.item for one in found)
    roles = max((len(one.item.role) for one in found), default=0)
    for one in found:
        if one.kinds != ("moved",):
            yield from differences.rows([one])
            continue
        item = one.item
        cells = [
            (">", "cyan"),
            (ids[item.id], "yellow"),
            (f"{item.role:<{roles}}", screen.ROLE_COLOURS.get(item.role)),
            (f"{old[item.id]:,} → {new[item.id]:,}", None),
        ]
        yield screen.row(cells, messages.line(item.message))


def listed(found: Sequence[Finding], items: Sequence[Item]) -> Iterator[str]:
    """Findings as lines, errors first."""
    for head, rest, colour in _said(found, items):
        yield f"{screen.paint(head, colour)} {screen.paint(rest)}"


def noted(found: Sequence[Finding], items: Sequence[Item]) -> None:
    """The same on stderr."""
    for head, rest, colour in _said(found, items):
        screen.note(f"{head} {rest}", colour)


def _said(found: Sequence[Finding], items: Sequence[Item]) -> Iterator[tuple[str, str, str]]:
    """(severity, what, colour); of very many of one kind only how many more there are."""
    ids = shapes.short_ids(items)
    counts = Counter(one.kind for one in found)
    for severity, colour in (("error", "red"), ("warning", "yellow"), ("note", "dim")):
        shown: Counter[str] = Counter()
        for one in found:
            if one.severity != severity:
                continue
            shown[one.kind] += 1
            if shown[one.kind] <= _MOST:
                yield f"{severity}:", f"{one.kind}: {_shortened(one, ids)}", colour
            elif shown[one.kind] == _MOST + 1:
                yield f"{severity}:", f"{one.kind}: … and {counts[one.kind] - _MOST:,} more", colour


def _shortened(one: Finding, ids: Mapping[str, str]) -> str:
    text = one.text
    for item in one.items:
        text = text.replace(item, ids.get(item, item))
    return text


def warnings(result: RewriteResult) -> list[Finding]:
    """The findings over which a plan waits for an answer."""
    return [one for one in result.findings if one.severity != "note"]


def settle(repo: Repo, result: RewriteResult, *, title: str, yes: bool, as_json: bool, begun: bool = False) -> None:
    """Let a plan with warnings pass or not: with ``yes`` it does, on a terminal it is shown and a person is asked.

    UnsafeRewriteError where nobody can be asked; the exit code "no" where somebody said no. Nothing has changed then.
    """
    found = warnings(result)
    if not found or yes:
        return
    count = f"{len(found)} warning{'' if len(found) == 1 else 's'}"
    if as_json or not editor.asked():
        raise UnsafeRewriteError(
            f"{count}, and nobody to ask; nothing has changed",
            findings=result.findings,
            hint="--yes goes on all the same" if begun else "look with --dry-run; --yes goes on all the same",
        )
    screen.show(lines(repo, result, title=title))
    screen.flush()
    try:
        go_on = click.confirm(f"{count}. Go on?", default=False, err=True)
    except click.Abort as stopped:  # click's word for the end of stdin, and for Ctrl-C
        if isinstance(stopped.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        go_on = False
    if not go_on:
        screen.note("nothing has changed")
        raise click.exceptions.Exit(exits.NO)


@contextmanager
def explained(repo: Repo, *, as_json: bool) -> Iterator[None]:
    """Shows a person what an UnsafeRewriteError of this block found, but for an error that its own line says."""
    try:
        yield
    except UnsafeRewriteError as error:
        if not as_json:
            found = _of(error)
            errors = [one for one in found if one.severity == "error"]
            said = len(errors) == 1 and str(error) == f"{errors[0].kind}: {errors[0].text}"
            noted([one for one in found if not (said and one is errors[0])], repo.context().items)
        raise


def told(repo: Repo, result: RewriteResult, *, since: str, as_json: bool) -> None:
    """What was done: the new commit, what it means for the cache, and what was found about it. ``since`` is the commit
    where the branch was."""
    commit = result.commit
    if as_json or commit is None:
        screen.emit(
            dry_run=False,
            changed=commit is not None and commit.id != since,
            commit=shapes.commit(commit) if commit else None,
            findings=[finding(one) for one in result.findings],
            receipt=receipts.shape(result.receipt),
        )
    elif commit.id == since:
        screen.note("already up to date: nothing changed")
    else:
        screen.show([changes.line(commit, changes.branch(repo)), receipts.line(result.receipt)])
        noted([one for one in result.findings if one.kind != "cache-prefix"], repo.context().items)
        changes.aside("back: trace undo")
