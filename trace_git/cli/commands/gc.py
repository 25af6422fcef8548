"""``trace gc``: remove what nothing leads to any more, make one pack of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import click

from ...results import GcResult
from .. import opening, operations, options, screen

_SHOWN = 10  # keep refs that are listed one by one; --json has them all
_WHY = {
    "reachable": "behind branches, tags and other refs",
    "kept": "left behind not long enough ago",
    "never": "where a branch was that loses nothing",
    "pinned": "with a pin that nothing else has",
    "recent": "perhaps on their way from another program",
}


@click.command("gc", short_help="Remove what nothing leads to any more; pack the rest.")
@click.option("--apply", is_flag=True, help="Do it; without this, only say what would go.")
@click.option(
    "--keep-days",
    type=click.FloatRange(min=0),
    default=14.0,
    metavar="DAYS",
    show_default="14",
    help="How long what a command left behind can be brought back.",
)
@click.option("--keep-last", type=click.IntRange(min=0), metavar="N", help="Spare what the last N operations left.")
@click.option(
    "--keep-pinned/--no-keep-pinned",
    default=True,
    help="Spare commits with a pin that no other has.",
    show_default=True,
)
@click.option("--never", multiple=True, metavar="BRANCH", help="Spare what this branch left (a pattern; repeatable).")
@options.as_json
def command(
    apply: bool, keep_days: float, keep_last: int | None, keep_pinned: bool, never: tuple[str, ...], as_json: bool
) -> None:
    """Remove commits and messages that nothing leads to any more, and make one pack of the rest.

    What a reset, a deleted branch, a rewrite or an undo left behind is kept for a while, so that it can be
    undone; `reset --hard` leaves nothing for long. Without --apply nothing is changed. What is removed is gone
    for good, unless another clone has it.

    \b
    Examples:
      trace gc
      trace gc --apply
      trace gc --keep-days 30 --keep-last 10 --never main --apply
    """
    with opening.opened() as repo:
        found = repo.gc(dry_run=not apply, keep_days=keep_days, keep_last=keep_last, keep_pinned=keep_pinned,
                        never=never)  # fmt: skip
    if as_json:
        screen.emit(**asdict(found))
        return
    screen.show(_lines(found))
    if not found.applied:
        screen.note("nothing was changed: `trace gc --apply` does it")


def _lines(found: GcResult) -> Iterator[str]:
    gone, verb = found.commits["removed"], "removed" if found.applied else "would go"
    yield f"{found.removed:,} objects {verb}, {gone:,} commit{'' if gone == 1 else 's'} among them"
    for one in found.ended[:_SHOWN]:
        names = ", ".join(one.branches) or "no branch"
        what = f"{one.commit[:8]}  left by {one.verb} {one.operation}, {operations.age(one.time)}, on {names}"
        yield "  " + screen.paint(what)
    if len(found.ended) > _SHOWN:
        yield f"  … and {len(found.ended) - _SHOWN} more, see --json"
    yield from (
        f"{count:,} commit{' stays' if count == 1 else 's stay'} {why}"
        for reason, why in _WHY.items()
        if (count := found.commits[reason])
    )
    about = "" if found.applied else "about "
    packs = f"{found.packs_before} → {found.packs_after} packs"
    yield f"{packs}, {found.bytes_before:,} → {about}{found.bytes_after:,} bytes"
    yield from (screen.paint(str(one), "dim") for one in found.findings)
    if found.ended and not found.applied:
        yield f"to keep one: trace branch NAME {found.ended[0].commit[:8]}; the last operation: trace undo"
