"""A context as somebody reads it who looks for references: what each item says, what it lists, what it names.

Everything is read when it is first asked for, and once: a rewrite that moves one item looks at few others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

from ...model import Item, Message
from .. import deferred

_MOST = 20_000  # characters of a message that are looked at
_TOOLS = ("tool", "function")

_ENDINGS = (
    "bash|c|cc|cfg|conf|cpp|cs|css|csv|diff|env|go|h|hpp|html|ini|ipynb|java|js|json|jsx|kt|lock|log|md|patch|pdf|php|"
    "png|proto|py|rb|rs|rst|scss|sh|sql|svg|swift|tf|toml|traj|ts|tsx|txt|vue|xml|ya?ml|zip"
)
_NAME = re.compile(
    rf"""https?://[^\s<>"'`)\]]+[\w/]                                    # an address
    |(?<![\w./~-])(?:[\w.~-]{{1,80}}/)+[\w.-]*\w                          # a path
    |(?<![\w./-])[\w-]{{1,80}}(?:\.[\w-]{{1,30}})*\.(?:{_ENDINGS})\b(?!\()    # a file
    |\b(?=\w{{5,80}}\b)_*[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+\b   # snake_case
    |\b(?=\w{{6,80}}\b)(?:[a-z]+[A-Z]\w*[a-z]\w*|[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)+)\b   # camelCase
    |\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{{7,64}}\b               # a hash
    # a code such as B-20417:
    |\b(?=[A-Z0-9-]*[0-9])(?=(?:[0-9-]*[A-Z]){{2}}|[A-Z]-?[0-9]{{4}})[A-Z0-9]+(?:-[A-Z0-9]+)*\b(?<=[A-Z0-9-]{{5}})
    """,
    re.VERBOSE,
)
_KNOWN = """
    readme.md changelog.md contributing.md package.json package-lock.json setup.py setup.cfg pyproject.toml
    requirements.txt main.py app.py utils.py index.html index.js conftest.py __init__.py __init__ __main__ __name__
    config.json config.yaml docker-compose.yml .env javascript typescript github gitlab postgresql mysql mongodb openai
    youtube linkedin paypal powerpoint macos numpy pytorch tensorflow stackoverflow fastapi graphql devops rabbitmq
    whatsapp utf-8 utf-16 sha-1 sha-256 sha1 sha256 sha512 x86_64 iso-8601 ipv4 ipv6 base64 and/or either/or his/her
    he/she yes/no input/output read/write client/server todo/done n/a i/o tcp/ip ci/cd ui/ux a/b keyerror valueerror
    typeerror attributeerror importerror indexerror nameerror runtimeerror filenotfounderror assertionerror
    modulenotfounderror nullpointerexception covid-19
"""
_COMMON = frozenset(_KNOWN.split())  # what everybody knows without having been told
_SHORTEST = 5  # characters of a name
_SPLIT = re.compile(r"""[\s"'`<>()\[\]{},;|\\]+""")
_CAMEL = re.compile(r"\b\w*[a-z][A-Z]\w*\b")
_LIST = re.compile(r"(?:^|(?<=[\s:;,.]))(?:(\d{1,2})[.)]|(option|step|way|plan|variant) (\w{1,5})\b|([-*•])(?= ))",
                   re.IGNORECASE | re.MULTILINE)  # fmt: skip
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_WORD = re.compile(r"[a-z][a-z']{3,}")
_SMALL = """
    about above after again also because been before being below could does doing done down during each earlier
    everything from further going have having here into just like made make many mentioned might more most much need
    only other over please previously said same says shall should shown some such take than that their them then there
    these they thing things this those through under until very want were what when where which while will with would
    your yours already didn't don't doesn't discussed described explained noted told wrote stated
"""
_EMPTY = frozenset(_SMALL.split())


class Reading:
    """The items of a context, read as far as they are asked for. All numbers are places in it."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self._messages: dict[int, Message] = {}
        self._names: dict[int, frozenset[str]] = {}

    def message(self, at: int) -> Message:
        if at not in self._messages:
            self._messages[at] = deferred.shown(self.items[at].message)
        return self._messages[at]

    def role(self, at: int) -> str:
        """user, assistant, system, or tool; results in the form of a user's message are of a tool."""
        message = self.message(at)
        if message.role in _TOOLS or (message.answers and not said_beside_results(message)):
            return "tool"
        return "system" if message.role == "developer" else message.role

    def text(self, at: int) -> str:
        return self.message(at).text[:_MOST]

    def spoken(self, at: int) -> str:
        """What a user or the assistant says in words, without code between fences; nothing for others."""
        if self.role(at) not in ("user", "assistant"):
            return ""
        return _FENCED.sub("\n", self.text(at)) if "```" in self.text(at) else self.text(at)

    def _ids(self, at: int) -> frozenset[str]:
        """The ids of the calls that an item makes or answers."""
        message = self.message(at)
        return frozenset(str(id) for id in (*[call.id for call in message.calls], *message.answers) if id)

    def lists(self, at: int) -> bool:
        """Whether it offers several things: a list of two or more, numbered or not."""
        return listing(self.text(at))

    def words(self, at: int) -> frozenset[str]:
        return content_words(self.text(at))

    def names(self, at: int) -> frozenset[str]:
        """What an item names that nobody guesses: paths, identifiers, codes. Those in the arguments of a call too."""
        if at not in self._names:
            words = {word for word in _SPLIT.split(self._all(at)) if len(word) >= _SHORTEST and not word.isalpha()}
            words |= set(_CAMEL.findall(self._all(at)))
            self._names[at] = frozenset([*self._ids(at), *[name for word in words for name in _names_in(word)]])
        return self._names[at]

    def _all(self, at: int) -> str:
        message = self.message(at)
        called = [_argument(call.arguments) for call in message.calls]
        return "\n".join([self.text(at), *called]) if called else self.text(at)

    @cached_property
    def mentions(self) -> dict[str, list[int]]:
        """Name → the places of the items that have it, ascending."""
        found: dict[str, list[int]] = {}
        for at in range(len(self.items)):
            for name in self.names(at):
                found.setdefault(name, []).append(at)
        return found

    def quoted(self, at: int) -> Iterator[str]:
        """What an item quotes: lines behind a ">", and longer texts between quotation marks, spaces made even."""
        for match in _QUOTED.finditer(self.spoken(at)):
            quote = even(next(filter(None, match.groups())))
            if len(quote) >= _QUOTE and quote.count(" ") >= 3:
                yield quote

    def first(self, quote: str, before: int) -> int | None:
        """The first item in front of a place that has these words, spaces made even."""
        return next((at for at in range(before) if quote in even(self.text(at))), None)


_QUOTE = 20  # characters of a quotation that nobody repeats by chance
_QUOTED = re.compile(
    r"^[ \t]{0,3}>[ \t]?(.+)$|\"([^\"\n]{12,500})\"|“([^”\n]{12,500})”|`([^`\n]{12,500})`", re.MULTILINE
)


def said_beside_results(message: Message) -> bool:
    """Whether a message with results also has words of its own."""
    content = message.content
    if isinstance(content, str):
        return message.role not in _TOOLS
    blocks = content if isinstance(content, list | tuple) else ()
    return any(isinstance(one, str) or one.get("type") == "text" for one in blocks)


def listing(text: str) -> bool:
    """Whether a text has a list of two things or more."""
    marks = {match[0].lower().strip() if not match[4] else str(match.start()) for match in _LIST.finditer(text)}
    return len(marks) > 1


def content_words(text: str) -> frozenset[str]:
    """The words of a text that carry its meaning, in lower case."""
    return frozenset(_WORD.findall(text.lower())) - _EMPTY


def even(text: str) -> str:
    return " ".join(text.split())


@lru_cache(maxsize=200_000)
def _names_in(word: str) -> tuple[str, ...]:
    """What is a name in a word; the same words come again and again."""
    found = [match[0].removeprefix("./") for match in _NAME.finditer(word)]
    return tuple([name for name in found if name.lower() not in _COMMON and not name.isdigit()])


def _argument(given: object) -> str:
    return (given if isinstance(given, str) else json.dumps(given, default=str, ensure_ascii=False))[:_MOST]
