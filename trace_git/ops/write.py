"""One commit: the tree of a draft, its trailers, and the ref it moves. All verbs end here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from ..errors import InvalidInputError, StateError
from ..model import ESTIMATE, Author, Commit, TokenCount
from ..safe import safe_text
from ..store.commits import CommitData, fit
from ..store.snapshot import Draft
from ..store.transaction import Transaction
from ..view import lineage
from ..view.handle import Handle

_LATEST = 1 << 40  # seconds; git's own tools fail far beyond


class Change(NamedTuple):
    """What a verb wants committed. ``tokens`` is what it adds to the context; None when nobody counts."""

    verb: str
    subject: str
    author: Author
    tokens: TokenCount | None
    timestamp: int | None = None
    message: str | None = None
    trailers: Mapping[str, str] = MappingProxyType({})


def branch_of(handle: Handle) -> str:
    """The branch ref to commit to; StateError on a detached look, or one at an earlier moment."""
    handle.check_present()
    if handle.branch is None:
        handle.store.refresh()
        at = (handle.head() or "")[:8]  # refuses one that is gone
        raise StateError(
            f"this is a read-only look at {at}", hint=f"make a branch there first: trace switch -c NAME {at}"
        )
    return handle.branch


def check_new(handle: Handle) -> None:
    """StateError when the bound branch, which has no commit now, had some when this handle last looked.

    Somebody deleted it or undid it away. A new first commit would hide all that was there.
    """
    if handle.seen is not None and handle.seen == handle.branch:
        name = handle.branch.rpartition("refs/heads/")[2]
        raise StateError(
            f"branch {name} is gone: it was deleted, or undone, by another program",
            hint="`trace op log` shows what happened; open the trace again to begin the branch anew",
        )


def commit(
    handle: Handle,
    transaction: Transaction,
    draft: Draft,
    parent: Commit | None,
    change: Change,
    *,
    others: Sequence[str] = (),
) -> str:
    """Write the draft's tree and a commit on ``parent`` (and ``others``, ids) into the transaction, move the branch.

    Returns the new id.
    """
    trailers = {"Trace-Op": change.verb, **counts(handle, parent, change.tokens), **change.trailers}
    data = CommitData(
        tree=draft.write(),
        parents=((parent.id,) if parent else ()) + tuple(others),
        author=fit(change.author),
        committer=handle.store.committer,
        timestamp=handle.store.now() if change.timestamp is None else change.timestamp,
        message=message_text(change.message) if change.message is not None else change.subject,
        trailers=trailers,
    )
    oid = transaction.put_commit(data)
    lineage.grow(handle, oid, data)
    handle.seen = branch_of(handle)
    handle.written.add(handle.seen)
    transaction.move(handle.seen, oid)
    return oid


def counts(handle: Handle, parent: Commit | None, added: TokenCount | None) -> dict[str, str]:
    """The token trailers; none at all when nobody counts."""
    if handle.counter is None or added is None:
        return {}
    before = handle.contexts.total(parent) if parent else handle.counter.total(())
    if not before and added:
        added = handle.counter.total((added,))  # the first message also primes the answer
    exact = before.exact and added.exact
    return told(added, TokenCount(before + added, exact=exact, counter=handle.counter.name))


def told(added: TokenCount, total: TokenCount) -> dict[str, str]:
    """The token trailers of a commit that adds ``added`` and leads to ``total``."""
    name = total.counter if total.exact else f"{total.counter} {ESTIMATE}"
    return {"Trace-Tokens": f"{int(added):+d}", "Trace-Context-Tokens": str(int(total)), "Trace-Tokenizer": name}


def check_said(message: str | None, timestamp: float | datetime | None) -> None:
    """InvalidInputError for a message or a time that no commit can have: before a model is asked, and in a dry run."""
    if message is not None:
        message_text(message)
    seconds(timestamp)


def message_text(given: str) -> str:
    """A commit message as the user wrote it, made safe for terminals."""
    if not isinstance(given, str):
        raise InvalidInputError("the commit message is not text", field="message")
    text = safe_text(given, multiline=True).strip("\n")
    if not text.strip():
        raise InvalidInputError("the commit message is empty", field="message", hint="leave it out for a made one")
    return text


def seconds(timestamp: float | datetime | None) -> int | None:
    """A timestamp as whole seconds since 1970 (what git keeps); a datetime without a zone is refused."""
    if timestamp is None:
        return None
    if isinstance(timestamp, datetime):
        if timestamp.tzinfo is None:
            raise InvalidInputError(
                "the timestamp has no time zone", field="timestamp", hint="use datetime.now(timezone.utc)"
            )
        timestamp = timestamp.timestamp()
    if isinstance(timestamp, bool) or not isinstance(timestamp, int | float) or not 0 <= timestamp < _LATEST:
        raise InvalidInputError(
            f"{timestamp!r} is not a time", field="timestamp", hint="give seconds since 1970 or a datetime"
        )
    return int(timestamp)
