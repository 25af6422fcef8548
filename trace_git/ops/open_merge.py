"""A merge in several steps, as the command line does it: begun, its conflicts answered one by one, finished or aborted.

What is kept meanwhile is in ``merging_state``. Nothing of it moves a ref: finishing is an ordinary merge with the
answers given so far. From Python ``Repo.merge`` alone leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import cast

from ..conflicts import Conflict, Resolution
from ..errors import CorruptTraceError, MergeConflictError, NotFoundError, StateError, TraceError
from ..llm import Given
from ..model import Commit, Item
from ..results import MergeResult
from ..store import codec
from ..store.transaction import Transaction
from ..view import ancestry, descent, revisions
from ..view.handle import Handle
from ..view.merging import bases, tails
from ..view.merging.plan import Merging
from . import deciding, edit, judging, merge, merging_state, open_replay, resolving, write
from .merging_state import Begun, Found

_WAYS = "go on with trace merge --continue, or give it up with trace merge --abort"


class OpenMerge:
    """The open merge of a trace. ``read`` says whether there is one; the other methods raise StateError without."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._folder = handle.store.folder

    def read(self) -> Begun | None:
        return merging_state.read(self._folder)

    def here(self) -> Begun | None:
        """The open merge if it is one into the bound branch, also when that got another name meanwhile."""
        begun, branch = self.read(), self._handle.branch
        if begun is None or begun.branch == branch:
            return begun
        tip = self._handle.head()
        if branch is None or tip is None or self._handle.ref(begun.branch) is not None:
            return None
        return replace(begun, branch=branch) if ancestry.is_ancestor(self._handle, begun.ours, tip) else None

    def check_none(self) -> None:
        """StateError when a merge is open, or a rebase or cherry-pick. One that is done already does not count: a crash
        left it behind."""
        open_replay.OpenReplay(self._handle).check_none()
        begun = self.read()
        if begun is None:
            return
        tip = self._handle.ref_commit(begun.branch)
        if tip is None or not descent.is_ancestor(self._handle, begun.theirs, tip):
            raise StateError(f"the merge of {begun.name} into {begun.into} is open", hint=_WAYS)

    def begin(
        self,
        theirs: str,
        *,
        name: str,
        unrelated: bool = False,
        message: str | None = None,
        semantic: bool = False,
        threshold: float | None = None,
        left: MergeConflictError | None = None,
    ) -> Begun:
        """Keep that ``theirs``, a commit id, is being merged into the bound branch; ``left`` says how far that got."""
        branch = write.branch_of(self._handle)
        with self._locked():
            self.check_none()
            tip = self._handle.ref_commit(branch)
            if tip is None:
                raise StateError("no commits yet", hint="commit something first")
            begun = Begun(branch, tip, theirs, name, unrelated, message, semantic=semantic, threshold=threshold)
            begun = begun if left is None else _further(begun, left)
            merging_state.write(self._folder, begun)
        return begun

    def conflicts(self) -> tuple[Conflict, ...]:
        """Every conflict of it, answered or not, as things are now."""
        begun = self._here()
        merging = self._compared(begun)
        return (*merging.conflicts, *_judged(begun, merging))

    def _compared(self, begun: Begun) -> Merging:
        tip = self._handle.head() or begun.ours
        return bases.compared(self._handle, tip, begun.theirs) or bases.unrelated(self._handle, tip, begun.theirs)

    def answer(self, answers: Mapping[str, Resolution]) -> Begun:
        """Keep answers, by conflict id. What a conflict does not take is refused, and nothing is kept."""
        with self._locked():
            begun = self._here()
            known = {one.id: one for one in self.conflicts()}
            for name, answer in answers.items():
                if name not in known:
                    raise NotFoundError(f"no conflict {name!r} in this merge", hint="`trace conflicts` lists them")
                _writable(known[name], resolving.checked(known[name], answer))
            begun = replace(begun, answers={**begun.answers, **answers})
            merging_state.write(self._folder, begun)
        return begun

    def renewed(self) -> Begun | None:
        """The same merge begun anew, when the branch has moved since it began; None when it has not.

        Answers to conflicts that are still there stay.
        """
        with self._locked():
            begun = self._here()
            tip = self._handle.head()
            if tip is None or tip == begun.ours:
                return None
            known = {one.id for one in self.conflicts()}
            answers = {name: answer for name, answer in begun.answers.items() if name in known}
            judged = None if begun.judged is None else tuple([one for one in begun.judged if one.id in known])
            begun = replace(begun, ours=tip, answers=answers, judged=judged)
            merging_state.write(self._folder, begun)
        return begun

    def finish(
        self,
        *,
        strategy: str | None = None,
        message: str | None = None,
        llm: Given = None,
        semantic: bool = False,
        threshold: float | None = None,
        show_base: bool = False,
    ) -> MergeResult:
        """Merge with the answers that were given; MergeConflictError while some are missing, and what came is kept.

        A model is asked only when ``llm`` says so; ``semantic`` has it judge again what was judged.
        """
        begun = self._here()
        known = {one.id for one in self.conflicts()}
        judging = self._judging(begun, strategy, anew=semantic, asks=llm not in (None, False))
        least = threshold if threshold is not None else begun.threshold
        try:
            result = merge.merge(
                self._handle,
                self._theirs(begun),
                strategy=strategy,
                resolutions={name: answer for name, answer in begun.answers.items() if name in known},
                ff="never",
                unrelated=begun.unrelated,
                message=message or begun.message or None,
                llm=llm,
                semantic=judging,
                threshold=least if least is not None else deciding.THRESHOLD,
                show_base=show_base,
                asked=begun.asked,
            )
        except MergeConflictError as error:
            with self._locked():
                kept = replace(self._here(), semantic=begun.semantic or semantic, threshold=least)
                merging_state.write(self._folder, _further(kept, error))
            error.hint = _WAYS
            raise
        with self._locked():
            merging_state.forget(self._folder)
        return result

    def _judging(self, begun: Begun, strategy: str | None, *, anew: bool, asks: bool) -> bool | tuple[Conflict, ...]:
        """What ``semantic`` is in the next try: what was judged, unless that is still, or again, to be done."""
        merging = self._compared(begun)
        if not anew and not (begun.semantic and begun.judged is None):
            return _judged(begun, merging) or False
        settled = resolving.answered(merging.conflicts, begun.answers, strategy, None)
        if not asks and len(settled) == len(merging.conflicts):
            raise StateError(
                f"nobody has judged yet what is new on {begun.into} and {begun.name}",
                hint="ask a model: trace merge --continue --llm; or give it up: trace merge --abort",
            )
        return asks

    def _theirs(self, begun: Begun) -> str | Commit:
        """The other side, by the name it was called when that still means it: it stands in the commit's subject."""
        try:
            if revisions.resolve(self._handle, begun.name) == begun.theirs:
                return begun.name
        except TraceError:
            pass
        return self._handle.commit(begun.theirs)

    def abort(self) -> Begun | None:
        """Forget it, and say what it was; None for one that is too damaged to say."""
        with self._locked():
            try:
                begun = self.read()
            except CorruptTraceError:
                begun = None
            else:
                if begun is None:
                    raise _none()
            merging_state.forget(self._folder)
        return begun

    def _here(self) -> Begun:
        begun = self.here()
        if begun is None:
            raise self.elsewhere() or _none()
        return begun

    def elsewhere(self) -> StateError | None:
        """What is to be said when a merge is open that is not one into the bound branch; None when there is none."""
        begun = self.read()
        if begun is None or self.here() is not None:
            return None
        there = f"go there: trace switch {begun.into}"
        if self._handle.ref(begun.branch) is None:
            there = "that branch is gone; `trace undo` brings back what was deleted last"
        return StateError(
            f"the merge of {begun.name} was begun on {begun.into}",
            hint=f"{there}; or give the merge up: trace merge --abort",
        )

    def _locked(self) -> AbstractContextManager[Transaction]:
        """No other process of ours changes anything meanwhile."""
        return self._handle.store.transaction("merge", [], spaces=(self._handle.namespace,))


