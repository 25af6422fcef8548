"""Where the trace is and how it is opened: the only place that reads the environment for it.

TRACE_GIT_DIR says where, TRACE_GIT_TOKENIZER how tokens are counted ("none": not at all), TRACE_GIT_DURABILITY
how hard a commit is written, TRACE_GIT_BUDGET how many tokens there are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import InvalidInputError
from ..repo import DEFAULT_TOKENIZER, Repo
from . import screen


@contextmanager
def opened(*, budget: int | None = None) -> Iterator[Repo]:
    """The trace this command is about. Its warnings go to stderr when the command is done."""
    where = os.environ.get("TRACE_GIT_DIR") or Repo.find()
    with open_at(where, create=False, budget=budget) as repo:
        yield repo
        screen.warn(repo.warnings)


def open_at(path: str | os.PathLike[str], *, create: bool, budget: int | None = None) -> Repo:
    """The trace at ``path``, opened as the environment says."""
    tokenizer = os.environ.get("TRACE_GIT_TOKENIZER") or DEFAULT_TOKENIZER
    return Repo.open(
        path,
        create=create,
        tokenizer=None if tokenizer == "none" else tokenizer,
        durability=os.environ.get("TRACE_GIT_DURABILITY") or "full",
        budget=budget if budget is not None else _budget(),
    )


def _budget() -> int | None:
    text = os.environ.get("TRACE_GIT_BUDGET")
    if not text:
        return None
    if not text.isdecimal() or int(text) == 0:
        raise InvalidInputError(f"TRACE_GIT_BUDGET={text} is not a number of tokens", field="TRACE_GIT_BUDGET")
    return int(text)
