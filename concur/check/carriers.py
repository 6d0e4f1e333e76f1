"""What virtual threads run on: greenlets, or threads of the operating system.

Greenlets switch 20 to 100 times faster. OS threads are there for debuggers,
which lose sight of a program that changes greenlets, and as a second opinion:
both must give the same runs.
"""

import _thread
import sys
from typing import Any

import greenlet

from concur.check.engine import Engine
from concur.check.threads import Abort, VirtualThread

_start_new_thread = _thread.start_new_thread  # that of the code under test is refused, see strangers.py

_left_behind: list[
    greenlet.greenlet
] = []  # threads that swallow every Abort; kept, since freeing one resumes it


class GreenletCarrier:
    """Every virtual thread is a greenlet; the hub is the caller of the run."""

    def __init__(self) -> None:
        self.home: int | None = _thread.get_ident()
        self.hub: Any = None
        self.next: VirtualThread | None = None

    def _life(self, engine: Engine, thread: VirtualThread) -> None:
        following = engine.execute(thread)
        if engine.dead:
            return
        self.next = following

    def start(self, engine: Engine, thread: VirtualThread) -> None:
        thread.carrier = greenlet.greenlet(lambda: self._life(engine, thread), self.hub)
        thread.carrier.switch()

    def announced(self, thread: VirtualThread) -> None:
        creator = thread.creator
        (self.hub if creator is None else creator.carrier).switch()

    def switch(self, source: VirtualThread, target: VirtualThread) -> None:
        target.carrier.switch()

    def leave(self, source: VirtualThread) -> None:
        self.next = None
        self.hub.switch()

    def run(self, engine: Engine, main: VirtualThread) -> None:
        self.hub = greenlet.getcurrent()
        main.fresh = False
        self.next = main
        main.carrier = greenlet.greenlet(lambda: self._life(engine, main), self.hub)
        while self.next is not None:
            following, self.next = self.next, None
            engine.current = following
            following.carrier.switch()

    def tear_down(self, engine: Engine, thread: VirtualThread) -> None:
        carrier = thread.carrier
        if carrier is None or not carrier:  # never ran
            return
        carrier.throw(Abort)
        if not carrier.dead:
            _left_behind.append(carrier)


class ThreadCarrier:
    """Every virtual thread is a thread of the operating system; a baton lets one run at a time."""

    home: int | None = None  # no thread is the only one to come from

    def __init__(self) -> None:
        self.hub = _thread.allocate_lock()

    def _life(self, engine: Engine, thread: VirtualThread) -> None:
        tracer = sys.gettrace()
        if tracer is not None:
            sys.settrace(tracer)
        thread.carrier.acquire()
        following = engine.execute(thread)
        if engine.dead or following is None:
            self.hub.release()
            return
        engine.current = following
        following.carrier.release()

    def start(self, engine: Engine, thread: VirtualThread) -> None:
        self._make(engine, thread)
        thread.carrier.release()
        assert thread.creator is not None
        thread.creator.carrier.acquire()

    def _make(self, engine: Engine, thread: VirtualThread) -> None:
        thread.carrier = _thread.allocate_lock()
        thread.carrier.acquire()
        _start_new_thread(self._life, (engine, thread))

    def announced(self, thread: VirtualThread) -> None:
        assert thread.creator is not None
        thread.creator.carrier.release()
        thread.carrier.acquire()

    def switch(self, source: VirtualThread, target: VirtualThread) -> None:
        target.carrier.release()
        source.carrier.acquire()

    def leave(self, source: VirtualThread) -> None:
        self.hub.release()
        source.carrier.acquire()

    def run(self, engine: Engine, main: VirtualThread) -> None:
        self.hub.acquire()
        main.fresh = False
        self._make(engine, main)
        main.carrier.release()
        self.hub.acquire()

    def tear_down(self, engine: Engine, thread: VirtualThread) -> None:
        if thread.carrier is None:
            return
        thread.carrier.release()
        self.hub.acquire()
