"""gc: what is behind a ref or is kept stays, all else goes, stock git agrees; nothing ends early."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from trace_git import CorruptTraceError, InvalidInputError, LockedError, Repo, StateError
from trace_git.errors import ConflictError
from trace_git.store.collect import Running

from .conftest import NOW

DAY = 86_400
Git = Callable[..., str]


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.time = float(NOW)

    def __call__(self) -> float:
        return self.time

    def on(self, days: float) -> None:
        self.time += days * DAY


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def repo(open_repo: Callable[..., Repo], clock: Clock) -> Repo:
    return open_repo(clock=clock)


def has(repo: Repo, commit: str) -> bool:
    done = subprocess.run(["git", "cat-file", "-e", commit], cwd=repo.path, capture_output=True, check=False)
    return done.returncode == 0


def left(repo: Repo, *, mode: str = "soft", pin: bool = False, text: str = "two") -> str:
    """A commit that a reset leaves behind."""
    tip = repo.commit(text, pin=pin).id
    repo.reset("HEAD~2" if pin and not repo.get("HEAD").items else "HEAD~1", mode=mode)
    return tip


def test_a_dry_run_says_what_would_go_and_changes_nothing(repo: Repo, git: Git) -> None:
    repo.commit("one")
    gone = left(repo, mode="hard")
    before = git(repo, "for-each-ref"), git(repo, "count-objects", "-v"), [one.number for one in repo.operations()]
    found = repo.gc()
    assert not found.applied
    assert found.commits["removed"] == 1
    assert [one.commit for one in found.ended] == [gone]
    assert found.removed >= 5
    assert found.bytes_after < found.bytes_before
    assert before == (
        git(repo, "for-each-ref"),
        git(repo, "count-objects", "-v"),
        [one.number for one in repo.operations()],
    )


def test_reset_hard_has_no_retention_and_soft_has(repo: Repo, clock: Clock, git: Git) -> None:
    repo.commit("one")
    soft, hard = left(repo, text="soft"), left(repo, mode="hard", text="hard")
    found = repo.gc(dry_run=False)
    assert (has(repo, soft), has(repo, hard)) == (True, False)
    assert (found.commits["kept"], found.commits["removed"], found.packs_after) == (1, 1, 1)
    clock.on(13.9)
    repo.gc(dry_run=False)
    assert has(repo, soft)
    clock.on(0.2)
    repo.gc(dry_run=False)
    assert not has(repo, soft)
    git(repo, "fsck", "--strict")
    assert repo.verify() == ()


def test_after_it_stock_git_finds_no_fault_and_reflogs_name_nothing_that_is_gone(repo: Repo, git: Git) -> None:
    repo.commit("one")
    gone = [left(repo, mode="hard", text=f"gone {number}") for number in range(3)]
    repo.commit("two")
    log = git(repo, "log", "--format=%H")
    repo.gc(dry_run=False)
    assert git(repo, "log", "--format=%H") == log
    assert not any(
        commit in Path(repo.path, "logs", name).read_text() for commit in gone for name in ("HEAD", "refs/heads/main")
    )
    assert git(repo, "rev-parse", "main@{0}") == repo.get("HEAD").id
    subprocess.run(["git", "fsck", "--strict"], cwd=repo.path, check=True, capture_output=True)
    assert git(repo, "count-objects", "-v").splitlines()[3] == "packs: 1"


@pytest.mark.parametrize("jump", [-400, 400])
def test_a_clock_that_was_wrong_when_something_was_left_ends_nothing_early(
    jump: float, repo: Repo, clock: Clock
) -> None:
    repo.commit("one")
    clock.on(jump)
    gone = left(repo)
    clock.on(-jump)
    repo.commit("three")
    assert repo.gc().ended == ()
    clock.on(13)
    repo.gc(dry_run=False)
    assert has(repo, gone)


def test_a_clock_that_is_behind_ends_nothing(repo: Repo, clock: Clock) -> None:
    repo.commit("one")
    left(repo)
    clock.on(-1000)
    assert repo.gc().ended == ()
    assert len(repo.gc(keep_days=0).ended) == 1


def test_the_last_operations_are_kept_whatever_their_age(repo: Repo, clock: Clock) -> None:
    repo.commit("one")
    old, new = left(repo, text="old"), left(repo, mode="hard", text="new")
    clock.on(100)
    repo.gc(dry_run=False, keep_last=1)
    assert (has(repo, old), has(repo, new)) == (False, True)
    repo.undo()
    assert repo.get("HEAD").id == new


def test_what_a_branch_left_that_is_never_touched_stays(repo: Repo, clock: Clock) -> None:
    repo.commit("one")
    mine = left(repo)
    repo.branch("try/1")
    repo.switch("try/1")
    other = left(repo, text="other")
    clock.on(100)
    repo.gc(dry_run=False, never=["ma*"])
    assert (has(repo, mine), has(repo, other)) == (True, False)


def test_what_stock_git_left_on_such_a_branch_stays_too(repo: Repo, git: Git) -> None:
    first = repo.commit("one").id
    mine = repo.commit("two").id
    git(repo, "update-ref", "refs/heads/main", first)
    repo.commit("three")
    assert repo.gc(never=["main"]).commits["never"] == 1
    repo.gc(dry_run=False, keep_days=0, never=["main"])
    assert has(repo, mine)


def test_a_pin_that_no_other_commit_has_keeps_its_commit(repo: Repo) -> None:
    repo.commit("one", pin=True)
    repo.branch("plan")
    repo.switch("plan")
    pinned = repo.commit("the plan", pin=True).id
    repo.switch("main")
    repo.delete_branch("plan", force=True)
    plain = left(repo, text="also has the first pin")
    found = repo.gc(dry_run=False, keep_days=0)
    assert found.commits["pinned"] > 0
    assert (has(repo, pinned), has(repo, plain)) == (True, False)
    repo.gc(dry_run=False, keep_days=0, keep_pinned=False)
    assert not has(repo, pinned)


def test_undo_to_what_is_gone_says_so_and_changes_nothing(repo: Repo) -> None:
    repo.commit("one")
    left(repo, mode="hard")
    repo.gc(dry_run=False)
    tip = repo.get("HEAD").id
    with pytest.raises(StateError, match="is gone"):
        repo.undo()
    assert repo.get("HEAD").id == tip


def test_a_gc_is_an_operation_that_undo_passes_by(repo: Repo, texts: Callable[..., list[str]]) -> None:
    repo.commit("one")
    left(repo, mode="hard")
    repo.commit("three")
    repo.gc(dry_run=False)
    assert next(repo.operations()).verb == "gc"
    repo.undo()
    assert texts(repo) == ["one"]


def test_an_open_merge_is_kept(repo: Repo, git: Git) -> None:
    repo.commit("one")
    repo.branch("other")
    repo.commit("mine")
    with Repo.open(repo.path, branch="other", tokenizer=None) as other:
        theirs = other.commit("theirs").id
    repo.open_merge.begin(theirs, name="other")
    repo.delete_branch("other", force=True)
    repo.gc(dry_run=False, keep_days=0)
    assert has(repo, theirs)


def test_an_object_that_may_be_on_its_way_is_left_for_a_day(repo: Repo, git: Git) -> None:
    repo.commit("one")
    blob = (
        subprocess.run(
            ["git", "hash-object", "-w", "--stdin"], cwd=repo.path, input=b"staged", capture_output=True, check=True
        )
        .stdout.decode()
        .strip()
    )
    repo.gc(dry_run=False)
    assert has(repo, blob)
    for pack in Path(repo.path, "objects", "pack").glob("*.pack"):
        os.utime(pack, (NOW, NOW))
    repo.gc(dry_run=False)
    assert not has(repo, blob)


def test_packs_that_somebody_keeps_are_left_alone(repo: Repo, git: Git) -> None:
    repo.commit("one")
    repo.flush()
    pack = next(Path(repo.path, "objects", "pack").glob("*.pack"))
    pack.with_suffix(".keep").write_text("mine\n")
    for number in range(4):
        repo.commit(f"more {number}")
    repo.gc(dry_run=False)
    assert pack.exists()
    assert repo.gc(dry_run=False).packs_after == 2
    git(repo, "fsck", "--strict")


def test_another_handle_goes_on(open_repo: Callable[..., Repo], texts: Callable[..., list[str]]) -> None:
    one, two = open_repo(), open_repo()
    for number in range(5):
        one.commit(f"number {number}")
    assert len(texts(two)) == 5
    one.gc(dry_run=False)
    assert len(texts(two)) == 5
    two.commit("five")
    assert len(texts(one)) == 6
    assert two.verify() == ()


def test_another_handle_does_not_build_upon_what_is_gone(open_repo: Callable[..., Repo]) -> None:
    one, two = open_repo(), open_repo()
    one.commit("one")
    gone = one.commit("two")
    two.context(gone)  # remembered
    one.reset("HEAD~1", mode="hard")
    one.gc(dry_run=False)
    with pytest.raises((ConflictError, CorruptTraceError)):
        two.branch("back", at=gone)
    assert [branch.name for branch in one.branches()] == ["main"]
    two.commit("three")
    assert one.verify() == ()


def test_two_at_once_are_one_too_many(repo: Repo) -> None:
    repo.commit("one")
    with Running(str(repo.path)), pytest.raises(LockedError, match="another gc"):
        repo.gc(dry_run=False)
    repo.gc(dry_run=False)
    assert os.listdir(repo.path / "trace" / "tmp") == []


def test_a_lost_ref_is_no_reason_to_take_its_history_for_garbage(repo: Repo) -> None:
    repo.commit("one")
    tip = repo.commit("two").id
    repo.flush()
    (repo.path / "refs/heads/main").unlink()
    with pytest.raises(CorruptTraceError, match="nothing can be removed safely"):
        repo.gc(dry_run=False)
    (repo.path / "refs/heads/main").write_text(tip + "\n")
    assert repo.gc(dry_run=False).commits["reachable"] == 2


def test_a_work_tree_of_stock_git_is_named(repo: Repo, git: Git, tmp_path: Path) -> None:
    repo.commit("one")
    git(repo, "worktree", "add", "--quiet", "--detach", str(tmp_path / "w"))
    with pytest.raises(StateError, match="work tree 'w'"):
        repo.gc()


@pytest.mark.parametrize(
    "options",
    [{"keep_days": -1}, {"keep_days": True}, {"keep_days": "14"}, {"keep_days": float("nan")}, {"keep_last": -1},
     {"keep_last": 1.5}, {"never": [""]}, {"never": [3]}],
)  # fmt: skip
def test_wrong_input_is_named(options: dict[str, object], repo: Repo) -> None:
    with pytest.raises(InvalidInputError):
        repo.gc(**options)  # type: ignore[arg-type]


def test_inside_a_batch_it_is_refused(repo: Repo) -> None:
    with repo.batch():
        repo.commit("one")
        with pytest.raises(StateError, match="batch"):
            repo.gc(dry_run=False)


def test_an_empty_trace(repo: Repo) -> None:
    found = repo.gc(dry_run=False)
    assert (found.removed, found.packs_after, sum(found.commits.values())) == (0, 0, 0)


def test_messages_of_all_sizes_and_git_packs_with_deltas_come_through(repo: Repo, git: Git) -> None:
    texts = ["word " * 10, "word " * 3_000, "x" * 1_500_000, *(f"line {n}\n" * 400 for n in range(20))]
    for text in texts:
        repo.commit(text)
    git(repo, "repack", "-adfq")  # git's deltas between messages
    for number in range(5):
        repo.commit(f"line {number}\n" * 401)
    left(repo, mode="hard", text="line 7\n" * 402)
    found = repo.gc(dry_run=False)
    assert found.commits["removed"] == 1
    assert [item.message.text for item in repo.context().items][: len(texts)] == texts
    git(repo, "fsck", "--strict", "--full")
    assert repo.verify() == ()


@pytest.fixture
def packed(repo: Repo) -> Repo:
    for number in range(30):
        repo.commit(f"number {number}")
    return repo


def test_a_damaged_object_stops_it(packed: Repo) -> None:
    packed.gc(dry_run=False)
    pack = next((packed.path / "objects" / "pack").glob("*.pack"))
    packed.commit("more")
    packed.close()
    raw = bytearray(pack.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    os.chmod(pack, 0o644)
    pack.write_bytes(raw)
    with Repo.open(packed.path, tokenizer=None) as repo:
        before = sorted(os.listdir(repo.path / "objects" / "pack"))
        with pytest.raises(CorruptTraceError):
            repo.gc(dry_run=False)
        assert sorted(os.listdir(repo.path / "objects" / "pack")) == before
