"""The files of a trace that hold random bytes and times, written with fixed ones, and read back."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from unittest import mock

from trace_git.store import journal as journals
from trace_git.store import marks
from trace_git.store import oplog as oplogs
from trace_git.store.journal import Journal
from trace_git.store.records import Entry

KEY = bytes(range(16))
BOOT = bytes(range(16, 32))
_OPLOG_HEAD, _OPLOG_TAIL = 20, 4


def journal(path: Path, payloads: Sequence[bytes], *, base: int = 1, oplog_size: int = 0) -> bytes:
    """The bytes of a new journal, up to its last record, with ``payloads`` as records."""
    with mock.patch.object(journals.os, "urandom", return_value=KEY), _booted():
        Journal.make(str(path), base=base, oplog_size=oplog_size)
        opened = Journal(str(path))
        for payload in payloads:
            end = opened.append(payload, sync=True).end
        opened.close()
    return path.read_bytes()[:end]


def journal_payloads(path: Path, data: bytes) -> list[bytes]:
    """The payloads of the records in the bytes of a journal."""
    path.write_bytes(data)
    with _booted():
        opened = Journal(str(path))
        _, frames = opened.refresh()
        opened.close()
    return [frame.payload for frame in frames]


def _booted() -> AbstractContextManager[object]:
    return mock.patch.object(marks, "boot_id", return_value=BOOT)


def oplog(path: Path, entries: Sequence[Entry]) -> bytes:
    """The bytes of an operation log after a first checkpoint."""
    oplogs.append(str(path), 0, entries)
    return path.read_bytes()


def oplog_entries(path: Path, data: bytes) -> list[Entry]:
    """What an operation log says, oldest first, having checked that it says the same from its end."""
    path.write_bytes(data)
    found = list(oplogs.oldest_first(str(path), len(data)))
    assert found == list(oplogs.newest_first(str(path), len(data)))[::-1]
    return found


def inflated(frame: bytes) -> bytes:
    """The payload of one frame of the operation log."""
    return zlib.decompress(frame[_OPLOG_HEAD:-_OPLOG_TAIL])


def git_id(kind: bytes, data: bytes) -> str:
    return hashlib.sha1(b"%b %d\0%b" % (kind, len(data), data)).hexdigest()


def sha1_hex(data: str) -> str:
    return hashlib.sha1(bytes.fromhex(data)).hexdigest()


def sha256_hex(data: str) -> str:
    return hashlib.sha256(bytes.fromhex(data)).hexdigest()
