"""Two lines of a trace for a merge, made in a few words. ``compress`` and ``reorder`` write trees as those verbs do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from trace_git import Repo, assistant
from trace_git.model import Author, Commit, Message, TokenCount
from trace_git.ops import labels, write
from trace_git.store import codec, format, keys
from trace_git.store.format import Place
from trace_git.store.snapshot import Draft, Entry
from trace_git.store.trees import blob_id

NOW = 1_700_000_000


class Words:
    """A tokenizer that counts words."""

    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


def trace(folder: Path, **options: Any) -> Repo:
    clock = count(NOW)  # else the same commit twice is one commit
    settings = {"tokenizer": Words(), "clock": lambda: next(clock), "durability": "os", **options}
    return Repo.open(folder / "t.trace", **settings)


def call(*ids: str, text: str | None = None) -> Message:
    calls = [{"id": id, "type": "function", "function": {"name": "look", "arguments": "{}"}} for id in ids]
    return assistant(text, tool_calls=calls)


def ids(repo: Repo, rev: str = "HEAD") -> list[str]:
    return [item.id for item in repo.context(rev).items]


def texts(repo: Repo, rev: str = "HEAD") -> list[str]:
    """The texts of a context; of a call its ids."""
    return [item.message.text or "+".join(str(one.id) for one in item.message.calls)
            for item in repo.context(rev).items]  # fmt: skip


def named(repo: Repo, text: str, rev: str = "HEAD") -> str:
    """The id of the item with that text."""
    return ids(repo, rev)[texts(repo, rev).index(text)]


# -- trees that no verb makes yet ----------------------------------------------------------


def rewritten(repo: Repo, verb: str, change: Callable[[Draft, Mapping[str, Entry], Commit], None]) -> Commit:
    """A commit of another tree; its token trailers are what counting anew gives."""
    handle = repo._handle
    branch = write.branch_of(handle)
    with handle.store.transaction(verb, [branch], spaces=("",)) as transaction:
        tip = transaction.ref(branch)
        assert tip is not None
        parent = handle.commit(tip)
        draft = Draft(transaction, handle.snapshots, parent.tree, "")
        puts: list[int] = []
        original = draft.put

        def put(entry: Entry, data: bytes | None = None) -> Entry:
            if data is not None:
                puts.append(int(handle.counter.message(codec.decode(data), blob_id(data))))
            return original(entry, data)

        draft.put = put  # type: ignore[method-assign]
        entries = {entry.place.item: entry for entry in handle.snapshots.entries(parent.tree)}
        before = {item.id: int(handle.contexts.count(item)) for item in handle.context(tip).items}
        gone: list[str] = change(draft, entries, parent) or []  # type: ignore[func-returns-value]
        tokens = TokenCount(sum(puts) - sum(before[item] for item in gone), counter="words")
        made = write.Change(verb, f"{verb}: by a test", Author("trace-git", f"{verb}@trace"), tokens)
        oid = write.commit(handle, transaction, draft, parent, made)
        labels.relabel(handle, transaction)
    return handle.commit(oid)


def compress(repo: Repo, items: Sequence[str], text: str, *, name: str = "c1", pinned: bool = False) -> str:
    """Put items aside under a compress id; the id of the summary that stands for them."""
    made: list[str] = []

    def change(draft: Draft, entries: Mapping[str, Entry], parent: Commit) -> list[str]:
        data = codec.encode(Message("user", {"role": "user", "content": text}, kind="summary",
                                    provenance={"items": list(items)}))  # fmt: skip
        blob = blob_id(data)
        item = format.item_id("", parent.id, 0, bytes.fromhex(blob))
        old = [entries[one] for one in items]
        draft.remove(old)
        draft.shelve(name, old)
        entry = draft.put(Entry(Place(old[0].place.key, "user", item), blob), data)
        if pinned:
            draft.pin([entry])
        made.append(item)
        return list(items)

    rewritten(repo, "compress", change)
    return made[0]


def mask(repo: Repo, item: str, text: str, *, name: str = "m1") -> None:
    """A shorter version of an item in its place, its original put aside."""

    def change(draft: Draft, entries: Mapping[str, Entry], parent: Commit) -> list[str]:
        old = repo.context().items[ids(repo).index(item)].message
        draft.shelve(name, [entries[item]])
        data = codec.encode(Message(old.role, {**old.body, "content": text}))
        draft.put(Entry(entries[item].place, blob_id(data)), data)
        return [item]

    rewritten(repo, "compress", change)


def reorder(repo: Repo, order: Sequence[str]) -> Commit:
    """The items in another order."""

    def change(draft: Draft, entries: Mapping[str, Entry], parent: Commit) -> None:
        placed = keys.assigned(order, {item: entry.place.key for item, entry in entries.items()})
        moved = [entries[item] for item in order if placed[item] != entries[item].place.key]
        draft.remove(moved)
        for entry in moved:
            draft.put(Entry(entry.place._replace(key=placed[entry.place.item]), entry.blob))

    return rewritten(repo, "reorder", change)


def expand(repo: Repo, name: str) -> None:
    """What a compress put aside lives again, in place of its summaries."""

    def change(draft: Draft, entries: Mapping[str, Entry], parent: Commit) -> list[str]:
        put_aside = list(repo._handle.snapshots.archived(parent.tree)[name])
        covered = {one.place.item for one in put_aside}
        gone = [item.id for item in repo.context().items if item.kind == "summary"
                and covered & set((item.message.provenance or {})["items"])]  # fmt: skip
        gone += [one.place.item for one in put_aside if one.place.item in entries]  # masked
        draft.unshelve(name, put_aside)
        draft.remove([entries[item] for item in gone])
        for one in put_aside:
            draft.put(one, repo._handle.store.blob(one.blob))
        return gone

    rewritten(repo, "expand", change)


def forget(repo: Repo, summary: str, name: str) -> None:
    """Drop a summary, and with it what lies in the archive of its compress."""

    def change(draft: Draft, entries: Mapping[str, Entry], parent: Commit) -> list[str]:
        draft.unshelve(name, list(repo._handle.snapshots.archived(parent.tree)[name]))
        draft.remove([entries[summary]])
        return [summary]

    rewritten(repo, "drop", change)


def archived(repo: Repo, rev: str = "HEAD") -> dict[str, set[str]]:
    """Compress id → the items that lie in its archive."""
    commit = repo.get(rev)
    found = repo._handle.snapshots.archived(commit.tree)
    return {under: {one.place.item for one in entries} for under, entries in found.items()}


# -- two lines -----------------------------------------------------------------------------

Steps = Callable[[Repo], object]


def nothing(repo: Repo) -> None:
    """A line that does nothing of interest, so that there is a merge at all."""
    repo.commit("elsewhere")


def fork(repo: Repo, base: Iterable[Any], ours: Steps, theirs: Steps) -> None:
    """``base`` on main; then main went on with ``ours``, the branch "other" with ``theirs``. The handle is on main."""
    for message in base:
        repo.commit(message)
    repo.branch("other")
    repo.checkout("other")
    theirs(repo)
    repo.checkout("main")
    ours(repo)
