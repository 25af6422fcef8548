"""The store under durability, batches, several handles, threads and forks."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from .stores import MAIN, Git, Open, Syncs, commit, line, on_disk

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # Python 3.12 warns of threads


# -- durability --------------------------------------------------------------------------------


def test_every_commit_is_synced(open_store: Open, syncs: Syncs) -> None:
    on = open_store()
    before = syncs.count
    for number in range(10):
        commit(on, str(number))
        assert syncs.count == before + number + 1


def test_durability_os_syncs_no_commit(open_store: Open, syncs: Syncs) -> None:
    on = open_store(durability="os")
    before = syncs.count
    for number in range(40):
        commit(on, str(number))
    with on.batch():
        commit(on, "in a batch")
    on.flush()
    assert syncs.count == before
    on.close()
    assert syncs.count > before  # a checkpoint is durable either way


@pytest.mark.usefixtures("endless_burst")
def test_a_batch_is_synced_every_256_and_at_its_end(open_store: Open, syncs: Syncs) -> None:
    on = open_store()
    before = syncs.count
    with on.batch():
        for number in range(600):
            commit(on, str(number))
        assert syncs.count == before + 2
    assert syncs.count == before + 3
    assert on_disk(on) == on.ref(MAIN)


def test_a_batch_is_not_the_affair_of_other_threads(open_store: Open, syncs: Syncs) -> None:
    on = open_store()
    with on.batch():
        commit(on, "mine")
        before = syncs.count
        other = threading.Thread(target=commit, args=(on, "theirs"))
        other.start()
        other.join()
        synced = syncs.count - before
    assert synced == 1
    assert len({entry.op for entry in on.entries()}) == 2


# -- batches -----------------------------------------------------------------------------------


def test_a_batch_is_one_operation(open_store: Open) -> None:
    on = open_store()
    commit(on, "before")
    with on.batch():
        commit(on, "one")
        with on.batch():
            commit(on, "two")
        commit(on, "three")
    commit(on, "after")
    assert [(entry.seq, entry.op) for entry in on.entries()] == [(5, 5), (4, 2), (3, 2), (2, 2), (1, 1)]
    assert line(on) == ["before", "one", "two", "three", "after"]


def test_an_exception_in_a_batch_keeps_what_was_committed(open_store: Open) -> None:
    on = open_store()
    with suppress(ZeroDivisionError), on.batch():
        commit(on, "kept")
        raise ZeroDivisionError
    assert line(on) == ["kept"]
    oid = commit(on, "after")
    assert on_disk(on) == oid  # the batch is over
    assert next(on.entries()).op == 2


# -- several handles, threads, forks -----------------------------------------------------------


@pytest.mark.usefixtures("endless_burst")
def test_a_second_handle_sees_what_git_does_not_see_yet(open_store: Open) -> None:
    writer, reader = open_store(), open_store()
    for number in range(20):
        commit(writer, str(number))
        assert line(reader)[-1] == str(number)
    assert on_disk(writer) != writer.ref(MAIN)
    assert len(list(reader.entries())) == 20
    assert reader.ref_names() == writer.ref_names()


@pytest.mark.usefixtures("endless_burst")
def test_two_handles_take_turns(open_store: Open, git: Git) -> None:
    handles = [open_store(), open_store()]
    for number in range(60):
        commit(handles[number % 3 % 2], str(number))
    assert line(handles[0]) == line(handles[1]) == [str(number) for number in range(60)]
    handles[0].close()
    commit(handles[1], "60")
    handles[1].flush()
    assert git(handles[1].folder, "rev-list", "--count", MAIN).strip() == "61"


def test_threads_share_a_handle(open_store: Open) -> None:
    on = open_store()
    threads = [
        threading.Thread(target=lambda name=name: [commit(on, f"{name} {number}") for number in range(15)])
        for name in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(line(on)) == sorted(f"{name} {number}" for name in "abcd" for number in range(15))


def in_child(work: Callable[[], object]) -> None:
    """Run ``work`` in a forked child; fail when it fails there."""
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException as error:
            os.write(2, f"in the child: {error!r}\n".encode())
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.usefixtures("endless_burst")
def test_a_fork_shares_nothing_but_the_trace(open_store: Open) -> None:
    on = open_store()
    for number in range(20):
        commit(on, str(number))  # some of them pending
    in_child(lambda: [commit(on, f"child {number}") for number in range(5)] and on.flush())
    commit(on, "parent")
    expected = [*map(str, range(20)), *(f"child {number}" for number in range(5)), "parent"]
    assert line(on) == expected
    in_child(lambda: on.close())
    commit(on, "still open here")
    assert line(on) == [*expected, "still open here"]


def test_a_fork_inside_a_batch_ends_the_batch_in_the_child(open_store: Open, syncs: Syncs) -> None:
    on = open_store()

    def leave() -> None:
        on.refresh()  # reopens, and finishes what the parent has pending if it was not quicker
        before = syncs.count
        oid = commit(on, "child")
        assert syncs.count == before + 1
        assert on_disk(on) == oid

    with on.batch():
        commit(on, "parent")
        child = os.fork()
    if not child:
        status = 1
        try:
            leave()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
