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
        carried_out,
        checkout,
        cherry_pick,
        cleaning,
        collapse,
        compress,
        compressed,
        config,
        deciding,
        delete_agent,
        drop,
        edit,
        expand,
        expiry,
        export,
        fit,
        forget,
        gc,
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
        open_replay,
        opening,
        order_judge,
        out_of_history,
        past,
        pins,
        planned,
        portions,
        rebase,
        record,
        redact,
        redacting,
        remade_merges,
        reorder,
        repair,
        replay,
        replay_state,
        rescue,
        reset,
        resolve,
        resolving,
        resumption,
        roots,
        runs,
        setup_git,
        shrinking,
        spawn,
        subject,
        summarize,
        tags,
        todo,
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
