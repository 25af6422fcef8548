"""``trace edit``: give an item new content; it keeps its id and place."""

from __future__ import annotations

import json
from typing import Any

import click

from ...errors import InvalidInputError, RefusedError
from ...model import Item
from .. import changes, dry_runs, editor, opening, options, receipts, screen, shapes


@click.command("edit")
@click.argument("item", metavar="ITEM")
@click.argument("text", required=False)
@click.option("--messages", is_flag=True, help="The text is JSON: the whole message instead of its content.")
@click.option("--force", is_flag=True, help="Edit it even though it is pinned.")
@click.option("-m", "--message", metavar="SUBJECT", help="The commit message; made from the content by default.")
@options.dry_run
@options.as_json
def command(
    item: str, text: str | None, messages: bool, force: bool, message: str | None, dry_run: bool, as_json: bool
) -> None:
    """Give ITEM new content; it keeps its id and place.

    ITEM is an id as `trace ls` shows it, or its beginning, or a commit that added one item. The content is
    TEXT, or what stdin sends; on a terminal the editor opens with the present text: TRACE_GIT_EDITOR, VISUAL
    or EDITOR. A message that has more than text opens as JSON. With --dry-run nothing is edited: it says what
    the edit would mean for the provider's cache.

    \b
    Examples:
      trace edit 3f2a91bc "Be brief."
      trace edit 3f2a < shorter.txt
      trace edit HEAD~2 -m "Shorter question"
      trace edit 3f2a "Be brief." --dry-run
    """
    with opening.opened() as repo:
        found = changes.item(repo, item)
        before = repo.get("HEAD")
        given = _given(found, text, messages=messages, force=force)
        if dry_run:
            same = found.message.to_dict() if given is None else given
            dry_runs.show(
                repo, [repo.edit(found, same, force=force, message=message, dry_run=True)], "edit", as_json=as_json
            )
            return
        commit = before if given is None else repo.edit(found, given, force=force, message=message)
        changed = commit.id != before.id
        told = receipts.after(repo, commit) if changed else None
        if as_json:
            shown = {"receipt": receipts.shape(told) if told is not None else None}
            items = [shapes.item(one) for one in commit.items]
            screen.emit(changed=changed, commit=shapes.commit(commit), items=items, **shown)
        elif changed:
            below = [receipts.line(told)] if told is not None else []
            screen.show([changes.line(commit, changes.branch(repo)), *below])
        else:
            screen.note("nothing changed")


def _given(item: Item, text: str | None, *, messages: bool, force: bool) -> Any:
    """The new content, or with ``messages`` the new message; None when the editor left the present one."""
    if text is None and editor.asked():
        if item.pinned and not force:  # said before somebody writes for an hour
            raise RefusedError(f"item {item.id} is pinned", hint="unpin it first, or edit with --force")
        return _edited(item, messages)
    given = editor.piped(what="edit") if text is None or text == "-" else text
    return _parsed(given) if messages else given


def _edited(item: Item, messages: bool) -> Any:
    body = item.message.to_dict()
    content = body.get("content")
    plain = isinstance(content, str) and not messages
    present = str(content) if plain else json.dumps(body, ensure_ascii=False, indent=2)
    made = editor.edited(present, what="edit", suffix=".md" if plain else ".json")
    if made == present:
        return None
    return made if plain else _parsed(made)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidInputError(f"the message is not JSON: {error}") from error
    except RecursionError as error:
        raise InvalidInputError("the message is nested too deep") from error
