"""What is measured: trace-git and its peers, each storing the same messages the way its own documentation says.

A store is opened by its class, takes messages one by one with ``add`` (each durable before the next) and is closed.
Nothing is timed here. Peers are imported when they are opened: reading a trace must not pay for them.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any, Protocol

Dict = dict[str, Any]


class Store(Protocol):
    def add(self, messages: list[Dict]) -> None: ...
    def close(self) -> None: ...


class Trace:
    """One message a commit. ``batch`` syncs a group of commits together."""

    def __init__(self, path: Path, *, durability: str = "full", batch: bool = False) -> None:
        from trace_git import Repo

        self.repo = Repo.open(path, durability=durability)
        self._batch = batch

    def add(self, messages: list[Dict]) -> None:
        if self._batch:
            with self.repo.batch():
                self._one_by_one(messages)
        else:
            self._one_by_one(messages)

    def _one_by_one(self, messages: list[Dict]) -> None:
        for message in messages:
            self.repo.commit(message)

    def close(self) -> None:
        self.repo.close()


class TraceOs(Trace):
    """Survives a kill of the process, not a power loss."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, durability="os")


class TraceBatch(Trace):
    def __init__(self, path: Path) -> None:
        super().__init__(path, batch=True)


class PlainSqlite:
    """One INSERT, one transaction a message, WAL, synchronous=FULL: the floor under every SQLite peer."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("CREATE TABLE message (id INTEGER PRIMARY KEY, role TEXT, body TEXT NOT NULL)")

    def add(self, messages: list[Dict]) -> None:
        for message in messages:
            row = (message["role"], json.dumps(message))
            self._connection.execute("INSERT INTO message (role, body) VALUES (?, ?)", row)

    def close(self) -> None:
        self._connection.close()


class SqliteSession:
    """OpenAI Agents' SQLiteSession as it comes: ``add_items`` with one message at a time."""

    def __init__(self, path: Path) -> None:
        from agents import SQLiteSession

        self._session: Any = SQLiteSession("bench", path)

    def add(self, messages: list[Dict]) -> None:
        async def run() -> None:
            for message in messages:
                await self._session.add_items([message])

        asyncio.run(run())

    def add_at_once(self, messages: list[Dict]) -> None:
        asyncio.run(self._session.add_items(messages))

    def read(self) -> list[Any]:
        return list(asyncio.run(self._session.get_items()))

    def close(self) -> None:
        self._session.close()


class AdvancedSession(SqliteSession):
    """OpenAI Agents' AdvancedSQLiteSession: the same with branches and turns."""

    def __init__(self, path: Path) -> None:
        from agents.extensions.memory import AdvancedSQLiteSession

        self._session = AdvancedSQLiteSession(session_id="bench", db_path=path, create_tables=True)


class LanggraphSaver:
    """LangGraph's SqliteSaver: a checkpoint a step, each holding the channel of all messages so far."""

    def __init__(self, path: Path) -> None:
        from langgraph.checkpoint.sqlite import SqliteSaver

        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._saver: Any = SqliteSaver(self._connection)
        self._saver.setup()

    def add(self, messages: list[Dict]) -> None:
        from langgraph.checkpoint.base import empty_checkpoint

        config: Any = {"configurable": {"thread_id": "bench", "checkpoint_ns": ""}}
        for step in range(len(messages)):
            checkpoint = empty_checkpoint()
            checkpoint["channel_values"] = {"messages": messages[: step + 1]}
            checkpoint["channel_versions"] = {"messages": step + 1}
            config = self._saver.put(config, checkpoint, {"source": "loop", "step": step}, {"messages": step + 1})

    def close(self) -> None:
        self._connection.close()
