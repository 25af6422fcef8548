"""Git trees, with `git mktree` and `git ls-tree` as oracles."""

from __future__ import annotations

import subprocess
from hashlib import sha1
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trace_git.errors import CorruptTraceError
from trace_git.store import trees
from trace_git.store.trees import FILE, FOLDER, Folder

BLOB = bytes.fromhex("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

names = st.text(st.sampled_from("ab.-09"), min_size=1, max_size=4).filter(lambda name: name.strip("."))
paths = st.lists(names.map(str.encode), min_size=1, max_size=3).map(tuple)


class Shelf:
    """A source of trees in memory."""

    def __init__(self) -> None:
        self.folders: dict[bytes, Folder] = {}

    def tree(self, oid: bytes) -> Folder:
        return self.folders[oid]

    def put_tree(self, folder: Folder) -> bytes:
        oid = trees.oid_of(b"tree", trees.serialize(folder))
        self.folders[oid] = folder
        return oid


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trees")
    subprocess.run(["git", "init", "-q", "--bare", path], check=True)
    subprocess.run(["git", "hash-object", "-w", "--stdin"], cwd=path, check=True, input=b"", stdout=subprocess.DEVNULL)
    return path


def git(repository: Path, *args: str, given: bytes = b"") -> bytes:
    return subprocess.run(["git", *args], cwd=repository, input=given, check=True, stdout=subprocess.PIPE).stdout


def file_id(path: tuple[bytes, ...]) -> bytes:
    return sha1(b"/".join(path)).digest()


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(names, st.booleans(), min_size=1, max_size=8))
def test_a_folder_is_named_as_git_names_it(repository: Path, listed: dict[str, bool]) -> None:
    """Each name is a file, or an empty folder where the flag is set."""
    changes = {
        (name.encode(),): (FOLDER, bytes.fromhex(EMPTY)) if is_folder else (FILE, BLOB)
        for name, is_folder in listed.items()
    }
    lines = [
        f"040000 tree {EMPTY}\t{name}" if is_folder else f"100644 blob {BLOB.hex()}\t{name}"
        for name, is_folder in listed.items()
    ]
    theirs = git(repository, "mktree", "--missing", given="\n".join(lines).encode()).decode().strip()
    shelf = Shelf()
    ours = trees.edit(shelf, None, changes)
    assert ours is not None
    assert ours.hex() == theirs
    raw = git(repository, "cat-file", "tree", theirs)
    assert trees.parse(raw) == shelf.folders[ours]
    assert list(trees.parse(raw)) == sorted(trees.parse(raw))
    found = [(entry.name.decode(), entry.mode == FOLDER) for entry in trees.entries(trees.parse(raw))]
    assert sorted(found) == sorted(listed.items())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(paths, st.booleans(), min_size=1, max_size=5), min_size=1, max_size=5))
def test_edits_in_steps_give_what_one_edit_gives(steps: list[dict[tuple[bytes, ...], bool]]) -> None:
    """True puts a file at a path, False removes what is there. A dictionary of paths is the model."""
    shelf, model = Shelf(), set[tuple[bytes, ...]]()
    root: bytes | None = None
    for step in steps:
        wanted = {path: put for path, put in step.items() if not _in_the_way(path, [*step, *model])}
        for path, put in wanted.items():
            model.add(path) if put else model.discard(path)
        root = trees.edit(shelf, root, {path: (FILE, file_id(path)) if put else None for path, put in wanted.items()})
        assert (set() if root is None else set(_files(shelf, root))) == model
    whole = trees.edit(Shelf(), None, {path: (FILE, file_id(path)) for path in model})
    assert whole == root


def _in_the_way(path: tuple[bytes, ...], others: list[tuple[bytes, ...]]) -> bool:
    """Whether another path lies above or below this one."""
    return any(path != other and (path[: len(other)] == other or other[: len(path)] == path) for other in others)


def _files(shelf: Shelf, oid: bytes, above: tuple[bytes, ...] = ()) -> list[tuple[bytes, ...]]:
    found = []
    for entry in trees.entries(shelf.tree(oid)):
        if entry.mode == FOLDER:
            found += _files(shelf, entry.oid, (*above, entry.name))
        else:
            assert entry.oid == file_id((*above, entry.name))
            found.append((*above, entry.name))
    return found


def test_a_file_takes_the_place_of_a_folder_and_back() -> None:
    shelf = Shelf()
    below = trees.edit(shelf, None, {(b"a", b"b"): (FILE, BLOB)})
    flat = trees.edit(shelf, below, {(b"a",): (FILE, BLOB)})
    assert flat == trees.edit(shelf, None, {(b"a",): (FILE, BLOB)})
    assert flat is not None
    assert trees.file(shelf.tree(flat), b"a") == BLOB
    assert trees.child(shelf.tree(flat), b"a") is None


def test_removing_the_last_file_leaves_nothing() -> None:
    shelf = Shelf()
    root = trees.edit(shelf, None, {(b"a", b"b", b"c"): (FILE, BLOB)})
    assert trees.edit(shelf, root, {(b"a", b"b", b"c"): None}) is None
    assert trees.edit(shelf, root, {(b"a",): None}) is None


def test_an_edit_leaves_the_old_tree_alone() -> None:
    shelf = Shelf()
    root = trees.edit(shelf, None, {(b"a",): (FILE, BLOB)})
    assert root is not None
    before = dict(shelf.tree(root))
    trees.edit(shelf, root, {(b"b",): (FILE, BLOB)})
    assert shelf.tree(root) == before


@pytest.mark.parametrize(
    "data",
    [
        b"x",
        b"100644 a",
        b"100644 a\0" + bytes(19),
        b"100644a\0" + bytes(20),
        b" \0" + bytes(20),
        b"100644 a\0" + bytes(21),
    ],
)
def test_what_is_no_tree_is_refused_with_its_name(data: bytes) -> None:
    with pytest.raises(CorruptTraceError) as caught:
        trees.parse(data, b"\xab" * 20)
    assert caught.value.object_id == "ab" * 20


@given(st.binary(max_size=200))
def test_any_bytes_are_a_tree_or_refused(data: bytes) -> None:
    try:
        folder = trees.parse(data)
    except CorruptTraceError:
        return
    assert len(b"".join(folder.values())) <= len(data)
    list(trees.entries(folder))
