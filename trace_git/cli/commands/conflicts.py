"""``trace conflicts``: what a merge left to settle, now or for later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from ...conflicts import Conflict
from ...ops import merging_state, replay_state
from .. import conflicts, merging, opening, options, screen


@click.command("conflicts", short_help="List what a merge left to settle, side by side.")
@options.as_json
def command(as_json: bool) -> None:
    """List the conflicts there are, with base, ours and theirs side by side.

    These are the conflicts of the merge, rebase or cherry-pick that is open, with the answers so far, and
    those that were put off and that are in the context of HEAD. `trace resolve` settles them.

    \b
    Examples:
      trace conflicts
      trace conflicts --json
    """
    with opening.opened() as repo:
        here = merging.under_way(repo)
        begun, elsewhere = here.here(), here.elsewhere()
        if elsewhere is not None:
            screen.note(f"{elsewhere}: {elsewhere.hint}")
        found = here.conflicts() if begun is not None else ()
        put_off = repo.conflicts()
        if as_json:
            answers = begun.answers if begun else {}
            screen.emit(
                merge=begun.shape() if isinstance(begun, merging_state.Begun) else None,
                replay=begun.shape() if isinstance(begun, replay_state.Begun) else None,
                conflicts=[conflicts.shape(one, answers.get(one.id)) for one in found],
                deferred=[conflicts.shape(one, put_off=True) for one in put_off],
            )
        elif begun is None and not put_off:
            screen.note("no conflicts" if elsewhere is None else "no conflicts here")
        else:
            screen.show(_lines(begun, found, put_off), paged=True)


def _lines(
    begun: merging_state.Begun | replay_state.Begun | None, found: Sequence[Conflict], put_off: Sequence[Conflict]
) -> Iterator[str]:
    if begun is not None:
        left = len(merging.left(found, begun.answers))
        count = f"{left} of {merging.counted(len(found))} left" if found else "no conflicts"
        yield screen.paint(f"{merging.called(begun)}: {count}", "bold")
        yield from ([""] if found else [])
        yield from conflicts.listed(found, begun.answers)
    if begun is not None and put_off:
        yield ""
    if put_off:
        yield screen.paint(f"Put off: {merging.counted(len(put_off))}", "bold")
        yield ""
        yield from conflicts.listed(put_off, {}, put_off=True)
