"""The store: what a transaction promises, what others moved, when stock git sees it, and the end."""

from __future__ import annotations

import gc
import os
import random
import time
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pytest

from trace_git.errors import ConflictError, CorruptTraceError, InvalidInputError, LockedError, StateError
from trace_git.store import store
from trace_git.store.store import Store

from .stores import MAIN, WHO, Git, Open, commit, line, on_disk

# -- transactions ------------------------------------------------------------------------------


def test_several_refs_move_together(open_store: Open, git: Git) -> None:
    on = open_store()
    oid = commit(on, "hello", "refs/heads/a", "refs/heads/b/c", "refs/trace/pins/0123")
    assert on.ref_names() == {"refs/heads/a": oid, "refs/heads/b/c": oid, "refs/trace/pins/0123": oid}
    assert git(on.folder, "for-each-ref", "--format=%(objectname)").split() == [oid] * 3
    assert [len(entry.moves) for entry in on.entries()] == [3]


def test_an_exception_writes_nothing(open_store: Open) -> None:
    on = open_store()
    before = commit(on, "before")
    with suppress(ZeroDivisionError), on.transaction("append", [MAIN]) as transaction:
        transaction.put_blob(b"never")
        transaction.move(MAIN, "f" * 40)
        raise ZeroDivisionError
    assert on.ref(MAIN) == on_disk(on) == before
    assert len(list(on.entries())) == 1
    assert not list(Path(on.folder).rglob("*.lock"))
    commit(on, "after")
    assert line(on) == ["before", "after"]


def test_a_transaction_that_moves_nothing_leaves_no_operation(open_store: Open) -> None:
    on = open_store()
    tip = commit(on, "one")
    with on.transaction("nothing", [MAIN]) as transaction:
        transaction.put_blob(b"left over")
        transaction.move(MAIN, "f" * 40)
        transaction.move(MAIN, tip)
        assert transaction.moves == ()
    assert [entry.verb for entry in on.entries()] == ["append"]


def test_only_locked_refs_move(open_store: Open) -> None:
    on = open_store()
    with pytest.raises(StateError, match="refs/heads/other"), on.transaction("append", [MAIN]) as transaction:
        transaction.move("refs/heads/other", "f" * 40)
    assert on.ref_names() == {}


def test_one_more_ref_is_locked_inside(open_store: Open, git: Git) -> None:
    on = open_store()
    oid = commit(on, "one")
    with on.transaction("pin", [MAIN]) as transaction:
        assert transaction.claim("refs/trace/pins/aa") is None
        transaction.move("refs/trace/pins/aa", oid)
        assert transaction.claim("refs/trace/pins/aa") == oid
    Path(on.folder, "refs/trace/pins/bb.lock").touch()  # git is at work there
    with pytest.raises(LockedError, match="refs/trace/pins/bb"), on.transaction("pin", [MAIN]) as transaction:
        transaction.claim("refs/trace/pins/bb")
    assert git(on.folder, "rev-parse", "refs/trace/pins/aa").strip() == oid


def test_a_ref_is_deleted(open_store: Open, git: Git) -> None:
    on = open_store()
    commit(on, "one", MAIN, "refs/heads/gone")
    git(on.folder, "pack-refs", "--all")
    with on.transaction("delete", ["refs/heads/gone"]) as transaction:
        transaction.move("refs/heads/gone", None)
    assert list(on.ref_names()) == git(on.folder, "for-each-ref", "--format=%(refname)").split() == [MAIN]


def test_operations_are_told_newest_first_across_checkpoints(open_store: Open) -> None:
    on = open_store()
    ids = [commit(on, str(number)) for number in range(5)]
    on.close()
    on = open_store()
    ids += [commit(on, str(number), verb="edit") for number in range(5)]
    entries = list(on.entries())
    assert [entry.moves[0].new for entry in entries] == ids[::-1]
    assert [entry.seq for entry in entries] == list(range(10, 0, -1))
    assert [entry.op for entry in entries] == [entry.seq for entry in entries]
    assert {entry.time for entry in entries} == {1_700_000_000_000}
    assert entries[0].verb == "edit"


