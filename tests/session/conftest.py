"""A model on loopback for whole runs: the server that the tests of ``llm`` have."""

from ..llm.conftest import api, clock, server

__all__ = ["api", "clock", "server"]
