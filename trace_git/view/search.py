"""Search: the messages that say something, as each agent knows them, newest first, found as they are asked for.

Few texts that may have it are looked up each; where many may, histories are read from their newest commit on, so that
the first hits come at once. Either way each is held against the text itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice

from ..answers import Hit
from ..errors import NotFoundError, TraceError
from ..model import Commit, Item
from ..store.textindex import Row
from . import agents
from .handle import Handle
from .history import check_limit
from .revisions import resolve
from .searching import routes
from .searching.asked import Asked, Stand
from .searching.ground import DROPPED, EDITED, LIVE, Entered, History
from .searching.news import Progress
from .searching.said import Wanted, said, wanted

FEW = 4_000  # texts that are looked up each
_TOGETHER = 1_000  # texts that are read together

Version = tuple[str, int]  # an item, and the number of a blob
When = tuple[float, int]  # by a clock that is never behind that of an older commit, then by how old histories are
Timed = Iterator[tuple[When, Hit]]


@dataclass(frozen=True)
class Ways:
    """What is looked for, and of it what is told. ``few`` is for those who compare the two ways of looking."""

    wanted: Wanted
    live: bool = False
    limit: int | None = None
    few: int = FEW


def ways(
    text: str, *, regex: bool = False, case: bool = False, live: bool = False, limit: int | None = None, few: int = FEW
) -> Ways:
    check_limit(limit)
    return Ways(wanted(text, regex=regex, case=case), live, limit, few)


def here(handle: Handle, rev: str | Commit, how: Ways, *, progress: Progress | None = None) -> Iterator[Hit]:
    """The hits in the history behind ``rev``, as the handle's agent knows it."""
    handle.store.refresh()
    if rev in ("HEAD", "@") and handle.head() is None:
        return iter(())
    tip = resolve(handle, rev)
    stand = Stand(handle.namespace, ((_branch(handle, rev, tip), tip),))
    question = Asked(handle, also=[tip], progress=progress)
    question.number(tip)  # refuses what cannot be read
    return together([_Search(question, how).timed([stand])], how)


def everywhere(
    handle: Handle, how: Ways, *, agent: str | None = None, trace: str = "", progress: Progress | None = None
) -> Timed:
    """The hits in the histories of all agents, or of one ("": of the trace itself); ``together`` puts them in order."""
    question = Asked(handle, progress=progress)
    stands = question.stands()
    if agent is not None:
        found = [one for one in stands if one.agent == agent]
        if not found and agent not in ("", *agents.names(handle)):
            raise _unknown(agent, [one.agent for one in stands])
        stands = tuple(found)
    return _all_told(_Search(question, how, trace=trace).timed(stands), question.unread(agent))


def _all_told(found: Timed, error: TraceError | None) -> Timed:
    yield from found
    if error is not None:
        raise error


def together(found: Iterable[Timed], how: Ways) -> Iterator[Hit]:
    """The hits of several searches, newest first."""
    return islice((hit for _, hit in merge(*found, key=_latest)), how.limit)


def _branch(handle: Handle, rev: str | Commit, tip: str) -> str | None:
    """The branch that is meant by a revision, if one is."""
    if rev in ("HEAD", "@"):
        return handle.branch.rpartition("refs/heads/")[2] if handle.branch is not None else None
    named = isinstance(rev, str) and handle.ref(f"{handle.space}refs/heads/{rev}") == tip
    return str(rev) if named else None


