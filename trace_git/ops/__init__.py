"""The verbs: one file each. Each takes a handle, computes what should be written, and writes it in one transaction.

A module is loaded when it is first asked for, so that a command pays for what it uses.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import (
        asking,
        bisect,
        bisecting_state,
        branch_names,
        branches,
        checkout,
        collapse,
        config,
        deciding,
        delete_agent,
        drop,
        edit,
        export,
        importing,
        judging,
        keep,
        mediation,
        mended_refs,
        merge,
        merged,
        merging_state,
        open_bisect,
        open_merge,
        opening,
        pins,
        record,
        repair,
        rescue,
        reset,
        resolve,
        resolving,
        resumption,
        setup_git,
        spawn,
        subject,
        tags,
        tools,
        undo,
        verify,
        verify_agents,
        verify_labels,
        wholeness,
        write,
    )


def __getattr__(name: str) -> ModuleType:
    try:
        return import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise
        raise AttributeError(f"{__name__} has no {name}") from error
