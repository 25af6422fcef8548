"""``trace spawn``: begin a sub-agent."""

from __future__ import annotations

import click

from .. import changes, opening, options, screen, shapes


@click.command("spawn", short_help="Begin a sub-agent, a repository of its own.")
@click.argument("name")
@click.option("--purpose", metavar="TEXT", default="", help="What it is for; `trace agents` shows that.")
@click.option("--context", type=click.Choice(["full", "empty"]), help="What it knows at first (default: full).")
@click.option("--item", "items", metavar="ITEM", multiple=True, help="It knows this item, with its tool group; again.")
@click.option("--budget", type=click.IntRange(min=1), metavar="TOKENS", help="How many tokens it has.")
@options.as_json
def command(
    name: str, purpose: str, context: str | None, items: tuple[str, ...], budget: int | None, as_json: bool
) -> None:
    """Begin agent NAME: a repository of its own in this trace, with its own HEAD, branches, pins and undo.

    It begins with this context, byte for byte, so that a provider's cache is shared; a tool call that is open
    here is left out. Or with --context empty, or with chosen items. Nothing is copied, and this context stays
    as it is. Work in it with `trace --agent NAME`, and take its work back with `trace collapse NAME`.

    \b
    Examples:
      trace spawn researcher --purpose "Find out why login fails"
      trace spawn reviewer --item 3f2a --item 91bc --budget 20000
      trace --agent researcher spawn reader
    """
    if context is not None and items:
        raise click.UsageError("--context and --item exclude each other")
    with opening.opened() as repo:
        chosen = [changes.item(repo, word) for word in items]
        with repo.spawn(name, purpose=purpose, context=chosen or context or "full", budget=budget) as child:
            made, tokens = child.get("HEAD"), child.context().tokens
        if as_json:
            found = next(one for one in repo.agents() if one.name == name)
            screen.emit(agent=shapes.agent(found), commit=shapes.commit(made))
            return
        size = f"{shapes.number(tokens)} tokens" if tokens.counter else "not counted"
        screen.show([f"{screen.paint(f'Spawned {name} at')} {changes.place(made)}{screen.paint(f' ({size})', 'dim')}"])
        changes.aside(f"work in it: trace --agent {name} …; take its work back: trace collapse {name}")
