# ruff: noqa: E501
"""The whole text of reading commands on a terminal of 80 columns, without and with colours: status, diff.

Colours stand as names, as in ``test_golden``.
"""

from __future__ import annotations

import pytest

from .conftest import marked

SHOWN = {
    "status": (
        """\
On branch main at 99107a17

Items:    7, 1 pinned
Tokens:   ~145, estimated with o200k_base
Budget:   none, `trace config budget TOKENS` sets one

[ppppppuuuuuuuuuuuuuaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaatttttttt]
p pinned 11   u user 24   a assistant 93   t tool results 14
""",
        """\
<bold>On branch main</> at <yellow>99107a17</>

Items:    7, 1 pinned
Tokens:   ~145<dim>, estimated with o200k_base</>
Budget:   none<dim>, `trace config budget TOKENS` sets one</>

<yellow>██████</><green>██████████████</><blue>████████████████████████████████████████████████████</><cyan>████████</>
<yellow>■</> pinned 11   <green>■</> user 24   <blue>■</> assistant 93   <cyan>■</> tool results 14
""",
    ),
    "status --budget 500": (
        """\
On branch main at 99107a17

Items:    7, 1 pinned
Tokens:   ~145 of 500 (29 %), estimated with o200k_base
Budget:   500, as given

[ppuuuaaaaaaaaaaaaaaatt........................................................]
p pinned 11   u user 24   a assistant 93   t tool results 14   . free 355
""",
        """\
<bold>On branch main</> at <yellow>99107a17</>

Items:    7, 1 pinned
Tokens:   ~145 of 500 (29 %)<dim>, estimated with o200k_base</>
Budget:   500<dim>, as given</>

<yellow>██</><green>████</><blue>███████████████</><cyan>██</><dim>░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░</>
<yellow>■</> pinned 11   <green>■</> user 24   <blue>■</> assistant 93   <cyan>■</> tool results 14   <dim>□</> free 355
""",
    ),
    "status --grid --budget 500": (
        """\
On branch main at 99107a17

Items:    7, 1 pinned
Tokens:   ~145 of 500 (29 %), estimated with o200k_base
Budget:   500, as given

p p u u u u u a a a
a a a a a a a a a a
a a a a a a t t t .    p pinned         11    2.2 %
. . . . . . . . . .    u user           24    4.8 %
. . . . . . . . . .    a assistant      93   18.6 %
. . . . . . . . . .    t tool results   14    2.8 %
. . . . . . . . . .    . free          355   71.0 %
. . . . . . . . . .
. . . . . . . . . .
. . . . . . . . . .
""",
        """\
<bold>On branch main</> at <yellow>99107a17</>

Items:    7, 1 pinned
Tokens:   ~145 of 500 (29 %)<dim>, estimated with o200k_base</>
Budget:   500<dim>, as given</>

<yellow>■</> <yellow>■</> <green>■</> <green>■</> <green>■</> <green>■</> <green>■</> <blue>■</> <blue>■</> <blue>■</>
<blue>■</> <blue>■</> <blue>■</> <blue>■</> <blue>■</> <blue>■</> <blue>■</> <blue>■</> <blue>■</> <blue>■</>
<blue>■</> <blue>■</> <blue>■</> <blue>■</> <blue>■</> <blue>■</> <cyan>■</> <cyan>■</> <cyan>■</> <dim>□</>    <yellow>■</> pinned         11  <dim>  2.2 %</>
<dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</>    <green>■</> user           24  <dim>  4.8 %</>
<dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</>    <blue>■</> assistant      93  <dim> 18.6 %</>
<dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</>    <cyan>■</> tool results   14  <dim>  2.8 %</>
<dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</>    <dim>□</> free          355  <dim> 71.0 %</>
<dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</>
<dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</>
<dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</> <dim>□</>
""",
    ),
    "diff": (
        """\
diff 11adfcad..99107a17

+ 498ad89a assistant ~+42
+   → Edit
+       file: src/auth.py
+       old:
+           expires = now()
+       new:
+           expires = now() + LIFETIME
+           log(expires)

1 added
tokens: ~103 → ~145 (~+42)
cache: all ~103 tokens stay a prefix
""",
        """\
<bold>diff 11adfcad..99107a17</>

<green>+</> <yellow>498ad89a</> <blue>assistant</> ~+42
<green>+</>   <green>→ Edit</>
<green>+</>   <green>    file: src/auth.py</>
<green>+</>   <green>    old:</>
<green>+</>   <green>        expires = now()</>
<green>+</>   <green>    new:</>
<green>+</>   <green>        expires = now() + LIFETIME</>
<green>+</>   <green>        log(expires)</>

1 added
tokens: ~103 → ~145 (~+42)
cache: all ~103 tokens stay a prefix
""",
    ),
    "diff HEAD~3 --stat": (
        """\
diff f1b3cd96..99107a17

~ 6848bb6f assistant   +0 edited: The token expires at once: `expires = now()`…
+ 49050e45 user        +7 Do it.
+ 498ad89a assistant ~+42 → Edit

2 added, 1 edited
tokens: ~96 → ~145 (~+49)
cache: ~60 of ~96 tokens stay a prefix (62 %), breaks at item 6848bb6f
""",
        """\
<bold>diff f1b3cd96..99107a17</>

<yellow>~</> <yellow>6848bb6f</> <blue>assistant</>   +0 edited: The token expires at once: `expires = now()`…
<green>+</> <yellow>49050e45</> <green>user     </>   +7 Do it.
<green>+</> <yellow>498ad89a</> <blue>assistant</> ~+42 → Edit

2 added, 1 edited
tokens: ~96 → ~145 (~+49)
cache: ~60 of ~96 tokens stay a prefix (62 %), breaks at item 6848bb6f
""",
    ),
    "diff HEAD~4 HEAD~2": (
        """\
diff e3de2a47..726e4adc

+ 6848bb6f assistant +33
+   The token expires at once: `expires = now()` adds no lifetime.
+
+   Fix in src/auth.py:12:
+
+       + LIFETIME

1 added
tokens: ~63 → ~96 (~+33)
cache: all ~63 tokens stay a prefix
""",
        """\
<bold>diff e3de2a47..726e4adc</>

<green>+</> <yellow>6848bb6f</> <blue>assistant</> +33
<green>+</>   <green>The token expires at once: `expires = now()` adds no lifetime.</>
<green>+</>
<green>+</>   <green>Fix in src/auth.py:12:</>
<green>+</>
<green>+</>   <green>    + LIFETIME</>

1 added
tokens: ~63 → ~96 (~+33)
cache: all ~63 tokens stay a prefix
""",
    ),
    "diff HEAD HEAD~2": (
        """\
diff 99107a17..726e4adc

- 49050e45 user        -7
-   Do it.

- 498ad89a assistant ~-42
-   → Edit
-       file: src/auth.py
-       old:
-           expires = now()
-       new:
-           expires = now() + LIFETIME
-           log(expires)

2 removed
tokens: ~145 → ~96 (~-49)
cache: ~93 of ~145 tokens stay a prefix (64 %), breaks at item 49050e45
""",
        """\
<bold>diff 99107a17..726e4adc</>

<red>-</> <yellow>49050e45</> <green>user     </>   -7
<red>-</>   <red>Do it.</>

<red>-</> <yellow>498ad89a</> <blue>assistant</> ~-42
<red>-</>   <red>→ Edit</>
<red>-</>   <red>    file: src/auth.py</>
<red>-</>   <red>    old:</>
<red>-</>   <red>        expires = now()</>
<red>-</>   <red>    new:</>
<red>-</>   <red>        expires = now() + LIFETIME</>
<red>-</>   <red>        log(expires)</>

2 removed
tokens: ~145 → ~96 (~-49)
cache: ~93 of ~145 tokens stay a prefix (64 %), breaks at item 49050e45
""",
    ),
    "diff HEAD HEAD": (
        """\
""",
        """\
""",
    ),
    "-C . materialize --as text HEAD~5": (
        """\
system: You fix bugs. Be brief.

user: Why does login fail after an hour, and only on staging?

assistant: I look at the tokens.
[call Grep {"pattern": "expires"}]
""",
        """\
system: You fix bugs. Be brief.

user: Why does login fail after an hour, and only on staging?

assistant: I look at the tokens.
[call Grep {"pattern": "expires"}]
""",
    ),
}


@pytest.mark.parametrize("line", SHOWN)
def test_what_a_terminal_shows(story, shown, line):
    plain, coloured = SHOWN[line]
    assert shown(*line.split(), colour=False) == plain
    assert marked(shown(*line.split())) == coloured
