"""Which model is asked when a call names none: what the user set, never what a trace says.

A trace may come from somebody else. Its configuration and its content choose no model, or opening a stranger's trace
could send its reader's data, with the reader's key, wherever the stranger likes.
"""

from __future__ import annotations

from collections.abc import Mapping

MODEL_VARIABLE = "TRACE_GIT_MODEL"
MODEL_KEY = "model"  # trace.model in git's configuration


def configured(environ: Mapping[str, str], config: Mapping[str, str]) -> str | None:
    """The model's name from ``TRACE_GIT_MODEL``, else from ``config``, else None.

    ``config`` is the section [trace] of the user's own git configuration. A trace's own must not be given.
    """
    for text in (environ.get(MODEL_VARIABLE), config.get(MODEL_KEY)):
        if text and text.strip():
            return text.strip()
    return None
