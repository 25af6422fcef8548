"""Halving suspects: the same as counting ancestors by hand, and no more memory than a history needs."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from trace_git.view.bisection import BAD, GOOD, SKIP, Bisection


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[str]]:
    """Suspects, each after those before it; the last has all behind it."""
    size = draw(st.integers(1, 14))
    before = {str(at): [str(one) for one in draw(st.sets(st.integers(0, at - 1), max_size=2))] if at else []
              for at in range(size)}  # fmt: skip
    named = {one for some in before.values() for one in some}
    return {**before, "last": [one for one in before if one not in named]}


@given(graphs(), st.lists(st.tuples(st.integers(0, 14), st.sampled_from([GOOD, BAD, SKIP])), max_size=5))
def test_it_is_counting_ancestors_by_hand(before, told):
    behind: dict[str, set[str]] = {}
    for one, above in before.items():
        behind[one] = {one}.union(*(behind[other] for other in above))
    search, left, skipped = Bisection(before), set(before), set()
    for at, answer in told:
        one = list(before)[at % len(before)]
        search.tell(one, answer)
        if answer == SKIP:
            skipped.add(one)
        else:
            left = left & behind[one] if answer == BAD else left - behind[one]
    assert search.left == [one for one in before if one in left]
    tells = {one: min(len(behind[one] & left), len(left - behind[one])) for one in left - skipped}
    most = max(tells.values(), default=0)
    asked = search.next
    assert (asked is None) == (most == 0)
    assert asked is None or tells[asked] == most


def test_many_suspects_in_a_line_need_little_memory():
    before = {str(at): [str(at - 1)] if at else [] for at in range(40_000)}
    tracemalloc.start()
    try:
        search = Bisection(before)
        assert search.next == str(19_999)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()
