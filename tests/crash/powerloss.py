"""What a disk may hold after the power went: every state that the syncs before allow for, tried one by one.

``DiskLog`` is a plan of ``faults.Watch`` that records what changing calls did. The rules of the simulated disk are
POSIX's, harsher than any one file system: data of a file is safe after ``fsync`` of that file, a name after
``fsync`` of its folder, and nothing else is. What is not safe may be there, gone, zeros, or a part.

Not simulated: sectors torn inside an already synced region that is overwritten with a sync outstanding are, as the
``first`` and ``torn`` variants; disks that lie about syncs are not.
"""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import children, kills
from .children import Send
from .faults import REAL, Call, Watch

Names = dict[tuple[int, str], int | None]
"""(folder node, name) → node, or None for no such name."""


@dataclass(frozen=True, slots=True)
class Event:
    """One recorded thing: new ``names``, ``data`` at ``offset`` or a new ``size`` of ``node``, a sync, an ack."""

    kind: str  # names · write · size · sync · ack
    node: int = 0
    names: Names = field(default_factory=dict)
    offset: int = 0
    data: bytes = b""
    size: int = 0


@dataclass(slots=True)
class Tape:
    """What the disk held durably at first, and what happened then. Node 0 is the root folder."""

    files: dict[int, bytes] = field(default_factory=dict)
    folders: set[int] = field(default_factory=set)
    names: Names = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


class DiskLog:
    """Records a ``Tape`` of everything below ``root``; ``said`` takes the steps of the run."""

    def __init__(self, root: Path) -> None:
        self.tape = Tape()
        self._nodes: dict[tuple[int, int], int] = {}
        self._steps = 0
        self._offset = 0
        self._moved: int | None = None
        self._scan(os.path.realpath(root))

    def _scan(self, path: str) -> None:
        folder = self._new(REAL["lstat"](path))
        self.tape.folders.add(folder)
        for name in REAL["listdir"](path):
            below = os.path.join(path, name)
            info = REAL["lstat"](below)
            known = (info.st_dev, info.st_ino) in self._nodes
            if os.path.isdir(below):
                self._scan(below)
            elif not known:
                self.tape.files[self._new(info)] = Path(below).read_bytes()
            self.tape.names[folder, name] = self._nodes[info.st_dev, info.st_ino]

    def _new(self, info: os.stat_result) -> int:
        node = len(self.tape.files) + len(self.tape.folders)
        self._nodes[info.st_dev, info.st_ino] = node
        return node

    def said(self, message: str) -> None:
        """Note a step; an "ack" vouches for all steps so far."""
        self._steps += 1
        if message == "ack":
            self._add(Event("ack", size=self._steps))

    # -- the plan --------------------------------------------------------------------------

    def before(self, call: Call) -> None:
        if call.name == "write":
            fd = call.args[0]
            end = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_APPEND
            self._offset = REAL["fstat"](fd).st_size if end else REAL["lseek"](fd, 0, os.SEEK_CUR)
        elif call.name in ("rename", "replace", "link"):
            self._moved = self._node(REAL["lstat"](call.args[0]))

    def after(self, call: Call, result: Any) -> None:
        if not call.changes or call.name in ("utime", "chmod"):
            return
        record = getattr(self, f"_{call.name}", None)
        if record is None:
            raise AssertionError(f"the power-loss simulator does not know {call}")
        record(call, result)

    def _add(self, event: Event) -> None:
        self.tape.events.append(event)

    def _node(self, info: os.stat_result) -> int:
        return self._nodes[info.st_dev, info.st_ino]

    def _place(self, path: Any) -> tuple[int, str]:
        folder, name = os.path.split(os.path.abspath(os.fsdecode(path)))
        return self._node(REAL["stat"](folder)), name

    def _open(self, call: Call, fd: int) -> None:
        if call.grows:
            node = self._new(REAL["fstat"](fd))
            self.tape.files[node] = b""
            self._add(Event("names", names={self._place(call.args[0]): node}))
        else:
            self._add(Event("size", self._node(REAL["fstat"](fd)), size=0))

    def _write(self, call: Call, written: int) -> None:
        self._add(Event("write", self._of(call), offset=self._offset, data=bytes(call.args[1])[:written]))

    def _pwrite(self, call: Call, written: int) -> None:
        self._add(Event("write", self._of(call), offset=call.args[2], data=bytes(call.args[1])[:written]))

    def _of(self, call: Call) -> int:
        return self._node(REAL["fstat"](call.args[0]))

    def _ftruncate(self, call: Call, _: None) -> None:
        self._add(Event("size", self._of(call), size=call.args[1]))

    def _posix_fallocate(self, call: Call, _: None) -> None:
        self._add(Event("size", self._of(call), size=REAL["fstat"](call.args[0]).st_size))

    def _fsync(self, call: Call, _: None) -> None:
        self._add(Event("sync", self._of(call)))

    _fdatasync = _fsync

    def _mkdir(self, call: Call, _: None) -> None:
        node = self._new(REAL["lstat"](call.args[0]))
        self.tape.folders.add(node)
        self._add(Event("names", names={self._place(call.args[0]): node}))

    def _unlink(self, call: Call, _: None) -> None:
        self._add(Event("names", names={self._place(call.args[0]): None}))

    _remove = _rmdir = _unlink

    def _rename(self, call: Call, _: None) -> None:
        self._add(Event("names", names={self._place(call.args[0]): None, self._place(call.args[1]): self._moved}))

    _replace = _rename

    def _link(self, call: Call, _: None) -> None:
        self._add(Event("names", names={self._place(call.args[1]): self._moved}))


