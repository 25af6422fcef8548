"""A journal and an operation log written by earlier releases. The bytes in the ``.hex`` files never change."""

from __future__ import annotations

from pathlib import Path

from trace_git.store.records import BLOB, Entry, Move, Record, pack_record, unpack_record

from . import fixed

HERE = Path(__file__).parent
TIME = 1_700_000_000_000
MAIN, ONE, TWO, LABEL = "refs/heads/main", "11" * 20, "22" * 20, "refs/trace/pins/0123456789abcdef"
FORMAT = bytes.fromhex(fixed.git_id(b"blob", b"trace 1\n"))

RECORDS = [
    Record(Entry(7, 7, TIME, "external", ("",), (Move(MAIN, None, ONE),))),
    Record(
        Entry(8, 8, TIME + 1, "append", ("",), (Move(MAIN, ONE, TWO),)), {FORMAT: (BLOB, b"trace 1\n")}, ("ab" * 20,)
    ),
    Record(Entry(9, 8, TIME + 2, "pin", ("", "researcher"), (Move(MAIN, TWO, ONE), Move(LABEL, None, ONE)), "a note")),
    Record(Entry(10, 10, TIME + 3, "switch", ("",), (Move("HEAD", f"ref: {MAIN}", "ref: refs/heads/é"),))),
    Record(Entry(11, 11, TIME + 4, "undo", ("",), (Move(LABEL, ONE, None),), undoes=8)),
]


def golden(name: str) -> bytes:
    return bytes.fromhex((HERE / name).read_text(encoding="ascii"))


def test_an_old_journal_is_read(tmp_path):
    found = fixed.journal_payloads(tmp_path / "journal", golden("journal.hex"))
    assert [unpack_record(payload) for payload in found] == RECORDS


def test_the_same_journal_is_written_today(tmp_path):
    payloads = [pack_record(record) for record in RECORDS]
    assert fixed.journal(tmp_path / "journal", payloads, base=7, oplog_size=99) == golden("journal.hex")


def test_an_old_operation_log_is_read(tmp_path):
    assert fixed.oplog_entries(tmp_path / "oplog", golden("oplog.hex")) == [record.entry for record in RECORDS]


def test_an_operation_log_of_today_says_the_same(tmp_path):
    """Deflate may give other bytes with another zlib; what they say is the format."""
    written = fixed.oplog(tmp_path / "oplog", [record.entry for record in RECORDS])
    assert fixed.inflated(written) == fixed.inflated(golden("oplog.hex"))
