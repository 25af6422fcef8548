from __future__ import annotations

import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def main(trace, here: Path) -> Path:
    """The file of branch main, in a trace of two messages."""
    trace("commit", "one")
    trace("commit", "two")
    return here / ".trace" / "refs" / "heads" / "main"


def test_a_sound_trace(trace):
    trace("commit", "hello")
    done = trace("fsck")
    assert (done.code, done.out, done.err) == (0, "", "all is well\n")
    assert trace("fsck", "--json").json == {"schema_version": 1, "findings": [], "mendable": 0}
    done = trace("fsck", "--repair")
    assert (done.code, done.out) == (0, "nothing to mend\n")


def test_damage_is_named_and_is_exit_code_5(trace, here):
    trace("commit", "hello")
    for pack in (here / ".trace" / "objects" / "pack").glob("*.pack"):
        data = bytearray(pack.read_bytes())
        data[len(data) // 2] ^= 0xFF
        pack.chmod(0o644)
        pack.write_bytes(bytes(data))
    done = trace("fsck")
    assert done.code == 5
    assert done.out
    findings = trace("fsck", "--json")
    assert findings.code == 5
    assert {"kind", "name", "text", "severity"} <= set(findings.json["findings"][0])


def test_what_can_be_mended_is_said_and_nothing_is_done(trace, main):
    main.write_bytes(b"")
    done = trace("fsck")
    assert done.code == 5
    assert "ref refs/heads/main holds no object id (0 bytes)" in done.out
    assert done.err == "`trace fsck --repair` can mend 1 of these\n"
    assert trace("fsck", "--json").json["mendable"] == 1
    assert main.read_bytes() == b""


def test_a_repair_shows_its_plan_and_wants_to_be_told(trace, main):
    good = main.read_text()
    main.write_bytes(b"garbage")
    done = trace("fsck", "--repair", input=b"")
    assert done.code == 2
    assert done.out.splitlines() == [
        f"put refs/heads/main back to {good[:8]}: it holds no object id",
        "keep the old bytes in trace/aside/repair-1",
    ]
    assert "hint: trace fsck --repair --yes" in done.err
    assert main.read_bytes() == b"garbage"
    done = trace("fsck", "--repair", "--json", input=b"")
    assert (done.code, done.json["applied"], done.json["repairs"][0]["name"]) == (2, False, "refs/heads/main")

    done = trace("fsck", "--repair", "--yes")
    assert done.code == 0
    assert done.out.startswith("put refs/heads/main back to")
    assert main.read_text() == good
    assert trace("fsck").code == 0
    assert (main.parents[2] / "trace/aside/repair-1/refs/heads/main").read_bytes() == b"garbage"


@pytest.mark.parametrize(("answer", "code"), [(b"y\n", 0), (b"n\n", 1), (b"\n", 1)])
def test_on_a_terminal_it_asks(answer, code, trace, main, terminal):
    main.write_bytes(b"")
    done = terminal("fsck", "--repair", typed=answer)
    assert b"Do this? [y/N]" in done.data
    assert done.code == code
    assert bool(main.read_bytes()) == (code == 0)


@pytest.mark.parametrize("name", ["HEAD", "config", "trace/journal", "packed-refs"])
def test_a_trace_that_cannot_be_opened_can_be_mended(name, trace, here):
    trace("commit", "one")
    subprocess.run(["git", "pack-refs", "--all"], cwd=here / ".trace", check=True)
    file = here / ".trace" / name
    file.write_bytes(b"\x00" * file.stat().st_size)
    done = trace("fsck")
    assert done.code == 5, done.err
    assert "--repair` can mend" in done.err
    assert trace("fsck", "--repair", "--yes").code == 0
    assert [commit["subject"] for commit in trace("log", "--json").json["commits"]] == ["user: one"]


def test_a_head_that_is_gone_is_found_and_mended(trace, here):
    trace("commit", "one")
    (here / ".trace" / "HEAD").unlink()
    assert trace("fsck").code == 5
    assert trace("fsck", "--repair", "--yes").code == 0
    assert trace("status").code == 0


def test_a_warning_is_printed_and_is_no_failure(trace, here):
    trace("commit", "one")
    item = trace("show", "--json").json["items"][0]["id"]
    trace("pin", item)
    subprocess.run(["git", "update-ref", "-d", f"refs/trace/pins/{item}"], cwd=here / ".trace", check=True)
    done = trace("fsck")
    assert done.code == 0
    assert done.out.startswith(f"warning: label refs/trace/pins/{item} is missing")
    assert trace("fsck", "--json").json["findings"][0]["severity"] == "warning"
    assert trace("fsck", "--repair", "--yes").code == 0
    assert trace("fsck").out == ""


def test_a_repository_that_is_no_trace_is_refused_untouched(cli, here):
    subprocess.run(["git", "init", "-q", "."], cwd=here, check=True)
    before = sorted(here.rglob("*"))
    assert cli("fsck", "--repair", "--yes").code == 3
    assert sorted(here.rglob("*")) == before
