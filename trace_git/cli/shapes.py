"""Values of the model as JSON and as words: the same for every command, frozen by ``schema_version``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ..answers import Agent
from ..errors import NotFoundError
from ..model import ROLES, Author, Commit, Item, TokenCount, Usage
from ..repo import Repo
from ..safe import safe_number

if TYPE_CHECKING:
    from ..results import Compression


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
        "role": role_of(found.author),
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


def counted(repo: Repo, found: Item) -> dict[str, Any]:
    """An item with its tokens."""
    return {**item(found), **count(repo.count(found))}


def short_ids(items: Iterable[Item]) -> Mapping[str, str]:
    """Item id → its first eight digits, or as many as tell it from the others."""
    ids = sorted({one.id for one in items})
    length = 8
    for one, other in pairwise(ids):
        while length < len(one) and one[:length] == other[:length]:
            length += 1
    return {one: one[:length] for one in ids}


def refs_by_commit(repo: Repo) -> Mapping[str, list[str]]:
    """Commit id → the names at it as git marks them: where HEAD is first, then branches, tags and other agents.

    An agent's own branches are called by their full names, which are good everywhere.
    """
    here = f"agents/{repo.name}/" if repo.name else ""
    found: dict[str, list[str]] = {}
    branches = sorted(repo.branches(), key=lambda one: not one.current)
    if branches and not branches[0].current:
        with suppress(NotFoundError):  # on a branch without commits
            found.setdefault(repo.get("HEAD").id, []).append("HEAD")
    for branch in branches:
        name = here + branch.name
        found.setdefault(branch.commit, []).append(f"HEAD -> {name}" if branch.current else name)
    for tag in repo.tags():
        found.setdefault(tag.commit, []).append(f"tag: {tag.name}")
    for agent, tip in repo.agent_tips().items():
        if agent != repo.name:
            found.setdefault(tip, []).append(f"agents/{agent}")
    return found


def agent(found: Agent) -> dict[str, Any]:
    shown = {name: value for name, value in asdict(found).items() if name != "tokens"}
    return {**shown, **count(found.tokens)}


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


def compressed(found: Commit) -> str:
    """4,120 → 380, of a commit that compressed; empty when it does not say."""
    words = dict(word.partition("=")[::2] for word in found.trailers.get("Trace-Compress", "").split())
    before, after = safe_number(words.get("before", "")), safe_number(words.get("after", ""))
    return f"{before:,} → {after:,}" if before is not None and after is not None else ""


def compression(one: Compression) -> dict[str, Any]:
    """A compress of a context as JSON."""
    return {
        "id": one.id,
        "items": list(one.items),
        "summaries": list(one.summaries),
        "tokens_before": one.tokens_before,
        "tokens_after": one.tokens_after,
        "level": one.level,
        "live": one.live,
    }


def put_aside(found: Iterable[Compression]) -> str:
    """One line for status: how much lies in the archive; empty for nothing."""
    some = list(found)
    if not some:
        return ""
    live = [one for one in some if one.live]
    before, after = _total(live, "tokens_before"), _total(live, "tokens_after")
    count = sum(len(one.items) for one in some)
    return f"{count:,} item{'' if count == 1 else 's'}, {before:,} → {after:,} tokens"


def _total(some: Iterable[Compression], name: str) -> int:
    return sum(getattr(one, name) for one in some)


def percent(share: float) -> str:
    """79 %, from a share of 1."""
    return f"{100 * share:.0f} %"


def mark(tokens: int) -> str:
    """~ before a number that is an estimate."""
    return "~" if isinstance(tokens, TokenCount) and not tokens.exact else ""


def when(timestamp: int) -> str:
    """Local time with its offset; the bare number when no calendar reaches that far."""
    from datetime import UTC, datetime  # costs start-up time

    try:
        return datetime.fromtimestamp(timestamp, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")
    except (OverflowError, ValueError, OSError):
        return str(timestamp)
