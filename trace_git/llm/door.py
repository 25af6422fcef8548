"""litellm's door: the one module that imports it, and the one that meets its objects and errors.

It is imported at the first question (some seconds and 170 MB). Its own retries are switched off, and it is asked in a
thread that is left behind when the time is over: its timeout is for each read, so a server that drips would hold it
for ever. What an error is goes by its status, since the classes differ between providers.
"""

from __future__ import annotations

import copy
import importlib
import math
import os
import re
from collections.abc import Callable
from typing import Any

from ..errors import LLMError
from ..model import Usage
from . import prices
from .reply import LATE_HINT, Failure, Messages, Reply, Unusable, one_line, read
from .retries import ATTEMPTS
from .secrets import masked

# What litellm reads while it is imported: take the price list of the package instead of fetching one; read no .env.
_SETTINGS = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}
# Where a provider's key is not in <PROVIDER>_API_KEY.
_VARIABLES = {
    "bedrock": "AWS_ACCESS_KEY_ID",
    "perplexity": "PERPLEXITYAI_API_KEY",
    "sagemaker": "AWS_ACCESS_KEY_ID",
    "together_ai": "TOGETHERAI_API_KEY",
    "vertex_ai": "GOOGLE_APPLICATION_CREDENTIALS",
}
_WRAPPING = re.compile(r"^(?:litellm\.\w+: |\w+ ?(?:Error|Timeout): |\w+Exception - )+")
_NO_KEY = re.compile(r"credential|api.?key", re.IGNORECASE)
_UNUSABLE_ATTEMPTS = 2


class Model:
    """A model by the name that litellm knows it by. Its keys are in the environment, where litellm looks for them."""

    def __init__(self, name: str) -> None:
        self.name = name

    def ready(self) -> None:
        _litellm()

    def attempt(self, messages: Messages, *, seconds: float, limit: int) -> Reply | Failure:
        litellm = _litellm()

        sent = copy.deepcopy(messages)  # providers' parts of litellm change what they are given

        def call() -> Any:
            return litellm.completion(
                model=self.name, messages=sent, timeout=math.ceil(seconds), num_retries=0, max_retries=0
            )

        came = _within(seconds, call)
        if came is _LATE:
            return Failure(f"did not answer within {seconds:.0f} s", hint=LATE_HINT)
        if isinstance(came, Exception):
            return _failure(litellm, self.name, came)
        try:
            return read(_reply(came, self.name), limit=limit)
        except Unusable as error:
            return Failure(error.reason, _UNUSABLE_ATTEMPTS, "try again, or take another model")
        except _Final as error:
            return Failure(error.reason, hint=error.hint)


class _Final(Exception):
    """An answer that would be no better the next time."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


def _litellm() -> Any:
    """litellm, with the settings that a library needs. What the user has set already stays."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        litellm: Any = importlib.import_module("litellm")
    except Exception as error:  # of an installation that does not fit together anything may be raised
        absent = isinstance(error, ModuleNotFoundError) and error.name == "litellm"
        why = "" if absent else f" ({type(error).__name__}: {one_line(str(error))})"
        raise LLMError(
            f"a model can be asked by its name only with litellm, which cannot be imported here{why}",
            hint="`pip install 'trace-git[llm]'`, or pass llm= a callable of your own",
        ) from error
    litellm.telemetry = False
    litellm.suppress_debug_info = True  # else it prints to stdout
    return litellm


_LATE = object()


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """What ``call`` returns or raises, as a value; ``_LATE`` when the time is over first. An interrupt passes."""
    import contextvars
    import queue
    import threading

    box: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def work() -> None:
        try:
            box.put(call())
        except BaseException as error:  # handed to the thread that waits
            box.put(error)

    # A daemon: what still hangs when the program ends does not keep it.
    threading.Thread(target=contextvars.copy_context().run, args=(work,), name="trace-git-llm", daemon=True).start()
    try:
        came = box.get(timeout=seconds)
    except queue.Empty:
        return _LATE
    if isinstance(came, BaseException) and not isinstance(came, Exception):
        raise came
    return came


