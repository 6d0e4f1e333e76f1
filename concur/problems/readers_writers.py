"""Readers and writers: many may read at a time, but who writes is alone, and does not wait for ever.

Readers do not disturb each other, so they share the room; a writer needs it
empty. If readers keep coming, there may always be one inside, and a writer
would starve (Courtois, Heymans and Parnas, 1971; The Little Book of
Semaphores, 4.2).

    >>> library = Library()
    >>> library.read(lambda: library.read(lambda: print(library.readers.inside, "readers")))
    2 readers
    >>> library.write(lambda: print(library.readers.inside, "readers"))
    0 readers

How it works: the first reader takes the room for all readers, and the last
one gives it back, as the first to come home switches the light on and the
last to leave switches it off. So that writers do not starve, everybody goes
in through a turnstile, and a writer holds it while he waits for the room:
readers who come later queue behind him.

The room is a semaphore and not a mutex, since the reader who gives it back
need not be the one who took it.
"""

import time
from collections.abc import Callable
from functools import partial

from concur.problems import Say
from concur.problems._together import together
from concur.sync.mutex import Mutex
from concur.sync.semaphore import Semaphore

CHECK = "explore"


class Lightswitch:
    """Takes a room for as long as somebody is inside."""

    def __init__(self, room: Semaphore) -> None:
        self.room = room
        self.mutex = Mutex(name="readers")
        # Guarded by mutex. Invariant while that is free: inside > 0 implies that the room is taken for them.
        self.inside = 0

    def __enter__(self) -> None:
        with self.mutex:
            self.inside += 1
            if self.inside == 1:
                self.room.acquire()

    def __exit__(self, *error: object) -> None:
        with self.mutex:
            self.inside -= 1
            if self.inside == 0:
                self.room.release()


class Library:
    """A room for many readers or one writer."""

    def __init__(self) -> None:
        self.turnstile = Mutex(name="turnstile")  # held by a writer who waits or writes
        self.room = Semaphore(1, name="room")
        self.readers = Lightswitch(self.room)

    def read(self, look: Callable[[], None]) -> None:
        with self.turnstile:
            pass
        with self.readers:
            look()

    def write(self, change: Callable[[], None]) -> None:
        with self.turnstile, self.room:
            change()


def scenario_writer_alone() -> None:
    """A reader sees both halves of what a writer writes, or neither."""
    library, page = Library(), ["old", "old"]

    def change() -> None:
        page[0] = "new"
        page[1] = "new"

    def look() -> None:
        assert page[0] == page[1], f"a torn page: {page}"

    together(partial(library.read, look), partial(library.write, change), partial(library.read, look))


def scenario_writers_alternate() -> None:
    """Two writers do not lose each other's update."""
    library, count = Library(), [0]

    def change() -> None:
        count[0] += 1

    together(partial(library.write, change), partial(library.write, change))
    assert count == [2]


def scenario_readers_meet() -> None:
    """Two readers can be inside at the same time: each waits there for the other."""
    library = Library()
    here, there = Semaphore(0), Semaphore(0)

    def meet(mine: Semaphore, other: Semaphore) -> None:
        mine.release()
        other.acquire()

    together(
        partial(library.read, partial(meet, here, there)), partial(library.read, partial(meet, there, here))
    )


def scenario_late_reader_queues() -> None:
    """A reader who comes when a writer waits goes in after him."""
    library, written = Library(), [False]
    reader_inside, writer_waits = Semaphore(0), Semaphore(0)

    def look_early() -> None:
        reader_inside.release()
        while not library.turnstile.locked():
            pass  # until the writer is there: he holds it while he waits for the room
        writer_waits.release()

    def change() -> None:
        written[0] = True

    def look_late() -> None:
        assert written[0], "the late reader overtook the writer"

    def write() -> None:
        reader_inside.acquire()
        library.write(change)

    def read_late() -> None:
        writer_waits.acquire()
        library.read(look_late)

    together(partial(library.read, look_early), write, read_late)


def demo(say: Say) -> None:
    library = Library()
    noted = Mutex(name="noted")
    inside: list[str] = []
    together_inside = [0]
    text = [0]

    def come(name: str) -> None:
        with noted:
            inside.append(name)
            assert len(inside) == 1 or not any(other.startswith("writer") for other in inside), inside
            together_inside[0] = max(together_inside[0], len(inside))
            say(f"  inside: {', '.join(sorted(inside))}")

    def go(name: str) -> None:
        with noted:
            inside.remove(name)

    def look(name: str) -> None:
        come(name)
        time.sleep(0.002)
        go(name)

    def change(name: str) -> None:
        come(name)
        text[0] += 1
        go(name)

    def read(name: str) -> None:
        for _ in range(4):
            library.read(partial(look, name))

    def write(name: str) -> None:
        for _ in range(3):
            library.write(partial(change, name))

    say("Three readers come four times each, two writers three times:")
    readers = [partial(read, f"reader {letter}") for letter in "ABC"]
    writers = [partial(write, f"writer {letter}") for letter in "XY"]
    together(*readers, *writers)
    assert text == [6]
    say(f"Writers were always alone, six times; readers were up to {together_inside[0]} at a time.")
