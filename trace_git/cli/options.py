"""Options and arguments that several commands share."""

from __future__ import annotations

import click

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
at_op = click.option(
    "--at-op",
    type=click.IntRange(min=0),
    metavar="N",
    help="Look at the trace as it was after operation N (see `trace op log`).",
)
dry_run = click.option("--dry-run", is_flag=True, help="Say what would come of it, and change nothing.")
revision = click.argument("rev", default="HEAD", metavar="[REV]")
output = click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, writable=True),
    metavar="FILE",
    help="Write to FILE instead of stdout.",
)
