"""Running a function in a forked child that may be killed, and hearing from it until then.

A fork instead of a new interpreter: everything is imported already, so a run costs milliseconds.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import struct
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_LENGTH = struct.Struct(">I")
_WRITE = os.write
Send = Callable[[Any], None]


@dataclass(slots=True)
class Child:
    """A running child. ``messages`` are what it has sent; ``status`` is its exit code, or minus a signal."""

    pid: int
    pipe: int
    messages: list[Any] = field(default_factory=list)
    status: int | None = None
    _raw: bytearray = field(default_factory=bytearray)

    @property
    def killed(self) -> bool:
        return self.status == -signal.SIGKILL

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self, seconds: float = 60.0) -> Child:
        """Listen until the child has ended. AssertionError when it raised, or takes too long (then it is killed)."""
        end = time.monotonic() + seconds
        while self._listen(max(0.0, end - time.monotonic())):
            if time.monotonic() >= end:
                self.kill()
        os.close(self.pipe)
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if time.monotonic() >= end:
            raise AssertionError(f"the child did not end within {seconds:.0f} s")
        if self.status == 70:
            raise AssertionError(f"the child raised:\n{self.messages.pop()}")
        return self

    def heard(self, seconds: float = 60.0) -> bool:
        """Wait for one more message; False when the child has ended or time is up."""
        before, end = len(self.messages), time.monotonic() + seconds
        while len(self.messages) == before and time.monotonic() < end:
            if not self._listen(end - time.monotonic()):
                break
        return len(self.messages) > before

    def _listen(self, seconds: float) -> bool:
        """Take in what is there; False at the end of the pipe."""
        ready, _, _ = select.select([self.pipe], [], [], seconds)
        if not ready:
            return True
        chunk = os.read(self.pipe, 1 << 16)
        self._raw += chunk
        while len(self._raw) >= 4:
            (length,) = _LENGTH.unpack_from(self._raw)
            if len(self._raw) < 4 + length:
                break
            self.messages.append(pickle.loads(self._raw[4 : 4 + length]))
            del self._raw[: 4 + length]
        return bool(chunk)


def start(body: Callable[[Send], object]) -> Child:
    """Run ``body(send)`` in a forked child; it ends without any clean-up when ``body`` returns."""
    readable, writable = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork beside the threads of the test runner
        pid = os.fork()
    if pid == 0:
        os.close(readable)
        _run(body, writable)
    os.close(writable)
    return Child(pid, readable)


def run(body: Callable[[Send], object], *, seconds: float = 60.0) -> Child:
    """``start`` and ``wait``."""
    return start(body).wait(seconds)


def _run(body: Callable[[Send], object], pipe: int) -> None:
    def send(message: Any) -> None:
        raw = pickle.dumps(message)
        data = memoryview(_LENGTH.pack(len(raw)) + raw)
        while data:
            data = data[_WRITE(pipe, data) :]

    status = 70
    try:
        body(send)
        status = 0
    except BaseException:  # a child must end here, whatever happened
        send(traceback.format_exc())
    finally:
        os._exit(status)
