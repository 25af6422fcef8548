"""config: what stock git reads and writes as ``trace.budget``."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from trace_git import Repo
from trace_git.errors import InvalidInputError, LockedError, StorageError
from trace_git.store import gitconfig

Git = Callable[..., str]


def config(repo: Repo) -> Path:
    return repo.path / "config"


def listed(path: Path, *without: str) -> list[str]:
    """All variables of a file as stock git reads them."""
    done = subprocess.run(["git", "config", "-f", str(path), "--list", "-z"], capture_output=True, check=True)
    found = done.stdout.decode("utf-8", "surrogateescape").split("\0")
    return [one for one in found if not one.startswith(without or ("\n",))]


def test_nothing_is_set_at_first(repo: Repo) -> None:
    assert repo.config("budget") is None
    assert repo.status().budget is None


@pytest.mark.parametrize("value", ["8000", 8000, " 8000 "])
def test_stock_git_reads_what_is_set(value: str | int, repo: Repo, git: Git) -> None:
    before = config(repo).read_bytes()
    repo.set_config("budget", value)
    assert repo.config("budget") == git(repo, "config", "trace.budget") == "8000"
    assert config(repo).read_bytes() == before + b"[trace]\n\tbudget = 8000\n"
    assert (repo.status().budget, repo.status().budget_from) == (8000, "config")
    repo.set_config("budget", "9000")
    assert git(repo, "config", "--get-all", "trace.budget") == "9000"
    repo.set_config("budget", None)
    assert repo.config("budget") is None
    assert b"budget" not in config(repo).read_bytes()
    repo.set_config("budget", None)
    assert not os.path.exists(f"{config(repo)}.lock")


@pytest.mark.parametrize("written", ["8000", "8k", "1m"])
def test_what_stock_git_sets_is_read(written: str, repo: Repo, git: Git) -> None:
    git(repo, "config", "trace.budget", written)
    assert repo.config("budget") == written
    assert repo.status().budget == int(git(repo, "config", "--type=int", "trace.budget"))


def test_the_users_configuration_is_the_default(open_repo: Callable[..., Repo], tmp_path: Path) -> None:
    (tmp_path / "global").write_text("[trace]\n\tbudget = 500\n")
    os.environ["GIT_CONFIG_GLOBAL"] = str(tmp_path / "global")
    repo = open_repo()
    assert (repo.config("budget"), repo.status().budget) == ("500", 500)
    repo.set_config("budget", 700)
    assert (repo.config("budget"), repo.status().budget) == ("700", 700)
    assert (tmp_path / "global").read_text() == "[trace]\n\tbudget = 500\n"
    given = open_repo(budget=300).status()
    assert (given.budget, given.budget_from) == (300, "given")


@pytest.mark.parametrize("value", ["0", "-1", "x", "", "8.5", "1e4", 0, -5, True, "9" * 30])
def test_a_budget_is_a_number_of_tokens(value: str | int, repo: Repo) -> None:
    before = config(repo).read_bytes()
    with pytest.raises(InvalidInputError, match="not a number of tokens") as caught:
        repo.set_config("budget", value)
    assert caught.value.field == "budget"
    assert config(repo).read_bytes() == before


@pytest.mark.parametrize("key", ["", "budgets", "core.bare", "a\nb", "BUDGET"])
def test_only_known_keys_are_kept(key: str, repo: Repo) -> None:
    for call in (lambda: repo.config(key), lambda: repo.set_config(key, "1")):
        with pytest.raises(InvalidInputError) as caught:
            call()
        assert caught.value.hint


def test_a_value_that_makes_no_sense_is_told_and_stops_nothing(repo: Repo, git: Git) -> None:
    git(repo, "config", "trace.budget", "plenty")
    status = repo.status()
    assert (status.budget, status.budget_from) == (None, None)
    assert any("trace.budget" in warning and "plenty" in warning for warning in status.warnings)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing but a comment",
        "[trace]\n",
        "[trace]\n\tbudget = 5",
        "[trace] budget = 5 ; why\n[core]\n\tx = 1\n",
        "[trace]\n\tbudget = 5 # why\n\tother = 1\n[core]\n\tx = y\n",
        "[TRACE]\n\tBUDGET=5\n",
        "[trace]\nbudget = 5\n[trace]\nbudget = 6\n",
        "[core]\n\tx = 1\n[trace]\n\tother = 1\n\n[user]\n\tname = A\n",
        '[trace "sub"]\n\tbudget = 5\n[trace.old]\n\tbudget = 6\n',
        "[trace]\n\tbudget\n",
        "[trace]\r\n\tbudget = 5\r\n[core]\r\n\tx = 1\r\n",
        '[alias]\n\tx = "a ; [trace]\\n" \\\n  b\n\ty = "c # d" e ; f\n',
        '[remote "a ] \\" b"]\n\turl = x\n',
        "\ufeff[core]\n\tx = 1\n",
    ],
)
def test_everything_else_in_the_file_stays(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_bytes(text.encode())
    before = listed(path, "trace.budget")
    gitconfig.put(str(path), "trace", "budget", "8000")
    assert listed(path, "trace.budget") == before
    done = subprocess.run(["git", "config", "-f", str(path), "trace.budget"], capture_output=True, check=True)
    assert done.stdout == b"8000\n"
    kept = [line for line in text.splitlines(keepends=True) if "budget" not in line.lower()]
    written = path.read_bytes().decode()
    assert all(line in written for line in kept)
    gitconfig.put(str(path), "trace", "budget", None)
    assert listed(path) == before
    assert gitconfig.value([str(path)], "trace", "budget") is None


@pytest.mark.parametrize(
    "text",
    [
        '[a]\n\tx = "quoted ; # value " tail  ; comment\n',
        '[a]\n\tx = two  words   \n\ty=\n\tz = \\\\ \\"q\\" \\t|\\n|\n',
        "[a]\n\tx = one\\\n two\n",
        "[a]x=1\n[A]Y = 2\n",
        '[a "B.c \\"d\\""]\n\tx = 1\n[a "b"]x=2\n',
        "[a]\r\n\tx = 1\r\n",
        "[a]\n\tx = 1 ; c\n\n# d\n\ty = 2",
        '[a]\n\tx = "1"2"3"\n\ty = ""\n',
        "[include]\n\tpath = elsewhere\n[a]\n\tx = é\n",
    ],
)
def test_values_are_read_as_stock_git_reads_them(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_bytes(text.encode())
    (tmp_path / "elsewhere").write_text("[a]\n\tx = evil\n")
    found = [(f"{one.section}.{one.name}", one.value) for one in gitconfig.variables(text)]
    theirs = [tuple(one.split("\n", 1)) for one in listed(path) if one]
    assert [(name.lower(), value) for name, value in found] == [(name.lower(), value) for name, value in theirs]


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00[trace]\n\tx = \xff\n", b"[trace\nbudget = 5\n", b"[]\n", b"=\n", b"\\"])
def test_strange_bytes_survive(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_bytes(raw)
    gitconfig.put(str(path), "trace", "budget", "8000")
    assert gitconfig.value([str(path)], "trace", "budget") == "8000"
    for line in raw.splitlines():
        assert line in path.read_bytes()


@pytest.mark.parametrize("value", ["plain", " space ", 'a "b" \\c', "semi ; colon", "hash # tag", "a\nb\tc", "", "é"])
def test_any_value_is_written_so_that_git_reads_it(value: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    gitconfig.put(str(path), "trace", "x", value)
    done = subprocess.run(["git", "config", "-z", "-f", str(path), "trace.x"], capture_output=True, check=True)
    assert done.stdout.decode() == value + "\0"
    assert gitconfig.value([str(path)], "trace", "x") == value


def test_gits_lock_is_respected(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gitconfig, "_PATIENCE", 0.05)
    before = config(repo).read_bytes()
    lock = Path(f"{config(repo)}.lock")
    lock.touch()
    with pytest.raises(LockedError, match="config"):
        repo.set_config("budget", 8000)
    assert (config(repo).read_bytes(), lock.exists()) == (before, True)


def test_the_mode_of_the_file_stays(repo: Repo) -> None:
    config(repo).chmod(0o600)
    repo.set_config("budget", 8000)
    assert config(repo).stat().st_mode & 0o777 == 0o600


def test_a_disk_that_says_no_is_a_storage_error(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    before = config(repo).read_bytes()

    def refuse(source: str, target: str) -> None:
        raise OSError(28, "No space left on device", target)

    monkeypatch.setattr(gitconfig.files, "rename_over", refuse)
    with pytest.raises(StorageError):
        repo.set_config("budget", 8000)
    assert config(repo).read_bytes() == before
    assert not os.path.exists(f"{config(repo)}.lock")
