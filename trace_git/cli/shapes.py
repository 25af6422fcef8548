"""Values of the model as JSON and as words: the same for every command, frozen by ``schema_version``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..model import ROLES, Author, Branch, Commit, Item, TokenCount, Usage


def count(tokens: TokenCount | None) -> dict[str, Any]:
    """A number, whether it is exact, and who counted; all null where nobody counted."""
    if tokens is None:
        return {"tokens": None, "exact": None, "counter": None}
    return {"tokens": int(tokens), "exact": tokens.exact, "counter": tokens.counter}


def usage(found: Usage | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "prompt": found.prompt,
        "completion": found.completion,
        "cached": found.cached,
        "model": found.model,
    }


def commit(found: Commit, refs: Sequence[str] = ()) -> dict[str, Any]:
    return {
        "id": found.id,
        "short_id": found.short_id,
        "parents": list(found.parents),
        "op": found.op,
        "subject": found.subject,
        "message": found.message,
        "author": {"name": found.author.name, "email": found.author.email},
        "timestamp": found.timestamp,
        **count(found.tokens),
        "context_tokens": None if found.context_tokens is None else int(found.context_tokens),
        "usage": usage(found.usage),
        "refs": list(refs),
    }


def item(found: Item) -> dict[str, Any]:
    return {
        "id": found.id,
        "role": found.role,
        "kind": found.kind,
        "pinned": found.pinned,
        "message": found.message.to_dict(),
    }


def refs_by_commit(branches: Sequence[Branch]) -> Mapping[str, list[str]]:
    """Commit id → the names at it, the present branch first and marked as git does."""
    found: dict[str, list[str]] = {}
    for branch in sorted(branches, key=lambda one: not one.current):
        found.setdefault(branch.commit, []).append(f"HEAD -> {branch.name}" if branch.current else branch.name)
    return found


def role_of(author: Author) -> str | None:
    """The role that an author of ours stands for; None for a person."""
    role = author.email.removesuffix("@trace")
    return role if role in ROLES and role != author.email else None


def number(tokens: int | None) -> str:
    """12,345; with a ~ when it is not exact; - when there is none."""
    if tokens is None:
        return "-"
    return f"{mark(tokens)}{int(tokens):,}"


def change(tokens: int | None) -> str:
    """+312, ~+312, -5, or - when there is none."""
    return "-" if tokens is None else f"{mark(tokens)}{int(tokens):+,}"


def mark(tokens: int) -> str:
    """~ before a number that is an estimate."""
    return "~" if isinstance(tokens, TokenCount) and not tokens.exact else ""


def when(timestamp: int) -> str:
    """Local time with its offset; the bare number when no calendar reaches that far."""
    try:
        return datetime.fromtimestamp(timestamp, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")
    except (OverflowError, ValueError, OSError):
        return str(timestamp)
