"""A rebase or cherry-pick in several steps, as the command line does it: begun, stopped at a conflict or to let
somebody edit, its conflicts answered one by one, gone on with, a commit skipped, finished or aborted.

At a conflict nothing has moved: going on does all of it again, with the answers given so far. Where it stops for an
edit the branch is at the commits that are done, so that any verb may change something there; aborting moves it back.
What is kept meanwhile is in ``replay_state``. From Python ``Repo.rebase`` alone leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TypedDict, Unpack, cast

from ..conflicts import Conflict, Resolution
from ..errors import CorruptTraceError, MergeConflictError, NotFoundError, StateError
from ..llm import Given
from ..model import Item
from ..results import RewriteResult
from ..store.transaction import Transaction
from ..view import ancestry, descent
from ..view.handle import Handle
from . import carried_out, cherry_pick, keep, labels, merging_state, rebase, replay_state, resolving, todo, write
from .carried_out import Stop, Work
from .deciding import Ways
from .replay_state import CONFLICT, EDIT, Begun, Next
from .todo import Step

Approve = Callable[[RewriteResult], None]


class Wishes(TypedDict, total=False):
    """What a call says of how to do it; see ``Repo.rebase``. ``approve`` sees the plan before anything is written."""

    strategy: str | None
    llm: Given
    force: bool
    approve: Approve | None


class OpenReplay:
    """The open rebase or cherry-pick of a trace. ``read`` says whether there is one; going on needs one."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._folder = handle.store.folder

    def read(self) -> Begun | None:
        """What is open; None when nothing is, also when it is done already and a crash left the file behind."""
        held = replay_state.read(self._folder)
        return None if held is None else self._present(held)

    def _present(self, held: Begun) -> Begun | None:
        """What it is, by where the branch is: as it was before a move, as after it, or over.

        Once some of it is done the branch is this work's, wherever an edit or a reset brings it; before, who moves the
        branch ends the work.
        """
        tip, after = self._handle.ref_commit(held.branch), held.next
        if after is not None and tip == after.commit and after.rest is None:
            return None
        if tip == held.work.tip and (after is None or tip != after.commit):
            return replace(held, next=None) if held.stopped else None  # what had only begun when it was killed has not
        if tip is None or (after is not None and after.rest is None):
            return None
        if after is not None and after.rest is not None and self._went_on(held.work.tip, after.commit, tip):
            work = replace(after.rest, tip=tip, start=tip)  # with what was edited since, or taken back by a reset
            return replace(held, work=work, stopped=after.stopped, why=EDIT, answers={}, next=None)
        if held.work.floor is None or ancestry.is_ancestor(self._handle, held.original, tip):
            return None  # the branch is the user's as it was before, and he went on there
        return replace(held, work=replace(held.work, tip=tip, start=tip), next=None)

    def _went_on(self, before: str, after: str, tip: str) -> bool:
        """Whether a branch that was moved from ``before`` to ``after`` went on there, or was reset to within the move;
        else somebody took the move back."""
        if not ancestry.is_ancestor(self._handle, before, after):
            return not ancestry.is_ancestor(self._handle, before, tip)
        if ancestry.is_ancestor(self._handle, after, tip):
            return True
        found = ancestry.merge_bases(self._handle, after, tip)
        return any(one != before and ancestry.is_ancestor(self._handle, before, one) for one in found)

    def check_none(self) -> None:
        """StateError when one is open."""
        begun = self.read()
        if begun is not None:
            raise StateError(f"{called(begun)} is open", hint=ways(begun))

    # -- beginning and going on ------------------------------------------------------------

    def rebase(self, upstream: str, *, onto: str | None = None, todo: str | None = None, merges: bool = False,
               **how: Unpack[Wishes]) -> RewriteResult | Begun:  # fmt: skip
        """Begin a rebase of the bound branch; see ``Repo.rebase``. ``Begun`` where it stopped to let somebody edit.

        MergeConflictError at a conflict, and then it is open too.
        """
        self._handle.store.refresh()
        self.check_nothing_open()
        work = rebase.planned(self._handle, upstream, onto=onto, steps=todo, merges=merges)
        return self._begin(work, onto or upstream, **how)

    def cherry_pick(self, revs: Sequence[str], *, at: str | int | Item | None = None, mainline: int | None = None,
                    **how: Unpack[Wishes]) -> RewriteResult | Begun:  # fmt: skip
        """Begin a cherry-pick; see ``Repo.cherry_pick``. All else as in ``rebase``."""
        self._handle.store.refresh()
        self.check_nothing_open()
        work = cherry_pick.planned(self._handle, revs, at=at, mainline=mainline)
        return self._begin(work, " ".join(revs), **how)

    def todo(self, upstream: str, *, onto: str | None = None) -> str:
        """The list of a rebase, to be edited and given as ``todo``. StateError when it would be empty."""
        self.check_nothing_open()
        found = rebase.picked(self._handle, upstream)
        if not found:
            raise StateError(f"nothing is here that {upstream} has not", hint="`trace log` shows what there is")
        branch = write.branch_of(self._handle).rpartition("refs/heads/")[2]
        return todo.text(found, branch=branch, onto=onto or upstream)

    def _begin(self, work: Work, name: str, **how: Unpack[Wishes]) -> RewriteResult | Begun:
        branch, now = write.branch_of(self._handle), self._handle.store.now()
        begun = Begun(branch, work.tip, name, work, now, strategy=how.get("strategy"), force=how.get("force", False))
        return self._on(begun, how.get("llm"), how.get("approve"))

    def check_nothing_open(self) -> None:
        """StateError when anything is open, a merge too."""
        self.check_none()
        merging = merging_state.read(self._folder)
        tip = self._handle.ref_commit(merging.branch) if merging is not None else None
        if merging and (tip is None or not descent.is_ancestor(self._handle, merging.theirs, tip)):
            raise StateError(
                f"the merge of {merging.name} into {merging.into} is open",
                hint="go on with trace merge --continue, or give it up with trace merge --abort",
            )

    def go_on(self, **how: Unpack[Wishes]) -> RewriteResult | Begun:
        """Do what is left, with the answers that were given."""
        begun = self._here()
        strategy, force = how.get("strategy") or begun.strategy, begun.force or how.get("force", False)
        return self._on(replace(begun, strategy=strategy, force=force), how.get("llm"), how.get("approve"))

    def skip(self, *, llm: Given = None, approve: Approve | None = None) -> RewriteResult | Begun:
        """Leave out the commit whose conflict it stopped at, and go on."""
        begun = self._here()
        if begun.why == EDIT:
            raise StateError(
                "it stopped for an edit, so there is nothing to skip", hint=f"trace {begun.verb} --continue"
            )
        steps = tuple([Step("drop", one.commit) if one.commit == begun.stopped else one for one in begun.work.steps])
        return self._on(replace(begun, work=replace(begun.work, steps=steps)), llm, approve)

    def _on(self, begun: Begun, llm: Given, approve: Approve | None) -> RewriteResult | Begun:
        how = rebase.ways(self._handle, strategy=begun.strategy, resolutions=begun.answers, llm=llm,
                          force=begun.force, timestamp=begun.time, asked=begun.asked)  # fmt: skip
        how = replace(how, strict=False, approve=approve)  # the answers to a commit that is skipped now do no harm

        def before(new: str, stop: Stop | None) -> None:
            after = Next(new) if stop is None else Next(new, stop.rest, stop.at)
            replay_state.write(self._folder, replace(begun, next=after))

        try:
            result, stop = carried_out.carry_out(self._handle, begun.work, how, before=before)
        except MergeConflictError as error:
            answers = {**cast(Mapping[str, Resolution], error.settled), **begun.answers}
            left = replace(begun, stopped=error.commit or "", why=CONFLICT, answers=answers, asked=error.asked)
            with self._locked(begun.verb):
                replay_state.write(self._folder, left)
            error.hint = ways(begun)
            raise
        if stop is not None:
            return replace(begun, work=stop.rest, stopped=stop.at, why=EDIT, answers={})
        with self._locked(begun.verb):
            replay_state.forget(self._folder)
        return result

    # -- conflicts -------------------------------------------------------------------------

    def conflicts(self) -> tuple[Conflict, ...]:
        """The conflicts of the commit it stopped at, answered or not; none where it stopped for an edit."""
        begun = self._here()
        if begun.why == EDIT or not begun.stopped:
            return ()
        tried = Ways(dict(begun.answers), begun.strategy, dry_run=True)
        how = carried_out.How(tried, begun.force, begun.time, strict=False)
        with self._handle.store.planning() as plan:
            made = carried_out.begun(self._handle, plan, begun.work, how)
            carried_out.play(made, begun.work, until=begun.stopped)
            before = len(made.conflicts)
            carried_out.do(made, begun.work, next(one for one in begun.work.steps if one.commit == begun.stopped))
            found = tuple(made.conflicts[before:])
            for one in found:
                for item in (*one.base, *one.ours, *one.theirs):
                    assert item.message is not None  # what only the plan has goes with it
        return found

    def answer(self, answers: Mapping[str, Resolution]) -> Begun:
        """Keep answers, by conflict id. What a conflict does not take is refused, and nothing is kept."""
        begun = self._here()
        known = {one.id: one for one in self.conflicts()}
        for name, answer in answers.items():
            if name not in known:
                raise NotFoundError(f"no conflict {name!r} in this {begun.verb}", hint="`trace conflicts` lists them")
            resolving.checked(known[name], answer)
        with self._locked(begun.verb):
            held = self._here()
            if held.work != begun.work:
                raise StateError("another program went on with it meanwhile", hint="look at `trace status`")
            begun = replace(held, answers={**held.answers, **answers})
            replay_state.write(self._folder, begun)
        return begun

    # -- giving up -------------------------------------------------------------------------

    def abort(self) -> Begun | None:
        """Forget it, move the branch back to where it was, and say what it was; None for one too damaged to say."""
        try:
            held = replay_state.read(self._folder)
        except CorruptTraceError:
            held = None
        else:
            if held is None or self._present(held) is not None:
                held = self._here()
                self._back(held)
        with self._locked("rebase"):
            replay_state.forget(self._folder)
        return held

    def _back(self, begun: Begun) -> None:
        branch = begun.branch
        with self._handle.store.transaction(begun.verb, [branch], spaces=(self._handle.namespace,)) as transaction:
            if transaction.ref(branch) != begun.original:
                transaction.note = "abort"
                transaction.move(branch, begun.original)
                labels.relabel(self._handle, transaction)
                keep.keep(self._handle, transaction)

    def here(self) -> Begun | None:
        """What is open on the bound branch."""
        begun = self.read()
        return begun if begun is not None and begun.branch == self._handle.branch else None

    def elsewhere(self) -> StateError | None:
        """What is to be said when one is open on another branch; None when there is none."""
        begun = self.read()
        if begun is None or begun.branch == self._handle.branch:
            return None
        return StateError(
            f"{called(begun)} was begun on {begun.into}",
            hint=f"go there: trace switch {begun.into}; or there give it up: trace {begun.verb} --abort",
        )

    def _here(self) -> Begun:
        self._handle.store.refresh()
        held = replay_state.read(self._folder)
        begun = None if held is None else self._present(held)
        if held is not None and begun is None:
            raise StateError(
                f"{called(held)} is over: {held.into} has moved since", hint="begin again; nothing of it is left"
            )
        if begun is None:
            raise StateError("no rebase and no cherry-pick is open", hint="trace rebase UPSTREAM begins one")
        if begun.branch != self._handle.branch:
            raise self.elsewhere() or StateError(f"{called(begun)} was begun on {begun.into}")
        return begun

    def _locked(self, verb: str) -> AbstractContextManager[Transaction]:
        """No other process of ours changes anything meanwhile."""
        return self._handle.store.transaction(verb, [], spaces=(self._handle.namespace,))


def ways(begun: Begun) -> str:
    """How an open one ends."""
    verb = begun.verb
    return f"go on with trace {verb} --continue, leave the commit out with --skip, or give it up with --abort"


def called(begun: Begun) -> str:
    """An open one, in a sentence."""
    return f"the {begun.verb} of {begun.into if begun.verb == 'rebase' else begun.name}"
