"""Exit codes, in one table.

0    ok
1    a negative answer, or a conflict
2    wrong usage, bad input or wrong state
3    not found
4    locked by somebody else
5    corrupt
6    refused for safety or budget
7    the disk or the operating system said no
8    a model did not answer usably
70   a bug in trace-git
130  interrupted
141  nobody reads the output any more
"""

from __future__ import annotations

from .. import errors

OK, NO, USAGE, NOT_FOUND, LOCKED, CORRUPT, REFUSED, STORAGE, LLM, BUG, INTERRUPTED, UNREAD = (
    *range(9),
    70,
    130,
    141,
)

_CODES: tuple[tuple[type[BaseException], int], ...] = (
    (errors.NotFoundError, NOT_FOUND),
    (errors.AmbiguousRevisionError, USAGE),
    (errors.InvalidInputError, USAGE),
    (errors.StateError, USAGE),
    (errors.ConflictError, NO),
    (errors.LockedError, LOCKED),
    (errors.CorruptTraceError, CORRUPT),
    (errors.RefusedError, REFUSED),
    (errors.LLMError, LLM),
    (errors.StorageError, STORAGE),
    (KeyboardInterrupt, INTERRUPTED),
    (BrokenPipeError, UNREAD),
    (OSError, STORAGE),
)


def code_of(error: BaseException) -> int:
    """The exit code for an error; 70 for one that nobody foresaw."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), BUG)
