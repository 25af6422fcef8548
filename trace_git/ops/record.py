"""commit: put messages at the end of the context."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from ..errors import ConflictError, InvalidInputError
from ..formats import given as intake
from ..model import Author, Commit, Item, Message, Prompt, Usage
from ..store import codec
from ..store.refs import is_id
from ..store.snapshot import Draft, Entry
from ..store.trees import blob_id
from ..view import groups
from ..view.handle import Handle
from ..view.reports import digest
from . import labels, write
from .subject import subject


def commit(
    handle: Handle,
    given: Any,
    *,
    role: str | None = None,
    message: str | None = None,
    timestamp: float | datetime | None = None,
    usage: Usage | None = None,
    pin: bool = False,
    prompt: Prompt | None = None,
    expect: Commit | str | None = None,
) -> Commit:
    """Commit a text, a dict, a Message, a list of them, or a provider's response; see ``Repo.commit``."""
    read = intake.read(given, role=role)
    if usage is not None and not isinstance(usage, Usage):
        raise InvalidInputError(
            f"usage={usage!r} is no Usage",
            field="usage",
            hint="give Usage(prompt=…, completion=…), or commit the provider's response itself",
        )
    if usage is not None:
        _check_usage(usage)
    if prompt is not None and not isinstance(prompt, Prompt):
        raise InvalidInputError(f"prompt={prompt!r} is no Prompt", field="prompt", hint="give what materialize gave")
    if expect is not None and not isinstance(expect, Commit) and not (isinstance(expect, str) and is_id(expect)):
        raise InvalidInputError(
            f"expect={expect!r} is no commit", field="expect", hint="give a Commit, or its id with all 40 digits"
        )
    return append(
        handle,
        read.messages,
        message=message,
        timestamp=write.seconds(timestamp),
        usage=usage or read.usage,
        pin=pin,
        prompt=prompt,
        expect=expect.id if isinstance(expect, Commit) else expect,
    )


def append(
    handle: Handle,
    messages: Sequence[Message],
    *,
    message: str | None = None,
    timestamp: int | None = None,
    usage: Usage | None = None,
    pin: bool = False,
    prompt: Prompt | None = None,
    expect: str | None = None,
) -> Commit:
    """One commit with ``messages`` behind all others. ConflictError when the branch is not at ``expect``."""
    branch = write.branch_of(handle)
    encoded = [codec.encode(one) for one in messages]  # before the lock: refusals and the slow part
    blobs = [blob_id(data) for data in encoded]
    tokens = handle.counter.messages(messages, blobs) if handle.counter is not None else None
    with handle.store.transaction("append", [branch], spaces=(handle.namespace,)) as transaction:
        tip = transaction.ref(branch)
        if expect is not None and tip != expect:
            raise ConflictError(
                f"the branch is at {tip or 'no commit'}, not at {expect}", hint="look at what came, then commit again"
            )
        if tip is None:
            write.check_new(handle)
        parent = handle.commit(tip) if tip else None
        draft = Draft(transaction, handle.snapshots, parent.tree if parent else None, handle.namespace)
        entries = [
            draft.append(one.role, data, tip, blob) for one, data, blob in zip(messages, encoded, blobs, strict=True)
        ]
        pinned = _group(handle, parent, messages, entries) if pin else ()
        draft.pin(pinned)
        trailers = _usage(handle, usage, prompt, parent) if usage else {}
        change = write.Change("append", subject(messages), author_of(messages[0]), tokens, timestamp, message, trailers)
        oid = write.commit(handle, transaction, draft, parent, change)
        if pin:
            labels.relabel(handle, transaction)
    handle.contexts.learn(messages, blobs)
    return handle.commit(oid)


def author_of(message: Message) -> Author:
    """Who produced a message: its model, else its role."""
    return Author(message.model or message.name or message.role, f"{message.role}@trace")


def _check_usage(usage: Usage) -> None:
    """Its words go into a trailer, and are read back from there: what is no number of tokens would be lost."""
    for field in ("prompt", "completion", "cached"):
        value = getattr(usage, field)
        if type(value) is not int or not 0 <= value < 10**18:
            raise InvalidInputError(
                f"usage.{field}={value!r} is not a number of tokens", field=f"usage.{field}", hint="give 0 or more"
            )
    if usage.cached > usage.prompt:
        raise InvalidInputError(
            f"usage says that {usage.cached} of {usage.prompt} tokens were cached",
            field="usage.cached",
            hint="prompt is all that was sent, the cached tokens included",
        )
    if usage.model is not None and not isinstance(usage.model, str):
        raise InvalidInputError(f"usage.model={usage.model!r} is no name", field="usage.model", hint="give it as text")


def _usage(handle: Handle, usage: Usage, prompt: Prompt | None, parent: Commit | None) -> dict[str, str]:
    """The usage trailer, bound to the items that were sent: the prompt's, else those of the parent's context."""
    sent = prompt.items if prompt is not None else handle.context(parent.id).items if parent else ()
    numbers = f"prompt={usage.prompt} completion={usage.completion} cached={usage.cached}"
    model = f" model={quote(usage.model, safe='/:@+')}" if usage.model else ""
    return {"Trace-Usage": f"{numbers}{model} over={digest(sent)}"}


def _group(
    handle: Handle, parent: Commit | None, messages: Sequence[Message], entries: Sequence[Entry]
) -> tuple[Entry, ...]:
    """``entries`` with what else is in their tool groups: a result is not pinned without its call."""
    if parent is None or not any(one.answers for one in messages):
        return tuple(entries)
    before = handle.snapshots.entries(parent.tree)
    fresh = [Item.of(entry.place.item, entry.blob, one) for entry, one in zip(entries, messages, strict=True)]
    paired = groups.groups([*handle.contexts.items(parent.tree), *fresh])
    whole = paired.closure(range(len(before), len(before) + len(entries)))
    return tuple([*before, *entries][at] for at in whole)
