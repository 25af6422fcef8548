"""Who commits: as git would say, or the stated default."""

from __future__ import annotations

from pathlib import Path

import pytest

from trace_git.model import Author
from trace_git.store.identity import DEFAULT, identity


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "t.trace").mkdir()
    return tmp_path


def found(home: Path, **environ: str) -> Author:
    return identity({"HOME": str(home), **environ}, str(home / "t.trace"))


def test_without_any_identity_the_default_is_stated(home: Path) -> None:
    assert identity({}, str(home / "t.trace")) == DEFAULT == Author("trace-git", "trace-git@localhost")


@pytest.mark.parametrize(
    "text",
    [
        "[user]\n\tname = Ann Example\n\temail = ann@example.org\n",
        "[USER]\nNAME=Ann Example\nEmail= ann@example.org",
        '[core]\n\tname = No\n[user]\n\tname = "Ann Example"\n\temail = "ann@example.org"\n[alias]\n\tname = No\n',
        "# x\n[user]\n; name = No\n\tname = Ann Example ; why\n\temail = ann@example.org # why\n",
        "[user]\n\tname = No\n\tname = Ann Example\n\temail = ann@example.org\n",
        '[user]\n\tname = Ann Example\n\temail = ann@example.org\n[user "x"]\n\tname = No\n',
    ],
)
def test_gits_config_is_read(text: str, home: Path) -> None:
    (home / ".gitconfig").write_text(text)
    assert found(home) == Author("Ann Example", "ann@example.org")


def test_the_nearest_says(home: Path) -> None:
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".config" / "git" / "config").write_text("[user]\nname = Xdg\nemail = xdg@x\n")
    assert found(home) == Author("Xdg", "xdg@x")
    (home / ".gitconfig").write_text("[user]\nname = Home\n")
    assert found(home) == Author("Home", "xdg@x")
    (home / "t.trace" / "config").write_text("[user]\nname = Trace\n")
    assert found(home) == Author("Trace", "xdg@x")
    assert found(home, GIT_COMMITTER_NAME="Env", GIT_COMMITTER_EMAIL="env@x") == Author("Env", "env@x")


def test_a_named_global_file_replaces_those_at_home(home: Path) -> None:
    (home / ".gitconfig").write_text("[user]\nname = Home\n")
    (home / "other").write_text("[user]\nname = Other\n")
    assert found(home, GIT_CONFIG_GLOBAL=str(home / "other")).name == "Other"
    assert found(home, GIT_CONFIG_GLOBAL=str(home / "absent")) == DEFAULT
    assert found(home, GIT_CONFIG_GLOBAL="") == DEFAULT


def test_includes_are_not_followed(home: Path) -> None:
    (home / "evil").write_text("[user]\nname = Evil\n")
    (home / "t.trace" / "config").write_text(f"[include]\n\tpath = {home / 'evil'}\n")
    assert found(home) == DEFAULT


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"[user]\nname", b"[user]\nname =\n", b"[user\nname = x", b""])
def test_a_strange_file_is_no_error(raw: bytes, home: Path) -> None:
    (home / ".gitconfig").write_bytes(raw)
    assert found(home) == DEFAULT


def test_a_folder_in_its_place_is_no_error(home: Path) -> None:
    (home / ".gitconfig").mkdir()
    assert found(home) == DEFAULT
