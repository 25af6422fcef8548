"""Status: where a handle stands, how full the context is, and what a provider would stumble over.

No message is read that was looked at before (see ``leaves``), so it costs what changed and not what is there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..model import Commit, Status, TokenCount
from ..store import gitconfig
from . import agents, leaf, models, reports
from .handle import Handle
from .leaf import Leaf


class _Budget(NamedTuple):
    tokens: int | None
    source: str | None
    warnings: tuple[str, ...] = ()


def status(handle: Handle) -> Status:
    head = handle.head()
    commit = handle.commit(head) if head else None
    folders = handle.contexts.leaves.of(handle.snapshots.leaf_ids(commit.tree)) if commit else []
    roles, pinned = leaf.sizes(folders, handle.snapshots.pins(commit.tree) if commit else ())
    report = reports.last(handle, commit) if commit else None
    model = _model(folders, report)
    window = models.window(model, folder=handle.store.folder, readonly=not handle.store.writable) if model else None
    budget = _budget(handle, window)
    return Status(
        path=handle.store.folder,
        branch=handle.branch.rpartition("refs/heads/")[2] if handle.branch else None,
        head=head,
        items=sum(folder.size for folder in folders),
        tokens=_tokens(handle, commit, folders),
        roles=roles,
        pinned=pinned,
        reported=reports.anchored(handle, commit, report) if commit else None,
        budget=budget.tokens,
        warnings=(*_unborn(handle, head), *_put_off(folders), *map(str, leaf.faults(folders)), *budget.warnings),
        model=model,
        window=window,
        budget_from=budget.source,
        agent=handle.namespace,
        tools=_tools(handle, commit) if commit else None,
    )


def _unborn(handle: Handle, head: str | None) -> Iterator[str]:
    """That others have commits where this one has none: a name in HEAD that was damaged, or mistyped, looks so."""
    heads = f"{handle.space}refs/heads/"
    if head is None and handle.branch and (there := list(handle.ref_names(heads, skip_bad=True))):
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        yield f"this branch has no commit, while {there[0].removeprefix(heads)}{more} has"


def _tools(handle: Handle, commit: Commit) -> TokenCount | None:
    blob = handle.snapshots.tools(commit.tree)
    if blob is None or handle.counter is None:
        return None
    return handle.counter.known(blob) or handle.counter.tools(handle.contexts.definitions(blob), blob)


def _put_off(folders: Sequence[Leaf]) -> Iterator[str]:
    """That a merge left conflicts in the context, which no model can be shown."""
    if number := leaf.deferred_items(folders):
        yield f"{number} deferred conflict{'' if number == 1 else 's'}: `trace conflicts` lists what is to be settled"


def _tokens(handle: Handle, commit: Commit | None, folders: Sequence[Leaf]) -> TokenCount:
    """The size of the context: what the commit says, when this tokenizer said it, else the sum."""
    written = handle.contexts.written(commit) if commit else None
    if written is not None:
        return written
    if handle.counter is None:
        return TokenCount(0, exact=commit is None, counter="")
    parts = [TokenCount(one.tokens, exact=one.exact, counter=handle.counter.name) for one in folders]
    return handle.counter.total(parts)


def _model(folders: Sequence[Leaf], report: Commit | None) -> str | None:
    """The model of the last assistant message that names one, else of the last report."""
    spoke = next((one.model for one in reversed(folders) if one.model), None)
    return spoke or (report.usage.model if report and report.usage else None)


def _budget(handle: Handle, window: int | None) -> _Budget:
    """What was given to ``Repo.open``, else to an agent when it was spawned, else ``trace.budget`` of git's
    configuration, else the model's window."""
    if handle.budget is not None:
        return _Budget(handle.budget, "given")
    given = agents.budget_of(handle, handle.namespace) if handle.namespace else None
    if given is not None:
        return _Budget(given, "spawn")
    text = gitconfig.value(settings(handle), "trace", "budget")
    tokens = gitconfig.number(text) if text is not None else None
    if tokens is not None and tokens > 0:
        return _Budget(tokens, "config")
    notes = (f"trace.budget in git's configuration is {text!r}, not a number of tokens",) if text is not None else ()
    return _Budget(window, "model" if window is not None else None, notes)


def settings(handle: Handle) -> tuple[str, ...]:
    """The paths of git's configuration files, the trace's own first."""
    return handle.settings or (os.path.join(handle.store.folder, "config"),)
