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
66093557 append assistant ~+42 ~145   (HEAD -> main) → Edit
8e374b7f append user       ~+7 ~103   Do it.
4c0edbd7 edit   assistant  ~+0  ~96   6848bb6f The token expires at once: `expi…
f1b3cd96 append assistant ~+33  ~96   The token expires too early: `expires = n…
e3de2a47 append tool      ~+14  ~63   src/auth.py:12: expires = now()
aa17bd90 append assistant ~+18  ~49   I look at the tokens. → Grep
59f20079 append user       +17   31   (try-2) Why does login fail after an hour…
b6a833a7 append system     +14   14 ◆ You fix bugs. Be brief.
""",
        """\
<yellow>66093557</> <dim>append</> <blue>assistant</> ~+42 <dim>~145</> <yellow> </> <green>(HEAD -> main)</> → Edit
<yellow>8e374b7f</> <dim>append</> <green>user     </>  ~+7 <dim>~103</> <yellow> </> Do it.
<yellow>4c0edbd7</> <cyan>edit  </> <blue>assistant</>  ~+0 <dim> ~96</> <yellow> </> 6848bb6f The token expires at once: `expi…
<yellow>f1b3cd96</> <dim>append</> <blue>assistant</> ~+33 <dim> ~96</> <yellow> </> The token expires too early: `expires = n…
<yellow>e3de2a47</> <dim>append</> <cyan>tool     </> ~+14 <dim> ~63</> <yellow> </> src/auth.py:12: expires = now()
<yellow>aa17bd90</> <dim>append</> <blue>assistant</> ~+18 <dim> ~49</> <yellow> </> I look at the tokens. → Grep
<yellow>59f20079</> <dim>append</> <green>user     </>  +17 <dim>  31</> <yellow> </> <green>(try-2)</> Why does login fail after an hour…
<yellow>b6a833a7</> <dim>append</> <magenta>system   </>  +14 <dim>  14</> <yellow>◆</> You fix bugs. Be brief.
""",
    ),
    "log --oneline -4": (
        """\
66093557 (HEAD -> main) assistant: → Edit
8e374b7f user: Do it.
4c0edbd7 edit: 6848bb6f The token expires at once: `expires = now()` adds no li…
f1b3cd96 assistant: The token expires too early: `expires = now()` a…
""",
        """\
<yellow>66093557</> <green>(HEAD -> main)</> assistant: → Edit
<yellow>8e374b7f</> user: Do it.
<yellow>4c0edbd7</> edit: 6848bb6f The token expires at once: `expires = now()` adds no li…
<yellow>f1b3cd96</> assistant: The token expires too early: `expires = now()` a…
""",
    ),
    "log --graph --all": (
        """\
* 66093557 append assistant ~+42 ~145   (HEAD -> main) → Edit
* 8e374b7f append user       ~+7 ~103   Do it.
* 4c0edbd7 edit   assistant  ~+0  ~96   6848bb6f The token expires at once: `ex…
* f1b3cd96 append assistant ~+33  ~96   The token expires too early: `expires =…
* e3de2a47 append tool      ~+14  ~63   src/auth.py:12: expires = now()
* aa17bd90 append assistant ~+18  ~49   I look at the tokens. → Grep
* 59f20079 append user       +17   31   (try-2) Why does login fail after an ho…
* b6a833a7 append system     +14   14 ◆ You fix bugs. Be brief.
""",
        """\
* <yellow>66093557</> <dim>append</> <blue>assistant</> ~+42 <dim>~145</> <yellow> </> <green>(HEAD -> main)</> → Edit
* <yellow>8e374b7f</> <dim>append</> <green>user     </>  ~+7 <dim>~103</> <yellow> </> Do it.
* <yellow>4c0edbd7</> <cyan>edit  </> <blue>assistant</>  ~+0 <dim> ~96</> <yellow> </> 6848bb6f The token expires at once: `ex…
* <yellow>f1b3cd96</> <dim>append</> <blue>assistant</> ~+33 <dim> ~96</> <yellow> </> The token expires too early: `expires =…
* <yellow>e3de2a47</> <dim>append</> <cyan>tool     </> ~+14 <dim> ~63</> <yellow> </> src/auth.py:12: expires = now()
* <yellow>aa17bd90</> <dim>append</> <blue>assistant</> ~+18 <dim> ~49</> <yellow> </> I look at the tokens. → Grep
* <yellow>59f20079</> <dim>append</> <green>user     </>  +17 <dim>  31</> <yellow> </> <green>(try-2)</> Why does login fail after an ho…
* <yellow>b6a833a7</> <dim>append</> <magenta>system   </>  +14 <dim>  14</> <yellow>◆</> You fix bugs. Be brief.
""",
    ),
    "log --stat -3": (
        """\
66093557 append assistant ~+42 ~145   (HEAD -> main) → Edit
    + a5fbda81 assistant +42 → Edit
8e374b7f append user       ~+7 ~103   Do it.
    + e67de310 user +7 Do it.
