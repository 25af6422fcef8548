"""What the operation log last said of a ref, when others write much and this process asks of one ref."""

from __future__ import annotations

import pytest

from trace_git.store import known
from trace_git.store.store import Store

from .stores import Open, commit, line

MINE, THEIRS = "refs/heads/mine", "refs/heads/theirs"


def last(store: Store, ref: str) -> str | None:
    store.refresh()
    return store._on.known.value(ref)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The records that were read for what they move."""
    found: list[bytes] = []
    real = known.unpack_record
    monkeypatch.setattr(known, "unpack_record", lambda payload: found.append(payload) or real(payload))
    return found


def test_records_of_others_are_not_read_for_ones_own_ref(open_store: Open, read: list[bytes]) -> None:
    me, other = open_store(), open_store()
    for number in range(5):
        mine = commit(me, f"mine {number}", MINE)
        for text in ("a", "b", "c"):
            theirs = commit(other, f"{text} {number}", THEIRS)
        other.flush()
        assert last(me, MINE) == mine
    assert not read
    assert last(me, THEIRS) == theirs
    assert len(me._on.known.entries()) == 20
    assert len(line(me, THEIRS)) == 15


def test_a_move_by_another_process_is_seen(open_store: Open) -> None:
    me, other = open_store(), open_store()
    commit(me, "one", MINE)
    assert last(me, MINE) is not None
    commit(other, "beside", THEIRS)
    moved = commit(other, "two", MINE)
    other.flush()
    commit(other, "beside again", THEIRS)
    assert last(me, MINE) == moved
    commit(me, "three", MINE)
    assert [entry.verb for entry in me.entries()] == ["append"] * 5, "no move is taken for one by stock git"


def test_a_new_generation_begins_where_the_old_one_ended(open_store: Open) -> None:
    me, other = open_store(), open_store()
    commit(me, "one", MINE)
    assert last(me, MINE) is not None
    for number in range(3):
        commit(other, "x" * 2_000, THEIRS)
        me.flush()
        me._on.publisher.checkpoint()  # what is remembered of offsets is no more
        moved = commit(other, f"{number}", MINE)
        other.flush()
        assert last(me, MINE) == moved
        other._look()
        other._on.publisher.checkpoint()
        assert last(me, MINE) == moved
    commit(me, "end", MINE)
    assert {entry.verb for entry in me.entries()} == {"append"}


def test_what_stock_git_moved_is_noticed_behind_records_of_others(open_store: Open) -> None:
    me, other = open_store(), open_store()
    first = commit(me, "one", MINE)
    commit(me, "two", MINE)
    me.flush()
    commit(other, "beside", THEIRS)
    other.flush()
    me._on.refs.write(MINE, first)
    commit(me, "three", MINE)
    assert [entry.verb for entry in me.entries()][:2] == ["append", "external"]
