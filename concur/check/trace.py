"""A run as data: what each step did, where in the program, and to what.

Recording walks the stack at every step, so it is done for one run only: the
one that is going to be shown. Of a long run only the end is written down in full:
of the steps before, which nobody reads, no more than which they were.
"""

import dataclasses
import linecache
import os
import reprlib
import sys
import types
from collections import Counter
from collections.abc import Collection
from typing import Any

from concur.check import engine as runs
from concur.check import ops
from concur.check.buffers import exporter
from concur.check.engine import Engine
from concur.check.frames import variables_of
from concur.check.generators import generator_of
from concur.check.names import is_of_library, name_of
from concur.check.ops import Op
from concur.check.threads import VirtualThread
from concur.check.visibility import MARK

_CHECK = os.path.dirname(__file__)
LONGEST = 4_000  # steps; a run of more is long
_TOLD = 1_000  # steps of a long run that are written down in full, its last
_CALLED = {"__enter__": "acquire", "__exit__": "release", "__aenter__": "acquire", "__aexit__": "release"}


@dataclasses.dataclass(slots=True)
class Recorded:
    """One step of the recorded run."""

    tid: int
    op: Op
    site: tuple[str, int]
    inside: str  # the call of library code below which it happened, else ""
    what: str  # "read value", "acquire lock", ...
    value: str | None = None
    changes: tuple[tuple[str, str], ...] = ()  # what it shows of shared state; see changes.py
    owner: Any = None  # the library object below whose method it happened
    key: str | None = None  # which item of a container it is about
    before: str | None = None  # the content of the container before it
    after: str | None = None  # and after it, where the step itself does not tell
    found: int = 0  # id of the value
    shared: bool = False  # known to be at a place that several threads touch and one changes


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 30
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = self.maxdeque = 6

    def repr_deque(self, thing: Any, level: int) -> str:
        return self.repr_list(list(thing), level)

    def repr_instance(self, thing: Any, level: int) -> str:
        cls = type(thing)
        if getattr(cls, "__repr__", None) is object.__repr__:
            return f"<{cls.__name__}>"
        text = super().repr_instance(thing, level)
        return f"<{cls.__name__}>" if text.startswith(f"<{cls.__name__} instance at ") else text  # it raised


_short = _Short()
_long = _Short()
_long.maxlist = _long.maxtuple = _long.maxdict = _long.maxset = _long.maxdeque = 60
_KEYED = ("get", "pop", "setdefault")


def short(value: Any, by: reprlib.Repr = _short) -> str:
    """A value as a short text; nothing that this runs is announced."""
    before, runs.active = runs.active, None
    try:
        return " ".join(by.repr(value).split())
    except Exception:  # a broken __repr__ must not hide the run
        return f"<{type(value).__name__}>"
    finally:
        runs.active = before


def _inside_a_call() -> bool:
    """Whether the current thread is inside a call that is shown as one step."""
    run = runs.active
    section = None if run is None else run.current.section
    return section is not None and section.joins


