"""The list of findings: each kind, what is told of it, and what may be forced."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trace_git.errors import UnsafeRewriteError
from trace_git.model import Item, Message, assistant, system, user
from trace_git.results import Finding, Receipt
from trace_git.view.rewriting import findings, moves
from trace_git.view.rewriting.findings import findings as found_in

DOCS = Path(__file__).parents[3] / "docs" / "rewriting.md"


def items(*messages: Message, pinned: str = "") -> list[Item]:
    made = [Item.of(f"{at:016x}", f"{at:040x}", one) for at, one in enumerate(messages)]
    return [item.with_pinned(str(at) in pinned) for at, item in enumerate(made)]


def told(before: list[Item], order: str, **more: object) -> dict[str, list[str]]:
    """Kind → places (before) of the items named, when the items come in this order."""
    places = {item.id: str(at) for at, item in enumerate(before)}
    found = found_in(before, [before[int(at)] for at in order], **more)  # type: ignore[arg-type]
    return {one.kind: [places[item] for item in one.items] for one in found}


TALK = (system("Be brief."), user("a"), assistant("b"), user("c"), assistant("d"))


def test_the_same_order_has_no_findings() -> None:
    assert told(items(*TALK, pinned="012"), "01234") == {}


def test_a_system_message_at_another_place() -> None:
    assert told(items(*TALK), "12340")["system-moved"] == ["0"]
    assert told(items(*TALK), "10234")["system-moved"] == ["0"]
    assert "system-moved" not in told(items(*TALK), "03412")
    later = items(user("a"), system("From here on in French."), assistant("b"), user("c"))
    assert told(later, "0231")["system-moved"] == ["1"]
    assert "system-moved" not in told(later, "0132")


def test_a_pin_at_another_place() -> None:
    assert told(items(*TALK, pinned="2"), "03412")["pin-moved"] == ["2"]
    assert "pin-moved" not in told(items(*TALK, pinned="2"), "04123")  # another one went by it
    assert told(items(*TALK, pinned="1"), "02134")["pin-moved"] == ["1"]  # neighbours: either may have moved


def test_user_turns_in_another_order() -> None:
    assert told(items(*TALK), "03412")["turn-order"] == ["3", "1"]
    assert "turn-order" not in told(items(*TALK), "01324")


def test_a_pin_that_is_lost_or_changed() -> None:
    before = items(*TALK, pinned="12")
    changed = Item.of(before[2].id, "f" * 40, assistant("other")).with_pinned(True)
    after = [before[0], before[1].with_pinned(False), changed, before[3]]
    kinds = {(one.kind, one.name, one.severity) for one in found_in(before, after)}
    assert ("pin-lost", before[1].id, "error") in kinds
    assert ("pin-changed", before[2].id, "error") in kinds
    assert "pin-lost" in told(before, "034")


def test_the_assistant_first() -> None:
    assert told(items(*TALK), "02134")["first-turn"] == ["2"]
    assert "first-turn" not in told(items(*TALK[2:]), "201")  # it began so before
    assert "first-turn" not in told(items(*TALK), "03124")


def test_the_cache() -> None:
    receipt = Receipt(before=100, after=100, kept=20, kept_items=1, breaks_at=f"{1:016x}", sent=100)
    found = [one for one in found_in(items(*TALK), items(*TALK), receipt=receipt) if one.kind == "cache-prefix"]
    said = f"80 of 100 tokens (80 %) are a cached prefix no more, from item {1:016x} on"
    assert [one.text for one in found] == [said]
    whole = Receipt(before=100, after=120, kept=100, kept_items=5, breaks_at=None, sent=100)
    assert found_in(items(*TALK), items(*TALK), receipt=whole) == ()


def test_errors_come_first() -> None:
    found = found_in(items(*TALK, pinned="0"), items(*TALK, pinned="0")[::-1])
    assert [one.severity for one in found] == sorted(one.severity for one in found)


@pytest.mark.parametrize("kind", sorted(findings.KINDS))
def test_what_may_be_forced(kind: str) -> None:
    severity = "warning" if kind in findings.WARNINGS else "error"
    found = (Finding(kind, "x", "something", ("x",), severity=severity),)
    if severity == "warning":
        findings.refuse(found)
        return
    with pytest.raises(UnsafeRewriteError, match=f"{kind}: something") as caught:
        findings.refuse(found)
    assert caught.value.findings == found
    if kind in findings.RISKY:
        assert "--force" in (caught.value.hint or "")
        findings.refuse(found, force=True)
    else:
        with pytest.raises(UnsafeRewriteError):
            findings.refuse(found, force=True)


def test_the_page_has_every_kind() -> None:
    rows = set(re.findall(r"^\| `([a-z-]+)` \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    told = re.findall(r"^\| ([a-z-]+) \| (?:error|warning)", findings.__doc__ or "", re.MULTILINE)
    assert rows >= findings.KINDS
    assert set(told) == findings.KINDS


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("abcde", ""),
        ("eabcd", "e"),
        ("bacde", "ab"),
        ("bcdea", "a"),
        ("abxcd", ""),
        ("edcba", "abcde"),
        ("acbed", "bced"),
    ],
)
def test_who_moved(after: str, expected: str) -> None:
    assert moves.moved("abcde", after) == frozenset(expected)
