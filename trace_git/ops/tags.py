"""tag: names that stay at a commit. With a message a tag is an object of its own, as git's annotated ones are."""

from __future__ import annotations

from ..errors import CorruptTraceError, NotFoundError, StateError
from ..model import Commit
from ..results import Tag
from ..store.commits import TagData
from ..store.refs import check_name
from ..view import revisions
from ..view.handle import Handle
from . import keep, write

TAGS = "refs/tags/"


def tag(handle: Handle, name: str, *, at: str | Commit = "HEAD", message: str | None = None) -> Tag:
    """A new tag at a commit; StateError when the name is taken."""
    handle.check_present()
    ref = _ref(handle, name)
    commit = revisions.resolve(handle, at)
    text = write.message_text(message) if message is not None else None
    with handle.store.transaction("tag", [ref], spaces=(handle.namespace,)) as transaction:
        if transaction.ref(ref) is not None:
            raise StateError(
                f"tag {name!r} exists already", hint=f"choose another name, or delete it: trace tag -d {name}"
            )
        target = commit
        if text is not None:
            target = transaction.put_tag(TagData(commit, name, handle.store.committer, handle.store.now(), text))
        transaction.move(ref, target)
    return Tag(name, commit)


def tags(handle: Handle) -> tuple[Tag, ...]:
    """All tags of the handle's namespace, by name; what leads to nothing is left out."""
    prefix = handle.space + TAGS
    found = []
    for ref in handle.ref_names(prefix, skip_bad=True):
        try:
            commit = handle.ref_commit(ref)
        except CorruptTraceError:
            continue
        if commit is not None:
            found.append(Tag(ref.removeprefix(prefix), commit))
    return tuple(found)


def delete(handle: Handle, name: str) -> None:
    """Delete a tag; NotFoundError with near names when there is none."""
    handle.check_present()
    ref = _ref(handle, name)
    with handle.store.transaction("tag", [ref], spaces=(handle.namespace,)) as transaction:
        if transaction.ref(ref) is None:
            import difflib  # costs start-up time

            near = difflib.get_close_matches(name, [one.name for one in tags(handle)], n=2)
            hint = f"did you mean {' or '.join(near)}?" if near else "`trace tag` lists the tags"
            raise NotFoundError(f"no tag {name!r}", hint=hint)
        transaction.move(ref, None)
        keep.keep(handle, transaction)


def _ref(handle: Handle, name: str) -> str:
    return f"{handle.space}{TAGS}{check_name(name, what='tag')}"
