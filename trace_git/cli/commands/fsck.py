"""``trace fsck``: read everything, and say what is damaged."""

from __future__ import annotations

from dataclasses import asdict

import click

from .. import exits, opening, options, screen


@click.command("fsck")
@options.as_json
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Check every ref, object, message and pin of the trace. Changes nothing; exit code 5 when something is damaged."""
    with opening.opened() as repo:
        findings = repo.verify()
    if as_json:
        screen.emit(findings=[asdict(finding) for finding in findings])
    elif findings:
        screen.show([f"{screen.paint(one.kind, 'red')} {screen.paint(str(one))}" for one in findings])
    else:
        screen.note("all is well")
    if findings:
        ctx.exit(exits.CORRUPT)
