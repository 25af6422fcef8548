"""Tokenizers by name, built from tables that are on this machine already.

tiktoken fetches its tables from the network at the first use, which fails offline. The
same tables lie in litellm's wheel, in the layout of tiktoken's own cache (a file is named
by the sha1 of its address). They are read from there, checked against the sha256 that
tiktoken expects, and handed to tiktoken's ``Encoding``. Not done here: importing litellm,
touching the network, the environment or tiktoken's cache, and counting messages (see
``tokens``).
"""

from __future__ import annotations

import binascii
import hashlib
import importlib
import importlib.util
import os
import threading
from functools import cache
from itertools import count as count_up
from types import FunctionType
from typing import TYPE_CHECKING, NamedTuple

from .. import pricelist
from ..errors import NotFoundError, StateError
from ..model import ESTIMATE, TokenCount, Tokenizer

if TYPE_CHECKING:
    from tiktoken import Encoding

DEFAULT = "o200k_base"

_PACKAGE = "litellm"
_INSIDE = os.path.join("litellm_core_utils", "tokenizers")

# tiktoken's pattern engine gives up (a panic, which is no Exception) inside a run of 999,000 or more
# white space characters. A longer text is cut where a whole step is white space, so no run that is
# left is longer than two steps.
_STEP = 250_000


class _Table(NamedTuple):
    file: str
    sha256: str


_TABLES = {
    "o200k_base": _Table(
        "fb374d419588a4632f3f557e76b4b70aebbca790",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
    "cl100k_base": _Table(
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
    "p50k_base": _Table(
        "ec7223a39ce59f226a68acc30dc1af2788490e15",
        "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069",
    ),
}
NAMES = (*_TABLES, ESTIMATE)

_building = threading.Lock()


def load(name: str, *, folder: str | None = None) -> Tokenizer:
    """The tokenizer called ``name``; costs nothing until its first count.

    ``folder`` is a cache folder of tiktoken to look in before litellm's. ``"estimate"`` needs no
    table: about four bytes of UTF-8 a token, and every count of it is marked as not exact.
    NotFoundError for a name that is not in ``NAMES``; the first ``count`` raises StateError when
    the table is not on this machine or is damaged.
    """
    if name == ESTIMATE:
        return _Estimator()
    if name not in _TABLES:
        import difflib  # costs start-up time

        near = difflib.get_close_matches(name, NAMES, n=1)
        raise NotFoundError(
            f"no tokenizer is called {name!r}",
            hint=(f"did you mean {near[0]!r}? " if near else "")
            + f"there are {', '.join(NAMES)}, or pass an object with `name` and `count(text)`",
        )
    return _Exact(name, folder)


def there(name: str) -> bool:
    """Whether what ``name`` counts with lies on this machine; looks, and loads nothing."""
    if name not in _TABLES:
        return name == ESTIMATE
    package = pricelist.folder()
    if package is None or not os.path.exists(os.path.join(package, _INSIDE, _TABLES[name].file)):
        return False
    return importlib.util.find_spec("tiktoken") is not None


class _Estimator:
    name = ESTIMATE

    def count(self, text: str) -> TokenCount:
        size = len(text.encode("utf-8", "surrogatepass"))
        return TokenCount((size + 3) // 4, exact=False, counter=ESTIMATE)


class _Exact:
    """A tiktoken encoding. Text that looks like a special token counts as the text it is."""

    __slots__ = ("_encoding", "_folder", "name")

    def __init__(self, name: str, folder: str | None) -> None:
        self.name = name
        self._folder = folder
        self._encoding: Encoding | None = None

    def count(self, text: str) -> int:
        encoding = self._encoding
        if encoding is None:
            with _building:  # threads that come together build it once
                encoding = self._encoding = _build(self.name, self._folder)
        if len(text) < 2 * _STEP:
            return len(encoding.encode_ordinary(text))
        parts = _without_endless_space(text)
        tokens = sum(len(encoding.encode_ordinary(part)) for part in parts)
        return tokens if len(parts) == 1 else TokenCount(tokens, exact=False, counter=self.name)


def _without_endless_space(text: str) -> list[str]:
    starts = range(_STEP, len(text) - _STEP + 1, _STEP)
    cuts = [start for start in starts if text[start : start + _STEP].isspace()]
    return [text[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@cache
def _build(name: str, folder: str | None) -> Encoding:
    try:
        import tiktoken

        public = importlib.import_module("tiktoken_ext.openai_public")
    except ImportError as error:
        raise StateError(f"cannot count with {name}: tiktoken is not installed", hint=_hint()) from error
    ranks = _ranks(_read(name, folder))

    def on_this_machine(address: str, expected_hash: str | None = None) -> dict[bytes, int]:
        return ranks

    # The pattern and the special tokens are written down in a function of tiktoken that loads the
    # table as well. A copy of it whose loader is ours leaves tiktoken itself as it was.
    recipe = getattr(public, name)
    names = {**vars(public), "load_tiktoken_bpe": on_this_machine}
    return tiktoken.Encoding(**FunctionType(recipe.__code__, names)())


def _ranks(table: bytes) -> dict[bytes, int]:
    words = table.split()
    tokens = map(binascii.a2b_base64, words[::2])
    in_order = int(words[-1]) == len(words) // 2 - 1  # then ranks are 0, 1, 2, …: a third of the time saved
    return dict(zip(tokens, count_up() if in_order else map(int, words[1::2]), strict=False))


def _read(name: str, folder: str | None) -> bytes:
    """The table's bytes, from the first place that has it."""
    file, sha256 = _TABLES[name]
    package = pricelist.folder()
    for place in filter(None, (folder, package and os.path.join(package, _INSIDE))):
        path = os.path.join(place, file)
        try:
            with open(path, "rb") as stream:
                table = stream.read()
        except OSError:
            continue
        if hashlib.sha256(table).hexdigest() != sha256:
            raise StateError(
                f"the token table {name} in {path} is damaged: its sha256 is not the one tiktoken expects",
                hint="remove it, or install the package it belongs to again",
            )
        return table
    raise StateError(f"no token table for {name} on this machine", hint=_hint())


def _hint() -> str:
    return (
        f"`pip install tiktoken {_PACKAGE}` brings the tables; or pass tokenizer= an object of your own, "
        f"or tokenizer={ESTIMATE!r} for a rough count"
    )
