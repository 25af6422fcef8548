"""A server on loopback, litellm loaded once, and time that tests can hold."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from trace_git import llm
from trace_git.llm import door

from .server import Server

KEY = "sk-test-0123456789abcdef"
MODEL = "openai/gpt-4o"
QUESTION = [{"role": "user", "content": "Say hello."}]


@dataclass
class Clock:
    """Time that passes only while somebody sleeps; ``sleeps`` says how long each time."""

    time: float = 0.0
    sleeps: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.time += seconds

    @property
    def timing(self) -> llm.Timing:
        return llm.Timing(clock=lambda: self.time, now=lambda: 1_000_000.0, sleep=self.sleep, random=lambda: 0.5)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def api() -> Iterator[Server]:
    """Also loads litellm, which takes seconds and is no test's business."""
    door.Model(MODEL).ready()
    server = Server()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def server(api: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The server, with nothing said yet, as what ``openai/…`` leads to. No question outlives its test."""
    monkeypatch.setenv("OPENAI_BASE_URL", api.url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    api.play()
    yield api
    api.play()
    for thread in threading.enumerate():
        if thread.name == "trace-git-llm":
            thread.join(5)


@pytest.fixture
def model(server: Server, clock: Clock) -> llm.Asker:
    """A model behind the server; pauses cost no time."""
    asker = llm.resolve(MODEL, timing=clock.timing)
    assert asker is not None
    return asker
