"""Random conversations that are compressed, edited, pinned, merged and compressed again, also by models that do harm.

Whatever was asked for: it is refused and nothing moved, or pins are the same blobs for stock git, nothing outside of
the range changed, tool calls have their results, the budget is met, and expanding brings back the very trees.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trace_git import Repo, tool
from trace_git.errors import MergeConflictError, TraceError
from trace_git.model import ANTHROPIC, Item, Message
from trace_git.results import CompressResult
from trace_git.testing import FakeLLM
from trace_git.view import groups

from ..view.merging.lines import call, trace

WORDS = ["look", "read", "the", "file", "src/app.py", "line", "42", "TimeoutError", "never", "delete", "v1.2.3", "done"]


def answers(random: Random) -> Callable[[list[dict[str, Any]]], Any]:
    """A model that does one of these each time it is asked."""

    def answer(messages: list[dict[str, Any]]) -> Any:
        return random.choice(
            [
                "they looked at src/app.py line 42",
                "done",
                "",
                "word " * 5_000,
                "Sure! " + messages[-1]["content"][:200],
                '{"tool_calls": [{"id": "x"}]}',
                RuntimeError("the model broke"),
                "ok\x00\x1b[31m",
            ]
        )

    return answer


class World:
    """One conversation; ``step`` does a thing to it, if it can be done."""

    def __init__(self, folder: Path, random: Random) -> None:
        self.repo, self.random, self.calls = trace(folder), random, 0
        with self.repo.batch():
            self.repo.commit("be brief and never delete the cache", role="system")
            for _ in range(random.randint(3, 12)):
                self.say()

    @property
    def items(self) -> tuple[Item, ...]:
        return self.repo.context().items

    def text(self, most: int = 12) -> str:
        return " ".join(self.random.choices(WORDS, k=self.random.randint(1, most)))

    def say(self) -> None:
        kind = self.random.random()
        if kind < 0.4:
            self.repo.commit(self.text(), role=self.random.choice(["user", "assistant"]))
        elif kind < 0.7:
            self.calls += 1
            ids = [f"c{self.calls % 4}-{number}" for number in range(self.random.randint(1, 3))]  # used again
            self.repo.commit([call(*ids, text=self.text()), *(tool(self.text(80), one) for one in ids)])
        else:
            use = {"type": "tool_use", "id": f"t{self.calls}", "name": "look", "input": {}}
            result = {"type": "tool_result", "tool_use_id": f"t{self.calls}", "content": self.text(90)}
            said = [{"type": "text", "text": self.text()}]
            self.calls += 1
            self.repo.commit([
                Message("assistant", {"role": "assistant", "content": [use]}, ANTHROPIC),
                Message("user", {"role": "user", "content": [result, *self.random.choice([[], said])]}, ANTHROPIC),
            ])  # fmt: skip

    def edit(self) -> None:
        self.repo.edit(self.random.choice(self.items), self.text())

    def pin(self) -> None:
        self.repo.pin(self.random.choice(self.items))

    def drop(self) -> None:
        if len(self.items) > 4:
            self.repo.drop(self.random.choice(self.items))

    def expand(self) -> None:
        if found := self.repo.compressions():
            self.repo.expand(self.random.choice(found).id)

    def merge(self) -> None:
        """With another line, on which the same was done."""
        name = f"b{len(self.repo.branches())}"
        self.repo.branch(name)
        self.attempt()
        self.repo.checkout(name)
        for _ in range(self.random.randint(1, 2)):
            self.attempt()
        self.repo.checkout("main")
        self.repo.merge(name, strategy=self.random.choice(["ours", "theirs", "union"]))

    def attempt(self) -> None:
        try:
            self.random.choice([self.say, self.edit, self.pin, self.compress])()
        except MergeConflictError:
            raise
        except TraceError:
            pass

    # -- compressing, and what must hold then ----------------------------------------------

    def how(self) -> dict[str, Any]:
        items, random = [item.id for item in self.items], self.random
        some = random.choice(["all", "all", "slice", "scattered", "default"])
        given: dict[str, Any] = {"keep_last": random.randint(0, 3)}
        if some == "slice":
            start = random.randrange(len(items))
            given = {"range": items[start : start + random.randint(1, 9)]}
        elif some == "scattered":
            given = {"range": random.sample(items, random.randint(1, len(items)))}
        given |= random.choice(
            [
                {"strategy": "mask"},
                {"strategy": "trim"},
                {"summary": self.text(6)},
                {"llm": FakeLLM(answers(random)), "strategy": "summarize"},
                {"llm": FakeLLM(answers(random))},
                {"llm": False},
            ]
        )
        if random.random() < 0.5:
            given["budget"] = random.choice([20, 60, 100, 200, 300])
        return given

    def compress(self) -> None:
        how = self.how()
        before, digest, tree = self.items, self.repo.materialize(materializer=_blobs).digest, self.repo.get("HEAD").tree
        refs, pins = self.refs(), self.pins()
        try:
            result = self.repo.compress(how.pop("range", None), **how)
        except TraceError:
            assert self.refs() == refs
            raise
        if result.commit is None:
            assert self.refs() == refs
            return
        assert result.summaries
        if result.budget is not None:
            assert result.tokens_after <= result.budget
        assert result.tokens_after < result.tokens_before
        assert self.pins() == pins
        self.outside(before, result)
        faults = {(one.kind, one.item) for one in groups.faults(self.items)}
        assert faults <= {(one.kind, one.item) for one in groups.faults(before)}
        assert self.repo.context().tokens == _counted(self.repo)
        commit = self.repo.expand(self.random.choice([result.id, result.commit, result.summaries[0]]))
        assert commit.tree == tree
        assert self.repo.materialize(materializer=_blobs).digest == digest
        self.repo.undo()
        assert self.repo.get("HEAD") == result.commit

    def outside(self, before: tuple[Item, ...], result: CompressResult) -> None:
        """What the result does not name is as it was, in order; each summary stands where its first item stood."""
        taken = {item for run in result.runs for item in run.items}
        stands = set(result.summaries)
        assert [item for item in before if item.id not in taken] == [
            item for item in self.items if item.id not in stands
        ]
        assert not any(item.pinned for item in before if item.id in taken)
        named = set(result.summaries) - taken
        places = {item.id: at for at, item in enumerate(before)}
        for at, item in enumerate(self.items):
            if item.id in named:
                first = places[item.message.provenance["items"][0]]  # type: ignore[index]
                assert all(places.get(other.id, first) <= first for other in self.items[:at] if other.id in places)
        shown = [item.message.role for item in self.items if item.id in named]
        assert set(shown) <= {"user"}

    def refs(self) -> dict[str, str]:
        return self.repo._handle.store.ref_names()

    def pins(self) -> str:
        """What stock git says of the pins."""
        if not self.repo.pins():
            return ""
        self.repo.flush()
        done = subprocess.run(["git", "ls-tree", "HEAD", "pins/"], cwd=self.repo.path, capture_output=True, check=True)
        return done.stdout.decode()


def _blobs(context: Any) -> list[str]:
    return [item.blob for item in context.items]


def _counted(repo: Repo) -> int:
    counts = [int(repo.count(item) or 0) for item in repo.context().items]
    return sum(counts) + (3 if counts else 0)


@contextmanager
def world(seed: int) -> Iterator[World]:
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # nothing here is about syncing
    folder = Path(tempfile.mkdtemp(prefix="trace-git-compress-", dir=memory))
    made = World(folder, Random(seed))
    try:
        yield made
    finally:
        made.repo.close()
        shutil.rmtree(folder)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1 << 32))
def test_a_compress_is_refused_or_keeps_its_promises(seed: int) -> None:
    with world(seed) as made:
        for verb in ("compress", "edit", "pin", "merge", "compress", *made.random.choices(
            ["compress", "compress", "say", "edit", "pin", "drop", "expand"], k=2
        )):  # fmt: skip
            try:
                getattr(made, verb)()
            except TraceError:
                continue
        for one in made.repo.compressions():
            assert one.summaries
        assert made.repo.verify() == ()


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1 << 32))
def test_all_that_was_ever_compressed_comes_back(seed: int) -> None:
    """Compressed again and again, nothing else done: expanding all of it is the first tree."""
    with world(seed) as made:
        tree = made.repo.get("HEAD").tree
        for _ in range(5):
            try:
                made.compress()
            except TraceError:
                continue
        while found := made.repo.compressions():
            made.repo.expand(next(one for one in found if one.live).id)
        assert made.repo.get("HEAD").tree == tree
