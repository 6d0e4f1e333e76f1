"""Ctrl-C in a parked wait loses nothing, and the others go on.

The main thread takes part in the round, and another one sends it signals all the time. The handler raises where the
promise holds: while the thread is parked, or just woken. Elsewhere, above all in the gap after a call has taken
something and before its caller knows, no text in Python can keep it, and the primitives say so.
"""

import linecache
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from types import FrameType
from typing import Any

import pytest

from .storm import PACKAGES, Room, ours, several, taken, turns
from .test_queues import Item, get, once_each, put
from .test_semaphores import free

pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals to a thread here")

PARKED = re.compile(r"\b(_gate|gate|turn)\.acquire\(")  # what a wait of concur/sync looks like in the source
CALLS = 60


class Interrupt(BaseException):
    """What the handler raises, in place of KeyboardInterrupt, which would end the test run if it got out."""


def interrupt(number: int, frame: FrameType | None) -> None:
    """The handler: raise in a wait."""
    if frame is not None and frame.f_code.co_filename.startswith(PACKAGES[0]):
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        if PARKED.search(line):
            raise Interrupt


class Interrupts:
    """Signals to the main thread, and the waits that they ended."""

    def __init__(self) -> None:
        self.times = 0

    @contextmanager
    def coming(self) -> Iterator[Callable[[], None]]:
        """Send signals from the call of what is given until the end of the block."""
        begin, end = threading.Event(), threading.Event()
        main = threading.main_thread().ident
        assert main is not None

        def send() -> None:
            begin.wait()
            while not end.wait(1e-5):
                signal.pthread_kill(main, signal.SIGUSR1)

        sender = threading.Thread(target=send, daemon=True)
        before = signal.signal(signal.SIGUSR1, interrupt)
        sender.start()
        try:
            yield begin.set
        finally:
            end.set()
            begin.set()
            sender.join()
            signal.signal(signal.SIGUSR1, before)

    def defy(self, call: Callable[[], Any]) -> Any:
        """Make a call again until it is not interrupted; what it returned."""
        while True:
            try:
                return call()
            except Interrupt:
                self.times += 1


@pytest.fixture
def interrupts():
    """Signals; fails if not a single one ended a wait, since then nothing was tested."""
    them = Interrupts()
    yield them
    assert them.times, "no wait was interrupted"


@pytest.mark.parametrize("make", ours("Semaphore", "FairSemaphore", "BoundedSemaphore"))
def test_permits(make, storm, interrupts) -> None:
    """A wait that is interrupted has taken no permit."""
    for rng in storm.rounds():
        permits = rng.randint(1, 2)
        semaphore, room = make(permits), Room(permits)

        def visits(own: Random) -> None:
            for _ in range(CALLS):
                if taken(semaphore, own):
                    room.visit()
                    semaphore.release()

        def here() -> None:
            begin()
            for _ in range(CALLS):
                interrupts.defy(semaphore.acquire)
                room.visit()
                semaphore.release()

        with interrupts.coming() as begin:
            storm.run(*several(rng, 1, 4, visits), watched=semaphore, here=here)
        assert free(semaphore) == permits


@pytest.mark.parametrize("make", ours("FairMutex"))
def test_a_fair_mutex(make, storm, interrupts) -> None:
    """A turn that is interrupted is passed on."""
    for rng in storm.rounds():
        mutex, room = make(), Room()

        def visits(own: Random) -> None:
            for _ in range(CALLS):
                if taken(mutex, own):
                    room.visit()
                    mutex.release()

        def here() -> None:
            begin()
            for _ in range(CALLS):
                interrupts.defy(mutex.acquire)
                room.visit()
                mutex.release()

        with interrupts.coming() as begin:
            storm.run(*several(rng, 1, 4, visits), watched=mutex, here=here)
        assert mutex.acquire(False)
        mutex.release()


@pytest.mark.parametrize("make", ours("BoundedQueue", "MonitorQueue"))
@pytest.mark.parametrize("end", ["get", "put"])
def test_items(make, end: str, storm, interrupts) -> None:
    """A get that is interrupted has taken nothing, a put that is interrupted has put nothing."""
    for rng in storm.rounds():
        others, items = rng.randint(1, 3), turns(rng)
        line = make(rng.randint(1, 3))
        mine: list[Item] = []

        def produce(me: int, own: Random) -> list[Item]:
            for number in range(items):
                put(line, (me, number), own)
            return []

        def consume(own: Random) -> list[Item]:
            return [get(line, own) for _ in range(items)]

        def here() -> None:
            begin()
            for number in range(items):
                if end == "get":
                    mine.append(interrupts.defy(line.get))
                else:
                    interrupts.defy(lambda: line.put((others, number)))

        bodies: list[Any] = []
        for me in range(others + (end == "get")):
            bodies += several(rng, 1, 1, lambda own, me=me: produce(me, own))  # type: ignore[misc]
        for _ in range(others + (end == "put")):
            bodies += several(rng, 1, 1, consume)
        with interrupts.coming() as begin:
            got = storm.run(*bodies, watched=line, here=here)
        once_each([*got, mine], others + 1, items)
        assert line.empty()


@pytest.mark.parametrize("make", ours("Event"))
def test_an_event(make, storm, interrupts) -> None:
    """Who is interrupted leaves the line; the others are woken."""
    for rng in storm.rounds():
        event = make()

        def waits(own: Random) -> None:
            event.wait()

        def here() -> None:
            begin()
            for _ in range(CALLS):
                interrupts.defy(lambda: event.wait(0.0005))
            event.set()

        with interrupts.coming() as begin:
            storm.run(*several(rng, 1, 4, waits), watched=event, here=here)
        assert "waiting=0" in repr(event)
