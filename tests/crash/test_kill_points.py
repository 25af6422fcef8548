"""SIGKILL at every changing file-system call of every verb: before or after, nothing between."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from . import kills, scenarios
from .faults import Kill
from .scenarios import Scenario, Start
from .traces import Promise


@pytest.mark.parametrize("scenario", scenarios.ALL, ids=lambda scenario: scenario.name)
def test_a_verb_killed_anywhere_is_done_or_not(
    scenario: Scenario, prepared: Callable[[Start], Path], place: Path
) -> None:
    base = prepared(scenario.start)
    promise = Promise(base, place / "work", scenario.run)
    assert len(promise.states) > 1
    assert kills.everywhere(base, place / "work", scenario.run, promise.check) > 5


@pytest.mark.parametrize(("scenario", "stride"), [(Scenario(scenarios.append), 4), (Scenario(scenarios.pin), 24)])
def test_a_recovery_killed_anywhere_is_taken_up_again(
    scenario: Scenario, stride: int, prepared: Callable[[Start], Path], place: Path
) -> None:
    base = prepared(scenario.start)
    promise = Promise(base, place / "work", scenario.run)
    for number in range(1, len(kills.calls_of(base, place / "work", scenario.run)) + 1, stride):
        _, acked = kills.kill(base, place / "killed", scenario.run, Kill(number))

        def check(folder: Path, _: int, acked: int = acked) -> None:
            promise.check(folder, acked)

        kills.everywhere(place / "killed", place / "work", scenarios.reopen, check, halves=False)
        shutil.rmtree(place / "killed")
