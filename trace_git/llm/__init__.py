"""Asking a language model: a callable of the user's, or a model by name, for which litellm is used.

A question has one deadline, an answer one size limit, and what comes back is a ``Reply`` or an ``LLMError``. What is
asked, and what an answer may do, is decided by the verb that asks; nothing here reads or writes a trace. litellm is
imported at the first question to a model by name, and never before.
"""

from __future__ import annotations

from .asking import Asker, Given, resolve
from .choice import MODEL_KEY, MODEL_VARIABLE, configured
from .data import delimit
from .reply import DEADLINE, LIMIT, LLM, Reply, Unusable
from .retries import Timing

__all__ = [
    "DEADLINE",
    "LIMIT",
    "LLM",
    "MODEL_KEY",
    "MODEL_VARIABLE",
    "Asker",
    "Given",
    "Reply",
    "Timing",
    "Unusable",
    "configured",
    "delimit",
    "resolve",
]
