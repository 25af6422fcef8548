"""Regular expressions that users give: compiled here, so that a bad one is an error of ours."""

from __future__ import annotations

import re
import warnings

from ..errors import InvalidInputError

_LONGEST = 1000


def compiled(text: str, *, field: str, flags: int = 0) -> re.Pattern[str]:
    """``text`` as a pattern of Python's ``re``; InvalidInputError when it is none."""
    if not isinstance(text, str):
        raise InvalidInputError(f"{text!r} is not a regular expression", field=field, hint="give it as text")
    if len(text) > _LONGEST:
        raise InvalidInputError(f"the pattern is longer than {_LONGEST} characters", field=field)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a later Python will read otherwise is no news for the user
            return re.compile(text, flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidInputError(
            f"{text!r} is not a regular expression: {error}",
            field=field,
            hint=r"\[ and \( mean the characters themselves",
        ) from error