class Recorder:
    """Writes a run down while it happens."""

    def __init__(self, own_files: frozenset[str], length: int = 0) -> None:
        self.own_files = own_files  # the files of the user, in which a step is shown
        # So many steps at the beginning of a run of that length are not written down in full.
        self.skipped = length - _TOLD if length > LONGEST else 0
        self.steps: list[Recorded] = []
        self.names: dict[int, str] = {}
        self._called_so: Counter[str] = Counter()  # how many names begin so
        self._ends: tuple[int, list[tuple[str, str]]] = (0, [])  # of so many names, what each is shortened to
        self.scenario: types.FrameType | None = None
        self.waiting: list[Recorded] = []  # what the threads that did not end had announced
        self._announced: dict[int, Any] = {}

    def site(self, op: Op) -> tuple[str, int]:
        """Where in the user's files the current step is announced."""
        run = runs.active
        assert run is not None
        if len(self.steps) < self.skipped and self.scenario is not None:
            site = op[3] or ("", 0) if op[0] < ops.ACQUIRE else self._line()  # it may wait there to the end
            self._announced[run.current.tid] = (site, "", "", None)
            return site
        if op[0] >= ops.RESUME and hasattr(op[2], "stand"):  # a task, or a timer: it says where it is
            site, inside, what, owner = op[2].stand(self)
            self._note(site, inside, what, owner)
            return site  # type: ignore[no-any-return]
        frame, inside, owner = self._frame()
        if self.scenario is None:  # the first step is the main thread's
            self.scenario = self._outermost(sys._getframe(2))
        site = (op[3] or ("", 0)) if frame is None else (frame.f_code.co_filename, frame.f_lineno)
        self._note(site, inside, self._what(op), owner)
        return site

    def _note(self, *announced: Any) -> None:
        run = runs.active
        assert run is not None
        self._announced[run.current.tid] = announced

    def _line(self) -> tuple[str, int]:
        """The line of the user's files that is being run, or else of the library; names nothing."""
        frame: types.FrameType | None = sys._getframe(2)
        best = ("", 0)
        while frame is not None:
            file = frame.f_code.co_filename
            if MARK in frame.f_globals and not file.startswith(_CHECK):
                if file in self.own_files:
                    return file, frame.f_lineno
                best = best if best[1] else (file, frame.f_lineno)
            frame = frame.f_back
        return best

    def _outermost(self, frame: types.FrameType | None) -> types.FrameType | None:
        outermost = own = None
        while frame is not None:
            if MARK in frame.f_globals and not frame.f_code.co_filename.startswith(_CHECK):
                outermost = frame
                own = frame if frame.f_code.co_filename in self.own_files else own
            frame = frame.f_back
        return own or outermost

    def here(self) -> tuple[str, int]:
        """The line of the user's files that is being run."""
        frame, _, _ = self._frame()
        return ("", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)

    def _frame(self) -> tuple[types.FrameType | None, str, Any]:
        """The frame of the user's files that runs, the library call that it made, if it is in one, and of what."""
        frame: types.FrameType | None = sys._getframe(2)
        best: types.FrameType | None = None
        inner: types.FrameType | None = None
        while frame is not None:
            file = frame.f_code.co_filename
            if MARK in frame.f_globals and not file.startswith(_CHECK):
                if file in self.own_files:
                    return (frame, "", None) if inner is None else (frame, *self._call(inner))
                best = best or frame
                inner = frame
            frame = frame.f_back
        return best, "", None

    def _call(self, frame: types.FrameType) -> tuple[str, Any]:
        owner = variables_of(frame).get("self")
        called = _CALLED.get(frame.f_code.co_name, frame.f_code.co_name)
        if owner is None or not is_of_library(owner):
            return called, None
        return f"{self.name(owner)}.{called}", owner

    def _what(self, op: Op) -> str:
        kind, place, thing, _, _ = op
        if kind == ops.SPIN:
            return f"wait for a change of {' or '.join(self.read_by(thing)) or 'nothing'}"
        if place is None:
            return ops.KIND_NAMES[kind] if kind == ops.SLEEP else "sleep"
        if place == ops.CLOCK:
            return "read the clock" if kind == ops.READ else "sleep"
        if isinstance(place, str):
            return f"{ops.KIND_NAMES[kind]} {place.rpartition('.')[2].rpartition(':')[2]}"
        name = place[1]
        if name == ops.ATOMIC:
            return f"{self.name(thing.thing)}.{thing.method}({', '.join(map(short, thing.args))})"
        if name == ops.HISTORY:
            return f"{'begin' if kind == ops.READ else 'end'} {thing}"
        if name == ops.LOCK:
            return f"{ops.KIND_NAMES[kind]} {self.name(thing)}"
        if name == ops.THREAD:
            called = getattr(thing, "_cc_name", "the main thread")
            if kind in (ops.JOIN, ops.TIMED_JOIN):
                return f"join {called}"
            if kind == ops.READ:
                return f"look whether {called} is alive"
            run = runs.active
            own = run is not None and run.current in (thing, getattr(thing, "_cc_thread", None))
            return "end" if own else f"start {called}"
        if name in ("[]", ops.ITERATOR):
            return f"{'look into' if kind == ops.READ else 'change'} {self.name(thing)}"
        if name.startswith("["):  # a word of a buffer
            return f"{ops.KIND_NAMES[kind]} {self.name(thing)}{name}"
        return f"{ops.KIND_NAMES[kind]} {name}"

    def read_by(self, wait: Any) -> list[str]:
        """What a waiting loop has read, as the steps that read it name it."""
        return list(dict.fromkeys(self.place(step) for step in self.steps_read_by(wait)))

    def steps_read_by(self, wait: Any) -> list[Recorded]:
        """The steps in which a waiting loop has read what it waits for, not those on the way there."""
        steps = [self.steps[step] for step in wait.reads.values()]
        owners = {step.op[1][0] for step in steps if type(step.op[1]) is tuple}
        return [step for step in steps if step.found not in owners]

    def place(self, step: Recorded) -> str:
        """What a step touches: a variable, a field, a container or an item of it, a lock."""
        verb, _, rest = step.what.partition(" ")
        if step.key is not None and type(step.op[1]) is tuple:
            return f"{self.name(step.op[2])}[{step.key}]"
        if type(step.op[1]) is tuple and step.op[1][1] in ("[]", ops.LOCK, ops.ITERATOR):
            return self.name(step.op[2])
        return rest if verb in ("read", "write") else step.what

    def name(self, thing: Any) -> str:
        """What the program calls an object; two objects never go by one name."""
        view, thing = thing, exporter(thing)
        name = self.names.get(id(thing))
        if name is None:
            key, thing = id(thing), generator_of(thing)
            frames = self._frames()
            found = (
                name_of(thing, frames)
                or name_of(view, frames)
                or f"a {type(thing).__name__.lower().strip('_')}"
            )
            taken = self._called_so[found]
            name = self.names[key] = f"{found} #{taken + 1}" if taken else found
            self._called_so[name.partition(" #")[0]] += 1
        return name

    def _known(self, thing: Any) -> str | None:
        """The name of an object, if it has one; a literal has none, and its id may soon be another's."""
        name = self.names.get(id(thing))
        if name is None and name_of(thing, self._frames()):
            name = self.name(thing)
        return None if name is None or name.startswith("a ") else name

    def _frames(self) -> list[types.FrameType]:
        """The frames in which to look for names: the scenario's, then those of the current thread."""
        frames = [] if self.scenario is None else [self.scenario]
        frame: types.FrameType | None = sys._getframe(2)
        while frame is not None:
            module = frame.f_globals.get("__name__", "")
            inner = frame.f_code.co_filename.startswith(_CHECK) or module.startswith("asyncio.")
            if MARK in frame.f_globals and not inner:
                frames.append(frame)
            frame = frame.f_back
        return frames

    def shortened(self, text: str) -> str:
        """A text in which objects go by as little of the end of their path as tells them apart."""
        if self._ends[0] != len(self.names):
            self._ends = len(self.names), _ends_of(self.names.values())
        for name, end in self._ends[1]:
            text = text.replace(name, end)
        return text

    def performed(self, engine: Engine, thread: VirtualThread) -> None:
        """The step that was announced is being taken."""
        assert thread.op is not None
        site, inside, what, owner = self._announced[thread.tid]
        if thread.op[0] >= ops.RESUME and hasattr(
            thread.op[2], "stand"
        ):  # it may have been cancelled meanwhile
            site, _, what, owner = thread.op[2].stand(self)
            inside = ""
        step = Recorded(thread.tid, thread.op, site, inside, what, owner=owner)
        self.steps.append(step)
        place, thing = thread.op[1], thread.op[2]
        if type(place) is tuple and place[1] == "[]" and thing is not None and self._in_full():
            step.before = short(thing, _long)

    def _in_full(self) -> bool:
        """Whether the latest step is to be written down in full."""
        return len(self.steps) > self.skipped and not _inside_a_call()

    def value(self, value: Any) -> None:
        """The value that the latest step read or wrote."""
        if self._in_full() and self.steps[-1].value is None:
            self.steps[-1].value, self.steps[-1].found = short(value), id(value)

    def word(self, verb: str, what: str, value: Any) -> None:
        """The latest step read or wrote bytes of a buffer."""
        if self._in_full():
            self.steps[-1].what, self.steps[-1].value = f"{verb} {what}", short(value)

    def called(self, function: str, owner: Any, read: list[Any], args: tuple[Any, ...]) -> None:
        """The latest step is a call of a method of a container, or of a function that looks into some."""
        if not self._in_full():
            return
        if owner is not None:
            self.steps[-1].what = f"{self.name(owner)}.{function}({', '.join(map(short, args))})"
            if isinstance(owner, dict) and function in _KEYED and args:
                self.steps[-1].key = short(args[0])
        else:
            self.steps[-1].what = f"{function}({self.name(read[0])})"

    def item(self, verb: str, thing: Any, key: Any) -> None:
        """The latest step reads, writes or deletes one item of a container."""
        if self._in_full():
            self.steps[-1].key = short(key)
            self.steps[-1].what = f"{verb} {self.name(thing)}[{_key(key)}]"

    def left(self, thing: Any) -> None:
        """What the latest step left in a container."""
        if self._in_full():
            self.steps[-1].after = short(thing)

    def compared(self, left: Any, sign: str, right: Any, containers: list[Any]) -> None:
        """The latest step looks into containers for an operator."""
        if self._in_full():
            known = {id(each) for each in containers}
            names = [self._known(side) if id(side) in known else None for side in (left, right)]
            sides = [name or short(side) for name, side in zip(names, (left, right), strict=True)]
            self.steps[-1].what = f"{sides[0]} {sign} {sides[1]}"

    def emptiness(self, thing: Any) -> None:
        """The latest step looks whether a container is empty."""
        if self._in_full():
            self.steps[-1].what = f"bool({self.name(thing)})"

    def finished(self, engine: Engine) -> None:
        """The run is over, and nothing has been torn down yet."""
        for thread, op in engine.pending:
            unknown = (("", 0), "", self._what(op), None)
            site, inside, what, owner = self._announced.get(thread.tid, unknown)
            self.waiting.append(Recorded(thread.tid, op, site, inside, what or self._what(op), owner=owner))


def _ends_of(names: Collection[str]) -> list[tuple[str, str]]:
    """Each name that can be shortened, the longest first, and the shortest end of it that no other name has."""
    found = []
    ends = Counter(
        ".".join(parts[-count:])
        for parts in (name.split(".") for name in names)
        for count in range(1, len(parts) + 1)
    )
    for name in sorted(names, key=len, reverse=True):
        parts = name.split(".")
        for count in range(1, len(parts)):
            end = ".".join(parts[-count:])
            if ends[end] == 1:
                found.append((name, end))
                break
    return found


def _key(key: Any) -> str:
    if type(key) is slice:
        parts = ["" if part is None else short(part) for part in (key.start, key.stop)]
        return ":".join(parts if key.step is None else [*parts, short(key.step)])
    return short(key)


def source_line(site: tuple[str, int]) -> str:
    """The text of a line of the program."""
    return linecache.getline(*site).strip() if site[1] else ""
