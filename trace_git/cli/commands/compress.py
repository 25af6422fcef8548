"""``trace compress``: make a part of the context smaller; the originals stay in the trace."""

from __future__ import annotations

from typing import Any

import click

from ...ops.shrinking import STRATEGIES
from .. import compressing, opening, options


@click.command("compress")
@click.argument("ranges", metavar="[RANGE]...", nargs=-1)
@click.option("--budget", type=click.IntRange(min=1), metavar="TOKENS", help="What the range may have then.")
@click.option("--to-fit", metavar="MODEL", help="As small as it takes for the context to fit MODEL's window.")
@click.option("--keep-last", type=click.IntRange(min=0), metavar="K", help="Leave the last K turns; 2 without a RANGE.")
@click.option("--strategy", type=click.Choice(STRATEGIES), default="auto", show_default=True, help="How.")
@click.option("--summary", "summaries", metavar="TEXT", multiple=True, help="Your summary; once, or once for each run.")
@click.option("--llm", metavar="MODEL", help="Who summarizes; by default TRACE_GIT_MODEL or `trace config model`.")
@click.option("--retention", type=click.FloatRange(0, 1), metavar="SHARE", help="Facts that a summary has to keep.")
@click.option("--rewrite", is_flag=True, help="Take the originals out of the branch's history as well.")
@click.option("-m", "--message", metavar="SUBJECT", help="The commit message; made from the sizes by default.")
@click.option("--dry-run", is_flag=True, help="Say what would be done and what it costs; ask no model.")
@options.as_json
def command(
    ranges: tuple[str, ...], summaries: tuple[str, ...], rewrite: bool, dry_run: bool, as_json: bool, **how: Any
) -> None:
    """Make a part of the context smaller, in one commit on top.

    RANGE is A..B, what came after A up to B; one revision, all up to it; FIRST:LAST, two items; or ITEMs. Without
    one it is all but the last two turns. Pinned items, system messages and tool groups that are not wholly inside
    stay. `trace expand` brings the originals back.

    mask puts a stub in the place of each tool output, trim keeps its head and tail; both need no model, and with
    --budget they stop when it is met. summarize asks a model. auto masks, and summarizes when that is not enough.
    Without --budget a summary may have a quarter of what it replaces. With --rewrite the history forgets the
    originals: every commit is made again without them, and only `trace undo` brings them back, until gc.

    \b
    Examples:
      trace compress --strategy mask
      trace compress HEAD~40..HEAD~5 --budget 2000 --llm openai/gpt-4o
      trace compress HEAD~3 --summary "The tests pass; the cause was a stale cache."
      trace compress --to-fit gpt-4o --dry-run
    """
    if how["budget"] is not None and how["to_fit"] is not None:
        raise click.UsageError("--budget and --to-fit exclude each other")
    range_ = ranges[0] if len(ranges) == 1 else list(ranges) or None
    with opening.opened() as repo:
        result = repo.compress(range_, summary=summaries or None, rewrite=rewrite, dry_run=dry_run, **how)
        if dry_run:
            compressing.planned(result, as_json=as_json)
        else:
            compressing.done(repo, result, back="undo" if rewrite else "expand", as_json=as_json)
