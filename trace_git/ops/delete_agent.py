"""Delete an agent: its refs go, its commits stay reachable from where they were collapsed, or are kept."""

from __future__ import annotations

from ..errors import NotFoundError, RefusedError, StateError
from ..view import agents
from ..view.handle import Handle
from . import keep


def delete(handle: Handle, name: str, *, force: bool = False) -> None:
    """Delete all refs of agent ``name``; see ``Repo.delete_agent``."""
    handle.check_present()
    agents.check_name(name)
    if name == handle.namespace:
        raise StateError(f"this is agent {name} itself", hint="delete it from another agent, or from the trace")
    handle.store.refresh()
    found = agents.agent_of(handle, name)
    if found is None:
        raise NotFoundError(f"no agent {name!r}", hint="`trace agents` lists them")
    if found.state != "collapsed" and not force:
        raise RefusedError(
            f"agent {name} has work that nobody took back", hint="collapse it first, or force it (--force)"
        )
    head = f"{agents.SPACES}{name}/HEAD"
    refs = [head, *(ref for ref in handle.ref_names(f"{agents.SPACES}{name}/", skip_bad=True) if ref != head)]
    with handle.store.transaction("agent", refs, spaces=(handle.namespace, name)) as transaction:
        for ref in refs:  # HEAD first: to stock git a HEAD without its branch is damage
            transaction.move(ref, None)
        keep.keep(handle, transaction)
