"""``trace range-diff``: what became of each commit of a branch that was rewritten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from ...model import Commit
from ...results import Fate
from .. import differences, exits, opening, options, screen, shapes

_SIGNS = {"kept": ("=", "dim"), "changed": ("!", "yellow"), "dropped": ("<", "red"), "new": (">", "green")}


@click.command("range-diff", short_help="Show what became of each commit.")
@click.argument("revs", nargs=-1, required=True, metavar="OLD NEW | OLD...NEW | BASE OLD NEW | A..B C..D")
@click.option("--stat", is_flag=True, help="Without the text of what changed.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when anything but kept commits is there.")
@options.as_json
@click.pass_context
def command(ctx: click.Context, revs: tuple[str, ...], stat: bool, exit_code: bool, as_json: bool) -> None:
    """Show what became of each commit between OLD and NEW, two states of a branch.

    Compared are the commits of each that the other has not, or those that BASE has not, or two ranges. They are
    matched by what they did to which items, not by their ids. Signs: = kept, ! changed, < dropped, > new.

    \b
    Examples:
      trace range-diff try-2@{1} try-2
      trace range-diff main try-2@{1} try-2 --stat
    """
    old, new, base = _sides(revs)
    with opening.opened() as repo:
        found = repo.range_diff(old, new, base=base)
        if as_json:
            screen.emit(commits=[_shape(one, stat=stat) for one in found])
        elif found:
            screen.show(_lines(found, stat=stat), paged=True)
        else:
            screen.note("there are no commits to compare")
    if exit_code and any(one.kind != "kept" for one in found):
        ctx.exit(exits.NO)


def _sides(revs: Sequence[str]) -> tuple[str, str, str | None]:
    if len(revs) == 3:
        return revs[1], revs[2], revs[0]
    if len(revs) == 2:
        return revs[0], revs[1], None
    left, dots, right = revs[0].partition("...")
    if len(revs) != 1 or not dots:
        raise click.UsageError("give two revisions, two ranges, OLD...NEW, or BASE OLD NEW")
    return left or "HEAD", right or "HEAD", None


def _lines(found: Sequence[Fate], *, stat: bool) -> Iterator[str]:
    numbers = max(len(str(len(found))), 1)
    for one in found:
        sign, colour = _SIGNS[one.kind]
        commit = one.new or one.old
        assert commit is not None
        sides = [_side(one.old_number, one.old, numbers), _side(one.new_number, one.new, numbers)]
        head = f"{sides[0]} {screen.paint(sign, colour)} {sides[1]}"
        yield f"{head} {screen.paint(commit.subject, colour if one.kind in ('dropped', 'kept') else None)}"
        yield from _below(one, stat=stat)


def _side(number: int | None, commit: Commit | None, numbers: int) -> str:
    return f"{number or '-':>{numbers}}: {screen.paint(commit.short_id if commit else '--------', 'yellow')}"


def _below(one: Fate, *, stat: bool) -> Iterator[str]:
    if one.old is not None and one.new is not None and one.old.message != one.new.message:
        yield f"    {screen.paint('message was:', 'dim')} {screen.paint(one.old.subject)}"
    for row, change in zip(differences.rows(one.changes, reserved=4), one.changes, strict=True):
        yield f"    {row}"
        if not stat:
            yield from (f"      {line}" for line in differences.body(change))


def _shape(one: Fate, *, stat: bool) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "old": shapes.commit(one.old) if one.old else None,
        "new": shapes.commit(one.new) if one.new else None,
        "old_number": one.old_number,
        "new_number": one.new_number,
        "changes": [differences.shape(change, words=not stat) for change in one.changes],
    }