# -- what may be left ----------------------------------------------------------------------

DATA = ("kept", "lost", "zeroed", "torn", "last")
NAMES = ("all", "synced", "ordered")


@dataclass(frozen=True)
class Disk:
    """One possible state: path → content, None for a folder; ``links`` groups paths of one file."""

    paths: dict[str, bytes | None]
    links: tuple[tuple[str, ...], ...] = ()

    def key(self) -> tuple[object, ...]:
        sums = [(path, None if data is None else (len(data), zlib.crc32(data))) for path, data in self.paths.items()]
        return (*sorted(sums, key=lambda pair: pair[0]), self.links)

    def put(self, folder: Path) -> None:
        """Make the state real."""
        folder.mkdir()
        for path, data in sorted(self.paths.items()):
            if data is None:
                (folder / path).mkdir()
            else:
                (folder / path).write_bytes(data)
        for first, *others in self.links:
            for other in others:
                (folder / other).unlink()
                os.link(folder / first, folder / other)


def states(tape: Tape, upto: int, dice: random.Random, *, mixed: int = 2) -> Iterator[tuple[str, Disk]]:
    """The states that a power loss after event number ``upto`` may leave, each with a name."""
    events = tape.events[:upto]
    for names in NAMES:
        namespace = _names(tape, events, names, dice)
        for data in DATA:
            yield f"names {names}, data {data}", _disk(tape, events, namespace, lambda data=data: data)  # type: ignore[misc]
    for number in range(mixed):
        namespace = _names(tape, events, "mixed", dice)
        yield f"mixture {number}", _disk(tape, events, namespace, lambda: dice.choice(DATA))


def _names(tape: Tape, events: list[Event], variant: str, dice: random.Random) -> Names:
    last_sync = {event.node: number for number, event in enumerate(events) if event.kind == "sync"}
    anything = max(last_sync.values(), default=-1)
    lucky = {folder: dice.randrange(len(events) + 1) for folder in sorted(tape.folders)} if variant == "mixed" else {}
    found = dict(tape.names)
    for number, event in enumerate(events):
        folders = {folder for folder, _ in event.names}
        safe = any(last_sync.get(folder, -1) > number for folder in folders)
        kept = variant == "all" or (variant == "ordered" and number < anything)
        if safe or kept or any(lucky.get(folder, -1) > number for folder in folders):
            found.update(event.names)
    return found


