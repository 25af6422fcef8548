"""redact: the one verb that takes content out of every commit, and out of every file of the trace.

All refs of all namespaces are rewritten at once, keeps, pins and tags too; then nothing of the old objects is left (see
``store.erase``). It cannot be undone: the operation log begins anew. What the rules are is in ``redacting``.

| given | what goes |
|---|---|
| a text | that text, in every message, version, tool definition, commit message, name and tag |
| ``regex`` | what it matches in any text |
| ``item`` | all that the item ever said; a placeholder stays at its place, with its role and the ids of its calls |
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import ExitStack
from urllib.parse import urlsplit

from ..errors import AmbiguousRevisionError, InvalidInputError, NotFoundError, RefusedError, StateError
from ..model import Commit, Item
from ..results import Finding, RedactResult
from ..store import copying, erase, files, gitconfig, mending
from ..store.collect import Running
from ..store.connection import Connection
from ..store.erase import Erasure
from ..store.reachable import Stock, reach
from ..store.records import COMMIT, TREE, Move
from ..store.refs import is_id
from ..view.handle import Handle
from ..view.items import find
from . import cleaning, keep, unfinished
from .cleaning import Eraser
from .redacting import Rules
from .roots import check_whole, roots
from .unfinished import Rewriter

REPLACEMENT = "[redacted]"
_NAME = re.compile(rb"-([0-9a-f]{16})\.msgpack\0")
_PREFIX = re.compile(r"[0-9a-f]{4,16}")


def redact(
    handle: Handle,
    text: str | None = None,
    *,
    item: str | Item | Commit | None = None,
    regex: str | None = None,
    replacement: str = REPLACEMENT,
    dry_run: bool = False,
) -> RedactResult:
    """Erase a text, what a regular expression matches, or an item; see ``Repo.redact``."""
    if sum(one is not None for one in (text, item, regex)) != 1:
        raise InvalidInputError(
            "say what to redact: a text, an item or a regular expression", field="text", hint="give exactly one of them"
        )
    eraser = cleaning.expression(regex, replacement) if regex is not None else cleaning.literal(
        text if text is not None else "\0", replacement
    )  # fmt: skip
    check_whole(handle)
    store = handle.store
    if store.edge:
        raise StateError("this is a shallow clone: not all of its history is here", hint="git fetch --unshallow")
    with files.storing("the trace cannot be rewritten"), ExitStack() as stack:
        if dry_run:
            store.flush()
            plan = _Plan(handle, stack, roots(handle), eraser, text, item, replacement)
            return plan.result()
        on = stack.enter_context(store.alone())
        running = stack.enter_context(Running(store.folder))
        refs = _locked(on, stack)
        plan = _Plan(handle, stack, refs, eraser, text, item, replacement)
        plan.apply(on, running.draft)
        result = plan.result(applied=True)
    _start_over(handle, plan)
    return result


def _locked(on: Connection, stack: ExitStack) -> dict[str, str]:
    """Take git's lock of every ref; their values, symbolic ones included."""
    values: dict[str, str] = {}
    for ref in ["HEAD", *on.refs.all_names("refs/")]:
        mending.take_lock(on.refs, ref, on.folder)
        stack.callback(_unlock, on, ref)
        value = on.refs.read(ref)
        if value is not None:
            values[ref] = value
    return values


def _unlock(on: Connection, ref: str) -> None:
    if on.refs.owns(on.refs.path(ref) + ".lock"):
        on.refs.unlock(ref)


def _start_over(handle: Handle, plan: _Plan) -> None:
    """What this handle remembers is of the old history."""
    if handle.detached is not None:
        old = bytes.fromhex(handle.detached)
        handle.detached = plan.stands.get(old, old).hex()
    handle.__post_init__()