def _reply(response: Any, name: str) -> Reply:
    choices = getattr(response, "choices", None)
    if not choices:
        raise Unusable("answered without any choices")
    message, ending = getattr(choices[0], "message", None), getattr(choices[0], "finish_reason", None)
    text = getattr(message, "content", None)
    if not text and getattr(message, "tool_calls", None):
        raise Unusable("answered with tool calls instead of text")
    if not text:
        raise Unusable("gave an empty answer" + (f" (it ended with {one_line(str(ending))})" if ending else ""))
    if ending == "length":
        raise _Final("had its answer cut off at its output limit", "ask for less at once, or take another model")
    model = getattr(response, "model", None)
    model = model if isinstance(model, str) and model else name
    usage = _usage(getattr(response, "usage", None), model)
    return Reply(text, usage, model, prices.cost(usage, name, model))


def _usage(reported: Any, model: str) -> Usage | None:
    """What was reported; None when nothing was, which litellm writes as zeros."""
    details = getattr(reported, "prompt_tokens_details", None)
    prompt, completion = _number(reported, "prompt_tokens"), _number(reported, "completion_tokens")
    if not prompt and not completion:
        return None
    return Usage(prompt, completion, min(_number(details, "cached_tokens"), prompt), model)


def _number(holder: Any, field: str) -> int:
    value = getattr(holder, field, None)
    return value if type(value) is int and value > 0 else 0


def _failure(litellm: Any, name: str, error: Exception) -> Failure:
    """An error of litellm's, by its status.

    401, 403, or no key           not again; which variable holds the key; the provider's words only for the last
    404, 400 and other 4xx        not again
    408, 429, 5xx, no connection  again, as these pass; after what Retry-After says
    anything else                 not again
    """
    status = getattr(error, "status_code", None)
    provider = getattr(error, "llm_provider", None)
    said = one_line(masked(_WRAPPING.sub("", str(error))))
    headers = _headers(error)
    if status in (401, 403):
        return Failure(f"was refused: the key is not accepted (HTTP {status})", hint=_key_hint(name, provider))
    if not headers and _NO_KEY.search(said) and (missing := _missing(litellm, name)):
        return Failure("cannot be asked: there is no key for it", hint=f"set {' and '.join(missing)}")
    if status == 404:
        return Failure(f"is not known there (HTTP 404): {said}", hint="check the model's name, and the address if set")
    if status in (408, 429) or (isinstance(status, int) and 500 <= status < 600):
        return Failure(f"could not answer (HTTP {status}): {said}", ATTEMPTS, "try again later", _retry_after(headers))
    if isinstance(error, OSError):
        return Failure(f"could not be reached: {said}", ATTEMPTS, "check the network, then try again")
    if status == 400 and not provider:
        return Failure(
            "is no model that litellm can place", hint="name the provider too, as in openai/gpt-4o; or check the name"
        )
    what = f"HTTP {status}" if status else type(error).__name__
    return Failure(f"refused the question ({what}): {said}", hint="ask for less at once, or take another model")


def _headers(error: Exception) -> Any:
    """The headers of the answer that ``error`` is about, where the provider's part of litellm left them; or None."""
    response = getattr(error, "response", None)
    for headers in (getattr(error, "litellm_response_headers", None), getattr(response, "headers", None)):
        if headers:
            return headers
    return None


def _retry_after(headers: Any) -> str | None:
    value = headers.get("retry-after") if headers else None
    return value if isinstance(value, str) else None


def _missing(litellm: Any, name: str) -> list[str]:
    found = litellm.validate_environment(model=name)
    return list(found.get("missing_keys") or ())


def _key_hint(name: str, provider: Any) -> str:
    provider = provider if isinstance(provider, str) and provider else name.partition("/")[0]
    variable = _VARIABLES.get(provider, f"{re.sub(r'[^A-Z0-9]', '_', provider.upper())}_API_KEY")
    return f"set {variable} to a key that may use {name}"