@pytest.mark.parametrize(("there", "wanted"), [("a", "a/b"), ("a/b", "a")])
@pytest.mark.parametrize("how", ["at once", "packed", "in a batch"])
def test_refs_that_cannot_live_side_by_side_are_refused(
    there: str, wanted: str, how: str, open_store: Open, git: Git
) -> None:
    on = open_store()
    there, wanted = f"refs/heads/{there}", f"refs/heads/{wanted}"
    tip = commit(on, "one")

    def make(ref: str) -> None:
        with on.transaction("branch", [ref]) as transaction:
            transaction.move(ref, tip)

    if how == "in a batch":
        with on.batch():
            make(there)
            with pytest.raises((ConflictError, InvalidInputError, StateError)):
                make(wanted)
    else:
        make(there)
        if how == "packed":
            git(on.folder, "pack-refs", "--all", "--prune")
        with pytest.raises((ConflictError, InvalidInputError, StateError)):
            make(wanted)
    after = commit(on, "two")
    on.flush()
    assert on.warnings == []
    assert git(on.folder, "for-each-ref", "--format=%(refname)").split() == sorted([there, MAIN])
    assert on_disk(on) == after


# -- what others moved -------------------------------------------------------------------------


def test_what_stock_git_moved_is_an_operation_of_its_own(open_store: Open, git: Git) -> None:
    on = open_store()
    one, two = commit(on, "one"), commit(on, "two")
    git(on.folder, "update-ref", MAIN, one)
    three = commit(on, "three")
    assert on.commit(three).parents == (one,)
    external = next(entry for entry in on.entries() if entry.verb == "external")
    assert [(move.ref, move.old, move.new) for move in external.moves] == [(MAIN, two, one)]


def test_a_branch_that_git_deleted_is_gone(open_store: Open, git: Git) -> None:
    on = open_store()
    one = commit(on, "one", MAIN, "refs/heads/x")
    git(on.folder, "update-ref", "-d", "refs/heads/x")
    on.refresh()
    assert on.ref("refs/heads/x") is None
    commit(on, "anew", "refs/heads/x")
    assert line(on, "refs/heads/x") == ["anew"]
    verbs = [(entry.verb, entry.moves[0].old, entry.moves[0].new) for entry in islice(on.entries(), 1, 2)]
    assert verbs == [("external", one, None)]


@pytest.mark.parametrize("value", ["", "garbage", "0" * 40, "ab" * 20])
def test_a_ref_that_leads_nowhere_is_not_built_upon(value: str, open_store: Open) -> None:
    on = open_store()
    good = commit(on, "one")
    Path(on.folder, MAIN).write_text(value)
    with pytest.raises(CorruptTraceError, match=MAIN) as caught:
        commit(on, "two")
    assert good in str(caught.value)
    assert Path(on.folder, MAIN).read_text() == value
    assert not list(Path(on.folder).rglob("*.lock"))


# -- when stock git sees it --------------------------------------------------------------------


@pytest.mark.usefixtures("endless_burst")
def test_the_first_sixteen_of_a_burst_are_published_singly_then_groups(open_store: Open) -> None:
    on = open_store()
    for number in range(16):
        oid = commit(on, str(number))
        assert on_disk(on) == oid
    last = on_disk(on)
    for number in range(16, 16 + 255):
        oid = commit(on, str(number))
        assert on_disk(on) == last
        assert on.ref(MAIN) == oid
    oid = commit(on, "the 256th")
    assert on_disk(on) == oid


@pytest.mark.usefixtures("endless_burst")
def test_other_verbs_are_published_at_once_with_all_that_waits(open_store: Open) -> None:
    on = open_store()
    for number in range(20):
        commit(on, str(number))
    assert on_disk(on) != on.ref(MAIN)
    edit = commit(on, "edited", verb="edit")
    assert on_disk(on) == edit


@pytest.mark.usefixtures("endless_burst")
def test_flush_lets_git_see_everything(open_store: Open, git: Git) -> None:
    on = open_store()
    for number in range(30):
        oid = commit(on, str(number))
    assert on_disk(on) != oid
    on.flush()
    assert on_disk(on) == oid
    assert git(on.folder, "rev-list", "--count", MAIN).strip() == "30"
    git(on.folder, "fsck", "--strict")
    assert len(git(on.folder, "log", "-g", "--format=%gs", MAIN).splitlines()) == 30


def test_a_burst_is_seen_without_anybody_flushing(open_store: Open) -> None:
    on = open_store()
    deadline = time.monotonic() + 20
    while (oid := commit(on, "x")) == on_disk(on):  # until one waits for its group
        assert time.monotonic() < deadline
    begun = time.monotonic()
    while on_disk(on) != oid:
        assert time.monotonic() - begun < 2, "the timer never went off"
        time.sleep(0.005)


@pytest.mark.usefixtures("endless_burst")
def test_close_lets_git_see_everything(open_store: Open) -> None:
    on = open_store()
    for number in range(30):
        oid = commit(on, str(number))
    on.close()
    assert on_disk(on) == oid


