"""Git's configuration files, read and written as text: no include is followed, no program is run.

What cannot be understood is passed over, as far as the end of its line. A change touches the bytes of one variable
and no others, under git's own lock of the file. The grammar is that of git-config(1), "Syntax".
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ..errors import LockedError
from . import files

_PATIENCE = 2.0  # seconds that another program may hold the lock
_HEADER = re.compile(r'[ \t]*\[[ \t]*([-.\w]+)(?:[ \t]+"((?:[^"\\\n]|\\.)*)")?[ \t]*\]')
_NAME = re.compile(r"[ \t]*([A-Za-z][-A-Za-z0-9]*)[ \t]*(=?)[ \t]*")
_PIECE = re.compile(r'\\\r?\n|\\.|"|[#;]|[^\\"#;\r\n]+|\r(?!\n)|\\')
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b", '"': '"', "\\": "\\"}
_NUMBER = re.compile(r"([+-]?[0-9]{1,15})([kmgKMG]?)")
_TO_QUOTE = re.compile(r'["\\#;\n\t]|^\s|\s$')


class Variable(NamedTuple):
    """``section`` and ``name`` in lower case (``remote.origin`` for a subsection); where it stands in the text.

    ``value`` is None for a name without a value, which git takes for true.
    """

    section: str
    name: str
    value: str | None
    start: int
    stop: int


class _Section(NamedTuple):
    name: str
    stop: int


def config_files(environ: Mapping[str, str], folder: str) -> tuple[str, ...]:
    """The trace's file and the user's, nearest first, as git reads them; the system's file is left to git."""
    paths = [os.path.join(folder, "config")]
    if "GIT_CONFIG_GLOBAL" in environ:
        return (*paths, environ["GIT_CONFIG_GLOBAL"])
    home = environ.get("HOME")
    base = environ.get("XDG_CONFIG_HOME") or (os.path.join(home, ".config") if home else None)
    if home:
        paths.append(os.path.join(home, ".gitconfig"))
    if base:
        paths.append(os.path.join(base, "git", "config"))
    return tuple(paths)


def value(paths: Sequence[str], section: str, name: str) -> str | None:
    """The last word of the nearest file that says anything, or None. A file that cannot be read says nothing."""
    for path in paths:
        found = section_of(path, section).get(name)
        if found is not None:
            return found
    return None


def section_of(path: str, section: str) -> dict[str, str]:
    """The variables of one section of a file, by name."""
    try:
        text = _text(files.read(path))
    except OSError:
        return {}
    found = [one for one in variables(text) if one.section == section and one.value is not None]
    return {one.name: one.value for one in found if one.value is not None}


def number(text: str) -> int | None:
    """A whole number as git writes it, perhaps with k, m or g (of 1024) behind it; None when it is none."""
    match = _NUMBER.fullmatch(text.strip())
    return int(match[1]) * 1024 ** " kmg".index(match[2].lower() or " ") if match else None


def put(path: str, section: str, name: str, value: str | None) -> None:
    """Set a variable of the file at ``path``, or take it out. LockedError while another program holds the file."""
    path = os.path.realpath(path)
    with files.storing(f"{path} cannot be written"):
        until = time.monotonic() + _PATIENCE
        while not _try_put(path, section, name, value):
            if time.monotonic() > until:
                raise LockedError(
                    f"{path} is locked by another program", hint=f"wait for it to finish, or remove {path}.lock"
                )
            time.sleep(0.02)


def _try_put(path: str, section: str, name: str, value: str | None) -> bool:
    """One try; False when the lock is taken, or the file changed while we took it."""
    before = files.read(path)
    after = changed(_text(before), section, name, value).encode("utf-8", "surrogateescape")
    if after == (before or b""):
        return True
    mode = stat.S_IMODE(os.stat(path).st_mode) if before is not None else 0o666
    lock = path + ".lock"
    try:
        files.create(lock, after, sync=True, mode=mode)
        if files.read(path) == before:
            files.rename_over(lock, path)
            return True
    except FileExistsError:
        return False
    except OSError:
        files.unlink(lock)
        raise
    files.unlink(lock)
    return False


def changed(text: str, section: str, name: str, value: str | None) -> str:
    """``text`` with the variable set, where it stood or at the end of its section; or, for None, without it."""
    parsed = list(_parse(text))
    standing = [one for one in parsed if isinstance(one, Variable) and (one.section, one.name) == (section, name)]
    if value is None:
        for one in reversed(standing):
            text = _without(text, one)
        return text
    written = f"{name} = {_quoted(value)}"
    if standing:
        return text[: standing[-1].start] + written + text[standing[-1].stop :]
    ends = [one.stop for one in parsed if (one.section if isinstance(one, Variable) else one.name) == section]
    if ends:
        end = text.find("\n", ends[-1])
        at = len(text) if end < 0 else end
        at -= text[at - 1 : at] == "\r"
        return f"{text[:at]}\n\t{written}{text[at:]}"
    above = text if not text or text.endswith("\n") else text + "\n"
    outer, dot, inner = section.partition(".")
    head = f'{outer} "{inner}"' if dot else outer
    return f"{above}[{head}]\n\t{written}\n"


def _without(text: str, one: Variable) -> str:
    """Without a variable; and without its line, when nothing else stands in it before."""
    begin = text.rfind("\n", 0, one.start) + 1
    if text[begin : one.start].strip():
        return text[: one.start].rstrip(" \t") + text[one.stop :]
    end = text.find("\n", one.stop)
    return text[:begin] + (text[end + 1 :] if end >= 0 else "")


def variables(text: str) -> Iterator[Variable]:
    """All variables, in order."""
    return (one for one in _parse(text) if isinstance(one, Variable))


def _parse(text: str) -> Iterator[Variable | _Section]:
    section: str | None = None
    at, size = int(text.startswith("\ufeff")), len(text)
    while at < size:
        if header := _HEADER.match(text, at):
            below = "" if header[2] is None else "." + _ESCAPED.sub(r"\1", header[2])
            section, at = header[1].lower() + below, header.end()
            yield _Section(section, at)
            continue  # a variable may follow in the same line
        found = _NAME.match(text, at) if section is not None else None
        if found and section is not None:
            value, stop, at = _value(text, found.end()) if found[2] else (None, found.end(1), found.end())
            yield Variable(section, found[1].lower(), value, found.start(1), stop)
        elif text[at : at + 1] == "[":
            section = None  # a header that is none: what follows belongs nowhere
        end = text.find("\n", at)
        at = end + 1 if end >= 0 else size


def _value(text: str, at: int) -> tuple[str, int, int]:
    """A value, where it ends, and where what is left of its line (a comment) begins."""
    parts: list[str] = []
    kept, stop, quoted = 0, at, False  # ``parts[:kept]`` and ``text[:stop]`` are free of spaces at the end
    while (piece := _PIECE.match(text, at)) is not None:
        word = piece[0]
        if word in "#;" and not quoted:
            break
        at = piece.end()
        if word == '"':
            quoted, kept, stop = not quoted, len(parts), at
        elif word[0] == "\\" and word.endswith("\n"):
            continue
        elif word[0] == "\\":
            parts.append(_ESCAPES.get(word[1:], word[1:]))
            kept, stop = len(parts), at
        else:
            bare = word if quoted else word.rstrip()
            parts += [bare, word[len(bare) :]]
            if bare:
                kept, stop = len(parts) - 1, piece.start() + len(bare)
    return "".join(parts[:kept]), stop, at


def _quoted(value: str) -> str:
    if not _TO_QUOTE.search(value) and value:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "surrogateescape")
