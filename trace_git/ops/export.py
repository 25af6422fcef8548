"""export: a context as a transcript file in one of the formats that import reads."""

from __future__ import annotations

from ..formats import export as to_text
from ..view import deferred
from ..view.handle import Handle


def export(handle: Handle, commit: str, format: str) -> str:
    """The text of the file; InvalidInputError for an unknown format, RefusedError for open conflicts."""
    context = deferred.settled(handle.context(commit), None)
    return to_text(format, [item.message for item in context.items], tools=context.tools)
