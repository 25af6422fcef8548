"""A merge that leaves out what only one side has: it gives what a merge that looks at everything gives, to the byte."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from trace_git import Repo, tool
from trace_git.errors import MergeConflictError, RefusedError, UnsafeRewriteError
from trace_git.results import MergeResult
from trace_git.view.merging import bases, folders

from .lines import call, compress, reorder, trace


@pytest.mark.parametrize("seed", range(30))
def test_what_is_left_out_changes_nothing(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two lines of some hundred items, with whatever may happen to them, merged with and without leaving out."""
    random = Random(seed)
    repo = trace(tmp_path)
    many(repo, random)
    repo.branch("other")
    for name in ("other", "main"):
        repo.checkout(name)
        for _ in range(random.randrange(2, 6)):
            random.choice((many, many, edit, drop, pin, call_again, again, move, put_aside))(repo, random)
    strategy = random.choice(("ours", "theirs", "union"))
    brief = merged(repo, strategy)
    monkeypatch.setattr(folders, "_own", lambda handle, lists, same: [])
    assert brief == merged(repo, strategy)


def test_a_line_of_its_own_is_left_out(tmp_path: Path) -> None:
    """Else there would be nothing to compare: of hundreds of new items only the first and the last are looked at."""
    repo = trace(tmp_path)
    repo.commit([f"n{at}" for at in range(50)])
    repo.branch("other")
    for name in ("other", "main"):
        repo.checkout(name)
        repo.commit([f"{name} {at}" for at in range(300)])
    tips = [repo.get(name).id for name in ("main", "other")]
    whole, brief = (bases.compared(repo._handle, *tips, brief=one) for one in (False, True))
    assert whole is not None
    assert brief is not None
    assert len(whole.ours.entries) > 300
    assert len(brief.ours.entries) < 100
    assert repo.merge("other", ff="never").commit is not None
    assert [item.message.text for item in repo.context().items[-600:]] == [
        f"{name} {at}" for name in ("main", "other") for at in range(300)
    ]


def merged(repo: Repo, strategy: str) -> object:
    """All that a merge of other into main says and makes; nothing stays of it."""
    repo.checkout("main")
    try:
        planned = repo.merge("other", ff="never", strategy=strategy, dry_run=True)
        made = repo.merge("other", ff="never", strategy=strategy)
    except (MergeConflictError, UnsafeRewriteError) as error:
        return str(error)
    if made.commit is None or made.kind != "merge":
        return made.kind
    repo.undo()
    return made.commit.tree, made.commit.trailers, told(planned), told(made)


def told(result: MergeResult) -> object:
    items, brought = ([(one.id, one.role, one.blob, one.pinned) for one in some]
                      for some in (result.items, result.brought))  # fmt: skip
    return items, brought, [one.id for one in result.conflicts], result.findings, result.receipt


def many(repo: Repo, random: Random) -> None:
    said: list[object] = []
    for at in range(random.randrange(1, 150)):
        name = f"{random.randrange(5)}"
        said += [call(name), tool(f"found {at}", name)] if random.random() < 0.3 else [f"{random.random()}"]
    if random.random() < 0.2:
        said.append(call("open"))
    elif random.random() < 0.3:
        said.append(tool("late", "open"))
    repo.commit(said)


def edit(repo: Repo, random: Random) -> None:
    repo.edit(random.choice(repo.context().items).id, f"edited {random.random()}", force=True)


def drop(repo: Repo, random: Random) -> None:
    with suppress(RefusedError):  # of a pinned one
        repo.drop(random.choice(repo.context().items).id)


def pin(repo: Repo, random: Random) -> None:
    repo.pin(random.choice(repo.context().items).id)


def call_again(repo: Repo, random: Random) -> None:
    repo.commit([call("open"), "something in between", tool("found", "open")])


def again(repo: Repo, random: Random) -> None:
    """Something that the other line may have said as well, at the same place."""
    repo.commit([f"again {at}" for at in range(3)])


def move(repo: Repo, random: Random) -> None:
    if random.random() < 0.3:
        ids = [item.id for item in repo.context().items]
        at = random.randrange(len(ids))
        reorder(repo, [*ids[at:], *ids[:at]])


def put_aside(repo: Repo, random: Random) -> None:
    if random.random() < 0.3:
        ids = [item.id for item in repo.context().items]
        at = random.randrange(len(ids))
        compress(repo, ids[at : at + 3], "shorter", name=f"c{random.random()}"[:6].replace(".", ""))
