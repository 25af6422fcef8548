"""verify: silent about what is whole, and exact about what is not."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from trace_git import Repo, assistant, tool

Git = Callable[..., str]
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
WHO = ["-c", "user.name=a", "-c", "user.email=b@c"]


@pytest.fixture
def filled(repo: Repo) -> Repo:
    first = repo.commit("one", pin=True)
    repo.commit([assistant(None, tool_calls=[CALL]), tool("r", "c1")])
    repo.edit(first, "two", force=True)
    repo.set_tools([{"type": "function", "function": {"name": "look"}}])
    repo.branch("try")
    return repo


def test_a_sound_trace(filled: Repo, repo: Repo, git: Git) -> None:
    assert filled.verify() == ()
    git(repo, "gc", "--quiet", "--prune=now")
    assert filled.verify() == ()


def test_an_empty_trace(repo: Repo) -> None:
    assert repo.verify() == ()


@pytest.mark.parametrize(
    "command",
    [
        ["tag", "light"],
        ["tag", "-a", "-m", "x", "heavy"],
        ["notes", "add", "-m", "remember"],
        ["tag", "of-a-blob", "HEAD:format"],
        ["symbolic-ref", "refs/heads/alias", "refs/heads/main"],
    ],
)
def test_what_stock_git_adds_is_no_damage(command: list[str], filled: Repo, git: Git) -> None:
    git(filled, *WHO, *command)
    assert filled.verify() == ()


@pytest.mark.parametrize("kind", ["blob", "tree", "commit"])
def test_every_damaged_object_is_found_and_named(kind: str, filled: Repo, git: Git) -> None:
    git(filled, "repack", "-q", "-a", "-d")
    filled.close()
    oid = git(filled, "rev-parse", {"blob": "HEAD:format", "tree": "HEAD:messages", "commit": "HEAD"}[kind])
    pack = next((filled.path / "objects" / "pack").glob("*.pack"))
    raw = pack.read_bytes()
    pack.chmod(0o644)
    offset = next(
        int(line.split()[4])
        for line in git(filled, "verify-pack", "-v", str(pack)).splitlines()
        if line.startswith(oid)
    )
    pack.write_bytes(raw[: offset + 4] + bytes([raw[offset + 4] ^ 1]) + raw[offset + 5 :])
    with Repo.open(filled.path, tokenizer=None) as repo:
        assert oid in {finding.name for finding in repo.verify()}


def test_a_ref_that_leads_nowhere_is_found(filled: Repo) -> None:
    (filled.path / "refs/heads/bad").write_text("garbage")
    (filled.path / "refs/heads/gone").write_text("ab" * 20)
    found = {(finding.kind, finding.name) for finding in filled.verify()}
    assert ("ref", "refs/heads/bad") in found
    assert ("object", "ab" * 20) in found


def test_a_damaged_operation_log_is_found(filled: Repo) -> None:
    filled.close()
    path = filled.path / "trace" / "oplog"
    raw = bytearray(path.read_bytes())
    raw[25] ^= 1
    path.write_bytes(raw)
    with Repo.open(filled.path, tokenizer=None) as repo:
        assert "journal" in {finding.kind for finding in repo.verify()}


def tampered(repo: Repo, git: Git, *entries: str) -> None:
    """Commit the tree of HEAD with changed entries, behind trace-git's back, as `git mktree` would have it."""
    index = repo.path / "scratch-index"

    def run(*args: str, given: str = "") -> str:
        environment = {**os.environ, "GIT_INDEX_FILE": str(index)}
        done = subprocess.run(
            ["git", *args], cwd=repo.path, env=environment, input=given, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    run("read-tree", "HEAD")
    run("update-index", "--index-info", given="\n".join(entries) + "\n")
    commit = git(repo, *WHO, "commit-tree", "-m", "by hand", "-p", "HEAD", run("write-tree"))
    git(repo, "update-ref", "refs/heads/main", commit)
    index.unlink()


def test_a_pin_that_is_not_its_message_is_found(filled: Repo, git: Git) -> None:
    item = filled.context().items[0]
    other = filled.context().items[1].blob
    tampered(filled, git, f"100644 {other}\tpins/{item.id}.msgpack")
    assert [(finding.kind, finding.name) for finding in filled.verify()] == [("pin", item.id)]


def test_an_item_that_is_there_twice_is_found(filled: Repo, git: Git) -> None:
    item = filled.context().items[0]
    tampered(filled, git, f"100644 {item.blob}\tmessages/20000/0/2000000-user-{item.id}.msgpack")
    assert ("item", item.id) in {(finding.kind, finding.name) for finding in filled.verify()}


@pytest.mark.parametrize("rev", ["HEAD:format", "HEAD:tools.msgpack", None])
def test_a_blob_that_is_no_message_is_found(rev: str | None, filled: Repo, git: Git) -> None:
    if rev is None:
        (filled.path / "junk").write_text("junk")
        blob = git(filled, "hash-object", "-w", "junk")
    else:
        blob = git(filled, "rev-parse", rev)
    tampered(filled, git, f"100644 {blob}\tmessages/20000/0/2000000-user-{'0' * 16}.msgpack")
    assert blob in {finding.name for finding in filled.verify()}


@pytest.mark.parametrize("path", ["messages/notes.txt", "messages/a/b/c.txt", "pins/notes.txt", 'pins/\\377.msgpack"'])
def test_files_of_strangers_are_told_and_never_a_traceback(path: str, filled: Repo, git: Git) -> None:
    blob = git(filled, "rev-parse", "HEAD:format")
    tampered(filled, git, f"100644 {blob}\t" + (f'"{path}' if path.endswith('"') else path))
    assert filled.verify()


def warnings(repo: Repo) -> list[tuple[str, str]]:
    found = repo.verify()
    assert all(one.severity == "warning" for one in found)
    return [(one.kind, one.name) for one in found]


def test_a_label_that_is_missing_or_wrong_is_a_warning(filled: Repo, git: Git) -> None:
    item = filled.context().items[0].id
    label = f"refs/trace/pins/{item}"
    good = git(filled, "rev-parse", label)
    git(filled, "update-ref", "-d", label)
    assert warnings(filled) == [("label", label)]
    filled.unpin(item)
    git(filled, "update-ref", label, "HEAD")  # a pin that no longer is; `try` has it still
    assert warnings(filled) == [("label", label)]
    git(filled, "update-ref", label, good)
    assert filled.verify() == ()


def test_a_clone_has_no_labels_and_no_warning(filled: Repo, tmp_path: Path) -> None:
    filled.flush()
    subprocess.run(["git", "clone", "-q", str(filled.path), str(tmp_path / "clone")], check=True, capture_output=True)
    with Repo.open(tmp_path / "clone", tokenizer=None) as clone:
        assert clone.verify() == ()


@pytest.mark.parametrize(("ours", "theirs", "mixed"), [(2, 2, True), (3, 1, False), (1, 1, False), (0, 3, False)])
def test_a_merge_by_stock_git_that_mixed_two_lines_of_appends_is_a_warning(
    ours: int, theirs: int, mixed: bool, filled: Repo, git: Git, open_repo: Callable[..., Repo]
) -> None:
    for number in range(ours):
        filled.commit(f"ours {number}")
    other = open_repo(branch="try")
    for number in range(theirs):
        other.commit(f"theirs {number}", role="assistant")
    other.flush()
    tree = git(filled, "merge-tree", "--write-tree", "main", "try") if ours else git(filled, "rev-parse", "try^{tree}")
    commit = git(filled, *WHO, "commit-tree", "-m", "Merge", "-p", "main", "-p", "try", tree)
    git(filled, "update-ref", "refs/heads/main", commit)
    order = [item.message.text[:4] for item in filled.context().items[-ours - theirs :]]
    switches = sum(one != other for one, other in pairwise(order))
    assert (switches > 1) == mixed
    assert warnings(filled) == ([("merge", commit)] if mixed else [])


def test_a_merge_by_trace_git_is_none(filled: Repo, git: Git, open_repo: Callable[..., Repo]) -> None:
    filled.commit(["a", "b"])
    other = open_repo(branch="try")
    other.commit([assistant("x"), assistant("y")])
    other.flush()
    tree = git(filled, "merge-tree", "--write-tree", "main", "try")
    text = "merge\n\nTrace-Op: merge"
    commit = git(filled, *WHO, "commit-tree", "-m", text, "-p", "main", "-p", "try", tree)
    git(filled, "update-ref", "refs/heads/main", commit)
    assert filled.verify() == ()


def test_a_pack_without_an_index_is_a_warning_once_it_is_old(filled: Repo) -> None:
    filled.flush()
    packs = filled.path / "objects" / "pack"
    stray = packs / f"pack-{'ab' * 20}.pack"
    stray.write_bytes(next(packs.glob("*.pack")).read_bytes())
    assert filled.verify() == ()  # its index may be about to come
    os.utime(stray, (1, 1))
    assert warnings(filled) == [("pack", stray.stem)]


def test_a_head_that_names_no_branch_is_a_warning(filled: Repo) -> None:
    (filled.path / "HEAD").write_text("ref: refs/heads/maim\n")
    assert warnings(filled) == [("ref", "HEAD")]


@pytest.mark.parametrize("raw", ["[core]\n\tbare = trve\n", "[core\n", "bare = true\n", ""])
def test_a_damaged_config_is_found(raw: str, filled: Repo) -> None:
    (filled.path / "config").write_text(raw)
    assert [(one.kind, one.severity) for one in filled.verify()] == [("config", "error")]


def test_a_config_as_people_write_it_is_none(filled: Repo) -> None:
    with (filled.path / "config").open("a") as file:
        file.write(
            '; mine\n[user] name = "A; B" # me\n[alias]\n\tl = log \\\n --oneline\n\tnovalue\n[a "b \\"c"]\nd=e\n'
        )
    assert filled.verify() == ()


def test_a_ref_whose_file_is_lost_is_found_whatever_is_packed(filled: Repo, git: Git) -> None:
    filled.flush()
    git(filled, "pack-refs", "--all")
    filled.commit("later")
    filled.flush()
    (filled.path / "refs/heads/main").unlink()  # packed-refs has it as it was before
    assert ("ref", "refs/heads/main") in [(one.kind, one.name) for one in filled.verify()]


def test_a_damaged_line_of_packed_refs_is_found(filled: Repo, git: Git) -> None:
    git(filled, "pack-refs", "--all")
    path = filled.path / "packed-refs"
    path.write_bytes(path.read_bytes().replace(b" refs/heads/try", b"zrefs/heads/try"))
    assert ("ref", "packed-refs") in [(one.kind, one.name) for one in filled.verify()]
