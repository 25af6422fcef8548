"""One message out of a list in a file: fit for a trace, or refused with its place named.

Shared by the formats whose file is one conversation: a hole in it would make another
conversation of it, so a message that no trace can hold refuses the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import InvalidInputError
from .records import mended
from .shape import check_body


def entry(path: Path, where: str, value: Any, warnings: list[str]) -> dict[str, Any]:
    """``value`` as the body of a message; ``where`` is its place in the file, as ``messages[3]``.

    Raises InvalidInputError whose ``field`` is the path of the culprit. Lone surrogates are
    replaced, with a warning.
    """
    try:
        if not isinstance(value, dict):
            raise InvalidInputError("is not an object")
        body: dict[str, Any] = mended(value)
        check_body(body)
    except InvalidInputError as error:
        inner = f".{error.field.lstrip('.')}" if error.field else ""
        hint = error.hint or "mend the file and import it again"
        raise InvalidInputError(f"{path}: {where}{inner}: {error}", field=f"{where}{inner}", hint=hint) from None
    if body is not value:
        warnings.append(f"{where}: lone surrogates were replaced by U+FFFD")
    return body
