"""config: what a trace keeps about itself in git's configuration, section [trace]. `git config` reads the same."""

from __future__ import annotations

from ..errors import InvalidInputError
from ..store import gitconfig
from ..view.handle import Handle
from ..view.status import settings

SECTION = "trace"
KEYS = ("budget",)


def config(handle: Handle, key: str) -> str | None:
    """The value as it is written in the trace's configuration, else in the user's; None when neither says anything."""
    return gitconfig.value(settings(handle), SECTION, _known(key))


def set_config(handle: Handle, key: str, value: str | int | None) -> None:
    """Write a value into the trace's configuration, or take it out. InvalidInputError for one that makes no sense."""
    handle.check_present()
    key = _known(key)
    text = None if value is None else _budget(value)
    gitconfig.put(settings(handle)[0], SECTION, key, text)


def _known(key: str) -> str:
    if key in KEYS:
        return key
    import difflib  # costs start-up time

    near = difflib.get_close_matches(key, KEYS, 1) if isinstance(key, str) else []
    hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(KEYS)}"
    raise InvalidInputError(f"{key!r} is nothing that a trace keeps", field="key", hint=hint)


def _budget(value: str | int) -> str:
    text = value.strip() if isinstance(value, str) else str(value)
    number = gitconfig.number(text) if not isinstance(value, bool) else None
    if number is None or number <= 0:
        raise InvalidInputError(f"budget {value!r} is not a number of tokens", field="budget", hint="give 1 or more")
    return text
