"""The labelled conversations of the ``.txt`` files beside this one, and how well the heuristics do on them.

``python -m tests.view.rewriting.cases`` prints the figures and every case that is not as it should be.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from trace_git.model import Item, Message, assistant, system, tool, user
from trace_git.view.rewriting import references

HERE = Path(__file__).parent
FILES = ("references.txt", "references_unseen.txt")


@dataclass(frozen=True)
class Case:
    """A conversation, its new order, and the pairs (who refers, to whom) that this breaks; all are places before."""

    name: str
    items: tuple[Item, ...]
    order: tuple[int, ...]
    expected: frozenset[tuple[int, int]]

    @property
    def found(self) -> frozenset[tuple[int, int]]:
        places = {item.id: at for at, item in enumerate(self.items)}
        told = references.broken(self.items, [self.items[at] for at in self.order])
        return frozenset((places[one.items[0]], self._group(places[one.items[1]])) for one in told)

    def _group(self, at: int) -> int:
        """A call stands for its result, as whoever refers to one refers to both."""
        return at + 1 if self.items[at].message.calls else at


@dataclass(frozen=True)
class Score:
    """Broken references: those that there are, those that were told, and how many of these were right."""

    expected: int
    told: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.told

    @property
    def recall(self) -> float:
        return self.right / self.expected

    def __str__(self) -> str:
        return (
            f"precision {self.precision:.2f} ({self.right} of {self.told} told), "
            f"recall {self.recall:.2f} ({self.right} of {self.expected})"
        )


def read(file: str) -> list[Case]:
    blocks = re.split(r"^# ", (HERE / file).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [_case(block) for block in blocks]


def score(cases: list[Case]) -> Score:
    expected = sum(len(case.expected) for case in cases)
    return Score(
        expected, sum(len(case.found) for case in cases), sum(len(case.found & case.expected) for case in cases)
    )


def _case(block: str) -> Case:
    head, _, body = block.partition("\n")
    name, order, broken = (part.strip() for part in head.split("|"))
    pairs = [pair.split(">") for pair in broken.split() if pair != "-"]
    spoken: list[str] = []
    for line in body.rstrip("\n").split("\n"):
        if line.startswith(" "):
            spoken[-1] += "\n" + line[2:]
        elif line:
            spoken.append(line)
    messages: list[Message] = []
    for line in spoken:
        messages.append(_message(line[0], line[2:], len(messages)))
    items = tuple(Item.of(f"{at:016x}", f"{at:040x}", message) for at, message in enumerate(messages))
    return Case(name, items, tuple(map(int, order.split())), frozenset((int(one), int(other)) for one, other in pairs))


def _message(mark: str, text: str, at: int) -> Message:
    if mark == "C":
        name, *given = text.split(" ")
        arguments = json.dumps(dict(one.split("=", 1) for one in given))
        call = {"id": f"call_C_{at}", "type": "function", "function": {"name": name, "arguments": arguments}}
        return assistant(None, tool_calls=[call])
    if mark == "R":
        return tool(text, f"call_C_{at - 1}")
    return {"U": user, "A": assistant, "S": system}[mark](text)


def main() -> None:
    for file in FILES:
        cases = read(file)
        for case in cases:
            for what, pairs in (("wrong", case.found - case.expected), ("missed", case.expected - case.found)):
                for one, other in sorted(pairs):
                    print(f"{what}: {case.name}: {one} > {other}")
        print(f"{file}: {len(cases)} cases, {score(cases)}")


if __name__ == "__main__":
    main()