def _writable(conflict: Conflict, answer: Resolution) -> None:
    """InvalidInputError for a content that could not be committed: better now than when the merge is finished."""
    if answer.action == "replace":
        codec.encode(edit.version((*conflict.ours, *conflict.theirs)[0].message, answer.content))


def _further(begun: Begun, left: MergeConflictError) -> Begun:
    """With what a try of the merge brought, though it left conflicts. What a person said goes first."""
    settled = cast(Mapping[str, Resolution], left.settled)
    judged = begun.judged
    if left.judged:  # there are always some when a judge was asked and conflicts are left
        found = cast(Sequence[Conflict], left.judged)
        judged = tuple([Found(one.id, _ids(one.ours), _ids(one.theirs), one.text) for one in found])
    return replace(begun, answers={**settled, **begun.answers}, judged=judged, asked=left.asked)


def _ids(items: Sequence[Item]) -> tuple[str, ...]:
    return tuple([item.id for item in items])


def _judged(begun: Begun, merging: Merging) -> tuple[Conflict, ...]:
    """What a judge found, as far as it is so still."""
    if not begun.judged:
        return ()
    sides = tails.tails(merging)
    found = [judging.standing(one.id, one.ours, one.theirs, one.text, sides) for one in begun.judged]
    return tuple([one for one in found if one is not None])


def _none() -> StateError:
    return StateError("no merge is open", hint="trace merge NAME begins one")
