"""The harness itself: on a toy list of lines it must find each fault that we build in, and none in the right one."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path

import pytest

from . import children, kills, powerloss
from .children import Send
from .faults import Fail, Note, Watch


class Toy:
    """A list of lines in one file, replaced whole. ``flaw`` leaves one precaution out."""

    def __init__(self, folder: Path, flaw: str = "") -> None:
        self.path = str(folder / "list")
        self.flaw = flaw

    def lines(self) -> list[str]:
        if not os.path.exists(self.path):
            return []
        with open(self.path, encoding="utf-8") as file:
            return file.read().splitlines()

    def add(self, line: str) -> None:
        data = "".join(f"{each}\n" for each in [*self.lines(), line]).encode()
        target = self.path if self.flaw == "no rename" else self.path + ".new"
        fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.write(fd, data)
        if self.flaw != "no fsync":
            os.fsync(fd)
        os.close(fd)
        if self.flaw != "no rename":
            os.rename(target, self.path)
        if self.flaw != "no folder fsync":
            fd = os.open(os.path.dirname(self.path), os.O_RDONLY)
            os.fsync(fd)
            os.close(fd)


LINES = ["one", "two", "three"]


def run_of(flaw: str) -> kills.Run:
    def run(folder: Path, send: Send) -> None:
        toy = Toy(folder, flaw)
        for line in LINES:
            if flaw == "early ack":
                send("ack")
            toy.add(line)
            if flaw != "early ack":
                send("ack")

    return run


def check(folder: Path, acked: int) -> None:
    found = Toy(folder).lines()
    assert found in (LINES[:acked], LINES[: acked + 1])


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "base").mkdir()
    return tmp_path / "base"


def test_kills_find_nothing_in_the_right_toy(base: Path, tmp_path: Path) -> None:
    # three rounds of: open, write (whole and half), fsync, rename, fsync of the folder
    assert kills.everywhere(base, tmp_path / "work", run_of(""), check) == 3 * 6


@pytest.mark.parametrize("flaw", ["no rename", "early ack"])
def test_kills_find(flaw: str, base: Path, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="kills left a fault"):
        kills.everywhere(base, tmp_path / "work", run_of(flaw), check)


def test_power_loss_finds_nothing_in_the_right_toy(base: Path, tmp_path: Path) -> None:
    assert powerloss.everywhere(powerloss.record(base, tmp_path / "work", run_of("")), tmp_path / "work", check) > 15


@pytest.mark.parametrize("flaw", ["no rename", "early ack", "no fsync", "no folder fsync"])
def test_power_loss_finds(flaw: str, base: Path, tmp_path: Path) -> None:
    tape = powerloss.record(base, tmp_path / "work", run_of(flaw))
    with pytest.raises(AssertionError, match="power losses left a fault"):
        powerloss.everywhere(tape, tmp_path / "work", check)


def test_an_undisturbed_run_is_simulated_as_it_was(base: Path, tmp_path: Path) -> None:
    tape = powerloss.record(base, tmp_path / "work", run_of(""))
    name, disk = next(powerloss.states(tape, len(tape.events), random.Random(1)))
    assert name == "names all, data kept"
    assert disk.paths == {"list": b"one\ntwo\nthree\n"}


def test_hard_links_survive_a_copy_and_a_power_loss(base: Path, tmp_path: Path) -> None:
    (base / "token").write_bytes(b"x")
    os.link(base / "token", base / "a.lock")

    def run(folder: Path, send: Send) -> None:
        os.link(folder / "token", folder / "b.lock")
        os.unlink(folder / "a.lock")

    kills.copy(base, tmp_path / "copied")
    assert os.path.samefile(tmp_path / "copied" / "token", tmp_path / "copied" / "a.lock")
    tape = powerloss.record(base, tmp_path / "work", run)
    _, disk = next(powerloss.states(tape, 2, random.Random(1)))
    assert disk.links == (("b.lock", "token"),)


def test_failing_once_and_staying_failed(base: Path) -> None:
    toy = Toy(base)
    for stays in (False, True):
        plan = Fail(1, errno.ENOSPC, stays=stays)
        with Watch(base, plan):
            with pytest.raises(OSError, match="No space left"):
                toy.add("x")
            if stays:
                with pytest.raises(OSError, match="No space left"):
                    toy.add("x")
            plan.lift()
            toy.add("y")
    assert toy.lines() == ["y", "y"]


def test_reads_are_watched_only_when_asked_for(base: Path) -> None:
    Toy(base).add("x")
    changes, everything = Note(), Note()
    with Watch(base, changes):
        Toy(base).lines()
    with Watch(base, everything, reads=True):
        Toy(base).lines()
    assert changes.calls == []
    assert [call.name for call in everything.calls] == ["stat", "io.open"]


def test_a_child_that_raises_is_reported() -> None:
    def body(send: Send) -> None:
        raise ValueError("the reason")

    with pytest.raises(AssertionError, match="the reason"):
        children.run(body)
