"""A bisect in several steps, as the command line does it: begun, told what is good and bad, reset.

What is kept meanwhile is in ``bisecting_state``. HEAD goes to the commit that is to be looked at, after the answer is
kept: a crash in between costs nothing, the same answer may be given again. From Python ``Repo.bisect`` alone leaves
nothing behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from ..answers import Bisected
from ..errors import CorruptTraceError, InvalidInputError, StateError
from ..model import Context
from ..store.transaction import Transaction
from ..view import ancestry, lanes, revisions
from ..view.bisection import BAD, GOOD, SKIP
from ..view.handle import Handle
from ..view.items import find
from . import bisect, bisecting_state, checkout
from .bisect import Suspects
from .bisecting_state import Begun


class OpenBisect:
    """The open bisect of a trace, or of an agent. ``read`` says whether there is one; what else needs one raises
    StateError without."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._where = handle.store.folder, handle.namespace

    def read(self) -> Begun | None:
        return bisecting_state.read(*self._where)

    def start(self, bad: str | None = None, good: Sequence[str] = (), *, items: bool = False) -> Begun:
        """Begin, or begin anew. HEAD is remembered, as it was before the first beginning."""
        handle = self._handle
        handle.check_present()
        handle.store.refresh()
        known = self._known()
        place = known.place if known else handle.place
        if handle.head() is None or place is None:
            raise StateError("no commits yet", hint="commit something first")
        resolved = revisions.resolve(handle, bad) if bad is not None else None
        goods = tuple(dict.fromkeys(revisions.resolve(handle, one) for one in good))
        return self._keep(Begun(place, resolved, goods, items))

    def tell(self, answer: str, names: Sequence[str] = ()) -> Begun:
        """Say that commits (HEAD when none is named), or items, are "good", "bad", or are to be skipped ("skip").

        Items are those of the bad context; none named means the one that was asked about.
        """
        begun = self._here()
        self._handle.store.refresh()
        if not begun.ready and answer != SKIP:
            revs = [revisions.resolve(self._handle, one) for one in names or ["HEAD"]]
            if answer == GOOD:
                return self._keep(replace(begun, good=tuple(dict.fromkeys([*begun.good, *revs]))))
            return self._keep(replace(begun, bad=_one(revs)))
        told = [self._named(begun, answer, one) for one in names] or [self._asked(begun, answer)]
        if answer == BAD:
            told = [_one(told)]
        fresh = tuple((answer, one) for one in told if (answer, one) not in begun.answers)
        return self._keep(replace(begun, answers=begun.answers + fresh))

    def _named(self, begun: Begun, answer: str, name: str) -> str:
        if begun.items and begun.bad is not None:
            item = find(self._handle.context(begun.bad).items, name).id
            if answer == BAD and item not in self.suspects(begun).search.before:
                raise InvalidInputError(
                    f"item {item} is in the good context too: it cannot be bad",
                    field="item",
                    hint="begin anew with an earlier good commit: trace bisect start BAD GOOD --items",
                )
            return item
        return self._fits(begun, answer, revisions.resolve(self._handle, name), name)

    def _fits(self, begun: Begun, answer: str, rev: str, name: str) -> str:
        """``rev`` when something follows from such an answer about it."""
        if begun.bad is not None and answer != SKIP and rev not in lanes.forks(self._handle, (begun.bad,), (rev,)):
            raise InvalidInputError(
                f"{name} is not behind {begun.bad[:8]}, which is bad",
                field="rev",
                hint="answer about a commit of that history: trace bisect log",
            )
        good = [one for one in begun.good if answer == BAD and ancestry.is_ancestor(self._handle, rev, one)]
        if good:
            raise InvalidInputError(
                f"{name} is {good[0][:8]}, which is good, or behind it: it cannot be bad",
                field="rev",
                hint="begin anew with an earlier good commit: trace bisect start BAD GOOD",
            )
        return rev

    def _asked(self, begun: Begun, answer: str) -> str:
        """What an answer without a name is about."""
        if not begun.items:
            return self._fits(begun, answer, revisions.resolve(self._handle, "HEAD"), "HEAD")
        suspect = self.suspects(begun).search.next if begun.ready else None
        if suspect is None:
            raise StateError("no item is asked about now", hint="trace bisect log shows what is known")
        return suspect

    def suspects(self, begun: Begun) -> Suspects:
        """Who is left, and whom to ask about next. InvalidInputError when the answers do not go together."""
        assert begun.bad is not None
        found = bisect.begin(self._handle, begun.good, begun.bad, items=begun.items)
        for answer, told in begun.answers:
            found.search.tell(told, answer)
        if not found.search.left:
            raise InvalidInputError(
                "these answers contradict each other: nothing is left that could be the first bad one",
                field="rev",
                hint="trace bisect log shows them; trace bisect reset gives up",
            )
        return found

    def asked(self) -> tuple[str, Context] | None:
        """The id of what is to be checked now, and its context; None when nothing is, as there is an answer."""
        begun = self._here()
        if not begun.ready:
            raise StateError("a good and a bad commit are needed first", hint="trace bisect good REV, and bad REV")
        suspects = self.suspects(begun)
        suspect = suspects.search.next
        return None if suspect is None else (suspect, suspects.context(suspect))

    def good(self) -> Context:
        """A context that is known to be good: for a look whether a check says so."""
        begun = self._here()
        if not begun.good:
            raise StateError("a good commit is needed first", hint="trace bisect good REV")
        return self._handle.context(begun.good[0])

    def result(self) -> Bisected:
        """What was found; nothing in it while there is something to ask."""
        begun = self._here()
        return self.suspects(begun).result(begun.answers) if begun.ready else Bisected()

    def reset(self, rev: str | None = None) -> None:
        """Bring HEAD back to where it was before, or to ``rev``, and forget all."""
        known = self._known(damaged=True)
        if known is None and rev is None and self._broken():
            raise StateError("where HEAD was before cannot be read", hint="say where to go: trace bisect reset BRANCH")
        if known is None and not self._broken():
            raise _none()
        place = (known.place if known else "").removeprefix(f"ref: {self._handle.space}refs/heads/")
        checkout.checkout(self._handle, rev if rev is not None else place, head=True)
        with self._locked():
            bisecting_state.forget(*self._where)

    def _known(self, *, damaged: bool = False) -> Begun | None:
        try:
            return self.read()
        except CorruptTraceError:
            if damaged:
                return None
            raise

    def _broken(self) -> bool:
        try:
            self.read()
        except CorruptTraceError:
            return True
        return False

    def _keep(self, begun: Begun) -> Begun:
        """Keep it, when it makes sense, and go to the commit that is to be looked at."""
        suspect = self.suspects(begun).search.next if begun.ready else None
        with self._locked():
            bisecting_state.write(*self._where, begun)
        if suspect is not None and not begun.items and suspect != self._handle.detached:
            checkout.checkout(self._handle, suspect, head=True)
        return begun

    def _here(self) -> Begun:
        begun = self.read()
        if begun is None:
            raise _none()
        return begun

    def _locked(self) -> AbstractContextManager[Transaction]:
        """No other process of ours changes anything meanwhile."""
        return self._handle.store.transaction("bisect", [], spaces=(self._handle.namespace,))


def _one(told: Sequence[str]) -> str:
    if len(told) != 1:
        raise InvalidInputError("bad is one commit", field="rev", hint="name the earliest that is known to be bad")
    return told[0]


def _none() -> StateError:
    return StateError("no bisect is open", hint="trace bisect start BAD GOOD begins one")
