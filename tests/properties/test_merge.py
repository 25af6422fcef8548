"""Random histories of a few branches that are merged into each other: a merge is refused for a named reason, or all
that may be asked of it holds. The checks know nothing of how it is computed (see ``tests/view/merging/checks``).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trace_git import tool
from trace_git.conflicts import Conflict, Resolution
from trace_git.errors import MergeConflictError, TraceError, UnsafeRewriteError
from trace_git.model import Context, Item
from trace_git.view import groups

from ..view.merging.checks import bases_of, check, pinned_twice
from ..view.merging.lines import call, compress, expand, mask, reorder, trace

VERBS = ("say", "say", "call", "open", "answer", "legacy", "edit", "pin", "unpin", "drop", "reorder", "compress",
         "compress", "expand", "mask", "tools")  # fmt: skip
HOW = (None, "ours", "theirs", "union", "random", "random")

changes = st.tuples(st.sampled_from(VERBS), st.integers(0, 1 << 16), st.sampled_from("uvw"))
merges = st.tuples(st.just("merge"), st.integers(0, 1 << 16), st.sampled_from(HOW))
some = st.lists(changes, min_size=1, max_size=4) | st.lists(merges, min_size=1, max_size=1)
works = st.tuples(st.integers(0, 3), some)


class World:
    """A trace with branches main, b1, b2 and b3; ``step`` does a thing on one of them, if it can be done."""

    def __init__(self, folder: Path, size: int) -> None:
        self.repo = trace(folder)
        self._compresses = 0
        self.repo.commit([f"n{number}" for number in range(size)])

    @property
    def items(self) -> tuple[Item, ...]:
        return self.repo.context().items

    def on(self, number: int) -> None:
        name = f"b{number}" if number else "main"
        if name not in {branch.name for branch in self.repo.branches()}:
            self.repo.branch(name)
        self.repo.checkout(name)

    def step(self, verb: str, number: int, more: Any) -> None:
        getattr(self, f"_{verb}")(number, more)

    def _one(self, number: int) -> Item | None:
        return self.items[number % len(self.items)] if self.items else None

    def _unit(self, number: int) -> list[Item]:
        """An item and its tool group."""
        if not self.items:
            return []
        return [self.items[at] for at in groups.groups(self.items).closure([number % len(self.items)])]

    def _say(self, number: int, text: str) -> None:
        if not groups.groups(self.items).tail:
            self.repo.commit(text)

    def _call(self, number: int, text: str) -> None:
        if not groups.groups(self.items).tail:
            self.repo.commit([call(text), tool("found", text)])

    def _open(self, number: int, text: str) -> None:
        if not groups.groups(self.items).tail:
            self.repo.commit(call(text, text + "2"))

    def _legacy(self, number: int, text: str) -> None:
        if not groups.groups(self.items).tail:
            self.repo.commit({"role": "assistant", "content": None, "function_call": {"name": text, "arguments": "{}"}})

    def _answer(self, number: int, text: str) -> None:
        tail = groups.groups(self.items).tail
        if tail:
            one = tail[number % len(tail)]
            legacy = {"role": "function", "name": one.name, "content": text}
            self.repo.commit(tool(text, one.id) if one.id is not None else legacy)

    def _edit(self, number: int, text: str) -> None:
        item = self._one(number)
        if item and item.id not in self._masked_items():
            self.repo.edit(item, text, force=True)

    def _pin(self, number: int, _: str) -> None:
        if item := self._one(number):
            self.repo.pin(item)

    def _unpin(self, number: int, _: str) -> None:
        if item := self._one(number):
            self.repo.unpin(item)

    def _drop(self, number: int, _: str) -> None:
        unit = self._unit(number)
        if unit and not any(item.pinned or item.kind == "summary" for item in unit):  # its archive would go with it
            self.repo.drop(unit[0])

    def _reorder(self, number: int, _: str) -> None:
        """A tool group, or an item, moves to the front."""
        unit = {item.id for item in self._unit(number)}
        paired = groups.groups(self.items)
        if unit and not paired.open:
            order = [item.id for item in self.items]
            moved = [*(one for one in order if one in unit), *(one for one in order if one not in unit)]
            if moved != order:
                reorder(self.repo, moved)

    def _compress(self, number: int, text: str) -> None:
        """One to three items, with their groups, if they stand together and nothing of it is pinned."""
        paired = groups.groups(self.items)
        start = number % max(1, len(self.items))
        places = paired.closure([at for at in range(start, start + 1 + number % 3) if at < len(self.items)])
        items = [self.items[at] for at in places]
        open_ = {one.at for one in paired.open}
        whole = places and places[-1] - places[0] == len(places) - 1
        if whole and not any(one.pinned or one.kind == "conflict" for one in items) and not open_ & set(places):
            compress(self.repo, [one.id for one in items], f"summary {text}", name=self._named("ckz"))

    def _expand(self, number: int, _: str) -> None:
        """Undo a compress or a mask, if all of it stands as it was made and is not pinned."""
        found = self.repo._handle.snapshots.archived(self.repo.get("HEAD").tree)
        for name in sorted(found)[number % max(1, len(found)) :][:1]:
            items = {one.place.item for one in found[name]}
            made = [one for one in self.items if one.kind == "summary" and items & {*one.message.provenance["items"]}]
            masks = [one for one in self.items if one.id in items]
            whole = [{*one.message.provenance["items"]} for one in made] == ([items] if not masks else [])
            if whole and len(masks) in (0, len(items)) and not any(one.pinned for one in (*made, *masks)):
                expand(self.repo, name)

    def _mask(self, number: int, text: str) -> None:
        item = self._one(number)
        if item and item.kind == "message" and not item.pinned:
            mask(self.repo, item.id, f"{text}… {self._compresses}", name=self._named("amy"))

    def _named(self, letters: str) -> str:
        """An id for a compress: no two have the same, and they come in any order."""
        self._compresses += 1
        return f"{letters[self._compresses % 3]}{self._compresses}"

    def _masked_items(self) -> set[str]:
        found = self.repo._handle.snapshots.archived(self.repo.get("HEAD").tree)
        return {one.place.item for entries in found.values() for one in entries}

    def _tools(self, number: int, text: str) -> None:
        self.repo.set_tools([{"type": "function", "function": {"name": text}}] if number % 2 else [])

    # -- merging ---------------------------------------------------------------------------

    def _merge(self, number: int, how: str | None) -> None:
        here = {branch.name: branch.commit for branch in self.repo.branches()}
        name = sorted(here)[number % len(here)]
        before, theirs, bases = self.repo.context(), self.repo.context(name), bases_of(self.repo, "HEAD", name)
        refs = self.refs()
        options: dict[str, Any] = {"strategy": how} if how != "random" else {}
        try:
            if how == "random":
                options["resolutions"] = _answers(self.repo.merge(name, dry_run=True).conflicts, Random(number))
            result = self.repo.merge(name, **options)
        except (MergeConflictError, UnsafeRewriteError) as error:
            refused: TraceError | None = error
        else:
            refused = None
        if refused is not None:
            assert self.refs() == refs
            assert refused.hint
            if isinstance(refused, MergeConflictError):
                assert how is None or any(map(pinned_twice, refused.conflicts))
            return
        if result.kind == "merge":
            check(self.repo, before, theirs, result, bases)
            self._again(name, options)
        after = self.refs()
        assert self.repo.merge(name).kind == "up-to-date"
        assert self.refs() == after
        if result.kind != "up-to-date":
            self.repo.undo()
            assert self.refs() == refs
            self.repo.redo()
            assert self.refs() == after

    def _again(self, name: str, options: dict[str, Any]) -> None:
        """The same merge gives the same context, and so does a dry run."""
        after, digest = self.repo.context(), self.repo.materialize(materializer=_render, conflicts="ours").digest
        self.repo.undo()
        assert self.repo.merge(name, dry_run=True, **options).items == after.items
        self.repo.merge(name, **options)
        assert self.repo.context().items == after.items
        assert self.repo.materialize(materializer=_render, conflicts="ours").digest == digest

    def refs(self) -> dict[str, str]:
        store = self.repo._handle.store
        store.refresh()
        return {ref: value for ref, value in store.ref_names().items() if not ref.startswith("refs/trace/keep/")}


def _answers(conflicts: Sequence[Conflict], random: Random) -> dict[str, Resolution]:
    chosen = {one.id: random.choice(one.actions) for one in conflicts}
    return {name: Resolution(action, "replaced" if action == "replace" else None) for name, action in chosen.items()}


def _render(context: Context) -> str:
    return "\n".join(f"{item.role} {item.message.body}" for item in context.items)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.sampled_from([5, 5, 120]), st.lists(works, min_size=4, max_size=14))
def test_a_merge_is_refused_or_right(size: int, program: list[tuple[int, list[Any]]]) -> None:
    """120 items are four folders, of which a merge leaves out those that nobody changed."""
    folder = Path(tempfile.mkdtemp(prefix="trace-git-merge-"))
    world = World(folder, size)
    try:
        for branch, steps in program:
            world.on(branch)
            for step in steps:
                world.step(*step)
        assert world.repo.verify() == ()
    finally:
        world.repo.close()
        shutil.rmtree(folder)
