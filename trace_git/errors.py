"""Every error trace-git raises, one family under one root.

An error knows its facts, says one line, and offers one next step (``hint``).
It does not know exit codes: those belong to the command line.

    TraceError
    ├── NotFoundError            an unknown revision, item, trace or file
    ├── AmbiguousRevisionError   a prefix or commit that means several things
    ├── InvalidInputError        bad input; ``field`` is the path of the culprit
    ├── StateError               right input, wrong moment
    ├── ConflictError            two sides disagree; nothing moved
    │   └── MergeConflictError
    ├── LockedError              somebody else holds a lock
    ├── CorruptTraceError        bytes on disk that cannot be right
    ├── RefusedError             refused for safety
    │   ├── UnsafeRewriteError
    │   └── BudgetError
    ├── StorageError             the disk or the operating system said no
    └── LLMError                 a model did not give a usable answer
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class TraceError(Exception):
    """Root of all errors of trace-git.

    ``str(error)`` is one line that names what went wrong; ``error.hint`` is one
    sentence that says what to do next, or ``None``.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class NotFoundError(TraceError):
    """A revision, item, branch, trace or file that is not there."""


class AmbiguousRevisionError(TraceError):
    """A name that means several things; ``candidates`` lists them."""

    def __init__(self, message: str, *, candidates: Sequence[str] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.candidates = tuple(candidates)


class InvalidInputError(TraceError):
    """Input that cannot be accepted; ``field`` is the path of the culprit, e.g. ``content[2].text``."""

    def __init__(self, message: str, *, field: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.field = field


class StateError(TraceError):
    """The trace, or this handle of it, is not in a state that allows the verb."""


class ConflictError(TraceError):
    """A ref is not where it was expected to be, or two sides disagree. Nothing moved."""


class MergeConflictError(ConflictError):
    """A merge left conflicts unresolved; ``conflicts`` lists them.

    So that nobody is asked twice: ``settled`` are the resolutions there were for others, by conflict id, ``judged``
    all that a judge found, settled or not; a merge takes them as ``resolutions=`` and ``semantic=``. ``asked`` are the
    trailers that name who was asked so far, ``findings`` what a finished merge would have told. ``commit`` is the id of
    the commit that could not be done again, in a rebase or cherry-pick.
    """

    def __init__(self, message: str, *, conflicts: Sequence[object] = (), settled: Mapping[str, object] | None = None,
                 judged: Sequence[object] = (), asked: Mapping[str, str] | None = None,
                 findings: Sequence[object] = (), commit: str | None = None,
                 hint: str | None = None) -> None:  # fmt: skip
        super().__init__(message, hint=hint)
        self.commit = commit
        self.conflicts = tuple(conflicts)
        self.settled = dict(settled or {})
        self.judged = tuple(judged)
        self.asked = dict(asked or {})
        self.findings = tuple(findings)


class LockedError(TraceError):
    """A lock held by another process did not become free in time."""


class CorruptTraceError(TraceError):
    """Bytes on disk that fail their checksum or their grammar; ``object_id`` names the object, if it is one."""

    def __init__(self, message: str, *, object_id: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.object_id = object_id


class RefusedError(TraceError):
    """Refused because going on would lose or leak something."""


class UnsafeRewriteError(RefusedError):
    """A rewrite that would break an invariant; ``findings`` says which."""

    def __init__(self, message: str, *, findings: Sequence[object] = (), hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.findings = tuple(findings)


class BudgetError(RefusedError):
    """A token budget that cannot be met; both numbers are in tokens."""

    def __init__(
        self, message: str, *, budget: int | None = None, needed: int | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.budget = budget
        self.needed = needed


class StorageError(TraceError):
    """The operating system refused a read or a write (full disk, permissions, I/O error)."""


class LLMError(TraceError):
    """A model could not be reached or did not give a usable answer."""
