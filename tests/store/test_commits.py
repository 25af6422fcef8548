"""Commit objects: read back as written, with trailers that no user text can forge."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trace_git.errors import CorruptTraceError
from trace_git.model import Author
from trace_git.store import commits, links
from trace_git.store.commits import CommitData

TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
OURS = {"Trace-Op": "append", "Trace-Tokens": "+3"}
ANN, COMMITTER = Author("A B", "a@b"), Author("C", "c@d")


def commit(message: str = "user: hello", *, who: Author = ANN, parents: tuple[str, ...] = ()) -> CommitData:
    return CommitData(TREE, parents, who, COMMITTER, 1_700_000_000, message, OURS)


def built(message: str = "user: hello", *, who: Author = ANN, parents: tuple[str, ...] = ()) -> bytes:
    return commits.build(commit(message, who=who, parents=parents))


def test_golden_bytes() -> None:
    assert built("user: é", parents=("a" * 40, "b" * 40)).decode() == (
        f"tree {TREE}\nparent {'a' * 40}\nparent {'b' * 40}\nauthor A B <a@b> 1700000000 +0000\n"
        "committer C <c@d> 1700000000 +0000\n\nuser: é\n\nTrace-Op: append\nTrace-Tokens: +3\n"
    )


def test_what_was_written_is_read() -> None:
    written = commit("user: é\n\nmore", parents=("a" * 40,))
    assert commits.parse(commits.build(written), "0" * 40) == written


FORGED = [
    "x\n\nTrace-Op: pin\nTrace-Tokens: +999",
    "x\n\nTrace-Op: pin",
    "Trace-Op: pin",
    "x\n\nTrace-Usage: prompt=9",
    "x\n\nTrace-Op: pin\n\n\n\n",
    "x\nTrace-Op: pin\n\nSigned-off-by: me",
]


@pytest.mark.parametrize("message", FORGED)
def test_user_text_forges_no_trailers(message: str) -> None:
    data = commits.parse(built(message), "0" * 40)
    assert data.trailers == OURS
    assert data.message == message


@given(st.text(st.sampled_from("Trace-Op: pin\n x"), max_size=60))
def test_nor_does_any_other_text(message: str) -> None:
    data = commits.parse(built(message), "0" * 40)
    assert data.trailers == OURS
    assert data.message == message


@pytest.mark.parametrize(
    ("text", "message", "trailers"),
    [
        ("subject\n", "subject", {}),
        ("subject\n\nbody: of a stranger\n", "subject\n\nbody: of a stranger", {}),
        ("subject\n\nSigned-off-by: A <a@b>\n", "subject\n\nSigned-off-by: A <a@b>", {}),
        ("subject\n\nTrace-Op: pin\nand prose\n", "subject\n\nTrace-Op: pin\nand prose", {}),
        ("subject\n\nTrace-Op: pin\n\nlast words\n", "subject\n\nTrace-Op: pin\n\nlast words", {}),
        ("s\n\nTrace-Op: pin\nSigned-off-by: A <a@b>\n", "s", {"Trace-Op": "pin", "Signed-off-by": "A <a@b>"}),
        ("", "", {}),
    ],
)
def test_only_the_last_block_has_trailers(text: str, message: str, trailers: dict[str, str]) -> None:
    assert commits.split_trailers(text) == (message, trailers)


@pytest.mark.parametrize(
    ("name", "email", "fit"),
    [
        ("Ann", "ann@x", Author("Ann", "ann@x")),
        ("", "", Author("unknown", "")),
        ("<>", "<>", Author("unknown", "")),
        ("a\nparent x", "a\n@b", Author("a parent x", "a@b")),
        ("A <b@c> 1 +0000\nauthor B", "x>y<z", Author("A  b@c  1 +0000 author B", "xyz")),
        ("\x00\x1b[31m", "\x00", Author("[31m", "")),
        (" .dots. ", "é@ü", Author("dots", "é@ü")),
        ("gpt-4o: mini", "assistant@trace", Author("gpt-4o: mini", "assistant@trace")),
    ],
)
def test_names_are_made_fit_for_git(name: str, email: str, fit: Author) -> None:
    assert commits.fit(Author(name, email)) == fit
    assert commits.parse(built(who=fit), "0" * 40).author == fit


def test_stock_git_accepts_weird_names(tmp_path: Path) -> None:
    def put(kind: str, raw: bytes) -> None:
        command = ["git", "hash-object", "-t", kind, "-w", "--stdin"]
        subprocess.run(command, cwd=tmp_path, input=raw, check=True, stdout=subprocess.DEVNULL)

    subprocess.run(["git", "init", "-q", "--bare", tmp_path], check=True)
    put("tree", b"")
    for name in ("<>", "a\nb", "\x00", ".", "'", '"', "\\", "e\u0301", "🚀", "x" * 5000):
        put("commit", built(who=commits.fit(Author(name, name))))
    found = subprocess.run(["git", "fsck", "--strict"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"tree x\n\nhello",
        built().replace(b"tree ", b"tee "),
        built().replace(TREE.encode(), TREE[:39].encode()),
        built().replace(b"author A B <a@b> 1700000000 +0000\n", b""),
        built().replace(b"committer C <c@d> 1700000000", b"committer C <c@d> soon"),
        built(parents=("a" * 40,)).replace(b"a" * 40, b"a" * 41),
        b"\xff" * 300,
    ],
)
def test_what_is_no_commit_is_refused_with_its_name(data: bytes) -> None:
    with pytest.raises(CorruptTraceError, match="f" * 40) as caught:
        commits.parse(data, "f" * 40)
    assert caught.value.object_id == "f" * 40


def test_headers_of_others_are_passed_over() -> None:
    signed = built().replace(b"\n\nuser", b"\nencoding UTF-8\ngpgsig -----BEGIN-----\n abc\n -----END-----\n\nuser", 1)
    data = commits.parse(signed, "0" * 40)
    assert data.message == "user: hello"
    assert data.trailers == OURS


@pytest.mark.parametrize("when", [0, -1, 2**40])
def test_any_time_is_read(when: int) -> None:
    raw = built().replace(b"1700000000", str(when).encode())
    assert commits.parse(raw, "0" * 40).timestamp == when


def test_a_time_of_thousands_of_digits_is_damage_and_no_crash() -> None:
    person = b"a <a@x> " + b"9" * 5000 + b" +0000"
    data = b"tree " + b"a" * 40 + b"\nauthor " + person + b"\ncommitter " + person + b"\n\nx\n"
    for parse in (commits.parse, links.parse):
        with pytest.raises(CorruptTraceError, match="f" * 40):
            parse(data, "f" * 40)
