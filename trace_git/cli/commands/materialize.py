"""``trace materialize``: the context as a model is sent it."""

from __future__ import annotations

import click

from .. import opening, options, screen, shapes


@click.command("materialize")
@options.revision
@click.option(
    "--as",
    "shape",
    type=click.Choice(["openai", "anthropic", "text", "xml"]),
    default="openai",
    show_default=True,
    help="The form of the output.",
)
@click.option("--conflicts", type=click.Choice(["ours", "theirs"]), help="Show this version of what a merge put off.")
@click.option("--repair", is_flag=True, help="Leave out what a provider would refuse, and say so.")
@options.at_op
@options.as_json
@options.output
def command(
    rev: str,
    shape: str,
    conflicts: str | None,
    repair: bool,
    at_op: int | None,
    as_json: bool,
    output: str | None,
) -> None:
    """Print the context of REV as a model is sent it.

    A pipe or file gets the exact bytes, a terminal safe text. A context with conflicts that a merge put off is
    refused, unless --conflicts says whose version a model is to see.

    \b
    Examples:
      trace materialize --as anthropic -o prompt.json
      trace materialize HEAD~3 --as text
    """
    with opening.opened(at_op=at_op) as repo:
        prompt = repo.materialize(rev, materializer=shape, repair=repair, conflicts=conflicts)
        screen.warn(prompt.warnings)
        if prompt.commit is None:
            screen.note("no commits yet")
        if as_json:
            screen.emit(
                commit=prompt.commit,
                materializer=shape,
                output=prompt.output,
                **shapes.count(prompt.tokens),
                digest=prompt.digest,
                warnings=list(prompt.warnings),
            )
            return
        import json

        made = prompt.output
        text = made if isinstance(made, str) else json.dumps(made, ensure_ascii=False, indent=2) + "\n"
        screen.exact(text, output)
