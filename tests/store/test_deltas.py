"""Deltas give back what they were made from, and cost what changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from dulwich.errors import ApplyDeltaError
from dulwich.pack import apply_delta
from hypothesis import example, given
from hypothesis import strategies as st

from trace_git.store import deltas

lines = [b"a\n", b"b\n", b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n", b"\n"]
texts = st.binary(max_size=400) | st.lists(st.sampled_from(lines)).map(b"".join)


@pytest.mark.parametrize("make", [deltas.between_folders, deltas.between_commits])
@given(base=texts, target=texts)
@example(b"a" * 200_000, b"a" * 100_000 + b"b" + b"a" * 100_000)
@example(b"x" * 70_000, b"x" * 70_000)
@example(b"x" * 70_000 + b"y", b"x" * 65_536)
@example(b"", b"z" * 1000)
@example(b"aaaa", b"aa")
@example(b"same head" + b"1" * 20, b"same head" + b"2" * 20)
@example(b"one\ntwo\nthree", b"one\n\nthree")
def test_a_delta_gives_the_target(make: Callable[[bytes, bytes], bytes], base: bytes, target: bytes) -> None:
    delta = make(base, target)
    assert b"".join(apply_delta(base, delta)) == target
    assert deltas.apply(base, delta) == target


@given(base=st.binary(max_size=300), delta=st.binary(max_size=60))
def test_any_bytes_are_applied_as_dulwich_does_or_refused(base: bytes, delta: bytes) -> None:
    size, delta = delta[:2], delta[2:]  # two bytes of size: dulwich reserves room for what a delta promises
    delta = bytes((len(base) & 0x7F | 0x80, len(base) >> 7, *(byte & 0x7F for byte in size))) + delta
    try:
        ours: object = deltas.apply(base, delta)
    except (ValueError, IndexError):
        ours = None
    try:
        theirs: object = b"".join(apply_delta(base, delta))
    except (ValueError, IndexError, ApplyDeltaError, AssertionError):
        theirs = None
    assert ours is None or ours == theirs  # dulwich forgives an insertion that is cut off at the end


@given(head=st.binary(min_size=1, max_size=300), middle=st.binary(max_size=300), tail=st.binary(max_size=300))
def test_one_change_costs_what_changed(head: bytes, middle: bytes, tail: bytes) -> None:
    delta = deltas.between_folders(head + tail, head + middle + tail)
    assert len(delta) <= len(middle) + len(middle) // 127 + 24


def test_commits_share_the_lines_that_are_equal() -> None:
    texts = [
        b"tree %040x\nparent %040x\nauthor A <a@b> 17000000%02d +0000\n\nuser: the same text\n" % (n, n, n)
        + b"and much more of it\n" * 50
        for n in (1, 2)
    ]
    assert len(deltas.between_commits(*texts)) < 150
