"""``trace commit``: put something at the end of the context."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import click

from ...errors import InvalidInputError, StateError
from ...model import ROLES, Commit
from .. import opening, options, screen, shapes


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
    """
    with opening.opened() as repo:
        given = text if text not in (None, "-") else _read(edit=text is None)
        content: Any = _parsed(given, role) if messages else given
        commit = repo.commit(content, role=None if messages else role or "user", message=message, pin=pin)
        if as_json:
            screen.emit(commit=shapes.commit(commit), items=[shapes.item(item) for item in commit.items])
            return
        branch = repo.status().branch
    screen.show([_line(commit, branch)])


def _line(commit: Commit, branch: str | None) -> str:
    where = screen.paint(f"[{branch or 'HEAD'} {commit.short_id}]", "yellow")
    tokens = ""
    if commit.context_tokens is not None:
        tokens = f" ({shapes.change(commit.tokens)}, context {shapes.number(commit.context_tokens)} tokens)"
    return f"{where} {screen.paint(commit.subject)}{screen.paint(tokens, 'dim')}"


def _read(*, edit: bool) -> str:
    if sys.stdin is None or sys.stdin.closed:
        raise InvalidInputError("nothing to commit: stdin is closed", hint="give the text as an argument")
    if edit and sys.stdin.isatty():
        return _edited()
    data = sys.stdin.buffer.read()
    if not data:
        raise InvalidInputError("nothing to commit: stdin is empty", hint='an empty message is `trace commit ""`')
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"stdin is not UTF-8 at byte {error.start}", hint="convert it first") from error


def _edited() -> str:
    text = click.edit("", editor=os.environ.get("TRACE_GIT_EDITOR"), extension=".md")
    if not text or not text.strip():
        raise StateError("nothing to commit: the editor gave no text")
    return text.removesuffix("\n")


def _parsed(text: str, role: str | None) -> Any:
    if role is not None:
        raise click.UsageError("--role and --messages exclude each other: messages say their own role")
    try:
        return json.loads(text)
    except ValueError as error:
        hint = "without --messages the input is plain text"
        raise InvalidInputError(f"the input is not JSON: {error}", hint=hint) from error
    except RecursionError as error:
        raise InvalidInputError("the input is nested too deep") from error
