"""The names a user may rely on, frozen: a change here is a change of the interface, and wants a changelog line."""

from __future__ import annotations

import inspect

import trace_git
from trace_git import errors

PUBLIC = {
    "AmbiguousRevisionError", "BudgetError", "Conflict", "ConflictError", "CorruptTraceError", "InvalidInputError",
    "LLMError", "LockedError", "Message", "MergeConflictError", "NotFoundError", "RefusedError", "Repo", "Resolution",
    "Session", "StateError", "StorageError", "TokenCount", "TraceError", "UnsafeRewriteError", "Usage", "assistant",
    "system", "tool", "user",
}  # fmt: skip

REPO = {
    "batch", "branch", "branches", "close", "commit", "compress", "compressions", "conflicts", "context", "edit",
    "expand", "export", "fit", "flush", "get", "import_file", "log", "materialize", "merge", "open", "path", "peek",
    "pin", "resolve", "set_tools", "status", "switch", "tools", "unpin", "verify", "warnings",
}  # fmt: skip


def test_the_package_exports_these_names_and_no_others():
    assert set(trace_git.__all__) == PUBLIC
    assert len(trace_git.__all__) <= 25
    assert all(hasattr(trace_git, name) for name in PUBLIC)


def test_repo_has_these_verbs():
    assert set(dir(trace_git.Repo)) >= REPO


def test_every_error_is_exported():
    kinds = {name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)}
    assert kinds <= PUBLIC


def test_what_follows_the_first_argument_is_by_keyword_only():
    for name in REPO - {"path", "tools", "warnings", "import_file"}:
        parameters = list(inspect.signature(getattr(trace_git.Repo, name)).parameters.values())
        named = [one for one in parameters if one.name not in ("self", "cls")]
        free = [one for one in named if one.kind is one.POSITIONAL_OR_KEYWORD]
        assert len(free) <= 2, name


def test_every_public_verb_says_what_it_does():
    assert all(getattr(trace_git.Repo, name).__doc__ for name in REPO)
    assert all(getattr(trace_git, name).__doc__ for name in PUBLIC)
