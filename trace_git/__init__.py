"""trace-git: git for the context window of an LLM."""

from .conflicts import Conflict, Resolution
from .errors import (
    AmbiguousRevisionError,
    BudgetError,
    ConflictError,
    CorruptTraceError,
    InvalidInputError,
    LLMError,
    LockedError,
    MergeConflictError,
    NotFoundError,
    RefusedError,
    StateError,
    StorageError,
    TraceError,
    UnsafeRewriteError,
)
from .model import Message, TokenCount, Usage, assistant, system, tool, user
from .repo import Repo
from .session import Session

__version__ = "0.1.0"

__all__ = [
    "AmbiguousRevisionError",
    "BudgetError",
    "Conflict",
    "ConflictError",
    "CorruptTraceError",
    "InvalidInputError",
    "LLMError",
    "LockedError",
    "MergeConflictError",
    "Message",
    "NotFoundError",
    "RefusedError",
    "Repo",
    "Resolution",
    "Session",
    "StateError",
    "StorageError",
    "TokenCount",
    "TraceError",
    "UnsafeRewriteError",
    "Usage",
    "assistant",
    "system",
    "tool",
    "user",
]