4c0edbd7 edit   assistant  ~+0  ~96   6848bb6f The token expires at once: `expi…
    ~ 6848bb6f assistant +0 edited: The token expires at once: `expires = now()…
""",
        """\
<yellow>66093557</> <dim>append</> <blue>assistant</> ~+42 <dim>~145</> <yellow> </> <green>(HEAD -> main)</> → Edit
    <green>+</> <yellow>a5fbda81</> <blue>assistant</> +42 → Edit
<yellow>8e374b7f</> <dim>append</> <green>user     </>  ~+7 <dim>~103</> <yellow> </> Do it.
    <green>+</> <yellow>e67de310</> <green>user</> +7 Do it.
<yellow>4c0edbd7</> <cyan>edit  </> <blue>assistant</>  ~+0 <dim> ~96</> <yellow> </> 6848bb6f The token expires at once: `expi…
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
e67de310 user        7   Do it.
a5fbda81 assistant ~42   → Edit
""",
        """\
<yellow>92a4a638</> <magenta>system   </>  11 <yellow>◆</> You fix bugs. Be brief.
<yellow>4f535971</> <green>user     </>  17 <yellow> </> Why does login fail after an hour, and only on staging?
<yellow>a1996694</> <blue>assistant</> ~18 <yellow> </> I look at the tokens. → Grep
<yellow>5aee8426</> <cyan>tool     </> ~14 <yellow> </> src/auth.py:12: expires = now()
<yellow>6848bb6f</> <blue>assistant</>  33 <yellow> </> The token expires at once: `expires = now()` adds no l…
<yellow>e67de310</> <green>user     </>   7 <yellow> </> Do it.
<yellow>a5fbda81</> <blue>assistant</> ~42 <yellow> </> → Edit
""",
    ),
    "ls --long": (
        """\
92a4a63823ec64db system    message   11 ◆ You fix bugs. Be brief.
4f5359713b4fb16b user      message   17   Why does login fail after an hour, an…
a1996694c6695c74 assistant message  ~18   I look at the tokens. → Grep
5aee84261cf89f90 tool      message  ~14   src/auth.py:12: expires = now()
6848bb6f8b759147 assistant message   33   The token expires at once: `expires =…
e67de31042a4dc2c user      message    7   Do it.
a5fbda81d0959c6b assistant message  ~42   → Edit
""",
        """\
<yellow>92a4a63823ec64db</> <magenta>system   </> message   11 <yellow>◆</> You fix bugs. Be brief.
<yellow>4f5359713b4fb16b</> <green>user     </> message   17 <yellow> </> Why does login fail after an hour, an…
<yellow>a1996694c6695c74</> <blue>assistant</> message  ~18 <yellow> </> I look at the tokens. → Grep
<yellow>5aee84261cf89f90</> <cyan>tool     </> message  ~14 <yellow> </> src/auth.py:12: expires = now()
<yellow>6848bb6f8b759147</> <blue>assistant</> message   33 <yellow> </> The token expires at once: `expires =…
<yellow>e67de31042a4dc2c</> <green>user     </> message    7 <yellow> </> Do it.
<yellow>a5fbda81d0959c6b</> <blue>assistant</> message  ~42 <yellow> </> → Edit
""",
    ),
    "show": (
        """\
commit 66093557d8ac134b5154de965cc7fe6ca3a0b0d4 (HEAD -> main)
Verb:    append
Author:  assistant
Date:    2023-11-14 22:20:20 +0000
Tokens:  ~+42, context ~145 (o200k_base)

    assistant: → Edit

assistant a5fbda81d0959c6b  ~42 tokens
    → Edit
        file: src/auth.py
        old:
            expires = now()
        new:
            expires = now() + LIFETIME
            log(expires)
""",
        """\
<yellow>commit 66093557d8ac134b5154de965cc7fe6ca3a0b0d4</><green> (HEAD -> main)</>
Verb:    append
Author:  assistant
Date:    2023-11-14 22:20:20 +0000
Tokens:  ~+42, context ~145 (o200k_base)

    assistant: → Edit

<blue>assistant</> <yellow>a5fbda81d0959c6b</><dim>  ~42 tokens</>
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
commit 4c0edbd7397e2117607663c33215007616cba6ad
Verb:    edit
Author:  assistant
Date:    2023-11-14 22:18:20 +0000
Tokens:  ~+0, context ~96 (o200k_base)

    edit: 6848bb6f The token expires at once: `expires = now()` adds no life

assistant 6848bb6f8b759147  33 tokens
    The token expires at once: `expires = now()` adds no lifetime.

    Fix in src/auth.py:12:

        + LIFETIME
""",
        """\
<yellow>commit 4c0edbd7397e2117607663c33215007616cba6ad</>
Verb:    edit
Author:  assistant
Date:    2023-11-14 22:18:20 +0000
Tokens:  ~+0, context ~96 (o200k_base)

    edit: 6848bb6f The token expires at once: `expires = now()` adds no life

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