def test_a_store_that_nobody_closed_is_flushed(folder: str, open_store: Open) -> None:
    other = open_store()
    dropped = Store(folder, durability="full", committer=WHO, clock=time.time)
    for number in range(40):
        oid = commit(dropped, str(number))
    del dropped
    gc.collect()
    begun = time.monotonic()
    while on_disk(other) != oid:
        assert time.monotonic() - begun < 2
        time.sleep(0.01)


# -- large messages, packs, the end ------------------------------------------------------------


def test_large_messages(open_store: Open, git: Git) -> None:
    on, other = open_store(), open_store()
    large = [random.Random(seed).randbytes(700_000).hex() for seed in (1, 2)]
    for text in (*large, "small"):
        commit(on, text)
    with on.batch():
        commit(on, large[0])
    assert line(on) == line(other) == [*large, "small", large[0]]
    assert Path(on.folder, "trace", "journal").stat().st_size < 1 << 20  # not through the journal
    on.flush()
    git(on.folder, "gc", "-q", "--prune=now")
    assert line(on) == [*large, "small", large[0]]
    assert not list(Path(on.folder).rglob("*.keep"))
    git(on.folder, "fsck", "--strict")


def test_packs_stay_few(open_store: Open, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    """200 commits at human pace are 200 packs, consolidated as they come; equal messages among them."""
    monkeypatch.setattr(store, "SINGLE", 10**6)
    on = open_store(durability="os")
    texts = [f"message {number % 70}" for number in range(200)]
    most = 0
    for text in texts:
        commit(on, text)
        most = max(most, len(list(Path(on.folder, "objects", "pack").glob("*.idx"))))
    assert most < 50
    assert line(on) == texts
    on.close()
    assert line(open_store()) == texts
    git(on.folder, "fsck", "--strict")
    assert git(on.folder, "rev-list", "--count", MAIN).strip() == "200"
    assert not list(Path(on.folder).rglob("*.keep"))


def test_a_clock_before_1970_gives_commits_that_git_accepts(folder: str) -> None:
    on = Store(folder, durability="os", committer=WHO, clock=lambda: -5.0)
    assert on.now() == 0
    on.close()


def test_packs_stay_few_whoever_writes_them(open_store: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SINGLE", 10**6)
    handles = [open_store(durability="os") for _ in range(3)]
    most = 0
    for number in range(150):
        commit(handles[number % 3], f"message {number}")
        most = max(most, len(list(Path(handles[0].folder, "objects", "pack").glob("*.idx"))))
    assert most < 50
    assert line(open_store()) == [f"message {number}" for number in range(150)]


def test_what_git_has_packed_is_not_packed_again(open_store: Open, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SINGLE", 10**6)
    on = open_store(durability="os")
    for number in range(40):
        commit(on, f"before {number}")
    git(on.folder, "gc", "-q", "--prune=now")
    (packed,) = Path(on.folder, "objects", "pack").glob("*.pack")
    for number in range(10):
        commit(on, f"after {number}")
    assert packed.exists()
    assert len(list(packed.parent.glob("*.pack"))) == 11


def test_closing_twice_is_harmless_and_use_after_it_is_not(open_store: Open) -> None:
    on = open_store()
    commit(on, "one")
    on.close()
    on.close()
    on.flush()
    for use in (lambda: commit(on, "two"), on.refresh, lambda: list(on.entries()), lambda: on.batch().__enter__()):
        with pytest.raises(StateError, match="closed") as caught:
            use()
        assert caught.value.hint
    assert line(open_store()) == ["one"]


def test_nothing_is_left_open(open_store: Open) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    open_store().close()
    before = descriptors()
    for number in range(3):
        on = open_store()
        commit(on, str(number))
        line(on)
        on.close()
    assert descriptors() == before


def test_a_stranger_holding_a_ref_does_not_hold_the_others(open_store: Open, git: Git) -> None:
    on = open_store()
    commit(on, "one", MAIN, "refs/heads/x")
    Path(on.folder, "refs/heads/x.lock").touch()
    begun = time.monotonic()
    commit(on, "two")
    assert time.monotonic() - begun < 1
    Path(on.folder, "refs/heads/x.lock").unlink()


def test_peeling_and_kinds(open_store: Open, git: Git) -> None:
    on = open_store()
    oid = commit(on, "one")
    who = ["-c", "user.name=a", "-c", "user.email=b"]
    git(on.folder, *who, "tag", "-a", "-m", "x", "v1", oid)
    git(on.folder, *who, "tag", "-a", "-m", "x", "v2", "v1")
    on.refresh()
    tag = on.ref("refs/tags/v2") or ""
    assert tag != oid
    assert on.peel(tag) == on.peel(oid) == oid
    assert on.is_commit(oid)
    assert not on.is_commit(tag)
    assert on.kind("ab" * 20) is None
    assert on.with_prefix(oid[:6]) == {oid}
