"""Facts in a text: what can be copied wrongly or left out, and compared without understanding it.

    kind         as in                                              compared by
    url          https://x.io/a?b=1                                 all behind the scheme
    path         src/app.py, /etc/hosts, C:\\logs, README.md          folders and name; fewer folders will do
    number       250 ms, 1,234, 37%, v1.2.3, 2024-05-01, 12:30      the digits
    identifier   max_items, parseHeader, np.array, sha256, --force  the word; the last part of a dotted one will do

Letters count the same in either case. Ordinary words are none of them, nor are names of people: a list of words would
be needed for each language. A single digit counts only with a unit. Texts of strangers are read in one pass, and what
is longer than 200 characters without a break is nothing that anybody would repeat, so hostile text costs no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_URL = re.compile(r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,15}://[^\s\"'`<>)\]}|\\]{1,500}", re.IGNORECASE)
_UNITS = (
    "%|ms|µs|us|ns|s|sec|secs|seconds?|min|mins|minutes?|h|hours?|days?|weeks?|months?|years?|bytes?|[kKMGT]i?B|"
    "tokens?|px|Hz|[kMG]Hz|°C|°F|USD|EUR|lines?|items?|messages?|times"
)
# What stands between breaks; a number takes the unit behind its space along.
_WORD = re.compile(
    rf"[^\s\"'`<>(){{}}\[\],;|=*!?“”‘’«»…•—–→]+(?:,\d{{3}})*(?:(?<=\d)[ \u00a0](?:{_UNITS})(?![\w-]|\.\w))?"
)
_ENDS = ".:;,!?&^~+-"
_LONGEST = 200
_LISTED = re.compile(r"^[ \t]*\d{1,3}[.)][ \t]", re.MULTILINE)  # the number of an entry
_TAG = re.compile(r"</[A-Za-z][\w:.-]{0,60}>")

_NUMBER = re.compile(r"[$€£#~≈±+-]*v?(\d(?:[\d.,:/_-]*\d)?)([ \u00a0]?[A-Za-zµ%°]{0,8})")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:T[\d:.,]+(?:Z|[+-][\d:]+)?)?")
_PATH = re.compile(r"(?:[A-Za-z]:\\[\w.\\ -]+|[\w.~@+%#:-]*(?:/[\w.~@+%#:-]*)+)")
_LINE = re.compile(r"(.+\.\w{1,8})(?::\d+){1,2}")  # a place in a file
_FILE = re.compile(
    r"[\w.-]+\.(?:py|pyi|js|jsx|ts|tsx|mjs|md|rst|txt|json|jsonl|ya?ml|toml|cfg|ini|conf|env|sh|bash|c|h|cc|cpp|hpp|rs|"
    r"go|java|kt|rb|php|cs|swift|css|scss|html?|xml|svg|csv|tsv|sql|db|log|lock|ipynb|pdf|png|jpe?g|gif|zip|gz|tar|patch|diff)",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"\.[a-z][a-z_-]{2,}")
_DOTTED = re.compile(r"[A-Za-z_$][\w$]*(?:(?:\.|::)[A-Za-z_$][\w$]*)+")
_NAMED = re.compile(r"[@$]?\w[\w$]*|--[A-Za-z][\w-]+|[\w+.-]+@[\w.-]+\.\w+|[A-Za-z0-9]+(?:[-.][A-Za-z0-9]+)+")
_HUMP = re.compile(r"[a-z0-9][A-Z]")
_TELLING = re.compile(r"[\d_/\\@]|\w[.:]+\w|^\.\w|^--|[a-z][A-Z]")  # what every fact has some of
_FOLDER = re.compile(r"[/\\]")
_STEP = re.compile(r"::|[./\\]")


class Found(NamedTuple):
    """A fact as it is written, and ``key``, by which it is compared."""

    kind: str
    key: str
    text: str


def facts(text: str) -> Iterator[Found]:
    """The facts of ``text``, one that stands there several times perhaps once only."""
    if "://" in text:
        for match in _URL.finditer(text):
            url = match.group().rstrip(_ENDS + "*")
            yield Found("url", _bare(url.partition("://")[2]), url)
        text = _URL.sub(" ", text)
    if "</" in text:
        text = _TAG.sub(" ", text)
    text = _LISTED.sub(" ", text)
    for word in dict.fromkeys(_WORD.findall(text)):
        if not word.isalpha() or _HUMP.search(word):
            yield from _facts(word)


def said(text: str) -> frozenset[str]:
    """Keys of everything that ``text`` names, its words, and the shorter keys that a fact may also be named by."""
    found = {word.rstrip(_ENDS).lower() for word in _WORD.findall(text)}
    for fact in facts(text):
        found.add(fact.key)
        found.update(shorter(fact.key))
    return frozenset(found)


def shorter(key: str) -> Iterator[str]:
    """The key with fewer folders, or with fewer names in front of dots, from the longest to the last part."""
    if "/" not in key and "\\" not in key and (_FILE.fullmatch(key) or not _DOTTED.fullmatch(key)):
        return
    rest = key
    step = _FOLDER if "/" in key or "\\" in key else _STEP
    while match := step.search(rest):
        rest = rest[match.end() :]
        if rest:
            yield rest


@lru_cache(maxsize=20_000)
def _facts(word: str) -> tuple[Found, ...]:
    """The facts in what stands between breaks: one, or those between its colons, or none."""
    if len(word) > _LONGEST or not _TELLING.search(word) or _ORDINAL.fullmatch(word):
        return ()
    word = word.rstrip(_ENDS) if not word.endswith("/") else word
    if found := _fact(word):
        return (found,)
    if ":" in word and "::" not in word:
        return tuple([found for part in word.split(":") if (found := _fact(part.strip(_ENDS)))])
    return ()


def _fact(word: str) -> Found | None:
    if (place := _LINE.fullmatch(word)) is not None:
        word = place[1]
    for kind, key in (("number", _number(word)), ("path", _path(word)), ("identifier", _identifier(word))):
        if key:
            return Found(kind, key, word)
    return None


def _number(word: str) -> str | None:
    if (moment := _MOMENT.fullmatch(word)) is not None:
        return moment[1]
    match = _NUMBER.fullmatch(word)
    if match is None:
        return None
    digits = re.sub(r",(?=\d{3}(?!\d))|_", "", match[1])
    unit = match[2].strip()
    if len(unit) > 3 and not match[2][0].isspace():
        return None
    return digits if len(digits) > 1 or unit or word[0] in "$€£v" else None


def _path(word: str) -> str | None:
    if _FILE.fullmatch(word) or _HIDDEN.fullmatch(word):
        return word.lower()
    if ("/" not in word and "\\" not in word) or "//" in word or not _PATH.fullmatch(word):
        return None
    key = _bare(word)
    rooted = word.startswith(("/", "./", "../", "~/")) and len(key) > 1
    several = word.count("/") > 1 or "\\" in word or word.endswith("/")
    marked = any(char in "._" or char.isdigit() for char in key)
    return key if rooted or (len(key) > 2 and (several or marked)) else None  # and/or is none


def _identifier(word: str) -> str | None:
    bare = word.lstrip("@$-_").rstrip("_")
    if len(bare) < 3 or bare.isdigit():
        return None
    if _DOTTED.fullmatch(word):
        return bare.lower() if any(len(part) > 1 for part in _STEP.split(word)) else None  # e.g is none
    if not _NAMED.fullmatch(word):
        return None
    if word.startswith("--"):
        return word.lower()
    digit = any(char.isdigit() for char in bare) and any(char.isalpha() for char in bare)
    return bare.lower() if digit or "_" in bare or "@" in bare or _HUMP.search(bare) else None


def _bare(path: str) -> str:
    return path.removeprefix("./").rstrip("/").lower()
