"""``trace show``: one commit, and the messages it brought."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import click

from ...model import Commit, Item
from .. import opening, options, screen, shapes


@click.command("show")
@options.revision
@options.as_json
def command(rev: str, as_json: bool) -> None:
    """Show the commit REV: who, when, tokens, and the messages it added or changed."""
    with opening.opened() as repo:
        commit = repo.get(rev)
        names = shapes.refs_by_commit(repo.branches()).get(commit.id, ())
        if as_json:
            shape = shapes.commit(commit, names)
            screen.emit(commit=shape, items=[shapes.item(item) for item in commit.items])
            return
        screen.show([*_head(commit, names), *_items(commit.items)], paged=True)


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
    yield from ("", screen.block(commit.message.rstrip("\n"), "    "), "")


def _items(items: Sequence[Item]) -> Iterator[str]:
    for item in items:
        kind = f", {item.kind}" if item.kind != "message" else ""
        pinned = ", pinned" if item.pinned else ""
        yield screen.paint(f"{item.role} {item.id}{kind}{pinned}", screen.ROLE_COLOURS.get(item.role))
        message = item.message
        if message.text:
            yield screen.block(message.text, "    ")
        for call in message.calls:
            given = call.arguments
            arguments = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
            yield screen.block(f"→ {call.name}({arguments})", "    ")
        yield ""
