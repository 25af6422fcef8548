"""``trace show``: one commit and the messages it brought, or one item of a context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from ...errors import NotFoundError
from ...model import Commit, Item
from ...repo import Repo
from ...view.items import find
from .. import changes, messages, opening, options, screen, shapes

_COLOURS = {"note": "dim", "call": "cyan"}


@click.command("show")
@click.argument("shown", default="HEAD", metavar="[REV[:ITEM]]")
@options.at_op
@options.as_json
def command(shown: str, at_op: int | None, as_json: bool) -> None:
    """Show a commit and its messages, or one item.

    Of the commit REV it shows who, when, tokens, and the messages it added or changed. With REV:ITEM, show
    one item of the context of REV; :ITEM is one of HEAD, and ITEM alone too where no commit has that id.
    `trace ls` lists items.

    \b
    Examples:
      trace show
      trace show HEAD~2
      trace show 1a2b3c4d
      trace show HEAD~2:1a2b3c4d
    """
    with opening.opened(at_op=at_op) as repo:
        rev, item = _split(shown)
        if item is not None:
            _one(repo, repo.get(rev), item, as_json=as_json)
            return
        try:
            commit = repo.get(rev)
        except NotFoundError:
            if not changes.begins_one(repo.context().items, rev):
                raise
            _one(repo, repo.get("HEAD"), rev, as_json=as_json)
            return
        names = shapes.refs_by_commit(repo).get(commit.id, ())
        if as_json:
            screen.emit(
                commit=shapes.commit(commit, names), items=[shapes.counted(repo, item) for item in commit.items]
            )
        else:
            screen.show([*_head(commit, names), *items(repo, commit.items)], paged=True)


def _split(rev: str) -> tuple[str, str | None]:
    """Revision and item: cut at the first colon outside of braces. ``:/text`` is a revision."""
    if rev.startswith(":/"):
        return rev, None
    depth = 0
    for place, char in enumerate(rev):
        depth += (char == "{") - (char == "}")
        if char == ":" and depth == 0:
            return rev[:place] or "HEAD", rev[place + 1 :]
    return rev, None


def _one(repo: Repo, commit: Commit, wanted: str, *, as_json: bool) -> None:
    item = find(repo.context(commit).items, wanted)
    if as_json:
        screen.emit(commit=commit.id, item=shapes.counted(repo, item))
    else:
        screen.show([*items(repo, [item])][1:], paged=True)


def _head(commit: Commit, names: Sequence[str]) -> Iterator[str]:
    refs = screen.paint(f" ({', '.join(names)})", "green") if names else ""
    yield screen.paint(f"commit {commit.id}", "yellow") + refs
    role = shapes.role_of(commit.author)
    name = commit.author.name
    facts = {
        "Verb": commit.op or "none, not made by trace",
        "Author": (name if role == name else f"{role}, {name}") if role else f"{name} <{commit.author.email}>",
        "Date": shapes.when(commit.timestamp),
    }
    if commit.context_tokens is not None:
        total = shapes.number(commit.context_tokens)
        facts["Tokens"] = f"{shapes.change(commit.tokens)}, context {total} ({commit.context_tokens.counter})"
    if commit.usage is not None:
        used = commit.usage
        facts["Usage"] = f"prompt {used.prompt:,} ({used.cached:,} cached), completion {used.completion:,}"
    for key, value in facts.items():
        yield f"{key + ':':<8} {screen.paint(value)}"
    yield from ("", screen.block(commit.message.rstrip("\n"), "    "))


def items(repo: Repo, shown: Sequence[Item]) -> Iterator[str]:
    """Whole messages, each under a line that says what it is."""
    for item in shown:
        tokens = repo.count(item)
        facts = [
            "" if tokens is None else f"{shapes.number(tokens)} tokens",
            item.kind if item.kind != "message" else "",
            "pinned" if item.pinned else "",
        ]
        said = ", ".join(fact for fact in facts if fact)
        yield ""
        yield (
            f"{screen.paint(item.role, screen.ROLE_COLOURS.get(item.role))} {screen.paint(item.id, 'yellow')}"
            f"{screen.paint(f'  {said}' if said else '', 'dim')}"
        )
        for kind, text in messages.parts(item.message):
            yield from screen.painted(text.rstrip("\n"), _COLOURS.get(kind), "    ")
