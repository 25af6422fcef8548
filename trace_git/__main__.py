"""``python -m trace_git``: the command line for when no script is on the PATH."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
