"""The roof: the command line. Only here are click, rich, the environment, colours and exit codes.

No logic of a trace lives here. A command parses, calls ``Repo``, and renders; ``door`` runs it and turns
errors into exit codes.
"""

from .door import main

__all__ = ["main"]
