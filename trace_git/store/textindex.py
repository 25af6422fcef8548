"""What questions to a whole history need, kept by object id: which commit changed which item, and what messages say.

    commits   a number for each commit, parents before children; its parents by number; an agent it began or took
    changes   what a commit did to items, held against its first parent; in the order of the context
    blobs     a number for each version of a message
    texts     what it says, and in ``words`` the trigrams of that, folded; in ``terms`` which trigrams there are
    imports   commits that an import made, as the operation log has them

All of it follows from the objects that the ids name, so nothing in it is ever stale. It knows no trees and no messages:
those are read in ``view.searching``, which asks here.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from . import files
from .indexfile import IndexFile, Opened

CAME, WENT, SHELVED, UNSHELVED, PINNED, UNPINNED, MOVED = range(1, 8)
BEGAN, TOOK = 1, 2

_VERSION = 2
_NAMES = ("search-plain", "search")  # of the files: without trigrams, with them
_ASKED = 500  # values in one question
_TRIGRAMS = 10  # of a text that is looked for: the more, the fewer texts are read in vain
_CONTINUED = 300  # trigrams that begin with a short text; where there are more it is all over the place
_END = "\ufffd\ufffd"  # behind each text, so that all of its characters begin a trigram
_TABLES = """
CREATE TABLE commits (n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, parents BLOB NOT NULL, mark INTEGER NOT NULL,
                      agent TEXT, tip INTEGER);
CREATE TABLE changes (blob INTEGER NOT NULL, item BLOB NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL,
                      what INTEGER NOT NULL);
