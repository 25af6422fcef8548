"""What in a text is a fact, and what is only a word; in time that does not depend on what a stranger writes."""

from __future__ import annotations

import time

import pytest

from trace_git.view.facts import facts, said, shorter


def found(text: str) -> list[tuple[str, str]]:
    return [(fact.kind, fact.text) for fact in facts(text)]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("url", "https://x.io/a?b=1#c"),
        ("url", "postgres://localhost:5432/db"),
        ("path", "src/app.py"),
        ("path", "/etc/hosts"),
        ("path", "./run.sh"),
        ("path", "~/x"),
        ("path", "README.md"),
        ("path", ".gitignore"),
        ("path", "C:\\logs\\today.txt"),
        ("path", "docs/"),
        ("path", "a/b/c"),
        ("number", "250 ms"),
        ("number", "250ms"),
        ("number", "1,234"),
        ("number", "1_000_000"),
        ("number", "37%"),
        ("number", "3 days"),
        ("number", "$40"),
        ("number", "5432"),
        ("number", "v1.2.3"),
        ("number", "2024-05-01"),
        ("number", "2024-05-01T12:30:00Z"),
        ("number", "12:30"),
        ("number", "0.7"),
        ("identifier", "max_items"),
        ("identifier", "_private_name"),
        ("identifier", "TIMEOUT_MS"),
        ("identifier", "parseHeader"),
        ("identifier", "HttpServer"),
        ("identifier", "np.array"),
        ("identifier", "std::vector"),
        ("identifier", "--no-verify"),
        ("identifier", "sha256"),
        ("identifier", "INC-1234"),
        ("identifier", "4f3cafe"),
        ("identifier", "0x1f"),
        ("identifier", "1.2.3-beta.2"),
        ("identifier", "123e4567-e89b-12d3-a456-426614174000"),
        ("identifier", "me@example.org"),
        ("identifier", "größe_max"),
    ],
)
@pytest.mark.parametrize("frame", ["{}", "See {}, please.", "(`{}`)", "it is {}: yes", '"{}"', "**{}**\n", "{}!"])
def test_facts(kind, text, frame):
    assert found(frame.format(text)) == [(kind, text)]


@pytest.mark.parametrize(
    "text",
    ["", "Nothing to see here.", "and/or", "I/O", "e.g. this, i.e. that", "well-known", "3 tries", "NOT NOW", "the 3rd",
     "1. first\n2. second\n12) twelfth", "<b>bold</b>", "...", "-----", "a" * 300, "/", "//", "::", "@", "--", "w/"],
)  # fmt: skip
def test_what_is_none(text):
    assert found(text) == []


def test_a_place_in_a_file_is_the_file():
    assert found("src/app.py:42:7 fails") == [("path", "src/app.py")]


def test_what_ends_a_tag_is_no_path_and_a_placeholder_stays_what_it_is():
    assert found("<role>python <script_name>.py</role>") == [("identifier", "script_name")]
    assert found("python <script_name>.py") == [("identifier", "script_name")]


def test_what_stands_between_colons_is_taken_apart():
    assert found("localhost:8080 and port:5432") == [("number", "8080"), ("number", "5432")]


@pytest.mark.parametrize(
    ("one", "other"),
    [("1,234", "1234"), ("250 ms", "250ms"), ("MAX_ITEMS", "max_items"), ("./a/b.py", "a/b.py"), ("src/", "./src"),
     ("https://x.io/a", "HTTP://x.io/a/"), ("v1.2.3", "1.2.3"), ("$40", "40 USD"), ("_max_items", "max_items")],
)  # fmt: skip
def test_the_same_written_in_another_way(one, other):
    (first,), (second,) = facts(one), facts(other)
    assert first.key == second.key


def test_shorter_keys():
    assert list(shorter("a/b/c.py")) == ["b/c.py", "c.py"]
    assert list(shorter("a.b::c")) == ["b::c", "c"]
    assert list(shorter("c.py")) == []
    assert list(shorter("1.2.3")) == []


def test_a_text_also_says_its_words_and_shorter_names():
    assert {"parseheader", "src/app.py", "app.py", "max_items"} <= said("parseheader in src/app.py: Settings.max_items")


HOSTILE = {
    "letters": "a" * 1_000_000,
    "slashes": "/" * 1_000_000,
    "digits": "1" * 1_000_000,
    "folders": "a/" * 500_000,
    "dots": "a." * 500_000,
    "groups": "1,234" * 200_000,
    "commas": "1," * 500_000,
    "numbers": "1 " * 500_000,
    "spaces": " " * 1_000_000,
    "lines": "\n" * 1_000_000,
    "schemes": "a://" * 250_000,
    "urls": "http://a." * 111_111,
    "tags": "</a" * 333_333,
    "entries": "1. " * 333_333,
    "underscores": "_" * 1_000_000,
    "dashes": "-" * 1_000_000,
    "humps": "aB" * 500_000,
    "longest": ("1:" * 99 + " ") * 5_000,
    "mixed": ("a1-" * 60 + " ") * 5_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_megabyte_of_anything_takes_a_moment(text):
    start = time.process_time()
    list(facts(text))
    said(text)
    assert time.process_time() - start < 2