class _Plan:
    """The new history, computed; nothing is changed."""

    def __init__(
        self,
        handle: Handle,
        stack: ExitStack,
        refs: Mapping[str, str],
        eraser: Eraser,
        text: str | None,
        item: str | Item | Commit | None,
        replacement: str,
    ) -> None:
        self._handle = handle
        self._refs = refs
        self._eraser = eraser
        self._folder = handle.store.folder
        self._stock = Stock(os.path.join(self._folder, "objects"))
        stack.callback(self._stock.close)
        if text is not None or item is None:
            self._check_names()
        needed = set(roots(handle).values()) - set(refs.values())  # refuses damaged refs
        self._open = sorted(needed)
        tips = [bytes.fromhex(value) for value in [*refs.values(), *self._open] if is_id(value)]
        seen: dict[bytes, int] = {}
        reach(self._stock, tips, seen)
        needle = text.encode() if text is not None else None
        wanted = frozenset({self._item(item, seen)}) if item is not None else frozenset()
        self.rules = Rules(
            self._stock.read,
            eraser=eraser,
            items=wanted,
            replacement=replacement,
            quick=None if needle is None else lambda data: needle in data or b"\\" in data,
        )
        rewriting = self.rules.rewriting
        for tip in tips:
            rewriting.object(tip)
        self.rules.check()
        if not wanted:
            cleaning.check_words(eraser)
        self.stands = rewriting.changed()
        self._commits = sum(seen.get(old) == COMMIT for old in self.stands)
        self._files = self._open_files(wanted=bool(wanted))
        if not self.stands and not self._files and not self._elsewhere(seen):
            if wanted:
                raise NotFoundError(
                    f"item {min(wanted)} says nothing that is left to redact", hint="nothing was changed"
                )
            raise NotFoundError("the text is nowhere in this trace", hint=self._hint(text))

    # -- what is asked for -----------------------------------------------------------------

    def _item(self, item: str | Item | Commit, seen: Mapping[bytes, int]) -> str:
        """The id of an item: of the present context, else of any commit."""
        handle = self._handle
        try:
            return find(handle.context(handle.head()).items, item).id
        except NotFoundError:
            word = item.id if isinstance(item, Item) else item
            if not isinstance(word, str) or not _PREFIX.fullmatch(word):
                raise
        known: set[str] = set()
        for oid, kind in seen.items():
            if kind == TREE:
                known.update(found.decode() for found in _NAME.findall(self._stock.read(oid)[1]))
        meant = sorted(one for one in known if one.startswith(word))
        if len(meant) > 1:
            raise AmbiguousRevisionError(f"{word} may be several items", candidates=meant, hint="give more of it")
        if not meant:
            raise NotFoundError(f"no item {word} in any commit", hint="`trace ls` lists the items")
        return meant[0]

    def _hint(self, text: str | None) -> str:
        """What to do about a text that is nowhere: perhaps an item was meant."""
        if text is not None and _PREFIX.fullmatch(text):
            items = self._handle.context(self._handle.head()).items
            if any(one.id.startswith(text) for one in items):
                return f"nothing was changed; the item of that id goes with: trace redact --item {text}"
        return "nothing was changed"

    def _check_names(self) -> None:
        """RefusedError where the text is in a name of a ref, or in a file that is the user's."""
        for ref in self._refs:
            name = ref[len(ref_place(ref)) :]
            if not keep.is_own(ref) and name != "HEAD" and self._eraser.text(name) != name:
                raise RefusedError(
                    f"the text is in the name {ref}",
                    hint="rename it first: trace branch -m OLD NEW; nothing was changed",
                )
        for path in sorted({*erase.strange_files(self._folder)}.difference(unfinished.paths(self._folder))):
            raw = (files.read(os.path.join(self._folder, path)) or b"").decode("utf-8", "surrogateescape")
            if self._eraser.text(raw) != raw:
                raise RefusedError(
                    f"the text is in the file {path} of the trace, which is yours",
                    hint="change that file first; nothing was changed",
                )

    def _elsewhere(self, seen: Mapping[bytes, int]) -> bool:
        """Whether it is in an object that nothing leads to, which goes with all others."""
        left = (oid for oid in self._stock.ids() if oid not in seen)
        texts = (self._stock.read(oid)[1].decode("utf-8", "surrogateescape") for oid in left)
        return any(self._eraser.text(one) != one for one in texts)

    def _open_files(self, *, wanted: bool) -> dict[str, bytes | None]:
        eraser = self._eraser
        by = Rewriter(self._now, str, lambda value: value, answers=False)
        return unfinished.rewritten(self._folder, by if wanted else Rewriter(self._now, eraser.text, eraser.value))

    def _now(self, commit: str) -> str:
        old = bytes.fromhex(commit)
        return self.stands.get(old, old).hex()

    # -- doing it --------------------------------------------------------------------------

    def apply(self, on: Connection, draft: str) -> None:
        source = _Both(self._stock, self.rules.rewriting.objects)
        moves = tuple(
            Move(ref, value, self._now(value) if is_id(value) else value) for ref, value in sorted(self._refs.items())
        )
        seen: dict[bytes, int] = {}
        tips = [move.new for move in moves if move.new is not None and is_id(move.new)]
        tips += map(self._now, self._open)
        reach(source, [bytes.fromhex(one) for one in tips], seen)
        if not seen:
            raise NotFoundError("there is nothing in this trace yet", hint="nothing was changed")
        name, index = copying.write(draft, self._stock, seen, source)
        erase.place(on, draft, name, index)
        erase.begin(on, Erasure(name, moves, self.stands, self._files))
        self._handle.store.warnings.extend(_finished(on))

    def result(self, *, applied: bool = False) -> RedactResult:
        refs = [ref for ref in self._refs if ref == "HEAD" or ref.startswith("refs/")]  # a plan has what is open too
        values = [(ref, self._refs[ref]) for ref in refs]
        moved = tuple(ref for ref, value in values if is_id(value) and self._now(value) != value)
        remotes = _remotes(self._folder)
        return RedactResult(
            applied=applied,
            commits=self._commits,
            items=tuple(sorted(self.rules.touched)),
            blobs=self.rules.blobs,
            refs=moved,
            remotes=remotes,
            findings=tuple(self._findings(remotes)),
        )

    def _findings(self, remotes: tuple[str, ...]) -> list[Finding]:
        found = [
            Finding("signature", oid.hex(), f"{oid.hex()[:8]} was signed; what stands for it is not", (), "warning")
            for oid in self.rules.rewriting.unsigned
        ]
        for item in self.rules.told:
            text = f"{item[:8]} was made from what is redacted and may say it in other words: look at it"
            found.append(Finding("summary", item, text, (item,), "warning"))
        for remote in remotes:
            text = f"the remote {remote} may still hold it: push by force, and have it collect its garbage"
            found.append(Finding("remote", remote, text, (), "warning"))
        borrowed = files.read(os.path.join(self._folder, "objects", "info", "alternates"))
        for line in (borrowed or b"").decode("utf-8", "replace").splitlines():
            found.append(
                Finding("alternate", line, f"objects are borrowed from {line}, which may hold it", (), "warning")
            )
        text = "clones, bundles and backups of this trace still hold it; so may the programs that have it open"
        return [*found, Finding("copies", "copies", text, (), "note")]


