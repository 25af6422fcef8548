"""Power loss at every moment, with every state of the disk that the syncs allow for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from trace_git.store import marks

from . import powerloss, scenarios
from .children import Send
from .scenarios import Scenario, Start
from .traces import TIME, Promise, open_trace

# One scenario for each way of writing: what a verb has decided is written as that of any other. CRASH=all: all of them.
WAYS = (
    scenarios.create, scenarios.append, scenarios.batch, scenarios.importing, scenarios.branch_names, scenarios.merge,
    scenarios.collecting,
)  # fmt: skip
SCENARIOS = [
    scenario
    for scenario in scenarios.ALL
    if (os.environ.get("CRASH") == "all" or scenario.run in WAYS)
    and scenario.run not in (scenarios.burst, scenarios.beside_git, scenarios.large)
] + [Scenario(scenarios.redacting)]


@pytest.fixture
def restarted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it, and the machine has been restarted."""
    return lambda: monkeypatch.setattr(marks, "boot_id", lambda: b"another boot id.")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_nothing_acknowledged_is_lost(
    scenario: Scenario, prepared: Callable[[Start], Path], place: Path, restarted: Callable[[], None]
) -> None:
    base = prepared(scenario.start)
    promise = Promise(base, place / "work", scenario.run)
    tape = powerloss.record(base, place / "work", scenario.run)
    restarted()
    assert powerloss.everywhere(tape, place / "work", promise.check_durable, mixed=1) > 10


def without_sync(folder: Path, send: Send) -> None:
    repo = open_trace(folder, durability="os")
    for number in range(3):
        repo.commit(f"number {number}", role="user", timestamp=TIME)
        send("ack")


def test_without_syncs_it_opens_at_an_earlier_commit_and_says_so(
    prepared: Callable[[Start], Path], place: Path, restarted: Callable[[], None]
) -> None:
    base = prepared(scenarios.conversation)
    promise = Promise(base, place / "work", without_sync)
    tape = powerloss.record(base, place / "work", without_sync)
    restarted()
    powerloss.everywhere(tape, place / "work", promise.check_unsynced)
