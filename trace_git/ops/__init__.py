"""The verbs: one file each. Each takes a handle, computes what should be written, and writes it in one transaction.

A module is loaded when it is first asked for, so that a command pays for what it uses.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import (
        branches,
        checkout,
        config,
        drop,
        edit,
        export,
        importing,
        keep,
        mended_refs,
        merge,
        merged,
        opening,
        pins,
        record,
        repair,
        rescue,
        reset,
        resolving,
        setup_git,
        subject,
        tags,
        tools,
        undo,
        verify,
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
