"""Virtual threads, and what an engine needs to run them: a strategy and a carrier."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from concur.check.ops import Op

if TYPE_CHECKING:
    from concur.check.engine import Engine


class Abort(BaseException):
    """Raised inside virtual threads to end them when their run is over."""


class VirtualThread:
    """A thread of the program under test."""

    __slots__ = (
        "body",
        "born",
        "calling",
        "carrier",
        "changes",
        "creator",
        "daemon",
        "deadline",
        "done",
        "ending",
        "expired",
        "fresh",
        "joined",
        "last",
        "minor",
        "name",
        "object",
        "op",
        "opaque",
        "quiet",
        "section",
        "site",
        "tid",
    )

    def __init__(self, tid: int, name: str, body: Callable[[], object], *, daemon: bool, thing: Any) -> None:
        self.tid = tid
        self.object = thing  # the program's own Thread; None for the main thread that nobody asked for
        self.joined = False  # by the main thread
        self.name = name
        self.body = body
        self.daemon = daemon
        self.op: Op | None = None  # announced, not yet performed
        self.opaque: str | None = None  # the call below which that happens, if it was not rewritten
        self.site: tuple[str, int] | None = None  # where it stands, if recording
        self.calling: Op | None = None  # a call of code in C that looks into a container, and may call back
        self.section: Any = None  # the call that is taken as one step and runs now, see sections.py
        self.quiet = False  # its end is no step: nobody joins it
        self.ending = False  # the step that it has announced is its last
        self.done = False
        self.minor = False  # what it announced would not be, if `full` were off
        self.fresh = True  # has not announced anything yet
        self.creator: VirtualThread | None = None
        self.born = -1  # index of the step that started it
        self.last = -1  # index of its latest step
        self.changes = 0  # how often it has changed something that it or another thread can see
        self.deadline: float | None = None  # of the timed operation that it is in (timeouts="idle")
        self.expired = False
        self.carrier: Any = None

    @property
    def kind(self) -> str:
        """What a message calls it."""
        return "task" if self.quiet else "thread"

    @property
    def ident(self) -> int:
        """Which thread of the program it is: what runs on an event loop is all in the main thread."""
        return 0 if self.quiet else self.tid


@dataclasses.dataclass(slots=True)
class ThreadFailure:
    """An exception that left a thread."""

    thread: VirtualThread
    error: BaseException
    after: int  # how many steps had been taken


class Strategy(Protocol):
    """Who goes on? See `dpor.py`, `sample.py`, `follow.py`."""

    def pick(self, engine: "Engine", current: VirtualThread | None) -> VirtualThread | None:
        """The thread to run next, or None to end the run here."""

    def stay(self, engine: "Engine", thread: VirtualThread) -> None:
        """The thread takes a step where no other can be picked."""

    def choose(self, engine: "Engine", count: int) -> int:
        """Which of so many alternatives the step just taken has; from 0."""


class Carrier(Protocol):
    """What virtual threads run on. See `carriers.py`."""

    home: int | None  # the only thread of the operating system that a run comes from, if there is one

    def start(self, engine: "Engine", thread: VirtualThread) -> None:
        """Run the thread up to its first announcement, and come back."""

    def announced(self, thread: VirtualThread) -> None:
        """Called in a fresh thread that has announced its first operation: back to its creator."""

    def switch(self, source: VirtualThread, target: VirtualThread) -> None:
        """Let the target go on; returns when the source is picked again."""

    def leave(self, source: VirtualThread) -> None:
        """End the run from inside a thread; does not return before the run is torn down."""

    def run(self, engine: "Engine", main: VirtualThread) -> None:
        """Run all, and return when the run is over."""

    def tear_down(self, engine: "Engine", thread: VirtualThread) -> None:
        """Let an unfinished thread unwind, with every hook raising Abort."""
