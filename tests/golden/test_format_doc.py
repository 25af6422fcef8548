"""docs/format.md is normative: every example in it is what the code writes, to the byte.

An example is a fenced block that names itself, ``hex NAME`` or ``text NAME``. In hex a ``;`` begins a comment.
The examples under "Blobs" are held by ``test_blobs``.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from trace_git import Repo, Usage
from trace_git.model import Author
from trace_git.store import layout
from trace_git.store.records import Entry, Move, Record, pack_record

from . import fixed

PAGE = (Path(__file__).parents[2] / "docs" / "format.md").read_text(encoding="utf-8")
TIME = 1_700_000_000
NAMES = (
    "attributes", "config", "first-tree", "first-commit", "second-commit", "item-id", "pinned-tree", "refs", "reflog",
    "over", "slot", "marks", "record", "frame", "oplog-payload", "oplog-frame",
)  # fmt: skip


def documented() -> dict[str, str]:
    """The named blocks of the page: hex without comments and white space, text as it stands."""
    found = {}
    for kind, name, body in re.findall(r"^```(hex|text) (\S+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE):
        found[name] = body if kind == "text" else "".join(_bytes_of(line) for line in body.splitlines())
    return found


def _bytes_of(line: str) -> str:
    return "".join(line.partition(";")[0].split())


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    folder = tmp_path_factory.mktemp("doc")
    return {**_trace_examples(folder / "run.trace"), **_own_examples(folder)}


def _trace_examples(path: Path) -> dict[str, str]:
    """A trace of two messages, the first of which is then pinned."""
    with Repo.open(path, clock=lambda: TIME, committer=Author("trace-git", "trace-git@localhost")) as repo:
        first = repo.commit("hi")
        second = repo.commit({"role": "assistant", "content": "Hello!"}, usage=Usage(8, 3, 0, "gpt-4o"))
        item = first.items[0]
        repo.pin(item)
    return {
        "attributes": (path / "info" / "attributes").read_text(),
        "config": (path / "config").read_text(),
        "first-tree": _git(path, "ls-tree", "-r", "-t", first.id),
        "first-commit": _git(path, "cat-file", "commit", first.id),
        "second-commit": _git(path, "cat-file", "commit", second.id),
        "item-id": f"\0{'0' * 40}\0{0}\0{item.blob}".encode().hex(),
        "pinned-tree": _git(path, "ls-tree", "-r", "HEAD"),
        "refs": _git(path, "show-ref", "--head"),
        "reflog": (path / "logs" / "HEAD").read_text(),
        "over": item.blob.encode().hex(),
    }


def _git(path: Path, *args: str) -> str:
    return subprocess.run(["git", f"--git-dir={path}", *args], capture_output=True, text=True, check=True).stdout


def _own_examples(folder: Path) -> dict[str, str]:
    """The journal and the operation log of a trace whose first operation made a branch."""
    move = Move("refs/heads/try", None, "ce" * 20)
    record = Record(Entry(1, 1, TIME * 1000, "branch", ("",), (move,)))
    journal = fixed.journal(folder / "journal", [pack_record(record)])
    oplog = fixed.oplog(folder / "oplog", [record.entry])
    return {
        "slot": journal[512:576].hex(),
        "marks": journal[1024:1088].hex(),
        "record": pack_record(record).hex(),
        "frame": journal[4096 : 4096 + 32].hex(),
        "oplog-payload": fixed.inflated(oplog).hex(),
        "oplog-frame": oplog.hex(),
    }


def test_every_example_is_checked():
    assert sorted(documented()) == sorted(NAMES)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "oplog-frame"])
def test_the_example_is_what_the_code_writes(name, computed):
    assert documented()[name] == computed[name]


def test_the_operation_log_in_the_example_is_read(tmp_path, computed):
    """Deflate may give other bytes with another zlib; what they say is the format."""
    frame = bytes.fromhex(documented()["oplog-frame"])
    assert fixed.inflated(frame).hex() == computed["oplog-payload"]
    (entry,) = fixed.oplog_entries(tmp_path / "oplog", frame)
    assert (entry.seq, entry.verb, entry.moves[0].ref) == (1, "branch", "refs/heads/try")


def test_names_and_ids_in_the_text_follow_from_the_examples(computed):
    """What the text says of an example without printing its bytes again."""
    commit = fixed.git_id(b"commit", computed["first-commit"].encode())
    assert f"`{commit}`" in PAGE
    assert f"`{fixed.sha1_hex(computed['item-id'])[:16]}`" in PAGE
    assert f"over={fixed.sha256_hex(computed['over'])[:32]}" in computed["second-commit"]
    assert f"`{fixed.git_id(b'blob', layout.FORMAT)}`" in PAGE


def test_every_trailer_and_every_verb_is_named():
    """What the code can write, as far as it stands there as a word."""
    sources = [path.read_text(encoding="utf-8") for path in Path(layout.__file__).parents[1].rglob("*.py")]
    written = {word for text in sources for word in re.findall(r'"(Trace-[A-Z][A-Za-z-]+)"', text)}
    verbs = {word for text in sources for word in re.findall(r'(?:transaction|Change)\(\s*"([a-z-]+)"', text)}
    assert {"Trace-Op", "Trace-Boundary"} < written
    assert {"append", "reorder"} < verbs
    assert sorted(word for word in written | verbs if f"`{word}`" not in PAGE) == []
