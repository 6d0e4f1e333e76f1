"""No-starve mutex: a lock that lets nobody wait for ever, made of semaphores that may.

A *weak* semaphore gives a permit that comes back to one of those who wait, but
to whichever it likes: with three threads or more, two can hand it to and fro
while the third waits for ever. Dijkstra conjectured that no mutex without
starvation can be made of weak semaphores; Morris made one ("A starvation-free
solution to the mutual exclusion problem", 1979; The Little Book of Semaphores,
4.3).

How it works: threads gather in a first room, go through a gate into a second
room, and from there one by one into the critical section. Only one of the two
gates is open at a time. The first one closes when nobody is left in the first
room, so nobody is left behind there; the second one closes when nobody is left
in the second room. Whoever comes back is too late for this batch and waits in
the first room, of which the next batch takes all. So from the moment when a
thread is counted, each other thread overtakes it at most twice: once with the
batch that is under way, and once with its own.

    >>> lock = NoStarveMutex()
    >>> with lock:
    ...     lock
    <NoStarveMutex gathered=0 in batch=1>
"""

from threading import Thread
from types import TracebackType

from concur.problems import Say
from concur.problems._together import together
from concur.sync.condition import Condition

CHECK = "explore"


class WeakSemaphore:
    """Permits that go to anybody who waits; but if somebody waits, not to one who comes later."""

    def __init__(self, permits: int) -> None:
        self._moved = Condition()
        # Guarded by the lock of _moved. Invariant: while somebody waits in vain, _free is 0.
        self._free = permits
        self._waiting = 0  # those to whom no permit was given
        self._given = 0  # permits for those who wait, not yet taken

    def acquire(self) -> None:
        with self._moved:
            if self._free > 0:
                self._free -= 1
                return
            self._waiting += 1
            self._moved.wait()  # what was given before was given to others
            while self._given == 0:
                self._moved.wait()
            self._given -= 1

    def release(self) -> None:
        with self._moved:
            if self._waiting == 0:
                self._free += 1
                return
            self._waiting -= 1
            self._given += 1
            self._moved.notify_all()


class NoStarveMutex:
    """A lock that each other thread takes at most twice while one waits for it."""

    def __init__(self) -> None:
        self._counting = WeakSemaphore(1)
        self._gathered = 0  # in the first room; guarded by _counting
        self._in_batch = 0  # in the second room, or past it; guarded by whoever has a gate's permit
        # Invariant: at most one permit is in both gates and in the hands of threads together.
        self._first_gate = WeakSemaphore(1)
        self._second_gate = WeakSemaphore(0)

    def acquire(self) -> None:
        self._counting.acquire()
        self._gathered += 1
        self._counting.release()

        self._first_gate.acquire()
        self._in_batch += 1
        self._counting.acquire()
        self._gathered -= 1
        next_gate = self._first_gate if self._gathered else self._second_gate
        self._counting.release()
        next_gate.release()

        self._second_gate.acquire()

    def release(self) -> None:
        self._in_batch -= 1
        next_gate = self._second_gate if self._in_batch else self._first_gate
        next_gate.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    @property
    def gathered(self) -> int:
        """How many wait, and were counted."""
        return self._gathered

    def __repr__(self) -> str:
        return f"<NoStarveMutex gathered={self._gathered} in batch={self._in_batch}>"


ATOMIC = (WeakSemaphore,)


def scenario() -> None:
    """One who waits while the lock is held is then overtaken at most once by each who comes later."""
    lock = NoStarveMutex()
    inside: list[str] = []
    order: list[str] = []

    def enter(name: str, times: int) -> None:
        for _ in range(times):
            with lock:
                inside.append(name)
                assert inside == [name], f"inside at a time: {inside}"
                order.append(name)
                inside.remove(name)

    ann = Thread(target=enter, args=("ann", 1))
    bob = Thread(target=enter, args=("bob", 2))
    cyd = Thread(target=enter, args=("cyd", 1))
    with lock:
        ann.start()
        while lock.gathered == 0:
            pass
        bob.start()
        cyd.start()
    for thread in (ann, bob, cyd):
        thread.join()
    overtaken = order[: order.index("ann")]
    assert overtaken.count("bob") <= 1, f"bob overtook ann twice: {order}"


def demo(say: Say) -> None:
    pass
