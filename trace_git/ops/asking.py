"""Asking a model for a verb: whom, with which prompt, what came of it, and what it took. What is asked is the verb's.

Nobody is asked unless a call says ``llm=``. Questions are texts of ours and, marked as data, content of the trace.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from .. import llm
from ..llm.prompts import Prompt
from ..llm.reply import Messages, Unusable, one_line
from ..llm.structured import demanding, extract, repairing
from ..model import Item, Message
from ..results import Finding
from ..store import gitconfig
from ..view import deferred
from ..view.handle import Handle
from ..view.materializers import text

ROOM = 200_000  # bytes of content in one question: as UTF-8 a text has some four to a token, whatever its language
DEADLINE = llm.DEADLINE
_READ = 100_000_000  # characters of an answer that are taken in, to be told that it is too long
_FINDINGS = 200  # of one answer


def asker(handle: Handle, given: llm.Given) -> llm.Asker | None:
    """Whom ``llm=`` of a call means; None when nobody is to be asked. True is the handle's, else the user's model."""
    default = handle.llm
    if given is True and default is None:
        model = gitconfig.value(handle.settings[1:], "trace", "model")  # the user's files; never the trace's own
        default = llm.configured(os.environ, {"model": model or ""})
    return llm.resolve(given, default=default)


@dataclass
class Asked:
    """What one verb asked, for its commit and its result."""

    prompts: list[Prompt] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    replies: list[llm.Reply] = field(default_factory=list)

    def note(self, prompt: Prompt, who: llm.Asker, reply: llm.Reply) -> None:
        self.replies.append(reply)
        model = one_line(reply.model or who.name, most=80)
        self.models += [model] if model not in self.models else []
        self.prompts += [prompt] if prompt not in self.prompts else []

    @property
    def trailers(self) -> dict[str, str]:
        if not self.replies:
            return {}
        models = " ".join(quote(model, safe="/:@+") for model in self.models)
        return {"Trace-Model": models, "Trace-Prompt": " ".join(prompt.mark for prompt in self.prompts)}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What it took, as far as that was reported."""
        if not self.replies:
            return ()
        names, count = ", ".join(self.models), len(self.replies)
        told = f"asked {names} {count} time{'' if count == 1 else 's'}"
        used = [reply.usage for reply in self.replies if reply.usage is not None]
        if used:
            told += f", {sum(one.prompt for one in used):,} tokens in, {sum(one.completion for one in used):,} out"
        costs = [reply.cost for reply in self.replies if reply.cost is not None]
        return (Finding("llm", names, told + (f", ${sum(costs):.4f}" if costs else ""), severity="note"),)


def would(handle: Handle, who: llm.Asker, sends: Sequence[Messages]) -> Finding:
    """What a dry run says of its questions; the model may count their tokens in another way."""
    count = len(sends)
    text = f"would ask {who.name} {count} question{'' if count == 1 else 's'}" if count else f"would not ask {who.name}"
    if sends and handle.counter is not None:
        counter = handle.counter
        size = sum(counter.text(str(one.get("content") or "")) for messages in sends for one in messages)
        text += f", ~{size:,} tokens"
    return Finding("llm", who.name, text, severity="note")


def question(prompt: Prompt, content: str) -> Messages:
    """What is sent, to the letter."""
    return demanding([{"role": "system", "content": prompt.text}, {"role": "user", "content": content}])


def size(text: str) -> int:
    """What a text takes of ``ROOM``."""
    return len(text.encode())


def fitting(sizes: Mapping[str, int], wanted: Iterable[str]) -> set[str]:
    """Those of ``wanted``, the first ones first, that have room in one question together."""
    taken: set[str] = set()
    room = ROOM
    for one in dict.fromkeys(wanted):
        if sizes[one] <= room:
            taken.add(one)
            room -= sizes[one]
    return taken


def shown(label: str, item: Item, *, most: int = ROOM) -> str:
    """One message as data in a question. Of a conflict item, whose versions were put off, only that it is one."""
    said = "(a conflict that was put off)" if item.kind == deferred.KIND else _said(item.message)
    cut = said if len(said) <= most else said[:most] + "\n[cut here]"
    return llm.delimit(f"{label} item {item.id}, {item.role}{', pinned' if item.pinned else ''}", cut)


def _said(message: Message) -> str:
    plain = isinstance(message.content, str) and not message.calls
    return message.text if plain else text.as_text(message)


def findings(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The findings in a judge's answer; Unusable when they are no list of objects, or too many."""
    listed = answer.get("findings")
    if not isinstance(listed, list):
        raise Unusable('"findings" is not a list')
    if len(listed) > _FINDINGS:
        raise Unusable(f"there are {len(listed)} findings, and at most {_FINDINGS} are taken")
    for at, given in enumerate(listed):
        if not isinstance(given, dict):
            raise Unusable(f"finding {at} is not an object")
    return listed


def named(at: int, given: Mapping[str, Any], name: str, known: Collection[str], whose: str) -> tuple[str, ...]:
    """The ids that finding ``at`` lists under ``name``; Unusable unless each is ``known``, as it is of ``whose``."""
    ids = given.get(name)
    if not isinstance(ids, list) or not ids:
        raise Unusable(f'finding {at}: "{name}" is not a list of ids with at least one in it')
    for one in ids:
        if not isinstance(one, str) or one not in known:
            raise Unusable(f"finding {at}: {one_line(repr(one), most=40)} is not an id {whose}")
    return tuple(dict.fromkeys(ids))


def confidence(at: int, given: Mapping[str, Any]) -> float:
    """How sure finding ``at`` is; Unusable unless that is a number from 0 to 1."""
    sure = given.get("confidence")
    if isinstance(sure, bool) or not isinstance(sure, int | float) or not 0 <= sure <= 1:
        raise Unusable(f"finding {at}: the confidence is not a number from 0 to 1")
    return float(sure)


def twice(who: llm.Asker, messages: Messages, check: Callable[[dict[str, Any]], None],
          told: Callable[[llm.Reply], None]) -> str | None:  # fmt: skip
    """Ask; when ``check`` finds the answer Unusable, say why and ask once more. None, or what is wrong with the second.

    An answer that is too long or no JSON is unusable like any other; LLMError is for a model that gives none. ``told``
    is told of every answer.
    """
    until = time.monotonic() + DEADLINE
    for last in (False, True):
        reply = who.ask(messages, deadline=until - time.monotonic(), limit=_READ)
        told(reply)
        try:
            if len(reply.text) > llm.LIMIT:
                raise Unusable(f"it has {len(reply.text):,} characters, and {llm.LIMIT:,} are allowed")
            check(extract(reply.text))
            return None
        except Unusable as error:
            if last:
                return one_line(error.reason)
            messages = repairing(messages, reply.text, error.reason)
    raise AssertionError("the second time is the last")
