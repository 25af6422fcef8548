"""The stores that are open in this process: closed when it ends, and let go of in a child that it forks."""

from __future__ import annotations

import atexit
import os
from contextlib import suppress
from typing import Protocol
from weakref import WeakSet

from ..errors import TraceError


class _Open(Protocol):
    def end(self) -> None: ...
    def after_fork(self) -> None: ...


_watched: WeakSet[_Open] = WeakSet()


def watch(store: _Open) -> None:
    """Close ``store`` at the end of the process, if nobody did before."""
    _watched.add(store)


@atexit.register
def _close_all() -> None:
    for store in list(_watched):
        with suppress(TraceError):
            store.end()


def _forget_all() -> None:
    for store in list(_watched):
        store.after_fork()


os.register_at_fork(after_in_child=_forget_all)
