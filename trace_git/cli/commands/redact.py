"""``trace redact``: take content out of every commit and every file of the trace, for good."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict

import click

from ...errors import InvalidInputError
from ...results import RedactResult
from .. import opening, options, screen


@click.command("redact", short_help="Take a text or an item out of all history, for good.")
@click.argument("text", required=False)
@click.option("--item", metavar="ITEM", help="Erase all that this item ever said; a placeholder stays.")
@click.option("--regex", metavar="PATTERN", help="Erase what this regular expression matches.")
@click.option("--stdin", is_flag=True, help="Read the text from stdin: it stays out of the shell's history.")
@click.option(
    "--replacement", metavar="TEXT", default="[redacted]", show_default=True, help="What stands in its place."
)
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    text: str | None,
    item: str | None,
    regex: str | None,
    stdin: bool,
    replacement: str,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Take TEXT out of every message, commit message, tag, tool definition and name, in every commit of every branch.

    This cannot be undone. All commits from the first that had it get new ids, and the operation log begins
    anew. Afterwards it is in no file of the trace; remotes, clones and copies still have it, and are named.

    \b
    Examples:
      trace redact "sk-live-4815162342" --dry-run
      trace redact --stdin --yes < secret.txt
      trace redact --item 3f2a91bc
      trace redact --regex "[a-z]+@example.com" --replacement "mail"
    """
    if stdin and text is not None:
        raise InvalidInputError("TEXT and --stdin are two texts", field="text", hint="give one of them")
    given = _read() if stdin else text
    with opening.opened() as repo:
        sure = yes and not dry_run
        found = repo.redact(given, item=item, regex=regex, replacement=replacement, dry_run=not sure)
        if not (dry_run or sure) and not as_json and _agreed(found):
            found = repo.redact(given, item=item, regex=regex, replacement=replacement)
    if as_json:
        screen.emit(**asdict(found))
    else:
        screen.show(_lines(found))
    if not found.applied and not dry_run:
        screen.note("nothing was changed: give --yes to do it")
        ctx.exit(1)


def _read() -> str:
    if sys.stdin is None:
        raise InvalidInputError("there is no stdin", field="text")
    return sys.stdin.read().removesuffix("\n")


def _agreed(found: RedactResult) -> bool:
    """Show what would be done and ask, if there is somebody to ask."""
    if sys.stdin is None or sys.stdin.closed or not sys.stdin.isatty() or not screen.on_terminal(sys.stderr):
        return False
    screen.show(_lines(found))
    return click.confirm("This cannot be undone. Do it?", default=False, err=True)


def _lines(found: RedactResult) -> Iterator[str]:
    would = "" if found.applied else "would be "
    yield f"{len(found.items):,} items, {found.blobs:,} versions {would}redacted"
    yield f"{found.commits:,} commits {would}rewritten, {len(found.refs):,} refs moved"
    colours = {"warning": "yellow", "note": "dim"}
    yield from (screen.paint(str(one), colours.get(one.severity)) for one in found.findings)
