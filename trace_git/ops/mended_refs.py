"""Where each ref of a damaged trace ought to be: nothing is written here.

| a ref that … | goes to |
|---|---|
| is sound, and its history is whole | where it is |
| is empty, garbage, lost, or leads to a hole | its newest value that is whole, by the operation log, else the reflog |
| is a branch and has no such value | what can still be read of it, as one commit (see ``rescue``) |
| is HEAD, and no value is good | main, else the first branch |
| is anything else | away: its bytes are kept aside |
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import CorruptTraceError
from ..results import Finding
from ..store import files, format, trees
from ..store.connection import Connection
from ..store.mending import Mended
from ..store.records import COMMIT, TREE, Move
from ..store.refs import is_id
from ..store.store import Store
from .rescue import Objects, Rescue, Rescued
from .wholeness import TROUBLE, History

_HEADS = "refs/heads/"
_ITEM = re.compile(r"-([0-9a-f]{16})\.msgpack")
_MADE_AGAIN = "refs/trace/pins/"  # labels: said by the tree


class Refs:
    """``final`` are all refs as they ought to be; ``bad`` says why for each that must move."""

    def __init__(self, on: Connection, store: Store, done: Mended) -> None:
        self._on = on
        self._store = store
        self._done = done
        self._entries = list(store.entries())
        self._history = History(store)
        self.present: dict[str, str | None] = {}
        self.bad: dict[str, str] = {}
        self.final: dict[str, str] = {}
        self.objects: Objects = {}
        self.findings: list[Finding] = []

    def judge(self) -> None:
        self._look()
        self._learn()
        for ref, why in list(self.bad.items()):
            if not _is_head(ref):
                self._decide(ref, why)
        self._rescue()
        self._heads()
        self._lost()

    def moves(self) -> tuple[Move, ...]:
        """What the operation moves. Where bytes were no value, the old one is what the log had last said."""
        return tuple(Move(ref, self._old(ref), self.final.get(ref)) for ref in sorted({*self.bad, *self._added()}))

    def _added(self) -> set[str]:
        return {ref for ref in self.final if ref not in self.present}

    def _old(self, ref: str) -> str | None:
        present = self.present.get(ref)
        if ref not in self.bad or (present is not None and self._is_there(present)):
            return present
        return next((value for value in self._known(ref) if self._is_there(value)), self.final.get(ref))

    def _is_there(self, value: str) -> bool:
        return not is_id(value) or self._on.objects.has(bytes.fromhex(value))

    # -- what is there ---------------------------------------------------------------------

    def _look(self) -> None:
        known = self._on.known.values()
        for ref in ["HEAD", *self._on.refs.all_names("refs/")]:
            try:
                self.present[ref] = value = self._on.refs.read(ref)
                if value is not None and self._on.behind(ref, value):
                    self.bad[ref] = f"is at {value[:8]}, and nobody moved it there"
            except CorruptTraceError:
                self.present[ref] = None
                self.bad[ref] = "holds no object id"
        if self.present["HEAD"] is None:
            self.bad.setdefault("HEAD", "is missing")
        named = {line.partition(" ")[2] for line in self._done.dropped}
        for ref, value in known.items():
            gone = value is not None and ref != "HEAD" and ref not in self.present
            if gone and (self._on.refs.has_log(ref) or ref in named):
                self.present[ref] = None
                self.bad[ref] = "is gone"
        for name in sorted(named - self.bad.keys() - self.present.keys()):
            text = f"a line of packed-refs is lost: {name!r} has no earlier value"
            self.findings.append(Finding("ref", name, text))

    def _learn(self) -> None:
        values = [value for value in self.present.values() if is_id(value)]
        self._history.learn(value for value in values if value is not None)
        for ref, value in self.present.items():
            if is_id(value) and not self._history.whole(value or ""):
                there = "which is not whole" if self._is_there(value or "") else "which is lost"
                self.bad[ref] = f"leads to {(value or '')[:8]}, {there}"
        for ref in self.bad:
            self._history.learn(value for value in self._known(ref) if is_id(value))
        self.final = {ref: value for ref, value in self.present.items() if value is not None and ref not in self.bad}

    def _known(self, ref: str) -> Iterator[str]:
        """Values that the ref had, newest first: by the operation log, then by git's reflog."""
        for entry in self._entries:
            for move in reversed(entry.moves):
                if move.ref == ref:
                    yield from (value for value in (move.new, move.old) if value is not None)
        for line in reversed((files.read(self._on.refs.path(f"logs/{ref}")) or b"").split(b"\n")):
            words = [word.decode("ascii", "replace") for word in line.split(b" ", 2)[:2]]
            yield from (word for word in reversed(words) if is_id(word) and word.strip("0"))

    # -- where it goes ---------------------------------------------------------------------

    def _decide(self, ref: str, why: str) -> None:
        for value in self._known(ref):
            if (is_id(value) and self._history.whole(value)) or (value.startswith("ref: ") and value[5:] in self.final):
                self.final[ref] = value
                self._say(ref, f"put {ref} back to {value[:8] if is_id(value) else value[5:]}: it {why}")
                return
        if ref.startswith(_MADE_AGAIN) or "/" + _MADE_AGAIN in ref:
            self._say(ref, f"move the label {ref} aside: it {why}")
        elif not ref.startswith(_HEADS):
            self.findings.append(Finding("ref", ref, f"move {ref} aside: it {why}, and no whole value of it is known"))

    def _say(self, ref: str, text: str) -> None:
        self.findings.append(Finding("ref", ref, text, severity="warning"))

    def _heads(self) -> None:
        for ref, value in list(self.present.items()):
            if _is_head(ref):
                self._head(ref, value)

    def _head(self, ref: str, value: str | None) -> None:
        space = ref.removesuffix("HEAD")
        branches = [name for name in self.final if name.startswith(space + _HEADS)]
        known = [old for old in self._known(ref) if old.startswith("ref: ") and old[5:] in branches]
        if ref not in self.bad:
            strange = value is not None and value.startswith("ref: ") and value[5:] not in branches
            if not strange or not branches or self._was(value or ""):
                return
            self.bad[ref] = f"names {(value or '')[5:]}, which does not exist"
            self.final.pop(ref, None)
        main = f"{space}{_HEADS}main"
        good = known[0] if known else f"ref: {main if main in branches or not branches else min(branches)}"
        self.final[ref] = good
        self._say(ref, f"let {ref} name {good[5:]}: it {self.bad[ref]}")

    def _was(self, value: str) -> bool:
        """Whether the log knows the branch, or that HEAD was put there: then it may be empty on purpose."""
        return any(move.ref == value[5:] or move.new == value for entry in self._entries for move in entry.moves)

    # -- what is only in damaged commits ---------------------------------------------------

    def _rescue(self) -> None:
        holes = [ref for ref in self.bad if not _is_head(ref) and not ref.startswith("refs/remotes/")]
        first = {ref: tree for ref in holes if (tree := self._newest_tree(ref)) is not None}
        if not self._history.lost and not self._done.lost:
            first = {}
        elif not first and not holes:
            return
        tips = {value for value in self.final.values() if is_id(value)}
        rescue = Rescue(self._store, self._history.roots, tips)
        for ref, tree in first.items():
            found = rescue.one(tree)
            if found is not None:
                self._place(ref if ref.startswith(_HEADS) and ref not in self.final else None, found)
        if self._history.lost and (rescue.holes or len(first) < len(holes)):
            for found in rescue.rest([*self._history.readable_trees(), *self._orphans()]):
                empty = next((ref for ref in holes if ref.startswith(_HEADS) and ref not in self.final), None)
                self._place(empty, found)
        for ref in holes:
            if ref.startswith(_HEADS) and ref not in self.final:
                self.findings.append(
                    Finding("ref", ref, f"move {ref} aside: it {self.bad[ref]}, and nothing of it can be read")
                )

    def _newest_tree(self, ref: str) -> bytes | None:
        """The top folder of the newest commit of a ref that can be read and is not whole."""
        present = self.present.get(ref)
        for value in [*([present] if present else []), *self._known(ref)]:
            if is_id(value) and self._history.whole(value):
                return None
            try:
                return bytes.fromhex(self._store.commit(self._store.peel(value)).tree)
            except (*TROUBLE, ValueError):
                continue
        return None

    def _orphans(self) -> Iterator[bytes]:
        """Top folders that can be read while no commit that can be read has them."""
        roots, named = [], set()
        for oid in sorted(self._on.objects.all_ids()):
            try:
                kind, data = self._on.objects.read(oid)
                if kind == TREE and trees.file(trees.parse(data, oid), format.FORMAT_NAME) is not None:
                    roots.append(oid)
            except TROUBLE:
                continue
            if kind == COMMIT:
                named.add(data[5:45].decode("ascii", "replace"))
        return (oid for oid in roots if oid.hex() not in named)

    def _place(self, ref: str | None, found: Rescued) -> None:
        self.objects.update(found.objects)
        number = f"{len(found.items)} message{'s' if len(found.items) != 1 else ''}"
        if ref is not None:
            text = f"put {ref} to what can be read of it, {number}: it {self.bad[ref]}, and no earlier value is whole"
        else:
            ref = self._free_name()
            text = f"make {ref} of {number} that can be read in damaged commits only"
        self.final[ref] = found.commit
        self.findings.append(Finding("rescue", ref, text, found.items, "warning"))

    def _free_name(self) -> str:
        number = 1
        while any(f"{_HEADS}rescued-{number}" in refs for refs in (self.present, self.final)):
            number += 1
        return f"{_HEADS}rescued-{number}"

    def logs(self) -> Iterator[tuple[str, bytes]]:
        """Reflogs that name what is lost, as they ought to be: for git, what they name must be there."""
        if not self._history.lost and not self._done.lost:
            return
        for name in self._on.refs.log_names():
            raw = files.read(self._on.refs.path(name)) or b""
            lines = raw.splitlines(keepends=True)
            kept = [sound for line in lines if (sound := self._sound_line(line)) is not None]
            if kept != lines:
                yield name, b"".join(kept)

    def _sound_line(self, line: bytes) -> bytes | None:
        old, new = (line[at : at + 40].decode("ascii", "replace") for at in (0, 41))
        if not is_id(old) or not is_id(new):
            return None
        self._history.learn([value for value in (old, new) if value.strip("0")])
        if new.strip("0") and not self._history.whole(new):
            return None
        return line if not old.strip("0") or self._history.whole(old) else b"0" * 40 + line[40:]

    def _lost(self) -> None:
        """Name what nobody can read any more, by commit and path."""
        for oid, where in self._history.lost.items():
            items = tuple(_ITEM.findall(where))
            self.findings.append(Finding("lost", oid, f"lost: {where}", items))


def _is_head(ref: str) -> bool:
    return ref == "HEAD" or (ref.startswith("refs/namespaces/") and ref.endswith("/HEAD") and ref.count("/") == 3)
