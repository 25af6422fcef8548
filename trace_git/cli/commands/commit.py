"""``trace commit``: put something at the end of the context."""

from __future__ import annotations

from typing import Any

import click

from ...errors import InvalidInputError, StateError
from ...model import ROLES
from .. import changes, opening, options, screen, shapes


@click.command("commit")
@click.argument("text", required=False)
@click.option("--role", metavar="ROLE", help=f"Who says it: {', '.join(ROLES)} (default: user).")
@click.option("-m", "--message", metavar="SUBJECT", help="The commit message; made from the content by default.")
@click.option("--messages", is_flag=True, help="The input is JSON: a message, a list of them, or a response.")
@click.option("--pin", is_flag=True, help="Keep it verbatim whatever is rewritten later.")
@options.as_json
def command(text: str | None, role: str | None, message: str | None, messages: bool, pin: bool, as_json: bool) -> None:
    """Commit TEXT as the next message of the context.

    Without TEXT, or with -, stdin is read as it is; on a terminal the editor opens. With --messages the
    input is JSON: {"role": "user", "content": "..."}, a list of such messages (one commit), or the
    response of a provider.

    \b
    Examples:
      trace commit "Why does login fail?"
      trace commit --role system --pin "You fix bugs. Be brief."
      echo '{"role": "assistant", "content": "Found it."}' | trace commit --messages
    """
    with opening.opened() as repo:
        given = _read(edit=text is None) if text in (None, "-") else text
        content: Any = _parsed(given, role) if messages else given
        commit = repo.commit(content, role=None if messages else role or "user", message=message, pin=pin)
        if as_json:
            screen.emit(commit=shapes.commit(commit), items=[shapes.item(item) for item in commit.items])
            return
        screen.show([changes.line(commit, changes.branch(repo))])


def _read(*, edit: bool) -> str:
    from .. import editor  # costs start-up time

    if not (edit and editor.asked()):
        return editor.piped(what="commit")
    made = editor.edited("", what="commit")
    if not made.strip():
        raise StateError("nothing to commit: the editor gave no text", hint="nothing changed")
    return made


def _parsed(text: str, role: str | None) -> Any:
    if role is not None:
        raise click.UsageError("--role and --messages exclude each other: messages say their own role")
    import json

    try:
        return json.loads(text)
    except ValueError as error:
        hint = "without --messages the input is plain text"
        raise InvalidInputError(f"the input is not JSON: {error}", hint=hint) from error
    except RecursionError as error:
        raise InvalidInputError("the input is nested too deep") from error
