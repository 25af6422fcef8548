"""What a summary keeps: known small cases, who counts and who does not, and properties."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trace_git.model import SWE_AGENT, Item, Message, assistant, tool, user
from trace_git.view.retention import Originals, retention


def some(*messages: Message, series: int = 1) -> list[Item]:
    return [Item.of(f"{series}{at:015x}", f"{series}{at:039x}", one) for at, one in enumerate(messages)]


def lost(text: str, *messages: Message, beside: tuple[Message, ...] = ()) -> list[str]:
    return [fact.text for fact in retention(some(*messages), text, beside=some(*beside, series=2)).lost]


def calls(arguments: object) -> Message:
    said = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return assistant(tool_calls=[{"id": "c", "type": "function", "function": {"name": "run", "arguments": said}}])


TALK = (
    user("Login fails in src/auth/session.py: tokens live 15 min, but must live 8 hours. Never touch config.yaml!"),
    assistant("SESSION_TTL was 900. I set it to 28,800 in src/auth/session.py and ran tests/test_auth.py: 41 passed."),
    user("Good. See https://tracker.example.com/INC-77 for the rest; use validateToken from jwt.helpers."),
)
FACTS = ["src/auth/session.py", "15 min", "8 hours", "config.yaml", "SESSION_TTL", "900", "28,800",
         "tests/test_auth.py", "41", "https://tracker.example.com/INC-77", "validateToken", "jwt.helpers"]  # fmt: skip


def test_a_summary_that_says_nothing_loses_everything():
    assert sorted(lost("It was fixed.", *TALK)) == sorted(FACTS)


def test_a_summary_that_says_it_all_loses_nothing():
    text = (
        "session.py (src/auth): session_ttl 900 -> 28800, so 15min -> 8 hours. config.yaml must never be touched. "
        "test_auth.py: 41 passed. Open: tracker.example.com/INC-77, with validatetoken of `jwt.helpers`."
    )
    kept = retention(some(*TALK), text)
    assert (kept.lost, kept.unsaid, kept.share) == ((), (), 1.0)
    assert str(kept) == "retention 100 %: 0 of 12 lost"


def test_one_line_says_how_much_and_which():
    kept = retention(
        some(*TALK), "src/auth/session.py: SESSION_TTL 900 -> 28800, tests/test_auth.py, config.yaml, 41, 8 h"
    )
    assert str(kept) == "retention 66 %: 4 of 12 lost"
    assert kept.named(2) == "15 min, https://tracker.example.com/INC-77 and 2 more"


@pytest.mark.parametrize(
    ("original", "summary", "kept"),
    [
        ("Read /app/src/retry.py", "retry.py was read", True),
        ("Read retry.py", "src/retry.py was read", True),
        ("Read a/retry.py and b/retry.py", "a/retry.py and retry.py", False),  # which one?
        ("Read /app/src/retry.py", "retry.pyc was read", False),
        ("Settings.max_items is it", "max_items is it", True),
        ("self.name is it", "its name", False),  # a word
        ("It costs 1,500 ms", "1500ms", True),
        ("It costs 1,500 ms", "150 ms", False),
        ("Use v1.2.3", "1.2.3", True),
        ("Use v1.2.3", "v1.2", False),
        ("Use --force", "we force it", False),
        ("Call parseHeader", "PARSEHEADER", True),
        ("Call parse_header", "parse header", False),
        ("At https://x.io/a", "x.io/a", True),
        ("At https://x.io/a", "https://x.io/ab", False),
    ],
)
def test_kept_or_not(original, summary, kept):
    assert (lost(summary, user(original)) == []) is kept


def test_what_only_one_output_names_does_not_count():
    listing = tool("\n".join(f"src/module_{at}.py {at}00 lines" for at in range(50)), "c")
    assert lost("", calls({"path": "src"}), listing, assistant("I will change src/module_7.py.")) == ["src/module_7.py"]


def test_the_same_in_a_format_with_blocks():
    result = {"type": "tool_result", "tool_use_id": "t", "content": "src/one.py src/two.py"}
    use = {"type": "tool_use", "id": "t", "name": "read", "input": {"file": "src/two.py", "limit": 2000}}
    told, seen = {"type": "text", "text": "Now src/two.py"}, {"type": "text", "text": "see 40 ms"}
    turns = [Message("assistant", {"content": [told, use]}, fmt="anthropic.messages"),
             Message("user", {"content": [result, seen]}, fmt="anthropic.messages")]  # fmt: skip
    assert sorted(lost("", *turns)) == ["40 ms", "src/two.py"]


def test_short_arguments_of_a_call_count_and_a_file_that_it_writes_does_not():
    content = "import os\n" + "\n".join(f"value_{at} = {at}000" for at in range(60))
    assert lost("", calls({"path": "src/new.py", "content": content, "limit": 2000})) == ["src/new.py"]
    assert lost("", calls("not json: src/new.py")) == ["src/new.py"]
    assert lost("", calls("[" * 100_000)) == []


def test_code_in_a_fence_does_not_count():
    assert lost("", assistant("Change it:\n```py\nretry_limit = 30\n```\nin src/app.py")) == ["src/app.py"]
    assert lost("", assistant("Change it:\n```py\nretry_limit = 30")) == []


def test_output_that_swe_agent_shows_as_a_users_message_does_not_count():
    turns = [Message("user", {"role": "user", "content": "fix src/a.py"}, fmt=SWE_AGENT),
             Message("assistant", {"role": "assistant", "content": "open src/b.py"}, fmt=SWE_AGENT),
             Message("user", {"role": "user", "content": "line 1474: def find_file"}, fmt=SWE_AGENT)]  # fmt: skip
    assert sorted(lost("", *turns)) == ["src/a.py", "src/b.py"]


def test_what_an_earlier_summary_says_counts():
    earlier = Message("user", {"role": "user", "content": "retry_limit is 30 s"}, kind="summary")
    assert lost("", earlier) == ["retry_limit", "30 s"]


def test_what_stands_beside_cannot_be_lost():
    assert lost("", user("src/a.py is 40 ms"), beside=(user("Rule: keep /x/src/a.py"),)) == ["40 ms"]


def test_the_lost_come_by_weight():
    turns = [
        assistant("Once: tail_value"),
        user("I want head_value"),
        assistant("head_value it is"),
        calls({"a": "an_arg"}),
    ]
    assert lost("", *turns) == ["head_value", "tail_value", "an_arg"]


def test_a_fact_in_a_crowd_weighs_less():
    crowd = user(" ".join(f"name_{at}" for at in range(400)))
    assert lost("", crowd, assistant("the_one"))[0] == "the_one"


def test_a_fact_knows_who_names_it():
    items = some(user("my_name"), user("nothing"), assistant("my_name again, my_name"))
    (fact,) = retention(items, "").lost
    assert fact.items == (items[0].id, items[2].id)


@pytest.mark.parametrize(
    ("summary", "unsaid"),
    [
        ("config.yaml is part of it.", ["config.yaml"]),
        ("config.yaml must not change.", []),
        ("Nobody may edit it: never touch config.yaml", []),
        ("It was done.", []),  # lost, which is said elsewhere
    ],
)
def test_a_negation_that_went(summary, unsaid):
    kept = retention(some(user("Fix src/app.py, but don't touch config.yaml.")), summary)
    assert [fact.text for fact in kept.unsaid] == unsaid


def test_only_what_a_user_says_is_looked_at_for_negations():
    assert retention(some(assistant("config.yaml does not exist.")), "config.yaml").unsaid == ()


def test_nothing_to_check():
    kept = retention(some(user("Hello"), assistant("Hi!")), "They greet.")
    assert (kept.share, str(kept), kept.named()) == (1.0, "no facts to check", "")


def test_a_name_that_would_write_to_a_terminal_is_shown_safely():
    kept = retention(some(user("see src/\x1b[31m_x.py")), "")
    assert "\x1b" not in kept.named() + str(kept)


@given(st.text(alphabet="ab1_./:-, \n`~<>A", max_size=200))
def test_a_text_loses_nothing_of_itself(text):
    assert retention(some(user(text)), text).lost == ()


@given(st.lists(st.sampled_from([*FACTS, "word", "not", "\n", "."]), max_size=20))
def test_kept_and_lost_are_all_of_them_once(words):
    text = " ".join(words)
    facts = Originals(some(*TALK))
    kept = facts.kept_by(text)
    named = [fact.text for fact in (*kept.kept, *kept.lost)]
    assert sorted(named) == sorted(FACTS)
    assert {one for one in words if one in FACTS} <= {fact.text for fact in kept.kept}
    more = facts.kept_by(f"{text}\n{FACTS[0]}")
    assert more.share >= kept.share


def test_a_thousand_messages_take_a_moment():
    turn = (
        "Look at src/m{0}/file_{0}.py: name_{0} takes {0} ms there, and obj.attr{0} is called from the main loop. " * 3
    )
    items = some(*[(user if at % 2 else assistant)(turn.format(at)) for at in range(1_000)])
    start = time.process_time()
    assert len(retention(items, turn.format(1)).lost) > 3_000
    assert time.process_time() - start < 2
