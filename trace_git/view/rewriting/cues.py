"""Words with which a message points at another one, and how a reader finds what they point at. English only.

A cue is a pattern and a way to look. Where nothing is found that it can mean, it means nothing: "the second option"
without a list in front is no reference, and neither is what a message says of itself ("the table above" below one).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .reading import Reading, content_words, listing

FAR = 200  # items back for what was said once
NEAR = 8  # items back for a list or a question

_SPOKE = re.compile(
    r"said|mention|suggest|propos|recommend|describ|explain|offer|wrote|told|sent|gave|paste|share|quot", re.IGNORECASE
)
Match: TypeAlias = "re.Match[str]"
Find = Callable[[Reading, int, Match], "int | None"]


@dataclass(frozen=True)
class Cue:
    """``near`` says that it means the nearest that fits, so that another one in between changes what is meant;
    ``forward`` that it points at what follows."""

    pattern: re.Pattern[str]
    find: Find
    near: bool = False
    forward: bool = False
    words: tuple[str, ...] = ("",)  # one of them is in every text that it matches; looking for it is quick


# -- where to look -------------------------------------------------------------------------


def _back(reading: Reading, at: int, roles: Sequence[str], most: int = FAR) -> Iterator[int]:
    return (one for one in range(at - 1, max(-1, at - 1 - most), -1) if reading.role(one) in roles)


def _other(reading: Reading, at: int) -> str:
    return "assistant" if reading.role(at) == "user" else "user"


def _speakers(reading: Reading, at: int, word: str | None) -> tuple[str, ...]:
    """Whose words "I", "you", "we" are."""
    word = (word or "").lower()
    if word in ("i", "my"):
        return (reading.role(at),)
    return (_other(reading, at),) if word in ("you", "your") else ("user", "assistant")


def _before(reading: Reading, at: int, match: Match) -> int | None:
    """What the other side said last, or what a tool gave it."""
    return next(_back(reading, at, (_other(reading, at), "tool"), NEAR), None)


def _neighbour(reading: Reading, at: int, match: Match) -> int | None:
    """What stands in front, unless the message shows that very thing itself."""
    own = match.string[: match.start()]
    if listing(own) or "\n" in own.strip() or "```" in reading.text(at):
        return None
    noun = next((word for word in match.groups() if word), "").lower()
    if re.search(r"output|result|error|log|trace", noun):
        tool = next(_back(reading, at, ("tool",), 3), None)
        if tool is not None:
            return tool
    if re.search(r"list|option|step|point|table", noun):
        return next(
            (one for one in _back(reading, at, ("user", "assistant", "tool"), NEAR) if reading.lists(one)), None
        )
    return next(_back(reading, at, ("user", "assistant", "tool"), 1), None)


def _said(reading: Reading, at: int, match: Match) -> int | None:
    """What has most words in common with the sentence, of whoever is meant; without such words the last one."""
    roles = _speakers(reading, at, match["who"])
    words = content_words(_sentence(match))
    best, most = None, 0
    for one in _back(reading, at, roles):
        common = len(words & reading.words(one))
        if common > most:
            best, most = one, common
    return best if words else next(_back(reading, at, roles), None)


def _shown(reading: Reading, at: int, match: Match) -> int | None:
    """The last thing that was read, run or found; said, when that is the word."""
    if _SPOKE.search(match["did"]):
        return next(_back(reading, at, _speakers(reading, at, match["who"]), NEAR), None)
    done = next(_back(reading, at, ("tool",), NEAR), None)
    return done if done is not None else next(_back(reading, at, _speakers(reading, at, match["who"]), NEAR), None)


def _earlier(reading: Reading, at: int, match: Match) -> int | None:
    noun, who = match["noun"].lower(), match["whose"].lower()
    if re.search(r"output|result|error|command|call|search|query", noun):
        return next(_back(reading, at, ("tool",), NEAR), None)
    if noun.startswith(("question", "request")) and who == "the":
        who = "my" if reading.role(at) == "user" else "your"
    roles = _speakers(reading, at, who if who in ("my", "your") else "you")
    return next(_back(reading, at, roles, NEAR), None)


def _listed(reading: Reading, at: int, match: Match) -> int | None:
    """The last list, unless the message has one of its own."""
    if listing(reading.text(at).replace(match[0], " ")):
        return None
    roles = (_other(reading, at), "tool")
    return next((one for one in _back(reading, at, roles, NEAR) if reading.lists(one)), None)


def _asked(reading: Reading, at: int, match: Match) -> int | None:
    """What the other side said last, when that is a question."""
    last = next(_back(reading, at, (_other(reading, at),), NEAR), None)
    return last if last is not None and "?" in reading.text(last) else None


def _answered(reading: Reading, at: int, match: Match) -> int | None:
    """The question that stands right in front of a few words."""
    last = _asked(reading, at, match) if reading.role(at) == "user" else None
    return last if last is not None and reading.text(last).rstrip().endswith("?") else None


def _ran(reading: Reading, at: int, match: Match) -> int | None:
    """What a tool gave the assistant just before."""
    return next(_back(reading, at, ("tool",), 1), None) if reading.role(at) == "assistant" else None


def _next(reading: Reading, at: int, match: Match) -> int | None:
    """What follows, unless the message goes on itself."""
    if len(match.string) - match.end() > 40 or "\n" in match.string[match.end() :].strip():
        return None
    return at + 1 if at + 1 < len(reading.items) and reading.role(at + 1) in ("user", "assistant") else None


def _sentence(match: Match) -> str:
    """The sentence around a match, without the matched words."""
    text = match.string
    start = max(text.rfind(mark, 0, match.start()) for mark in ".!?\n;")
    ends = [end for mark in ".!?\n" if (end := text.find(mark, match.end())) >= 0]
    return text[start + 1 : match.start()] + " " + text[match.end() : min(ends, default=len(text))]


# -- the words -----------------------------------------------------------------------------

_DONE = (
    r"said|mentioned|suggested|proposed|recommended|described|explained|offered|gave|sent|pasted|shared|quoted|listed|"
    r"showed|found|wrote"
)
_SAID = (
    r"(?:said|mentioned|noted|explained|described|discussed|pointed out|told (?:you|me)|promised|suggested|agreed|"
    r"showed|asked|requested|instructed|wanted)"
)
_DID = rf"(?P<did>{_DONE}|told me|fetched|opened|ran|read|saw|looked at|searched|edited|created|printed|asked)"
_MADE = rf"(?P<did>{_DONE}|made|created|built|drew|added|posted|chose|picked|named|changed)"
_ELSEWHERE = r"(?! (?:in|on|at|by|under|within) (?!my|your|the (?:last|previous|first|earlier)))"
_ORDINAL = r"(?:first|second|third|fourth|fifth|last)"
_CHOICE = r"(?:option|approach|suggestion|idea|alternative|choice|solution|proposal|variant|flight|way)"
_NOUN = (
    r"(?P<noun>message|answer|reply|question|request|suggestion|output|result|response|error|point|idea|comment|"
    r"instruction|snippet|search|query|command|change|edit|fix)s?"
)
_SHOWN = (
    r"(?:command|tests?|build|search|query|call|script|migration|output|results?|logs?|listing|response|error|traceback|"
    r"search results|error message|stack trace)"
)
_AGREED = (
    r"yes|yep|yeah|no|nope|sure|ok|okay|correct|exactly|right|agreed|neither|both|please do|go ahead|do it|"
    r"that(?:'s| is) (?:right|correct|fine|ok|okay)|sounds good|confirmed|of course|definitely|absolutely|not yet"
)
_BEGINS = r"\A\s*"
_ENDS = r"(?=\s*(?:please|[,.!?;]|\Z))"


def _cue(patterns: Sequence[str], find: Find, *words: str, near: bool = False, forward: bool = False) -> Cue:
    return Cue(re.compile("|".join(patterns), re.IGNORECASE), find, near, forward, words or ("",))


CUES = (
    _cue([
        rf"\b(?:as|like) (?:(?P<who>I|you|we)(?:'ve| have| had)? )?(?:just |already |previously )?{_SAID}"
        rf"(?: (?:above|before|earlier|already|previously))*\b{_ELSEWHERE}",
    ], _said, "as ", "like "),
    _cue([
        r"(?P<who>I|you)(?:'ve| have| had)? already (?:told|said|mentioned|gave|given|sent|answered|asked)\b",
    ], _said, "already"),
    _cue([
        r"\b(?:as |see |shown |listed |mentioned |described |given |per |quoted |the )(?:(\w+) ){0,2}?"
        r"(?<!the line )above(?=[.,;:!?)\n]|$| (?:and|or|but|is|was|are|were|shows?|says?|means?|does|do|did|has|"
        r"have|in |for |to |again|first|instead|keep|sort|fail|work)\w*)",
    ], _neighbour, "above"),
    _cue([
        r"\b(?:(?:what|which|that) |the (?:\w+ ){1,3}?)(?:that |which )?(?P<who>you|we|I)(?:'ve| have| had)? "
        rf"(?:just|already) {_DID}\b",
    ], _shown, "just", "already"),
    _cue([
        rf"\b(?:the|those|these|that) (?:\w+ )?\w+ (?:that |which )?(?P<who>you|I) {_MADE}\b(?! (?:in|on|to) )",
    ], _shown, " you ", " i "),
    _cue([
        rf"\b(?P<whose>the|your|my|that) (?:previous|earlier|last|prior|preceding) {_NOUN}\b"
        r"(?! (?:of|in|from|on|to|by)\b)",
    ], _earlier, "previous", "earlier", "last", "prior", "preceding"),
    _cue([
        rf"\b(?:the|your) {_ORDINAL} {_CHOICE}\b(?! (?:of|in|for|from|on|to) )",
        rf"\b(?:the|your) {_ORDINAL} one\b(?! of)",
        rf"\byour {_ORDINAL} (?:point|step|item|example|bullet|remark)\b",
        r"\bthe (?:former|latter)\b",
        r"\bthe last \w+ you (?:found|listed|showed|gave)\b",
        r"\b(?:option|step|variant|alternative|choice) (?:\d{1,2}|[A-Da-d]|one|two|three|four)\b(?![.):])",
    ], _listed, near=True),
    _cue([
        rf"{_BEGINS}(?:{_AGREED})(?=\s*(?:[,.!;:]|\Z)|\s+(?:please|thanks|thank|i|that|it|let|do|go|we|both|proceed)\b)",
    ], _asked, near=True),
    _cue([rf"{_BEGINS}(?:[\w'-]+[ ,]+){{0,2}}[\w'-]+[.!]?\s*\Z"], _answered, near=True),
    _cue([
        rf"{_BEGINS}(?:the|your|according to the|from the|as the) {_SHOWN}\b(?! (?:of|in|from|should|must|will|can)\b)",
    ], _ran),
    _cue([
        rf"{_BEGINS}(?:that|this|it) (?:still )?(?:did ?n[o']t|does ?n[o']t|did not|does not|works|worked|fails|failed|"
        r"helped|explains|(?:is|was) (?:wrong|right|not|n't)|looks (?:good|right|wrong))\b",
        rf"{_BEGINS}that's (?:not|wrong)\b",
        rf"{_BEGINS}(?:that|this) (?:sh|w)ould\b",
        rf"{_BEGINS}(?:why(?: not| is that| so)?|how(?: so| come)|since when|are you sure|really)\s*\?",
        rf"{_BEGINS}(?:still |it is (?:still )?)?the same (?:error|result|problem|thing|issue|output)\b",
        rf"{_BEGINS}same for\b",
        rf"{_BEGINS}(?:and|what about|how about) (?:for )?(?:the |an?other )?\w+\s*\?",
        rf"{_BEGINS}(?:good|great|nice|bad) idea\b",
        rf"{_BEGINS}(?:try|once) again\b",
        rf"{_BEGINS}(?:continue|go on|carry on|proceed|keep going)\b(?:(?= with the (?:rest|next))|{_ENDS})",
    ], _before, near=True),
    _cue([
        r"\b(?:undo|revert|redo|repeat|retry) (?:that|it|this)\b",
        r"\b(?:do|try|run) (?:that|it|this|the same) again\b",
        r"\b(?:use|take|do|keep|apply|accept|choose|pick) (?:that|this|both|either|those|these)\b"
        rf"(?:(?=\s*(?:instead|then|now|too|first))|{_ENDS})",
        r"\b(?:what|how|why) (?:does|do|did|is|was) (?:that|this|it)\b"
        r"(?=\s*(?:mean|work|come|happen|help|matter|so|\?))",
        r"\bwhat do you mean\b",
        rf"\b(?:explain|clarify|elaborate on) (?:that|this)\b{_ENDS}",
    ], _before, "that", "this", "it", "both", "either", "the", "you mean", near=True),
    _cue([
        r"\b(?:see|is|are|as|listed|shown|given|follows|attached) below(?=[.,;:!)\n]|\Z)",
        r"\b(?:in|with) (?:my|the) next message\b",
    ], _next, "below", "next", forward=True),
)  # fmt: skip
