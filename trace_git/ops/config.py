"""config: what a trace keeps about itself in git's configuration, section [trace]. `git config` reads the same.

The model that is asked when a call names none is the user's alone: it is neither read from a trace's configuration nor
written there (see ``llm.choice``).
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from ..errors import InvalidInputError, RefusedError, StateError
from ..store import gitconfig
from ..view.handle import Handle
from ..view.status import settings

SECTION = "trace"
KEYS = ("budget", "model")
_USERS = ("model",)  # what only the user's own configuration says


def config(handle: Handle, key: str) -> str | None:
    """The value as it is written in the trace's configuration, else in the user's; None when neither says anything."""
    paths = settings(handle)
    return gitconfig.value(paths[1:] if _known(key) in _USERS else paths, SECTION, key)


def set_config(handle: Handle, key: str, value: str | int | None) -> None:
    """Write a value into the trace's configuration, or take it out. InvalidInputError for one that makes no sense."""
    handle.check_present()
    if _known(key) in _USERS:
        raise RefusedError(
            f"a trace chooses no {key}: whoever has it from you would ask that one, with a key of their own",
            hint=f"it is yours: trace config --global {key} NAME",
        )
    gitconfig.put(settings(handle)[0], SECTION, key, _checked(key, value))


def users(environ: Mapping[str, str], key: str) -> str | None:
    """What the user's own configuration says."""
    return gitconfig.value(_files(environ), SECTION, _known(key))


def set_users(environ: Mapping[str, str], key: str, value: str | int | None) -> str:
    """Write a value into the user's own configuration, or take it out; the path of the file, which is git's choice."""
    text = _checked(_known(key), value)
    paths = _files(environ)
    if not paths:
        raise StateError("there is no place for a configuration of yours", hint="set HOME or GIT_CONFIG_GLOBAL")
    path = next((one for one in paths if os.path.exists(one)), paths[0])
    if os.path.exists(path) and not os.path.isfile(path):
        raise StateError(f"{path}, your configuration of git, is no file", hint="set GIT_CONFIG_GLOBAL to another one")
    gitconfig.put(path, SECTION, key, text)
    return path


def _files(environ: Mapping[str, str]) -> tuple[str, ...]:
    return gitconfig.config_files(environ, "")[1:]


def _known(key: str) -> str:
    if key in KEYS:
        return key
    import difflib  # costs start-up time

    near = difflib.get_close_matches(key, KEYS, 1) if isinstance(key, str) else []
    hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(KEYS)}"
    raise InvalidInputError(f"{key!r} is nothing that a trace keeps", field="key", hint=hint)


def _checked(key: str, value: str | int | None) -> str | None:
    if value is None:
        return None
    return _budget(value) if key == "budget" else _model(value)


def _budget(value: str | int) -> str:
    text = value.strip() if isinstance(value, str) else str(value)
    number = gitconfig.number(text) if not isinstance(value, bool) else None
    if number is None or number <= 0:
        raise InvalidInputError(f"budget {value!r} is not a number of tokens", field="budget", hint="give 1 or more")
    return text


def _model(value: str | int) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or not text.isprintable():
        raise InvalidInputError(
            f"model {value!r} is no name of a model", field="model", hint='give one as litellm has it: "openai/gpt-4o"'
        )
    return text
