"""repair: after any one damage the trace opens, stock git is content, and every message that is on disk is there."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from trace_git import CorruptTraceError, NotFoundError, Repo, TraceError, assistant, tool
from trace_git.ops import repair as ops_repair
from trace_git.results import Finding

Git = Callable[..., str]
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}


@pytest.fixture
def path(open_repo: Callable[..., Repo], git: Git) -> Path:
    """A closed trace: ``main`` with a pin, a tool group and an edit; its first part is packed, and so is ``old``."""
    repo = open_repo()
    first = repo.commit("be brief", role="system", pin=True)
    repo.commit([assistant(None, tool_calls=[CALL]), tool("r", "c1")])
    for number in range(6):
        repo.commit(f"message {number}")
    repo.branch("old")
    repo.close()
    git(repo, "pack-refs", "--all")
    git(repo, "repack", "-q", "-a", "-d")
    repo = open_repo()
    repo.edit(first, "be very brief", force=True)
    for number in range(6, 9):
        repo.commit(f"message {number}")
    repo.close()
    return repo.path


def texts(path: Path, branch: str | None = None) -> list[str]:
    with Repo.open(path, tokenizer=None, create=False, branch=branch) as repo:
        return [item.message.text for item in repo.context().items]


def every_item(path: Path) -> dict[str, str]:
    """Item id → text, in any branch."""
    with Repo.open(path, tokenizer=None, create=False) as repo:
        names = [branch.name for branch in repo.branches()]
    found = {}
    for name in names:
        with Repo.open(path, tokenizer=None, create=False, branch=name) as repo:
            found.update({item.id: item.message.text for item in repo.context().items})
    return found


def mend(path: Path) -> tuple[Finding, ...]:
    found = ops_repair.repair_at(str(path))
    with Repo.open(path, tokenizer=None, create=False) as repo:
        assert repo.verify() == ()
    done = subprocess.run(
        ["git", f"--git-dir={path}", "fsck", "--strict", "--no-dangling"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return found


def asides(path: Path) -> set[str]:
    above = path / "trace" / "aside"
    return {str(file.relative_to(above)) for file in above.rglob("*") if file.is_file()}


ALL = ["be very brief", "", "r", *(f"message {number}" for number in range(9))]
OLD = ["be brief", "", "r", *(f"message {number}" for number in range(6))]


def test_a_sound_trace_is_left_alone(path: Path) -> None:
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    assert ops_repair.repair_at(str(path), dry_run=True) == ()
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before
    assert mend(path) == ()
    assert texts(path) == ALL


@pytest.mark.parametrize("raw", [b"", b"\0" * 41, b"garbage\n", b"ab" * 20 + b"\n", None])
@pytest.mark.parametrize("ref", ["refs/heads/main", "HEAD"])
def test_a_bad_ref_gets_its_last_good_value(ref: str, raw: bytes | None, path: Path) -> None:
    good = (path / ref).read_bytes()
    if raw is None:
        (path / ref).unlink()
    else:
        (path / ref).write_bytes(raw)
    found = mend(path)
    assert (path / ref).read_bytes() == good
    assert texts(path) == ALL
    assert [one.name for one in found if one.kind == "ref"] == [ref]
    assert asides(path) == ({f"repair-1/{ref}"} if raw is not None else set())
    with Repo.open(path, tokenizer=None) as repo:
        assert next(repo.operations()).verb == "repair"


@pytest.mark.parametrize("at", [2, 45, 60])
def test_a_damaged_line_of_packed_refs(at: int, path: Path) -> None:
    raw = bytearray((path / "packed-refs").read_bytes())
    start = raw.index(b"refs/heads/old") - 41
    raw[start + at] = ord("~")
    (path / "packed-refs").write_bytes(raw)
    mend(path)
    assert texts(path, "old") == OLD
    assert texts(path) == ALL


def flip(file: Path, at: int, bit: int = 4) -> None:
    raw = bytearray(file.read_bytes())
    raw[at] ^= bit
    file.chmod(0o644)
    file.write_bytes(raw)


def packs(path: Path, suffix: str) -> list[Path]:
    return sorted((path / "objects/pack").glob(f"*.{suffix}"), key=lambda file: file.stat().st_mtime_ns)


@pytest.mark.parametrize("part", range(0, 100, 17))
def test_a_flip_in_an_index_loses_nothing(part: int, path: Path) -> None:
    for index in packs(path, "idx"):
        flip(index, index.stat().st_size * part // 100)
    mend(path)
    assert texts(path) == ALL
    assert texts(path, "old") == OLD


@pytest.mark.parametrize("part", range(0, 100, 17))
def test_a_flip_in_a_pack_loses_what_it_hits_only(part: int, path: Path, git: Git) -> None:
    items = set(every_item(path))
    pack = packs(path, "pack")[0]
    flip(pack, pack.stat().st_size * part // 100)
    found = mend(path)
    lost = {item for one in found if one.kind == "lost" for item in one.items}
    there = every_item(path)
    assert lost | there.keys() == items, "a message is neither there nor named as lost"
    assert len(lost) <= 1
    assert any(name.endswith(pack.name) for name in asides(path))


def test_a_hole_in_history_takes_the_branch_back_and_rescues_the_rest(path: Path, git: Git) -> None:
    with Repo.open(path, tokenizer=None) as repo:
        commits = [commit.id for commit in repo.log()]
        lost = repo.context().items[5].id  # "message 2"
        blob = repo.context().items[5].blob
    damage_object(path, blob)
    found = mend(path)
    assert texts(path) == ["be brief", "", "r", "message 0", "message 1"]
    rescued = [one for one in found if one.kind == "rescue"]
    assert [one.name for one in rescued] == ["refs/heads/rescued-1"]
    assert texts(path, "rescued-1") == [text for text in ALL if text != "message 2"]
    with Repo.open(path, tokenizer=None, branch="rescued-1") as repo:
        assert repo.get("HEAD").parents == (commits[-4],)
        assert repo.context().items[0].pinned
    assert [one.items for one in found if one.kind == "lost"] == [(lost,)]


def test_when_nothing_is_whole_the_branch_becomes_what_can_be_read(path: Path) -> None:
    with Repo.open(path, tokenizer=None) as repo:
        first = list(repo.log())[-1]
        blob = repo.context(first).items[0].blob
    damage_object(path, blob)  # "be brief", which was edited later: only its first version is lost
    mend(path)
    assert sorted(every_item(path).values()) == sorted(ALL)


def damage_object(path: Path, oid: str) -> None:
    """Flip a bit of one object in its pack."""
    for pack in packs(path, "pack"):
        shown = subprocess.run(["git", "verify-pack", "-v", str(pack)], capture_output=True, text=True, check=True)
        for line in shown.stdout.splitlines():
            if line.startswith(oid):
                flip(pack, int(line.split()[4]) + 4)


@pytest.mark.parametrize("part", [0, 5, 30, 50, 70, 95])
def test_a_flip_in_the_journal_keeps_what_was_published(part: int, journaled: Path) -> None:
    journal = journaled / "trace" / "journal"
    used = len(journal.read_bytes().rstrip(b"\0"))
    flip(journal, 4096 + (used - 4096) * part // 100)
    found = mend(journaled)
    assert texts(journaled) == [f"message {number}" for number in range(9)]
    assert [one.kind for one in found if one.severity == "error"] == []
    assert "repair-1/trace/journal" in asides(journaled)
    with Repo.open(journaled, tokenizer=None) as repo:
        assert repo.commit("after").parents


@pytest.fixture
def journaled(open_repo: Callable[..., Repo], tmp_path: Path) -> Path:
    """A trace whose journal still has its nine records, as a process that died leaves it."""
    repo = open_repo("j")
    for number in range(9):
        repo.commit(f"message {number}")
    copy = tmp_path / "journaled.trace"
    shutil.copytree(repo.path, copy)
    return copy


@pytest.mark.parametrize("page", [b"", b"\0" * 4096, b"x" * 600, None])
def test_a_journal_without_its_first_page(page: bytes | None, journaled: Path) -> None:
    journal = journaled / "trace" / "journal"
    raw = journal.read_bytes()
    if page is None:
        journal.unlink()
    else:
        journal.write_bytes(page + raw[len(page) :] if page else b"")
    mend(journaled)
    assert texts(journaled) == [f"message {number}" for number in range(9)]


def test_an_older_generation_of_the_journal_does_not_pass_for_a_damaged_one(path: Path) -> None:
    with Repo.open(path, tokenizer=None) as repo:
        before = [one.number for one in repo.operations()]
    journal = path / "trace" / "journal"
    counters = [int.from_bytes(journal.read_bytes()[at + 8 : at + 16], "big") for at in (0, 512)]
    flip(journal, 20 + 512 * counters.index(max(counters)))
    with pytest.raises(CorruptTraceError):
        Repo.open(path, tokenizer=None)
    mend(path)
    assert texts(path) == ALL
    with Repo.open(path, tokenizer=None) as repo:
        assert [one.number for one in repo.operations()] == before


def test_records_that_nobody_published_are_published(journaled: Path, open_repo: Callable[..., Repo]) -> None:
    """The refs and packs are as before the records; the journal is damaged in the middle, and has the rest."""
    journal = journaled / "trace" / "journal"
    raw = journal.read_bytes()
    starts = [at for at in range(4096, len(raw)) if raw.startswith(b"TGJ1", at)]
    for pack in packs(journaled, "pack")[2:]:
        pack.unlink()
        pack.with_suffix(".idx").unlink()
    (journaled / "refs/heads/main").unlink()
    marks = bytearray(raw)
    marks[1024:1100] = bytes(76)  # how far it is published is not known
    marks[starts[4] + 100] ^= 1  # the fifth record
    journal.write_bytes(marks)
    found = mend(journaled)
    assert texts(journaled) == [f"message {number}" for number in range(4)]
    assert texts(journaled, "rescued-1") == [f"message {number}" for number in (0, 1, 2, 3, 5, 6, 7, 8)]
    assert any(one.kind == "journal" for one in found)


@pytest.mark.parametrize("part", [2, 30, 60, 97])
def test_a_flip_in_the_operation_log_keeps_the_other_operations(part: int, path: Path) -> None:
    with Repo.open(path, tokenizer=None) as repo:
        before = [one.number for one in repo.operations()]
    log = path / "trace" / "oplog"
    flip(log, log.stat().st_size * part // 100)
    mend(path)
    assert texts(path) == ALL
    with Repo.open(path, tokenizer=None) as repo:
        after = [one.number for one in repo.operations()]
    assert after
    assert set(after) < set(before)


@pytest.mark.parametrize("raw", [None, b"", b"[core\n\tbare = true\n", b"[core]\n\tbare = trve\n", b"\0" * 50])
def test_a_config_that_git_cannot_read(raw: bytes | None, path: Path, git: Git) -> None:
    if raw is None:
        (path / "config").unlink()
    else:
        (path / "config").write_bytes(raw)
    mend(path)
    assert texts(path) == ALL
    done = subprocess.run(["git", "config", "gc.auto"], cwd=path, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_sections_of_the_users_config_stay(path: Path) -> None:
    with (path / "config").open("a") as file:
        file.write('[remote "origin"]\n\turl = ../x\n[core\n[trace]\n\tbudget = 100\n')
    mend(path)
    for name, value in (("remote.origin.url", "../x"), ("trace.budget", "100"), ("core.bare", "true")):
        done = subprocess.run(["git", "config", name], cwd=path, capture_output=True, text=True, check=True)
        assert done.stdout == f"{value}\n"


def test_a_label_is_made_again(path: Path, git: Git) -> None:
    with Repo.open(path, tokenizer=None) as repo:
        label = f"refs/trace/pins/{repo.context().items[0].id}"
        good = git(repo, "rev-parse", label)
        git(repo, "update-ref", "-d", label)
    mend(path)
    with Repo.open(path, tokenizer=None) as repo:
        assert git(repo, "rev-parse", label) == good


def test_a_leftover_pack_goes_aside_and_what_only_it_has_is_kept(path: Path) -> None:
    packs(path, "idx")[0].unlink()  # its objects are nowhere else
    mend(path)
    assert texts(path) == ALL


def test_a_damaged_loose_object_goes_aside(path: Path) -> None:
    oid = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], cwd=path, input="junk", capture_output=True, text=True, check=True
    ).stdout.strip()
    file = path / "objects" / oid[:2] / oid[2:]
    flip(file, 8)
    mend(path)
    assert not file.exists()
    assert asides(path) == {f"repair-1/objects/{oid[:2]}/{oid[2:]}"}


def test_a_dry_run_says_the_same_and_changes_nothing(path: Path) -> None:
    (path / "refs/heads/main").write_bytes(b"")
    flip(packs(path, "pack")[0], 60)
    flip(path / "trace" / "oplog", 30)
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    plan = ops_repair.repair_at(str(path), dry_run=True)
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before
    done = ops_repair.repair_at(str(path))
    assert [one.kind for one in plan] == [one.kind for one in done]
    assert [one.name for one in plan] == [one.name for one in done]


def test_an_open_handle_goes_on(path: Path) -> None:
    with Repo.open(path, tokenizer=None) as repo, Repo.open(path, tokenizer=None) as other:
        (path / "refs/heads/main").write_bytes(b"")
        with pytest.raises(TraceError):
            repo.commit("x")
        assert repo.repair(dry_run=True)
        assert repo.repair()
        assert repo.verify() == ()
        assert repo.commit("from here").parents
        assert other.commit("from the other").parents
    assert texts(path) == [*ALL, "from here", "from the other"]


def test_a_handle_that_has_the_damaged_journal_open_goes_on(journaled: Path) -> None:
    with Repo.open(journaled, tokenizer=None) as other:
        other.commit("message 9")
        flip(journaled / "trace" / "journal", 4096 + 200)
        mend(journaled)
        other.commit("message 10")
    assert texts(journaled) == [f"message {number}" for number in range(11)]


def test_the_operation_log_says_where_a_branch_was_before_its_repair(path: Path) -> None:
    with Repo.open(path, tokenizer=None) as repo:
        tip, blob = repo.get("HEAD").id, repo.context().items[-1].blob
    damage_object(path, blob)
    mend(path)
    with Repo.open(path, tokenizer=None) as repo:
        assert repo.get("HEAD").id != tip
        operation = next(repo.operations())
        assert (operation.verb, operation.moves["refs/heads/main"][0]) == ("repair", tip)


def test_what_is_no_trace_is_refused_untouched(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path / "source")], check=True)
    for name in ("source", "nothing"):
        with pytest.raises(NotFoundError):
            ops_repair.repair_at(str(tmp_path / name))
    assert not (tmp_path / "source" / ".git" / "trace").exists()
