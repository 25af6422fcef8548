"""SIGKILL at random moments of a process that only writes: no acknowledged commit is lost, none blocks the next."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from . import children, scenarios
from .children import Send
from .scenarios import Start
from .traces import PATIENCE, TIME, assert_sound, open_trace, texts_of

KILLS = 100
SEED = 20


def _write_from(folder: Path, first: int) -> Callable[[Send], None]:
    """Commits numbers for ever, now and then in batches, edits or after a pause; says each number that was accepted."""

    def body(send: Send) -> None:
        repo = open_trace(folder)
        number = first
        while True:
            if number % 50 == 30:
                with repo.batch():
                    for each in range(number, number + 10):
                        repo.commit(str(each), role="user", timestamp=TIME)
                number += 10
            else:
                commit = repo.commit(str(number), role="user", timestamp=TIME)
                number += 1
                if number % 20 == 0:
                    repo.pin(commit)
            send(number)

    return body


def test_a_hundred_random_kills_lose_nothing(prepared: Callable[[Start], Path]) -> None:
    folder = prepared(scenarios.nothing)
    dice = random.Random(SEED)
    there = 0
    for _ in range(KILLS):
        writer = children.start(_write_from(folder, there))
        assert writer.heard()
        time.sleep(dice.random() * 0.04)
        writer.kill()
        writer.wait()
        accepted = max(writer.messages)
        begun = time.monotonic()
        with open_trace(folder) as repo:
            found = [int(text) for text in texts_of(repo)]
        assert time.monotonic() - begun < PATIENCE
        assert found == list(range(len(found)))
        assert accepted <= len(found) <= accepted + 10  # a batch under way may have got so far
        there = len(found)
    assert_sound(folder)
