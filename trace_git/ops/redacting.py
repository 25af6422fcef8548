"""What a redaction makes of each file, commit and tag: the rules by which ``forget`` rewrites. ``redact`` is the verb.

A message that changes gets another blob id. Summaries and stubs name the versions they stand for: these names follow,
and a stub is made anew from what it stands for now. Subjects that were made from a message are made from the new one.
What was counted of a context that changed goes, other sizes become estimates, and reports of what was sent name no
version any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

from ..errors import NotFoundError, RefusedError
from ..message import Message
from ..model import ESTIMATE, Item
from ..store import codec, commits, format, trees
from ..store.reachable import lineage
from ..store.records import BLOB
from ..store.trees import FOLDER, TreeEntry
from ..view.compressing.shortening import HOW, shortened
from . import subject
from .cleaning import Eraser, placeholder
from .forget import Read, Rewriting

_ITEM = re.compile(rb"(?:.*-)?([0-9a-f]{16})\.msgpack\Z")
_COUNTS = ("Trace-Tokens", "Trace-Context-Tokens", "Trace-Tokenizer")
_FIXED = ("Trace-Op", *_COUNTS)
_FORMAT = (format.FORMAT_NAME, format.ATTRIBUTES_NAME)
_MODEL = re.compile(r"\bmodel=(\S+)")
_OVER = re.compile(r" over=[0-9a-f]+")
_SAFE = "/:@+_.-~"
_TOLD = ("summary", "collapse")  # kinds of what a model may have written of other items
_LEAST = 3  # characters of a message that a cut subject must show to be known as made from it

Version = tuple[bytes, str]  # blob id, and the item where that matters


class Rules:
    """The rules of one redaction: of a text, by ``eraser``, or of ``items``, whose content becomes ``replacement``.

    ``read`` and ``put`` are the rewriting's; ``touched`` are the items, ``blobs`` the versions that changed; ``told``
    are summaries of items that did, which may say it in other words.
    """

    def __init__(self, read: Read, *, eraser: Eraser, items: frozenset[str] = frozenset(), replacement: str = "",
                 quick: Callable[[bytes], bool] | None = None) -> None:  # fmt: skip
        self._read = read
        self._eraser = eraser
        self._items = items
        self._replacement = replacement
        self._quick = quick
        self._made: dict[Version, bytes] = {}
        self._kept: dict[Version, Message] = {}
        self.rewriting = Rewriting(read, self)
        self.touched: set[str] = set()
        self._sources: dict[str, set[str]] = {}
        self.texts = 0
        self.names: set[str] = set()

    @property
    def blobs(self) -> int:
        """How many versions of messages changed, and of other files."""
        return len({old for (old, _), new in self._made.items() if new != old})

    @property
    def told(self) -> list[str]:
        return sorted(item for item, sources in self._sources.items() if item not in self._items
                      and sources & self.touched)  # fmt: skip

    # -- files -----------------------------------------------------------------------------

    def folder(self, entry: TreeEntry) -> bool:
        return True

    def entry(self, entry: TreeEntry) -> bytes:
        match = _ITEM.match(entry.name)
        if match is not None:
            return self._message(entry.oid, match[1].decode())
        if entry.name in _FORMAT:
            return entry.oid
        tools = entry.name == format.TOOLS_NAME
        name = entry.name.decode("utf-8", "replace")
        if not (tools or self._items) and self._eraser.text(name) != name:
            self.names.add(name)
        return self._file(entry.oid, tools=tools)

    def _file(self, oid: bytes, *, tools: bool) -> bytes:
        key = oid, "tools" if tools else ""
        if key not in self._made:
            data = self._read(oid)[1]
            if self._items:
                done = data
            elif tools:
                done = codec.encode_tools(self._eraser.value(list(codec.decode_tools(data, blob_id=oid.hex()))))
            else:
                done = _encoded(self._eraser.text(_decoded(data)))
            self._made[key] = self._put(done) if done != data else oid
        return self._made[key]

    def _put(self, data: bytes) -> bytes:
        return self.rewriting.put(BLOB, data)

    def _message(self, oid: bytes, item: str) -> bytes:
        """What stands for a version of an item. The same bytes may be a version of several."""
        key = oid, item if item in self._items else ""
        if key not in self._made:
            data = self._read(oid)[1]
            if item not in self._items and b"digests" not in data and self._quick is not None and not self._quick(data):
                self._made[key] = oid
                return oid
            old = codec.decode(data, blob_id=oid.hex())
            new = self._changed(old, item)
            done = codec.encode(new)
            self._made[key] = self._put(done) if done != data else oid
            if done != data:
                self._kept[key] = new
        if self._made[key] != oid:
            self.touched.add(item)
        return self._made[key]

    def _changed(self, old: Message, item: str) -> Message:
        new = placeholder(old, self._replacement) if item in self._items else self._cleaned(old)
        made = self._renamed(new.provenance)
        if old.kind in _TOLD and isinstance(old.provenance, Mapping):
            self._sources.setdefault(item, set()).update(map(str, old.provenance.get("items") or ()))
        if made != new.provenance:
            new = replace(new, provenance=made)
            if item not in self._items:
                new = self._stub(new)
        if new.kind == "conflict":
            new = replace(new, body=self._renamed(new.body))
        return new

    def _cleaned(self, old: Message) -> Message:
        if self._items:
            return old
        text = self._eraser.text
        return replace(
            old,
            body=self._eraser.value(old.body),
            model=text(old.model) if old.model is not None else None,
            name=text(old.name) if old.name is not None else None,
            provenance=self._eraser.value(old.provenance, inside="provenance") if old.provenance is not None else None,
        )

    def _renamed(self, value: Any) -> Any:
        """A value in which the versions that a provenance names are those that stand for them now."""
        if isinstance(value, Mapping):
            done = {key: self._renamed(one) for key, one in value.items()}
            items, digests = value.get("items"), value.get("digests")
            if isinstance(items, list | tuple) and isinstance(digests, list | tuple):
                done["digests"] = [
                    self._version(one, items[at] if at < len(items) else "") for at, one in enumerate(digests)
                ]
            return done
        return [self._renamed(one) for one in value] if isinstance(value, list | tuple) else value

    def _version(self, digest: Any, item: Any) -> Any:
        if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{40}", digest):
            return digest
        oid = bytes.fromhex(digest)
        try:
            return self._message(oid, str(item)).hex()
        except NotFoundError:  # a version that is nowhere any more
            return digest

    def _stub(self, message: Message) -> Message:
        """A shortened result, made anew of what it stands for."""
        made = message.provenance or {}
        how, items, digests = made.get("how"), made.get("items"), made.get("digests")
        if how not in HOW or not items or not digests:
            return message
        oid = bytes.fromhex(digests[0])
        data = self.rewriting.objects[oid][1] if oid in self.rewriting.objects else self._read(oid)[1]
        again = shortened(Item.of(items[0], digests[0], codec.decode(data)), how)
        return replace(message, body=again.body) if again is not None else message

    # -- commits and tags ------------------------------------------------------------------

    def person(self, name: bytes) -> bytes:
        person, mark, address = _decoded(name).rpartition(" <")
        clean = [re.sub(r"[\x00-\x1f<>]", "", self._eraser.text(one)) for one in (person, address)]
        done = _encoded(mark.join(clean)) if not self._items else name
        self.texts += done != name
        return done

    def text(self, commit: bytes, tree: bytes, message: bytes) -> bytes:
        given = _decoded(message)
        said, trailers = commits.split_trailers(given)
        done = self._said(commit, tree, said)
        below = {key: self._trailer(key, value) for key, value in trailers.items()}
        if tree and (self._differs(commit) or tree != lineage(b"", commit)[0]):
            below = loosened(below, counted=not tree or self.rewriting.says_the_same(commit))
        self.texts += done != said
        if (done, below) == (said, trailers):
            return message
        block = "".join(f"{key}: {value}\n" for key, value in below.items())
        return _encoded(f"{done}\n\n{block}" if below else f"{done}\n")

    def _said(self, commit: bytes, tree: bytes, said: str) -> str:
        lines = said.split("\n")
        if tree:
            own = self._own(commit)
            lines = [self._line(line, own) for line in lines]
            if self._items and len(lines) > 1:
                lines = self._squashed(lines, own)
        done = "\n".join(lines)
        return done if self._items else self._eraser.commit_text(done)

    def _line(self, line: str, own: Sequence[Version]) -> str:
        """The subject, or one of those that a squash put together."""
        for key in own:
            if key in self._kept:
                line = _resubject(line, subject.words(self._old(key)), subject.words(self._kept[key]))
        return line

    def _squashed(self, lines: Sequence[str], own: Sequence[Version]) -> list[str]:
        """Without lines that may tell of a version of an item that the squash left in no commit."""
        others = [subject.words(self._old(key)) for key in own if key not in self._kept]
        done = list(lines)
        for new in [self._kept[key] for key in own if key in self._kept]:
            told = (f"{new.role}: ", *(f"edit: {item[:8]} " for item in self._items))
            for at, line in enumerate(lines):
                if line.startswith(told) and all(_resubject(line, one, "") == line for one in others):
                    done[at] = f"{line.partition(': ')[0]}: {subject.words(new)}"
        return done

    def _trailer(self, key: str, value: str) -> str:
        if self._items or key in _FIXED:
            return value
        if key == "Trace-Usage":
            return _MODEL.sub(lambda match: f"model={quote(self._eraser.text(unquote(match[1])), safe=_SAFE)}", value)
        return " ".join(self._eraser.text(value).splitlines())

    def _differs(self, commit: bytes) -> bool:
        """Whether the context that a commit was made upon changed."""
        _, parents = lineage(b"", commit)
        if not parents:
            return False
        tree, _ = lineage(b"", self._read(parents[0])[1])
        return self.rewriting.tree(tree) != tree

    def _own(self, commit: bytes) -> list[Version]:
        """What a commit is about: versions that only it or its parent has."""
        tree, parents = lineage(b"", commit)
        before = lineage(b"", self._read(parents[0])[1])[0] if parents else None
        found: dict[Version, None] = {}
        self._compare(before, tree, found)
        return list(found)

    def _old(self, version: Version) -> Message:
        return codec.decode(self._read(version[0])[1])

    def _compare(self, before: bytes | None, after: bytes | None, found: dict[Version, None]) -> None:
        """The messages of two folders that are not in the other, below those that differ and were rewritten."""
        if before == after:
            return
        old, new = (self._entries(oid) for oid in (before, after))
        for name in {**old, **new}:
            ours, theirs = old.get(name), new.get(name)
            if ours == theirs:
                continue
            modes = {one.mode for one in (ours, theirs) if one is not None}
            if modes == {FOLDER}:
                self._compare(ours.oid if ours else None, theirs.oid if theirs else None, found)
            elif match := _ITEM.match(name):
                item = match[1].decode()
                for one in (ours, theirs):
                    if one is not None:
                        self._message(one.oid, item)
                        found[one.oid, item if item in self._items else ""] = None

    def _entries(self, oid: bytes | None) -> dict[bytes, TreeEntry]:
        if oid is None:
            return {}
        return {entry.name: entry for entry in trees.entries(trees.parse(self._read(oid)[1], oid))}

    def check(self) -> None:
        """RefusedError for a file of somebody else whose name has the text in it."""
        if self.names:
            raise RefusedError(
                f"a file is called {sorted(self.names)[0]!r} in a commit: names of files are not redacted",
                hint="rename it out of the history with stock git first; nothing was changed",
            )


def _resubject(line: str, old: str, new: str) -> str:
    """A subject with the words of the new message where it has those of the old one, as far as they are shown."""
    if old in line:
        return line.replace(old, new)
    cut = line.find("…")
    for start in range(max(0, cut - _LEAST + 1)):
        if old.startswith(line[start:cut]):
            room = cut - start
            return line[:start] + (new if len(new) <= room + 1 else new[:room].rstrip() + "…") + line[cut + 1 :]
    return line


def loosened(trailers: Mapping[str, str], *, counted: bool) -> dict[str, str]:
    """What was ``counted`` of this context is an estimate now; of another it is wrong. A report names no version."""
    done = dict(trailers) if counted else {key: value for key, value in trailers.items() if key not in _COUNTS}
    counter = done.get("Trace-Tokenizer")
    if counter is not None and not counter.endswith(f" {ESTIMATE}"):
        done["Trace-Tokenizer"] = f"{counter} {ESTIMATE}"
    if "Trace-Usage" in done:
        done["Trace-Usage"] = _OVER.sub("", done["Trace-Usage"])
    return done


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
