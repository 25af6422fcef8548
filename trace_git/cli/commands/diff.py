"""``trace diff``: two contexts compared, item by item, and what that means for a provider's cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from ...errors import InvalidInputError
from ...results import Diff
from .. import differences, exits, opening, options, receipts, screen, shapes


@click.command("diff")
@click.argument("revs", nargs=-1, metavar="[A [B] | A..B]")
@click.option("--stat", is_flag=True, help="One line for each item, without its text.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when something differs.")
@click.option("--quiet", is_flag=True, help="Print nothing, only exit with 1 when something differs.")
@options.at_op
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    revs: tuple[str, ...],
    stat: bool,
    exit_code: bool,
    quiet: bool,
    at_op: int | None,
    as_json: bool,
) -> None:
    """Compare the contexts of two commits.

    These are A and B, or A and HEAD, or without A the last commit and its parent. Signs: + added, - removed,
    ~ edited, > moved, and a mark for pins. In edited text [-this went-] and {+this came+}; colours say it on
    a terminal. The last lines are the tokens before and after, and how much of the prompt a provider still
    has in its cache.

    \b
    Examples:
      trace diff
      trace diff main try-2 --stat
      trace diff HEAD~3..HEAD --exit-code
    """
    old, new = _sides(revs)
    with opening.opened(at_op=at_op) as repo:
        diff = repo.diff(old, new)
        if as_json and not quiet:
            screen.emit(**_shape(diff, stat=stat))
        elif diff and not quiet:
            screen.show(_lines(diff, stat=stat), paged=True)
        elif not quiet:
            screen.note("nothing differs")
    if diff and (exit_code or quiet):
        ctx.exit(exits.NO)


def _sides(revs: tuple[str, ...]) -> tuple[str | None, str]:
    """The two revisions; None for the parent of the other."""
    if len(revs) > 2:
        raise click.UsageError(f"{len(revs)} revisions are too many: give one, two, or A..B")
    if len(revs) != 1:
        return (revs[0], revs[1]) if revs else (None, "HEAD")
    (text,) = revs
    if text.startswith(":/") or ".." not in text:
        return text, "HEAD"
    old, _, new = text.partition("..")
    if new.startswith("."):
        raise InvalidInputError(f"{text!r} has three dots", field="rev", hint="compare two contexts with A..B")
    return old or "HEAD", new or "HEAD"


def _shape(diff: Diff, *, stat: bool) -> dict[str, Any]:
    return {
        "old": diff.old,
        "new": diff.new,
        "changes": [differences.shape(change, words=not stat) for change in diff.changes],
        "tools_changed": diff.tools_changed,
        "receipt": receipts.shape(diff.receipt),
    }


def _lines(diff: Diff, *, stat: bool) -> Iterator[str]:
    yield screen.paint(f"diff {_short(diff.old)}..{_short(diff.new)}", "bold")
    yield ""
    rows, gap = differences.rows(diff.changes, words=stat), False
    for row, change in zip(rows, diff.changes, strict=True):
        yield row
        text = [] if stat else list(differences.body(change))
        yield from [*text, ""] if text else ()
        gap = not text
    if gap and diff.changes:
        yield ""
    tools = ["the tool definitions changed"] if diff.tools_changed else []
    yield ", ".join([part for part in [differences.summary(diff.changes)] if part] + tools)
    ids = shapes.short_ids(change.item for change in diff.changes)
    yield from receipts.lines(diff.receipt, ids)


def _short(commit: str | None) -> str:
    return commit[:8] if commit else "(nothing)"