class _Both:
    """The stock, and the objects that are new."""

    def __init__(self, stock: Stock, fresh: Mapping[bytes, tuple[int, bytes]]) -> None:
        self._stock = stock
        self._fresh = fresh

    def has(self, oid: bytes) -> bool:
        return oid in self._fresh or self._stock.has(oid)

    def read(self, oid: bytes) -> tuple[int, bytes]:
        return self._fresh.get(oid) or self._stock.read(oid)


def _finished(on: Connection) -> list[str]:
    on.refresh()
    strays = erase.finish(on)
    return [
        f"{ref} was moved by another program meanwhile and may hold what was redacted: redact again" for ref in strays
    ]


def ref_place(ref: str) -> str:
    """What a ref's name begins with before the part that somebody chose."""
    if ref.startswith("refs/namespaces/"):
        return "refs/namespaces/"
    return next((place for place in (keep.HEADS, "refs/tags/", "refs/remotes/", "refs/") if ref.startswith(place)), "")


def _remotes(folder: str) -> tuple[str, ...]:
    """Name and address of each remote, without what may be a password."""
    text = (files.read(os.path.join(folder, "config")) or b"").decode("utf-8", "replace")
    found = []
    for one in gitconfig.variables(text):
        if one.section.startswith("remote.") and one.name in ("url", "pushurl") and one.value:
            parts = urlsplit(one.value)
            shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
            found.append(f"{one.section.removeprefix('remote.')} ({shown})")
    return tuple(dict.fromkeys(found))