CREATE INDEX changes_by_blob ON changes (blob);
CREATE INDEX changes_by_item ON changes (item);
CREATE INDEX changes_by_commit ON changes (number);
CREATE TABLE blobs (n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE);
CREATE TABLE texts (n INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE untold (n INTEGER PRIMARY KEY);
CREATE TABLE imports (id BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE imported (upto INTEGER NOT NULL);
INSERT INTO imported VALUES (0);
"""
_WORDS = """CREATE VIRTUAL TABLE words USING
fts5 (text, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1')"""
_TERMS = "CREATE VIRTUAL TABLE terms USING fts5vocab (words, row)"


class Change(NamedTuple):
    """``what`` a commit did to the version ``blob`` (40 hex) of ``item``: one of CAME … MOVED."""

    what: int
    item: str
    blob: str


class Fresh(NamedTuple):
    """A commit that is to be known. By its ``mark`` it BEGAN an ``agent`` at the commit ``tip``, or TOOK it."""

    id: str
    parents: tuple[str, ...]
    changes: Sequence[Change]
    mark: int = 0
    agent: str | None = None
    tip: str | None = None


class Known(NamedTuple):
    """A commit that is known, all in numbers."""

    n: int
    parents: tuple[int, ...]
    mark: int
    agent: str | None
    tip: int | None


class Row(NamedTuple):
    """A change in numbers: of blob and commit; ``at`` counts the changes of that commit."""

    blob: int
    item: str
    commit: int
    at: int
    what: int


class TextIndex:
    """The index of a trace. The numbers in its answers mean something to itself alone."""

    def __init__(self, database: Opened, *, trigrams: bool) -> None:
        self._database = database
        self._trigrams = trigrams
        self.id = database.id

    # -- commits ---------------------------------------------------------------------------

    def numbers(self, commits: Iterable[str]) -> dict[str, int]:
        """The numbers of those commits that are known."""
        found = self._among("SELECT id, n FROM commits WHERE id IN", [bytes.fromhex(one) for one in commits])
        return {oid.hex(): n for oid, n in found}

    def commits(self, after: int) -> list[Known]:
        """The commits whose number is higher, in order."""
        sql = "SELECT n, parents, mark, agent, tip FROM commits WHERE n > ? ORDER BY n"
        return [Known(n, _unpacked(parents), mark, agent, tip)
                for n, parents, mark, agent, tip in self._database.query(sql, (after,))]  # fmt: skip

    def commit_ids(self, numbers: Iterable[int]) -> dict[int, str]:
        return {n: oid.hex() for n, oid in self._among("SELECT n, id FROM commits WHERE n IN", list(numbers))}

    # -- changes ---------------------------------------------------------------------------

    def of_blobs(self, blobs: Iterable[int]) -> Iterator[Row]:
        """The changes that are about these versions."""
        return self._rows("blob", blobs)

    def of_items(self, items: Iterable[str]) -> Iterator[Row]:
        return self._rows("item", [bytes.fromhex(item) for item in items])

    def items(self, prefix: str) -> list[str]:
        """The ids of all items that begin with these hex digits."""
        low, high = bytes.fromhex(f"{prefix:0<16}"), bytes.fromhex(f"{prefix:f<16}")
        found = self._database.query("SELECT DISTINCT item FROM changes WHERE item BETWEEN ? AND ?", (low, high))
        return sorted(item.hex() for (item,) in found)

    def _rows(self, column: str, values: Iterable[Any]) -> Iterator[Row]:
        sql = f"SELECT blob, item, number, at, what FROM changes WHERE {column} IN"
        return (Row(blob, item.hex(), commit, at, what)
                for blob, item, commit, at, what in self._among(sql, list(values)))  # fmt: skip

    # -- texts -----------------------------------------------------------------------------

    def blob_ids(self, blobs: Iterable[int]) -> dict[int, str]:
        return {n: oid.hex() for n, oid in self._among("SELECT n, id FROM blobs WHERE n IN", list(blobs))}

    def untold(self) -> list[tuple[int, str]]:
        """Number and id of the versions whose text is not known."""
        sql = "SELECT n, id FROM untold JOIN blobs USING (n) ORDER BY n"
        return [(n, oid.hex()) for n, oid in self._database.query(sql)]

    def texts(self, blobs: Iterable[int]) -> dict[int, str]:
        """The texts that are known, by number."""
        return dict(self._among("SELECT n, text FROM texts WHERE n IN", list(blobs)))

    def texts_of_commits(self, commits: Iterable[int]) -> dict[int, str]:
        """The texts of the versions that came with these commits, by number."""
        sql = f"""SELECT blob, text FROM changes JOIN texts ON n = blob
                  WHERE what IN ({CAME}, {SHELVED}) AND number IN"""
        return dict(self._among(sql, list(commits)))

    def candidates(self, folded: str, most: int) -> set[int] | None:
        """All versions whose text may have ``folded``, and few others.

        None when the index cannot tell, or when they are more than ``most``.
        """
        if not self._trigrams or not folded:
            return None
        try:
            folded.encode()
        except UnicodeEncodeError:  # half a character: no text has it
            return set()
        short, wanted = len(folded) < 3, _indexed(folded)
        grams = self._continued(wanted, most) if short else _grams(wanted)
        if not grams:
            return None if grams is None else set()
        terms = (" OR " if short else " AND ").join('"' + gram.replace('"', '""') + '"' for gram in grams)
        rows = self._database.query("SELECT rowid FROM words WHERE words MATCH ? LIMIT ?", (terms, most + 1))
        return {n for (n,) in rows} if len(rows) <= most else None

    def _continued(self, short: str, most: int) -> list[str] | None:
        """The trigrams that begin with one or two characters; None when many texts have them."""
        sql = "SELECT term, doc FROM terms WHERE term >= ? AND term < ? LIMIT ?"
        found = self._database.query(sql, (short, short + "\U0010ffff", _CONTINUED + 1))
        if len(found) > _CONTINUED or any(texts > most for _, texts in found):
            return None
        return [term for term, _ in found]

    def gone(self, here: Callable[[bytes], bool]) -> tuple[list[int], list[int]]:
        """The numbers of the commits and of the versions that are not ``here``, by raw id."""
        tables = (self._database.query(f"SELECT n, id FROM {table}") for table in ("commits", "blobs"))
        commits, versions = ([n for n, oid in rows if not here(oid)] for rows in tables)
        return commits, versions

    # -- imports ---------------------------------------------------------------------------

    @property
    def imported_upto(self) -> int:
        """The record of the operation log up to which imports are known."""
        found: int = self._database.query("SELECT upto FROM imported")[0][0]
        return found

    def imports(self) -> frozenset[str]:
        """The commits that imports made."""
        return frozenset(oid.hex() for (oid,) in self._database.query("SELECT id FROM imports"))

    # -- questions -------------------------------------------------------------------------

    def _among(self, sql: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        """The rows for some of many values, a question at a time."""
        for start in range(0, len(values), _ASKED):
            some = values[start : start + _ASKED]
            yield from self._database.query(f"{sql} ({','.join('?' * len(some))})", some)


class IndexHolder:
    """Keeps the index of the trace at ``folder``, and writes it. Without ``trigrams`` as with an old SQLite.

    ``current`` says whether who asks knows of all that was removed from the trace, see ``IndexFile``.
    """

    def __init__(
        self, folder: str, *, readonly: bool, trigrams: bool = True, current: Callable[[], bool] = lambda: True
    ) -> None:
        self._trigrams = trigrams and _has_trigrams()
        self._path = os.path.join(folder, "trace", "cache", _NAMES[self._trigrams])
        name = _NAMES[self._trigrams]
        self._file = IndexFile(folder, name, self._make, version=_VERSION, readonly=readonly, current=current)

    def index(self) -> TextIndex:
        """The index as it is now."""
        return TextIndex(self._file.opened(), trigrams=self._trigrams)

    def add(self, commits: Sequence[Fresh]) -> None:
        """Know these commits too. A parent is known already, or stands in front."""
        self._file.write(lambda db: _add(db, commits))

    def tell(self, texts: Mapping[str, str]) -> None:
        """What versions say, by blob id."""
        self._file.write(lambda db: self._tell(db, texts))

    def add_imports(self, commits: Sequence[str], upto: int) -> None:
        def work(db: sqlite3.Connection) -> None:
            db.executemany("INSERT OR IGNORE INTO imports VALUES (?)", [(bytes.fromhex(one),) for one in commits])
            db.execute("UPDATE imported SET upto = max(upto, ?)", (upto,))

        self._file.write(work)

    def forget(self, here: Callable[[bytes], bool]) -> None:
        """Leave out what is known of commits and versions that are not ``here`` any more (by raw id)."""
        if not os.path.exists(self._path):
            return
        index = self.index()
        commits, versions = index.gone(here)
        if commits or versions:
            self._file.rework(lambda db: self._forget(db, commits, versions))

    def _forget(self, db: sqlite3.Connection, commits: Sequence[int], versions: Sequence[int]) -> None:
        for n in versions:
            told = db.execute("SELECT text FROM texts WHERE n = ?", (n,)).fetchone()
            if told is not None and self._trigrams:
                row = (n, _indexed(told[0].casefold()))
                db.execute("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", row)
            for table, column in (("texts", "n"), ("untold", "n"), ("changes", "blob"), ("blobs", "n")):
                db.execute(f"DELETE FROM {table} WHERE {column} = ?", (n,))
        for n in commits:
            db.execute("DELETE FROM imports WHERE id = (SELECT id FROM commits WHERE n = ?)", (n,))
            db.execute("DELETE FROM changes WHERE number = ?", (n,))
            db.execute("DELETE FROM commits WHERE n = ?", (n,))
        if self._trigrams:
            db.execute("INSERT INTO words (words) VALUES ('optimize')")

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        self._file.close()

    def _make(self, db: sqlite3.Connection) -> None:
        for statement in _TABLES.split(";")[:-1]:
            db.execute(statement)
        if self._trigrams:
            db.execute(_WORDS)
            db.execute(_TERMS)

    def _tell(self, db: sqlite3.Connection, texts: Mapping[str, str]) -> None:
        """What is told already, by another process that was quicker, and what these tables do not know stays out."""
        untold = _numbers(db, "blobs CROSS JOIN untold USING (n)", texts)  # in this order
        rows = sorted((n, texts[oid]) for oid, n in untold.items())  # FTS5 takes much longer when numbers go back
        db.executemany("INSERT INTO texts VALUES (?, ?)", rows)
        db.executemany("DELETE FROM untold WHERE n = ?", [(n,) for n, _ in rows])
        if self._trigrams:
            folded = ((n, _indexed(text.casefold()) + _END) for n, text in rows)
            db.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", folded)


def _add(db: sqlite3.Connection, commits: Sequence[Fresh]) -> None:
    """Those that are known, from another process that was quicker, stay out."""
    asked = {oid for one in commits for oid in (one.id, one.tip, *one.parents) if oid is not None}
    known = _numbers(db, "commits", asked)
    blobs = _numbers(db, "blobs", {change.blob for one in commits for change in one.changes})
    last, version = (
        db.execute(f"SELECT ifnull(max(n), 0) FROM {table}").fetchone()[0] for table in ("commits", "blobs")
    )
    rows: list[tuple[Any, ...]] = []
    changes: list[tuple[Any, ...]] = []
    fresh: list[tuple[int, bytes]] = []
    for one in commits:
        if one.id in known:
            continue
        parents = [known.get(parent) for parent in one.parents]
        if None in parents:
            break  # the tables were begun anew meanwhile; whoever asks finds out and comes again
        last += 1
        known[one.id] = last
        tip = known.get(one.tip) if one.tip is not None else None
        rows.append((last, bytes.fromhex(one.id), _packed(parents), one.mark, one.agent, tip))
        for at, change in enumerate(one.changes):
            if change.blob not in blobs:
                version += 1
                blobs[change.blob] = version
                fresh.append((version, bytes.fromhex(change.blob)))
            changes.append((blobs[change.blob], bytes.fromhex(change.item), last, at, change.what))
    db.executemany("INSERT INTO commits (n, id, parents, mark, agent, tip) VALUES (?, ?, ?, ?, ?, ?)", rows)
    db.executemany("INSERT INTO blobs VALUES (?, ?)", fresh)
    db.executemany("INSERT INTO untold VALUES (?)", [(n,) for n, _ in fresh])
    db.executemany("INSERT INTO changes VALUES (?, ?, ?, ?, ?)", changes)


def _numbers(db: sqlite3.Connection, table: str, oids: Iterable[str]) -> dict[str, int]:
    """Those of these ids that a table has, with their numbers."""
    wanted = [bytes.fromhex(oid) for oid in oids]
    found: dict[str, int] = {}
    for start in range(0, len(wanted), _ASKED):
        some = wanted[start : start + _ASKED]
        rows = db.execute(f"SELECT id, n FROM {table} WHERE id IN ({','.join('?' * len(some))})", some)
        found.update((oid.hex(), n) for oid, n in rows)
    return found


def _packed(numbers: Sequence[int | None]) -> bytes:
    return b"".join([(number or 0).to_bytes(4, "big") for number in numbers])


def _unpacked(data: bytes) -> tuple[int, ...]:
    return tuple([int.from_bytes(data[at : at + 4], "big") for at in range(0, len(data), 4)])


def _indexed(folded: str) -> str:
    """A text as the tokenizer gets it: it would stop at a NUL."""
    return folded.replace("\0", "\ufffd")


def _grams(folded: str) -> list[str]:
    """Trigrams that a text with ``folded`` in it has, spread over it."""
    starts = range(len(folded) - 2)
    step = max(1, len(starts) // _TRIGRAMS)
    return list(dict.fromkeys(folded[at : at + 3] for at in [*starts[::step], starts[-1]]))


def forget(folder: str, here: Callable[[bytes], bool]) -> None:
    """Have the indexes of the trace at ``folder`` say nothing of what is not ``here`` any more (by raw id)."""
    for trigrams in (False, True):
        if trigrams and not _has_trigrams():  # another SQLite made it, and this one cannot change it
            files.unlink(os.path.join(folder, "trace", "cache", _NAMES[True]))
        else:
            IndexHolder(folder, readonly=False, trigrams=trigrams).forget(here)


@cache
def _has_trigrams() -> bool:
    """Whether the SQLite of this Python has FTS5 with trigrams."""
    db = sqlite3.connect(":memory:")
    try:
        db.execute(_WORDS)
    except sqlite3.OperationalError:
        return False
    finally:
        db.close()
    return True
