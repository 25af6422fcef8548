"""Where the trace is and how it is opened: the only place that reads the environment for it.

TRACE_GIT_DIR says where, TRACE_GIT_AGENT in whose repository (--agent says it too), TRACE_GIT_TOKENIZER how tokens
are counted ("none": not at all), TRACE_GIT_DURABILITY how hard a commit is written, TRACE_GIT_BUDGET how many tokens
there are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from .. import ops, view
from ..errors import InvalidInputError
from ..repo import DEFAULT_TOKENIZER, Repo
from ..safe import safe_number
from . import screen


@contextmanager
def opened(*, budget: int | None = None, at_op: int | None = None) -> Iterator[Repo]:
    """The trace this command is about, or as it was after an operation. Its warnings go to stderr at the end."""
    where = os.environ.get("TRACE_GIT_DIR") or ops.opening.find(".")
    with open_at(where, create=False, budget=budget, agent=agent()) as repo:
        yield repo if at_op is None else repo.at_op(at_op)
        screen.warn(repo.warnings)


def agent() -> str | None:
    """Whose repository is meant: an agent's name, None for the trace itself."""
    context = click.get_current_context(silent=True)
    told = context.find_root().params.get("agent") if context is not None else None
    return (told if told is not None else os.environ.get("TRACE_GIT_AGENT")) or None


def open_at(path: str | os.PathLike[str], *, create: bool, budget: int | None = None, agent: str | None = None) -> Repo:
    """The trace at ``path``, opened as the environment says."""
    return Repo.open(
        path,
        create=create,
        agent=agent,
        tokenizer=_tokenizer(),
        durability=os.environ.get("TRACE_GIT_DURABILITY") or "full",
        budget=budget if budget is not None else _budget(),
    )


def _tokenizer() -> str | None:
    """As the environment says. Without the default's table a trace works all the same, and counts nothing."""
    name = os.environ.get("TRACE_GIT_TOKENIZER")
    if name:
        return None if name == "none" else name
    if view.encodings.there(DEFAULT_TOKENIZER):
        return DEFAULT_TOKENIZER
    screen.warn([f"tokens are not counted: no table for {DEFAULT_TOKENIZER} here; `pip install litellm` brings it"])
    return None


def _budget() -> int | None:
    text = os.environ.get("TRACE_GIT_BUDGET")
    if not text:
        return None
    budget = safe_number(text)
    if not budget:
        raise InvalidInputError(f"TRACE_GIT_BUDGET={text} is not a number of tokens", field="TRACE_GIT_BUDGET")
    return budget
