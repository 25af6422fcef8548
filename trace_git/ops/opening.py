"""Opening a trace: find it or make it, connect to its store, bind to a branch."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ..errors import InvalidInputError, NotFoundError
from ..model import Author, Tokenizer
from ..store import layout, probe
from ..store.counts import CountCache
from ..store.identity import identity
from ..store.refs import check_name
from ..store.store import Store
from ..view.handle import Handle
from ..view.tokens import RULES, Counter
from . import branches

_DURABILITY = ("full", "os")


def open_handle(
    path: str,
    *,
    create: bool,
    branch: str | None,
    tokenizer: str | Tokenizer | None,
    durability: str,
    budget: int | None,
    committer: Author | None,
    clock: Callable[[], float],
) -> Handle:
    """A handle on the trace at ``path``; see ``Repo.open``."""
    if durability not in _DURABILITY:
        raise InvalidInputError(f"durability {durability!r} is unknown", field="durability", hint='use "full" or "os"')
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int) or budget <= 0):
        raise InvalidInputError(f"budget {budget!r} is not a number of tokens", field="budget")
    if branch is not None:
        check_name(branch)
    if "\0" in path or not path:
        raise InvalidInputError(f"{path!r} is not a path", field="path")
    if tokenizer is not None:
        Counter(tokenizer)  # refuses a bad one before anything is made
    folder = layout.locate(path)
    if folder is None:
        if not create:
            raise layout.not_a_trace(path)
        folder = layout.init(path)
    elif not layout.ours(folder) and not probe.is_trace(folder):
        raise layout.not_a_trace(path)
    store = Store(folder, durability=durability, committer=committer or identity(os.environ, folder), clock=clock)
    handle = Handle(store, _counter(tokenizer, store), None, budget=budget)
    branches.bind(handle, branch)
    return handle


def close_handle(handle: Handle) -> None:
    """Save what was counted, flush, close."""
    if handle.counter is not None and isinstance(handle.counter.cache, CountCache):
        handle.counter.cache.save()
    handle.store.close()


def _counter(tokenizer: str | Tokenizer | None, store: Store) -> Counter | None:
    """A counter whose counts are kept in the trace."""
    if tokenizer is None:
        return None
    name = tokenizer if isinstance(tokenizer, str) else tokenizer.name
    folder = os.path.join(store.folder, "trace", "cache")
    return Counter(tokenizer, cache=CountCache(folder, name, rules=RULES, readonly=not store.writable))


def find(start: str | os.PathLike[str]) -> Path:
    """The trace that ``start`` is in, looking upwards."""
    here = Path(start).resolve()
    for folder in (here, *here.parents):
        for candidate in (folder / ".trace", folder):
            if layout.is_repository(str(candidate)) and layout.ours(str(candidate)):
                return candidate
    raise NotFoundError(
        f"no trace in {here} or above it", hint="`trace init` makes one here; `trace -C DIR` looks elsewhere"
    )
