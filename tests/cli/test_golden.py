# ruff: noqa: E501
"""The whole text of reading commands on a terminal of 80 columns, without and with colours: log, ls, show.

Colours stand as names: <yellow>…</>. A snapshot that changes is a change of what people see: look at it, then take it.
"""

from __future__ import annotations

import pytest

from .conftest import marked

SHOWN = {
    "log -9": (
        """\
99107a17 append assistant ~+42 ~145   (HEAD -> main) → Edit
11adfcad append user       ~+7 ~103   Do it.
726e4adc edit   assistant  ~+0  ~96   6848bb6f The token expires at once: `expi…
f1b3cd96 append assistant ~+33  ~96   The token expires too early: `expires = n…
e3de2a47 append tool      ~+14  ~63   src/auth.py:12: expires = now()
aa17bd90 append assistant ~+18  ~49   I look at the tokens. → Grep
59f20079 append user       +17   31   (try-2) Why does login fail after an hour…
b6a833a7 append system     +14   14 ◆ You fix bugs. Be brief.
""",
        """\
<yellow>99107a17</> <dim>append</> <blue>assistant</> ~+42 <dim>~145</> <yellow> </> <green>(HEAD -> main)</> → Edit
<yellow>11adfcad</> <dim>append</> <green>user     </>  ~+7 <dim>~103</> <yellow> </> Do it.
<yellow>726e4adc</> <cyan>edit  </> <blue>assistant</>  ~+0 <dim> ~96</> <yellow> </> 6848bb6f The token expires at once: `expi…
<yellow>f1b3cd96</> <dim>append</> <blue>assistant</> ~+33 <dim> ~96</> <yellow> </> The token expires too early: `expires = n…
<yellow>e3de2a47</> <dim>append</> <cyan>tool     </> ~+14 <dim> ~63</> <yellow> </> src/auth.py:12: expires = now()
<yellow>aa17bd90</> <dim>append</> <blue>assistant</> ~+18 <dim> ~49</> <yellow> </> I look at the tokens. → Grep
<yellow>59f20079</> <dim>append</> <green>user     </>  +17 <dim>  31</> <yellow> </> <green>(try-2)</> Why does login fail after an hour…
<yellow>b6a833a7</> <dim>append</> <magenta>system   </>  +14 <dim>  14</> <yellow>◆</> You fix bugs. Be brief.
""",
    ),
    "log --oneline -4": (
        """\
99107a17 (HEAD -> main) assistant: → Edit
11adfcad user: Do it.
726e4adc edit: 6848bb6f The token expires at once: `expires = now()` adds no li…
f1b3cd96 assistant: The token expires too early: `expires = now()` a…
""",
        """\
<yellow>99107a17</> <green>(HEAD -> main)</> assistant: → Edit
<yellow>11adfcad</> user: Do it.
<yellow>726e4adc</> edit: 6848bb6f The token expires at once: `expires = now()` adds no li…
<yellow>f1b3cd96</> assistant: The token expires too early: `expires = now()` a…
""",
    ),
    "log --graph --all": (
        """\
* 99107a17 append assistant ~+42 ~145   (HEAD -> main) → Edit
* 11adfcad append user       ~+7 ~103   Do it.
* 726e4adc edit   assistant  ~+0  ~96   6848bb6f The token expires at once: `ex…
* f1b3cd96 append assistant ~+33  ~96   The token expires too early: `expires =…
* e3de2a47 append tool      ~+14  ~63   src/auth.py:12: expires = now()
* aa17bd90 append assistant ~+18  ~49   I look at the tokens. → Grep
* 59f20079 append user       +17   31   (try-2) Why does login fail after an ho…
* b6a833a7 append system     +14   14 ◆ You fix bugs. Be brief.
""",
        """\
* <yellow>99107a17</> <dim>append</> <blue>assistant</> ~+42 <dim>~145</> <yellow> </> <green>(HEAD -> main)</> → Edit
* <yellow>11adfcad</> <dim>append</> <green>user     </>  ~+7 <dim>~103</> <yellow> </> Do it.
* <yellow>726e4adc</> <cyan>edit  </> <blue>assistant</>  ~+0 <dim> ~96</> <yellow> </> 6848bb6f The token expires at once: `ex…
* <yellow>f1b3cd96</> <dim>append</> <blue>assistant</> ~+33 <dim> ~96</> <yellow> </> The token expires too early: `expires =…
* <yellow>e3de2a47</> <dim>append</> <cyan>tool     </> ~+14 <dim> ~63</> <yellow> </> src/auth.py:12: expires = now()
* <yellow>aa17bd90</> <dim>append</> <blue>assistant</> ~+18 <dim> ~49</> <yellow> </> I look at the tokens. → Grep
* <yellow>59f20079</> <dim>append</> <green>user     </>  +17 <dim>  31</> <yellow> </> <green>(try-2)</> Why does login fail after an ho…
* <yellow>b6a833a7</> <dim>append</> <magenta>system   </>  +14 <dim>  14</> <yellow>◆</> You fix bugs. Be brief.
""",
    ),
    "log --stat -3": (
        """\
99107a17 append assistant ~+42 ~145   (HEAD -> main) → Edit
    + 498ad89a assistant ~+42 → Edit
11adfcad append user       ~+7 ~103   Do it.
    + 49050e45 user +7 Do it.
726e4adc edit   assistant  ~+0  ~96   6848bb6f The token expires at once: `expi…
    ~ 6848bb6f assistant +0 edited: The token expires at once: `expires = now()…
""",
        """\
<yellow>99107a17</> <dim>append</> <blue>assistant</> ~+42 <dim>~145</> <yellow> </> <green>(HEAD -> main)</> → Edit
    <green>+</> <yellow>498ad89a</> <blue>assistant</> ~+42 → Edit
<yellow>11adfcad</> <dim>append</> <green>user     </>  ~+7 <dim>~103</> <yellow> </> Do it.
    <green>+</> <yellow>49050e45</> <green>user</> +7 Do it.
<yellow>726e4adc</> <cyan>edit  </> <blue>assistant</>  ~+0 <dim> ~96</> <yellow> </> 6848bb6f The token expires at once: `expi…
    <yellow>~</> <yellow>6848bb6f</> <blue>assistant</> +0 edited: The token expires at once: `expires = now()…
""",
    ),
    "ls": (
        """\
92a4a638 system     11 ◆ You fix bugs. Be brief.
4f535971 user       17   Why does login fail after an hour, and only on staging?
a1996694 assistant ~18   I look at the tokens. → Grep
5aee8426 tool      ~14   src/auth.py:12: expires = now()
6848bb6f assistant  33   The token expires at once: `expires = now()` adds no l…
49050e45 user        7   Do it.
498ad89a assistant ~42   → Edit
""",
        """\
<yellow>92a4a638</> <magenta>system   </>  11 <yellow>◆</> You fix bugs. Be brief.
<yellow>4f535971</> <green>user     </>  17 <yellow> </> Why does login fail after an hour, and only on staging?
<yellow>a1996694</> <blue>assistant</> ~18 <yellow> </> I look at the tokens. → Grep
<yellow>5aee8426</> <cyan>tool     </> ~14 <yellow> </> src/auth.py:12: expires = now()
<yellow>6848bb6f</> <blue>assistant</>  33 <yellow> </> The token expires at once: `expires = now()` adds no l…
<yellow>49050e45</> <green>user     </>   7 <yellow> </> Do it.
<yellow>498ad89a</> <blue>assistant</> ~42 <yellow> </> → Edit
""",
    ),
    "ls --long": (
        """\
92a4a63823ec64db system    message   11 ◆ You fix bugs. Be brief.
4f5359713b4fb16b user      message   17   Why does login fail after an hour, an…
a1996694c6695c74 assistant message  ~18   I look at the tokens. → Grep
5aee84261cf89f90 tool      message  ~14   src/auth.py:12: expires = now()
6848bb6f8b759147 assistant message   33   The token expires at once: `expires =…
49050e458ce93567 user      message    7   Do it.
498ad89a55bf384e assistant message  ~42   → Edit
""",
        """\
<yellow>92a4a63823ec64db</> <magenta>system   </> message   11 <yellow>◆</> You fix bugs. Be brief.
<yellow>4f5359713b4fb16b</> <green>user     </> message   17 <yellow> </> Why does login fail after an hour, an…
<yellow>a1996694c6695c74</> <blue>assistant</> message  ~18 <yellow> </> I look at the tokens. → Grep
<yellow>5aee84261cf89f90</> <cyan>tool     </> message  ~14 <yellow> </> src/auth.py:12: expires = now()
<yellow>6848bb6f8b759147</> <blue>assistant</> message   33 <yellow> </> The token expires at once: `expires =…
<yellow>49050e458ce93567</> <green>user     </> message    7 <yellow> </> Do it.
<yellow>498ad89a55bf384e</> <blue>assistant</> message  ~42 <yellow> </> → Edit
""",
    ),
    "show": (
        """\
commit 99107a175b65940a76635d43f380c5efc9bab46d (HEAD -> main)
Verb:    append
Author:  assistant
Date:    2023-11-14 22:20:20 +0000
Tokens:  ~+42, context ~145 (o200k_base)

    assistant: → Edit

assistant 498ad89a55bf384e  ~42 tokens
    → Edit
        file: src/auth.py
        old:
            expires = now()
        new:
            expires = now() + LIFETIME
            log(expires)
""",
        """\
<yellow>commit 99107a175b65940a76635d43f380c5efc9bab46d</><green> (HEAD -> main)</>
Verb:    append
Author:  assistant
Date:    2023-11-14 22:20:20 +0000
Tokens:  ~+42, context ~145 (o200k_base)

    assistant: → Edit

<blue>assistant</> <yellow>498ad89a55bf384e</><dim>  ~42 tokens</>
    <cyan>→ Edit</>
    <cyan>    file: src/auth.py</>
    <cyan>    old:</>
    <cyan>        expires = now()</>
    <cyan>    new:</>
    <cyan>        expires = now() + LIFETIME</>
    <cyan>        log(expires)</>
""",
    ),
    "show HEAD~2": (
        """\
commit 726e4adc58d2094c385b8202aee4a47a88e67d6c
Verb:    edit
Author:  assistant
Date:    2023-11-14 22:18:20 +0000
Tokens:  ~+0, context ~96 (o200k_base)

    edit: 6848bb6f The token expires at once: `expires = now()` adds no lif…

assistant 6848bb6f8b759147  33 tokens
    The token expires at once: `expires = now()` adds no lifetime.

    Fix in src/auth.py:12:

        + LIFETIME
""",
        """\
<yellow>commit 726e4adc58d2094c385b8202aee4a47a88e67d6c</>
Verb:    edit
Author:  assistant
Date:    2023-11-14 22:18:20 +0000
Tokens:  ~+0, context ~96 (o200k_base)

    edit: 6848bb6f The token expires at once: `expires = now()` adds no lif…

<blue>assistant</> <yellow>6848bb6f8b759147</><dim>  33 tokens</>
    The token expires at once: `expires = now()` adds no lifetime.

    Fix in src/auth.py:12:

        + LIFETIME
""",
    ),
    "show HEAD:6848": (
        """\
assistant 6848bb6f8b759147  33 tokens
    The token expires at once: `expires = now()` adds no lifetime.

    Fix in src/auth.py:12:

        + LIFETIME
""",
        """\
<blue>assistant</> <yellow>6848bb6f8b759147</><dim>  33 tokens</>
    The token expires at once: `expires = now()` adds no lifetime.

    Fix in src/auth.py:12:

        + LIFETIME
""",
    ),
}


@pytest.mark.parametrize("line", SHOWN)
def test_what_a_terminal_shows(story, shown, line):
    plain, coloured = SHOWN[line]
    assert shown(*line.split(), colour=False) == plain
    assert marked(shown(*line.split())) == coloured
