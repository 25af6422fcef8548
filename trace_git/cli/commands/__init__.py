"""One command, one file: parse, call, render. Each module has a ``command``; the table is in ``app``."""
