"""Delete an agent: its refs go, its commits stay reachable from where they were collapsed, or are kept."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import NotFoundError, RefusedError, StateError
from ..view import agents, ancestry, lineage
from ..view.handle import Handle
from . import keep


def delete(handle: Handle, name: str, *, force: bool = False) -> None:
    """Delete all refs of agent ``name``; see ``Repo.delete_agent``."""
    handle.check_present()
    agents.check_name(name)
    if name == handle.namespace:
        raise StateError(f"this is agent {name} itself", hint="delete it from another agent, or from the trace")
    space = f"{agents.SPACES}{name}/"
    with handle.store.transaction("agent", [f"{space}HEAD"], spaces=(handle.namespace, name)) as transaction:
        first = (f"{space}HEAD", agents.head_of(handle, name))  # what it stood at is kept first
        every = handle.ref_names(space, skip_bad=True)
        refs = [first[0], *sorted((ref for ref in every if ref != first[0]), key=lambda ref: (ref != first[1], ref))]
        if len(refs) == 1 and transaction.ref(refs[0]) is None:
            raise NotFoundError(f"no agent {name!r}", hint="`trace agents` lists them")
        heads = [agents.commit_at(handle, ref) for ref in every if ref.startswith(f"{space}refs/heads/")]
        for ref in refs:
            transaction.claim(ref)
        if not force:
            _check_taken(handle, name, agents.tips_of(handle, name))
        for ref in refs:
            transaction.move(ref, None)
        keep.keep(handle, transaction, always=[tip for tip in heads if tip is not None])


def _check_taken(handle: Handle, name: str, tips: Sequence[str]) -> None:
    """RefusedError when a branch of the agent has work that is not in what was taken back."""
    events = lineage.behind(handle, agents.tips_alive(handle))
    taken = agents.taken(events, name)
    for tip in tips:
        fresh = agents.spawn_of(handle, tip, name, events) != tip
        if fresh and not any(ancestry.is_ancestor(handle, tip, one) for one in taken):
            raise RefusedError(
                f"agent {name} has work that nobody took back",
                hint=f"collapse it first: trace collapse {name}; or give it up: trace agents --delete {name} --force",
            )
