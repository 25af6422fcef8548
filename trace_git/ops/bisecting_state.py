"""The file of a bisect that the command line began: ``trace/bisect``, for an agent ``trace/bisect-NAME``.

JSON, see ``Begun``; written in one step, so that a crash leaves the answers of before or of after. What is done with it
is in ``open_bisect``.
"""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import CorruptTraceError
from ..store import files
from ..view.bisection import BAD, GOOD, SKIP

VERSION = 1
_FILE = re.compile(r"bisect(?:-.+)?")
_HINT = "trace bisect reset forgets it; nothing else is lost"


@dataclass(frozen=True)
class Begun:
    """A bisect that is open. ``place`` is what HEAD said before, in its words.

    ``bad`` and ``good`` are the commits that it began with, as far as they are known yet; ``answers`` what was told
    since, of commits, or of ``items``, in order: ("good", id), ("bad", id), ("skip", id).
    """

    place: str
    bad: str | None = None
    good: tuple[str, ...] = ()
    items: bool = False
    answers: tuple[tuple[str, str], ...] = ()

    @property
    def ready(self) -> bool:
        """Whether there is something to ask: a good and a bad commit are known."""
        return self.bad is not None and bool(self.good)


def there(folder: str, agent: str) -> bool:
    """Whether a bisect is open, readable or not."""
    return os.path.exists(_path(folder, agent))


def read(folder: str, agent: str) -> Begun | None:
    """The open bisect of an agent, "" for the trace itself; None when there is none."""
    with files.storing("the open bisect cannot be read"):
        raw = files.read(_path(folder, agent))
    if raw is None:
        return None
    import json  # costs start-up time

    try:
        held = json.loads(raw)
        if held["version"] != VERSION:
            raise CorruptTraceError(f"the open bisect is of version {held['version']}", hint="upgrade trace-git")
        begun = Begun(held["place"], held["bad"], tuple(held["good"]), bool(held["items"]),
                      tuple((answer, told) for answer, told in held["answers"]))  # fmt: skip
        _check(begun)
        return begun
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorruptTraceError(f"the open bisect is damaged: {error!r}", hint=_HINT) from error


def _check(begun: Begun) -> None:
    texts: list[Any] = [begun.place, *begun.good, *(told for _, told in begun.answers)]
    texts += [begun.bad] if begun.bad is not None else []
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a name is no text")
    if any(answer not in (GOOD, BAD, SKIP) for answer, _ in begun.answers):
        raise ValueError("an answer is none of good, bad, skip")


def contents(agent: str, begun: Begun) -> dict[str, bytes]:
    """The file that keeps it, by path in the trace."""
    import json  # costs start-up time

    data = json.dumps({"version": VERSION, **asdict(begun)}, indent=1).encode() + b"\n"
    return {_name(agent): data}


def write(folder: str, agent: str, begun: Begun) -> None:
    """Keep an open bisect. The caller holds the trace's lock."""
    scratch = os.path.join(folder, "trace", "tmp", f"bisect-{os.getpid()}")
    with files.storing("the open bisect cannot be kept"):
        files.make_folders(os.path.dirname(scratch))
        for name, data in contents(agent, begun).items():
            files.replace(os.path.join(folder, name), data, scratch=scratch, sync=True)
        files.sync_path(os.path.join(folder, "trace"))


def forget(folder: str, agent: str) -> None:
    """Remove what is kept of it. The caller holds the trace's lock."""
    with files.storing("the open bisect cannot be forgotten"):
        files.unlink(_path(folder, agent))
        files.sync_path(os.path.join(folder, "trace"))


def agents(folder: str) -> list[str]:
    """Whose bisects are open, readable or not; "" for the trace itself."""
    above = os.path.join(folder, "trace")
    names = os.listdir(above) if os.path.isdir(above) else []
    return sorted(name.partition("-")[2] for name in names if _FILE.fullmatch(name))


def _path(folder: str, agent: str) -> str:
    return os.path.join(folder, _name(agent))


def _name(agent: str) -> str:
    return os.path.join("trace", f"bisect-{agent}" if agent else "bisect")