def _disk(tape: Tape, events: list[Event], names: Names, choose: Callable[[], str]) -> Disk:
    contents: dict[int, bytes] = {}
    by_node: dict[int, list[Event]] = {}
    for event in events:
        if event.kind in ("write", "size", "sync"):
            by_node.setdefault(event.node, []).append(event)
    paths: dict[str, bytes | None] = {}
    places: dict[int, list[str]] = {}
    todo = [(0, "")]
    while todo:
        folder, prefix = todo.pop()
        for (above, name), node in names.items():
            if above != folder or node is None:
                continue
            path = prefix + name
            if node in tape.folders:
                paths[path] = None
                todo.append((node, path + "/"))
                continue
            if node not in contents:
                contents[node] = _content(tape.files[node], by_node.get(node, []), choose())
            paths[path] = contents[node]
            places.setdefault(node, []).append(path)
    return Disk(paths, tuple(sorted(tuple(sorted(group)) for group in places.values() if len(group) > 1)))


def _content(base: bytes, events: list[Event], variant: str) -> bytes:
    synced = max((number for number, event in enumerate(events) if event.kind == "sync"), default=-1)
    safe, loose = events[: synced + 1], [event for event in events[synced + 1 :] if event.kind != "sync"]
    data = bytearray(base)
    for event in safe:
        _apply(data, event)
    for number, event in enumerate(loose):
        is_last = number == len(loose) - 1
        if variant == "kept" or (variant == "torn" and not is_last) or (variant == "last" and is_last):
            _apply(data, event)
        elif variant == "zeroed":
            _apply(data, Event(event.kind, offset=event.offset, data=bytes(len(event.data)), size=event.size))
        elif variant == "torn":
            _apply(
                data, Event(event.kind, offset=event.offset, data=event.data[: len(event.data) // 2], size=event.size)
            )
    return bytes(data)


def _apply(data: bytearray, event: Event) -> None:
    if event.kind == "size":
        data[:] = data[: event.size].ljust(event.size, b"\0")
    elif event.kind == "write":
        data.extend(bytes(max(0, event.offset - len(data))))
        data[event.offset : event.offset + len(event.data)] = event.data


# -- all of it -----------------------------------------------------------------------------


def record(base: Path, work: Path, run: kills.Run) -> Tape:
    """The tape of an undisturbed run on a copy of ``base``."""
    kills.copy(base, work)

    def body(send: Send) -> None:
        log = DiskLog(work)
        with Watch(work, log):
            run(work, log.said)
        send(log.tape)

    tape: Tape = children.run(body).messages[-1]
    shutil.rmtree(work)
    return tape


def everywhere(tape: Tape, work: Path, check: kills.Check, *, seed: int = 7, mixed: int = 2) -> int:
    """Check every state that a power loss at any moment of ``tape`` may leave; the number of different states.

    AssertionError lists the moments and states after which ``check`` was not content.
    """
    dice = random.Random(seed)
    moments: dict[tuple[object, ...], tuple[int, str, Disk]] = {}
    acked = 0
    for upto in range(len(tape.events) + 1):
        if upto and tape.events[upto - 1].kind == "ack":
            acked = tape.events[upto - 1].size
        for name, disk in states(tape, upto, dice, mixed=mixed):
            moments[disk.key()] = (
                acked,
                f"after event {upto} {_said(tape, upto)}, {name}",
                disk,
            )  # later ones promise more
    failures: list[tuple[str, str]] = []
    for acked, name, disk in moments.values():
        disk.put(work)
        try:
            check(work, acked)
        except kills.EXPECTED as error:
            failures.append((f"power lost {name}, {acked} acknowledged", f"{type(error).__name__}: {error}"))
        finally:
            shutil.rmtree(work)
    if failures:
        raise AssertionError(f"{len(failures)} of {len(moments)} power losses left a fault:\n{kills.by_kind(failures)}")
    return len(moments)


def _said(tape: Tape, upto: int) -> str:
    if not upto:
        return "(start)"
    event = tape.events[upto - 1]
    return f"({event.kind} {', '.join(name for _, name in event.names) or _name_of(tape, event.node)})"


def _name_of(tape: Tape, node: int) -> str:
    places = [tape.names, *(event.names for event in tape.events)]
    return next((name for names in places for (_, name), found in names.items() if found == node), "")