def _unknown(agent: str, there: Sequence[str]) -> NotFoundError:
    import difflib

    near = difflib.get_close_matches(agent, [name for name in there if name], n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "`trace agents` lists them"
    return NotFoundError(f"no agent {agent!r}", hint=hint)


class _Search:
    """One search through one trace."""

    def __init__(self, asked: Asked, how: Ways, *, trace: str = "") -> None:
        self._asked = asked
        self._how = how
        self._trace = trace
        self._unreadable = asked.learn_texts()
        self._rows: dict[Version, list[Row]] = {}
        self._versions: dict[int, set[Version]] = {}  # those in there, by blob
        self._spans: dict[int, tuple[int, int] | None] = {}
        self._matched: set[int] = set()
        folded = how.wanted.folded
        self._candidates = asked.index.candidates(folded, how.few) if folded is not None else None
        if self._candidates is not None and len(self._candidates) > how.few:
            self._candidates = None

    def timed(self, stands: Sequence[Stand]) -> Timed:
        """The hits of all of them, newest first, and in the order of the agents what came at once."""
        told: list[History] = []
        streams = []
        for stand in stands:
            before: list[History] = []
            for branch, tip in stand.tips:
                history = self._asked.history(stand.agent, tip)
                streams.append(self._of(history, branch, tuple(before)))
                before.append(history)
            told += before
        yield from merge(*streams, key=_latest)
        self._complain(told)

    def _complain(self, histories: Sequence[History]) -> None:
        """Raise what kept a message of these histories from being read, now that all others are told."""
        for number, error in self._unreadable.items():
            rows = list(self._asked.index.of_blobs([number]))
            if any(row.commit in history.where for row in rows for history in histories):
                raise error

    def _of(self, history: History, branch: str | None, before: Sequence[History]) -> Timed:
        """The hits of a branch, without those that another branch of the same agent has."""
        found = self._looked_up(history) if self._candidates is not None else self._walked(history)
        clock = float("inf")
        for version, entered in found:
            rows = self._rows[version]
            if any(self._asked.ground.entered(one, rows) for one in before):
                continue
            state = self._state(history, version)
            if self._how.live and state != LIVE:
                continue
            hit = self._hit(history, branch, version, entered, state)
            clock = min(clock, hit.commit.timestamp)
            yield (clock, self._asked.ground.age[history.line[entered.position]]), hit

    # -- two ways of looking ---------------------------------------------------------------

    def _looked_up(self, history: History) -> Iterator[tuple[Version, Entered]]:
        """Each of few texts that may have it."""
        assert self._candidates is not None
        self._match(self._asked.index.texts(self._candidates - self._spans.keys()))
        self._know(self._matched)
        found = [(version, entered) for version, rows in self._rows.items()
                 if (entered := self._asked.ground.entered(history, rows)) is not None]  # fmt: skip
        yield from sorted(found, key=_newest, reverse=True)

    def _walked(self, history: History) -> Iterator[tuple[Version, Entered]]:
        """All texts of the newest commits first, and ever more commits at once while they bring few."""
        told: set[Version] = set()
        stop, step = len(history.line), 1
        while stop > 0:
            start = max(0, stop - step)
            at = [one for place in range(start, stop) for one in (history.line[place], *history.beside.get(place, ()))]
            texts = self._asked.index.texts_of_commits(at)
            self._match(texts)
            self._know(texts.keys() & self._matched)
            found = {}
            for version in (one for blob in texts.keys() & self._matched for one in self._versions[blob]):
                entered = self._asked.ground.entered(history, self._rows[version])
                if version not in told and entered is not None and entered.key[0] >= start:
                    found[version] = entered
            told.update(found)
            yield from sorted(found.items(), key=_newest, reverse=True)
            stop, step = start, step * 2 if len(texts) < _TOGETHER else step

    def _match(self, texts: Mapping[int, str]) -> None:
        """Find out which of these texts have it, each once."""
        for blob, text in texts.items():
            if blob not in self._spans:
                self._spans[blob] = span = self._how.wanted.find(text)
                if span is not None:
                    self._matched.add(blob)

    def _know(self, blobs: Iterable[int]) -> None:
        """Read all changes of some versions."""
        fresh = [blob for blob in blobs if blob not in self._versions]
        self._versions |= {blob: set() for blob in fresh}
        rows = list(self._asked.index.of_blobs(fresh))
        self._asked.read_ids(fresh, {row.commit for row in rows})
        for row in rows:
            self._versions[row.blob].add((row.item, row.blob))
            self._rows.setdefault((row.item, row.blob), []).append(row)

    # -- one hit ---------------------------------------------------------------------------

    def _state(self, history: History, version: Version) -> str:
        return state(self._asked, history, version, self._rows[version])

    def _hit(self, history: History, branch: str | None, version: Version, entered: Entered, state: str) -> Hit:
        asked, rows = self._asked, self._rows[version]
        route = routes.route(asked, history, rows, entered)
        blob = asked.blob(version[1])
        message = asked.handle.contexts.message(blob)
        item = Item.of(version[0], blob, message)
        if state == LIVE and version[0] in self._pins(history):
            item = item.with_pinned(True)
        commit = asked.handle.commit(asked.commit(history.line[entered.position]))
        span = self._spans[version[1]]
        assert span is not None
        return Hit(history.agent, branch, item, commit, route.kind, route.source, state, said(message), *span,
                   trace=self._trace)  # fmt: skip

    def _pins(self, history: History) -> Mapping[str, str]:
        return self._asked.pins(history.line[-1])


def state(asked: Asked, history: History, version: Version, rows: Sequence[Row]) -> str:
    """What became of a version: live, archived, edited or dropped."""
    present = history.present(rows)
    if present is not None:
        return present
    item, blob = version
    others: dict[int, list[Row]] = {}
    for row in asked.index.of_items([item]):
        if row.blob != blob:
            others.setdefault(row.blob, []).append(row)
    return EDITED if any(history.present(one) for one in others.values()) else DROPPED


def _latest(found: tuple[When, Hit]) -> When:
    clock, age = found[0]
    return -clock, -age


def _newest(found: tuple[Version, Entered]) -> tuple[object, ...]:
    (item, _), entered = found
    return (entered.position, *entered.key, item)
