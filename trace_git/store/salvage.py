"""What can still be read of a damaged journal, operation log, packed-refs or config. Reads only.

The readers of these files stop at the first damage, as they should; these go on behind it. What they give back has
passed a checksum, or is a line that stands for itself.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

from ..errors import CorruptTraceError
from . import files, marks, oplog, trees
from .layout import CONFIG
from .marks import DATA_START
from .records import NAMES, Entry, Record, unpack_record
from .refs import is_id

_HEAD = struct.Struct(">4sIQQ8s")
_MAGIC = b"TGJ1"
_REF = re.compile(r"refs/[^\x00-\x20\x7f~^:?*\[\\]+\Z")


@dataclass(frozen=True)
class Remains:
    """A journal and an operation log as far as they can be read.

    ``damage`` says what is wrong with them, one line each; ``records`` are the journal's, ``entries`` the log's.
    ``counter`` is that of the newest generation that is known, ``published`` the last sequence
    number that is known to be published, 0 when none is.
    """

    damage: tuple[str, ...]
    records: tuple[Record, ...]
    entries: tuple[Entry, ...]
    counter: int
    published: int = 0

    def last(self) -> int:
        """The highest sequence number that is known to have been given."""
        seqs = [record.entry.seq for record in self.records] + [entry.seq for entry in self.entries]
        return max([self.published, *seqs])

    def unpublished(self) -> tuple[Record, ...]:
        """Records that stock git may not have seen: all, when nobody knows."""
        return tuple(record for record in self.records if record.entry.seq > self.published)

    def all_entries(self) -> list[Entry]:
        """Log and journal together, oldest first, each number once."""
        found = {entry.seq: entry for entry in self.entries}
        found.update((record.entry.seq, record.entry) for record in self.records)
        return [found[seq] for seq in sorted(found)]


def remains(folder: str) -> Remains:
    """Read journal and operation log, stepping over what is damaged."""
    raw = files.read(os.path.join(folder, "trace", "journal"))
    if raw is None:
        entries, whole = oplog.readable(os.path.join(folder, "trace", "oplog"), None)
        missing = ("the journal is missing",) if entries or not whole else ()
        return Remains(missing, (), tuple(entries), 0)
    generations, marked = marks.remains(raw)
    damage = []
    newest = generations[-1] if generations else None
    overtaken = marks.torn_slot(raw) and marked not in (None, *(one.key for one in generations))
    if newest is None or overtaken:
        damage.append("the journal's first page is damaged")
    key = marked if overtaken or newest is None else newest.key
    records, gap = _records(raw, key, newest.base if newest and not overtaken else None)
    page = marks.read(raw, marks.boot_id())
    published = page.published.seq if page is not None and page.published is not None and not overtaken else 0
    gap = gap or max([record.entry.seq for record in records], default=newest.base - 1 if newest else 0) < published
    if gap:
        damage.append("the journal has damaged records")
    size = newest.oplog_size if newest and not overtaken else None
    entries, whole = oplog.readable(os.path.join(folder, "trace", "oplog"), size)
    if not whole:
        damage.append("the operation log is damaged")
    return Remains(tuple(damage), tuple(records), tuple(entries), newest.counter if newest else 0, published)


def _records(raw: bytes, key: bytes | None, base: int | None) -> tuple[list[Record], bool]:
    """The records that can be read, and whether some in between cannot. Without a key their objects vouch for them."""
    found: list[Record] = []
    gap, wanted, at = False, base, raw.find(_MAGIC, DATA_START)
    while at >= 0:
        frame = _frame(raw, at, key)
        if frame is None or (found and frame[0].entry.seq <= found[-1].entry.seq):
            at = raw.find(_MAGIC, at + 1)
            continue
        record, end = frame
        gap = gap or (wanted is not None and record.entry.seq != wanted)
        found.append(record)
        wanted, at = record.entry.seq + 1, raw.find(_MAGIC, end)
    return found, gap


def _frame(raw: bytes, at: int, key: bytes | None) -> tuple[Record, int] | None:
    if len(raw) - at < _HEAD.size:
        return None
    _, length, seq, _, stored = _HEAD.unpack_from(raw, at)
    end = at + _HEAD.size + length
    payload = raw[at + _HEAD.size : end]
    if len(payload) < length:
        return None
    if key is not None and blake2b(raw[at : at + 24] + payload, digest_size=8, key=key).digest() != stored:
        return None
    try:
        record = unpack_record(payload)
    except CorruptTraceError:
        return None
    return (record, end) if record.entry.seq == seq and _vouched(record) else None


def _vouched(record: Record) -> bool:
    """Whether each object is what its id says."""
    return all(kind in NAMES and trees.oid_of(NAMES[kind], data) == oid for oid, (kind, data) in record.objects.items())


# --- lines ----------------------------------------------------------------------------------------------------


def packed_refs(raw: bytes) -> tuple[bytes, list[str]]:
    """(a sound packed-refs of the lines that can be read, the lines that cannot)."""
    good: dict[str, str] = {}
    peeled: dict[str, str] = {}
    bad: list[str] = []
    last = ""
    for line in raw.decode("utf-8", "surrogateescape").split("\n"):
        value, _, name = line.partition(" ")
        if not line or line.startswith("# pack-refs "):
            continue
        if line.startswith("^") and is_id(line[1:]):
            peeled[last] = line[1:]
        elif is_id(value) and _REF.match(name):
            good[last := name] = value
        else:
            bad.append(line)
            last = ""
    lines = ["# pack-refs with: peeled sorted \n"]
    for name in sorted(good, key=os.fsencode):
        lines.append(f"{good[name]} {name}\n")
        lines += [f"^{peeled[name]}\n"] if name in peeled else []
    return "".join(lines).encode("utf-8", "surrogateescape"), bad


_SECTION = re.compile(r'\s*\[\s*([A-Za-z0-9.-]+)(?:\s+"(?:[^"\\\n]|\\.)*")?\s*\]')
_PAIR = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:=.*|[#;].*)?\Z", re.DOTALL)
_OURS = ("core", "gc", "log", "merge", "transfer")  # what ``layout`` writes, and writes anew
_BOOLEAN = ("true", "false", "yes", "no", "on", "off", "1", "0")


def config(raw: bytes | None) -> tuple[bytes, str | None]:
    """(a sound config, what was wrong with the given one or None). Readable sections that are not ours are kept."""
    if not raw:
        return CONFIG, "config is missing" if raw is None else "config is empty"
    core: dict[str, str] = {}
    kept, bad = [], []
    section = ""
    for line in _logical_lines(raw.decode("utf-8", "surrogateescape")):
        head = _SECTION.match(line)
        section = head[1].lower() if head else section
        rest = line[head.end() :].strip() if head else line.strip()
        pair = _PAIR.match(rest)
        if rest and not rest.startswith(("#", ";")) and (not pair or not section):
            bad.append(line)
            continue
        if pair and section == "core":
            core[pair[1].lower()] = rest.partition("=")[2].strip().lower()
        if section not in _OURS:
            kept.append(line)
    wrong = f"config has a line that cannot be read: {bad[0].strip()[:60]!r}" if bad else None
    if wrong is None and core.get("bare") not in _BOOLEAN:
        wrong = "config does not say whether the repository is bare"
    if wrong is None and not core.get("repositoryformatversion", "").isdecimal():
        wrong = "config does not say its repository format version"
    text = "".join(line + "\n" for line in kept if line.strip())
    return CONFIG + text.encode("utf-8", "surrogateescape"), wrong


def _logical_lines(text: str) -> Iterator[str]:
    """Lines with their continuations."""
    waiting = ""
    for line in text.split("\n"):
        if line.endswith("\\"):
            waiting += line + "\n"
        else:
            yield waiting + line
            waiting = ""
    if waiting:
        yield waiting
