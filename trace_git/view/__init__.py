"""Reading and counting: what is derived from trees, and so is never stale. Nothing here writes a ref or an object.

A module is loaded when it is first asked for, so that a command pays for what it uses.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import (
        agent_tree,
        agents,
        ancestry,
        appends,
        bisection,
        blame,
        compressing,
        context,
        deferred,
        descent,
        diff,
        encodings,
        estimates,
        facts,
        graph,
        groups,
        handle,
        history,
        items,
        knowledge,
        lanes,
        leaf,
        leaves,
        lineage,
        materialize,
        merging,
        models,
        moments,
        names,
        operations,
        pattern,
        prefilter,
        range_diff,
        receipt,
        reflogs,
        reports,
        retention,
        revisions,
        rewriting,
        search,
        searching,
        status,
        tail,
        times,
        tokens,
        words,
    )


def __getattr__(name: str) -> ModuleType:
    try:
        return import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise
        raise AttributeError(f"{__name__} has no {name}") from error
