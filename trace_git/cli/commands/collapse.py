"""``trace collapse``: take the work of a sub-agent back."""

from __future__ import annotations

import click

from ...errors import StateError
from ...repo import Repo
from .. import changes, opening, options, screen, shapes


@click.command("collapse", short_help="Take the work of a sub-agent back.")
@click.argument("agent", metavar="NAME")
@click.argument("text", required=False)
@click.option("--llm", metavar="[MODEL]", is_flag=False, flag_value="", help="Let a model say what it found.")
@click.option("--budget", type=click.IntRange(min=1), metavar="TOKENS", help="What that may take; 1000 for a model.")
@click.option("--as", "as_", metavar="CALL", default="assistant", help="Give it as the result of this open call.")
@click.option("-m", "--message", metavar="SUBJECT", help="The commit message; made from the content by default.")
@options.as_json
def command(
    agent: str, text: str | None, llm: str | None, budget: int | None, as_: str, message: str | None, as_json: bool
) -> None:
    """Take the work of agent NAME back: one item that says TEXT, and one commit that has its history behind it.

    Without TEXT, or with -, stdin is read; on a terminal the editor opens with what the agent said last. With
    --llm a model says what it found: MODEL, else that of TRACE_GIT_MODEL or `trace config --global model`. The
    assistant says it, or, where a tool call is open, it is the result of that call: --as CALL. After more work
    only what is new is taken.

    \b
    Examples:
      trace collapse researcher "The token expires at once: auth.py:12."
      trace collapse researcher --llm --budget 500
      trace collapse researcher --as call_9 < report.md
    """
    if llm is not None and text is not None:
        raise click.UsageError("a TEXT and --llm exclude each other; a word behind --llm is the MODEL")
    with opening.opened() as repo:
        before = repo.get("HEAD").id
        summary = None if llm is not None else _read(repo, agent, text)
        made = repo.collapse(agent, summary=summary, llm=None if llm is None else llm or True, budget=budget, as_=as_,
                             message=message)  # fmt: skip
        new = repo.get("HEAD").id != before
        if as_json:
            items = [shapes.item(item) for item in made.items] if new else []
            screen.emit(commit=shapes.commit(made), new=new, items=items)
        elif new:
            screen.show([changes.line(made, changes.branch(repo))])
        else:
            screen.show([screen.paint(f"Already up to date: {made.short_id} took the last of {agent}")])


def _read(repo: Repo, agent: str, text: str | None) -> str:
    if text not in (None, "-"):
        return str(text)
    from .. import editor  # costs start-up time

    with repo.agent(agent) as child:  # first: nobody is asked for a text about an agent that is not there
        if not (text is None and editor.asked()):
            return editor.piped(what="collapse", hint="say what the agent found, or have a model say it: --llm")
        said = [one.message.text for one in child.context().items if one.role == "assistant"]
    made = editor.edited(said[-1] if said else "", what="collapse")
    if not made.strip():
        raise StateError("nothing to collapse: the editor gave no text", hint="nothing changed")
    return made
