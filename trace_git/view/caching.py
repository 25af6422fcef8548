"""The rules by which providers cache the beginning of a prompt, and what that makes of a call's price.

| provider | from | cached are | written at | kept |
|---|---|---|---|---|
| Anthropic | 512 to 4,096 tokens, by model | prefixes that end at a mark, four a call | 1.25x | 5 min, or 1 h |
| OpenAI until GPT-5.5 | 1,024 tokens | steps of 128 tokens | 1x | minutes, 24 h where asked for |
| OpenAI from GPT-5.6 | 1,024 tokens | prefixes that end at a mark, one set by itself | 1.25x | 30 min or longer |
| Gemini from 2.5 | 2,048 or 4,096 tokens, by model | what its implicit caching finds | 1x | not said |

All put tool definitions in front of all messages, and all read nothing behind the first difference. Sources, read in
November 2026: Anthropic, "Prompt caching" and "Tool use with prompt caching" (platform documentation); OpenAI, "Prompt
caching" (API guide) and, for models before GPT-5.6, "Prompt Caching 201" (cookbook); Google, "Context caching" (Gemini
API documentation, last updated 2026-10-13). Minimums that litellm's list of models has go before those in here.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..pricelist import Price

LOOK_BACK = 20  # blocks in front of a mark in which Anthropic looks for what it has

_OPENAI = re.compile(r"(?:chatgpt-|codex-|o[1-9](?:$|-)|gpt-(?:4o|4\.[15]|[5-9]|\d\d))")
_VERSION = re.compile(r"(?<!\d)(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_CLAUDE = {
    **dict.fromkeys(("opus-4-5", "opus-4-6", "haiku-4-5"), 4096),
    **dict.fromkeys(("opus-4-7", "haiku-3-5", "haiku-3"), 2048),
    **dict.fromkeys(("opus-5", "fable-5", "mythos-5"), 512),
}
_FAMILIES = ("opus", "sonnet", "haiku", "fable", "mythos")


class Rule(NamedTuple):
    """What one provider caches: prefixes of ``minimum`` tokens or more, in steps of ``step`` behind that.

    ``read`` and ``write`` are prices as parts of that of fresh input, for where no list has them; ``marks`` says that
    only prefixes which end at a mark are cached, and ``back`` how many blocks in front of a mark are looked through.
    ``unknown`` is what nobody can tell beforehand.
    """

    provider: str
    minimum: int
    step: int = 1
    read: float = 1.0
    write: float = 1.0
    marks: bool = False
    back: int | None = None
    unknown: tuple[str, ...] = ()

    def __str__(self) -> str:
        steps = f", in steps of {self.step}" if self.step > 1 else ", up to a mark" if self.marks else ""
        return f"{self.provider}: from {self.minimum:,} tokens{steps}"

    def told(self, behind: int, counter: str) -> list[str]:
        """What nobody can tell beforehand, when ``behind`` items follow the common prefix, as ``counter`` counts."""
        near = f"whether a mark stands near its end: {behind} items follow, and {self.back} blocks are looked through"
        size = f"how {self.provider} counts: the sizes are those of {counter}"
        far = self.back is not None and behind >= self.back
        return [*self.unknown, *([near] if far else []), *([size] if self.provider != "OpenAI" else [])]

    def cacheable(self, prefix: int) -> int:
        """How much of a prefix of so many tokens may be read from the cache."""
        return prefix - (prefix - self.minimum) % self.step if prefix >= self.minimum else 0

    def cost(self, price: Price, prompt: int, cached: int) -> float:
        """US dollars for a prompt, of which the cache has ``cached`` tokens; the rest is written to it."""
        read = price.prompt * self.read if price.cached is None else price.cached
        written = price.prompt * self.write if price.written is None else price.written
        fresh = written if self.write > 1 and prompt >= self.minimum else price.prompt
        return cached * read + (prompt - cached) * fresh


def rule(model: str, minimum: int | None = None) -> Rule | None:
    """The rule for a model by its name, or None when none is known. ``minimum`` is what a list says of that model."""
    name = model.lower().rpartition("/")[2]
    if "claude" in name:
        return _anthropic(name, minimum)
    if "gemini" in name:
        return _gemini(name, minimum)
    return _openai(name, minimum) if _OPENAI.match(name) else None


def _anthropic(name: str, minimum: int | None) -> Rule:
    family = next((one for one in _FAMILIES if one in name), "")
    version = "-".join(part for part in _version(name) if part)
    known = _CLAUDE.get(f"{family}-{version}", 1024)
    said = (
        "whether the calls mark what is to be cached (cache_control, four marks at most): without a mark nothing is",
        "whether the provider still has it: 5 minutes after the last use, or 1 hour if that was asked for",
    )
    return Rule("Anthropic", minimum or known, read=0.1, write=1.25, marks=True, back=LOOK_BACK, unknown=said)


def _openai(name: str, minimum: int | None) -> Rule:
    major, minor = _version(name)
    said: tuple[str, ...]
    routed = "whether the call reaches a server that has it: a prompt_cache_key helps"
    if name.startswith("gpt-") and (int(major or 0), int(minor or 0)) >= (5, 6):
        said = (
            routed,
            "whether a call before ended its prompt, or had a mark, where the prefix ends: only there it is found",
            "whether the provider still has it: 30 minutes, or longer",
        )
        return Rule("OpenAI", minimum or 1024, read=0.1, write=1.25, marks=True, unknown=said)
    said = routed, "whether the provider still has it: minutes after the last use, 24 hours if that was asked for"
    return Rule("OpenAI", minimum or 1024, step=128, unknown=said)


def _gemini(name: str, minimum: int | None) -> Rule | None:
    major, minor = _version(name)
    version = int(major or 9), int(minor or 0)
    if version < (2, 5):
        return None
    said = (
        "whether the provider's implicit caching finds it, which it does not promise",
        "how long it is kept",
    )
    return Rule("Gemini", minimum or (2048 if version < (3, 0) else 4096), unknown=said)


def _version(name: str) -> tuple[str | None, str | None]:
    """The first number in a name that is no date, and the one behind its dot."""
    found = _VERSION.search(name)
    return (found[1], found[2]) if found else (None, None)
