"""A repair that is killed anywhere is begun again, and ends as if nothing had been: no message is lost by mending."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from trace_git import Repo

from . import kills
from .children import Send
from .faults import Kill
from .scenarios import Start
from .traces import NAME, TIME, assert_sound, open_trace


def _damaged(folder: Path) -> None:
    """Six messages: the journal has the last three, one of its records is damaged, so is the pack of the first ones."""
    with open_trace(folder) as repo:
        for number in range(3):
            repo.commit(f"number {number}", role="user", timestamp=TIME, pin=not number)
    repo = open_trace(folder)
    for number in range(3, 6):
        repo.commit(f"number {number}", role="user", timestamp=TIME)
    repo.flush()
    journal = folder / NAME / "trace" / "journal"
    raw = bytearray(journal.read_bytes())
    raw[4096 + 60] ^= 1
    repo.close()
    journal.write_bytes(raw)
    (folder / NAME / "refs/heads/main").write_bytes(b"")
    for pack in (folder / NAME / "objects/pack").glob("*.idx"):
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:-1])


def _repair(folder: Path, send: Send) -> None:
    Repo.repair_at(folder / NAME)
    send("ack")


def _whole(folder: Path, _: int) -> None:
    Repo.repair_at(folder / NAME)
    with open_trace(folder, create=False) as repo:
        texts = [item.message.text for item in repo.context().items]
        assert texts == [f"number {number}" for number in range(6)], texts
        found = repo.verify()
        assert found == (), [str(one) for one in found]
    assert_sound(folder)


def test_a_repair_killed_at_any_fifth_call_is_begun_again(prepared: Callable[[Start], Path], place: Path) -> None:
    base = prepared(_damaged)
    calls = kills.calls_of(base, place / "work", _repair)
    assert len(calls) > 30
    for number in range(1, len(calls) + 1, 5):
        killed, acked = kills.kill(base, place / "work", _repair, Kill(number))
        _whole(place / "work", acked)
        assert killed or number > len(calls) - 5
        shutil.rmtree(place / "work")
