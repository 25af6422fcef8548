"""Random contexts in random orders: refused with a named finding, or everything that must hold does."""

from __future__ import annotations

import random
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from trace_git import Repo
from trace_git.errors import InvalidInputError, RefusedError, UnsafeRewriteError
from trace_git.view.rewriting import findings

from ..view.rewriting.talks import Talk, shuffled, talk


class Words:
    """A tokenizer that counts words."""

    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


def git(repo: Repo, *words: str) -> str:
    return subprocess.run(["git", "-C", repo.path, *words], capture_output=True, text=True, check=True).stdout.strip()


def refs(repo: Repo) -> dict[str, str]:
    found = repo._handle.store.ref_names()
    return {ref: value for ref, value in found.items() if not ref.startswith("refs/trace/keep/")}


def filled(repo: Repo, rng: random.Random) -> Talk:
    """A talk as a user would have it: pins, an edit, a drop, and keys with suffixes from an earlier order."""
    made = talk(rng, turns=rng.randint(2, 8), open_end=rng.random() < 0.15)
    with repo.batch():
        for item in made.items:
            repo.commit(item.message)
    units = dict(zip([item.id for item in repo.context().items], made.units, strict=True))
    for _ in range(3):
        item = rng.choice(repo.context().items)
        verb = rng.choice(["pin", "edit", "drop", "move"])
        with suppress(RefusedError, InvalidInputError):  # a pin is in the way, or it is beside itself
            if verb == "edit" and not item.message.calls and not item.message.answers:
                repo.edit(item, f"edited {rng.random()}", force=True)
            elif verb == "move":
                repo.move(item, after=rng.choice(repo.context().items), force=True)
            elif verb in ("pin", "drop") and len(repo.context()) > 3:
                getattr(repo, verb)(item)
    items = repo.context().items
    return Talk(items, tuple(units[item.id] for item in items), made.open and units[items[-1].id] == max(made.units))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_an_order_is_refused_by_name_or_keeps_every_promise(seed: int) -> None:
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, Repo.open(Path(folder) / "t.trace", tokenizer=Words(),
                                                            durability="os") as repo:  # fmt: skip
        made = filled(repo, rng)
        repo.branch("other")
        for _ in range(3):
            order = shuffled(rng, made)
            before, context, known = refs(repo), repo.context(), git(repo, "ls-tree", "-r", "HEAD", "pins/")
            wanted = tuple(context.items[at] for at in order)
            try:
                result = repo.reorder(wanted, force=rng.random() < 0.5)
            except UnsafeRewriteError as error:
                errors = [one for one in error.findings if one.severity == "error"]
                assert errors
                assert {one.kind for one in errors} <= findings.KINDS
                assert not made.whole(order) or {one.kind for one in errors} == {"first-turn"}
                assert refs(repo) == before
                continue
            assert made.whole(order)
            assert result.commit == repo.get("HEAD")
            after = repo.context()
            assert after.items == wanted  # ids, blobs and pins of each, and no item more or less
            assert (after.tokens, after.tools) == (context.tokens, context.tools)
            assert git(repo, "ls-tree", "-r", "HEAD", "pins/") == known
            moved = {ref for ref, value in refs(repo).items() if before.get(ref) != value}
            assert moved <= {"refs/heads/main"}
            if not moved:
                assert wanted == context.items
                continue
            status = git(repo, "diff", "--name-status", "-M100%", "-l0", "HEAD~1", "HEAD").splitlines()
            assert all(line[0] in "RAD" for line in status)
            assert sum(line[0] == "A" for line in status) == sum(line[0] == "D" for line in status)
            repo.undo()
            assert refs(repo) == before
            assert repo.context() == context
            repo.redo()
            made = Talk(wanted, tuple(made.units[at] for at in order), made.open)
        assert repo.verify() == ()
        assert git(repo, "fsck", "--strict", "--no-dangling") == ""
