"""No-starve mutex: a lock that lets nobody wait for ever, made of semaphores that may.

A *weak* semaphore gives a permit that comes back to one of those who wait, but
to whichever it likes. As a lock it lets two threads hand it to and fro while a
third waits for ever. Dijkstra thought that no lock without starvation could be
made of weak semaphores; Morris made one ("A starvation-free solution to the
mutual exclusion problem", 1979; The Little Book of Semaphores, 4.3).

How it works: threads gather in a first room, go through a gate into a second
one, and from there, through another gate, one by one into the critical section.
One permit is on its way in all this, so only one of the gates is open. The
first stays open until nobody is left in the first room; then the second stays
open until nobody is left in the second. Whoever comes back is too late for the
batch that is under way, and the next one takes all who have gathered. So once a
thread is counted, each other one overtakes it at most twice: with the batch
under way, and with the one that both are in.

    >>> lock = NoStarveMutex()
    >>> lock.acquire()
    >>> lock.waiting
    0
    >>> lock.release()
"""

import time
from collections.abc import Callable
from threading import Thread

from concur.problems import Say
from concur.problems._together import together
from concur.sync.atomic import AtomicInteger
from concur.sync.mutex import Mutex
from concur.sync.semaphore import Semaphore

CHECK = "explore"
SAMPLED = ("scenario_overtaken_once",)  # three threads, each past two gates: more than 20,000 schedules


class WeakSemaphore:
    """Permits that go to whoever came last: no weak semaphore is worse to one who waits."""

    def __init__(self, permits: int) -> None:
        self._guard = Mutex()
        # Guarded by it. Invariant: while somebody waits, no permit is free.
        self._free = permits
        self._line: list[Semaphore] = []

    def acquire(self) -> None:
        with self._guard:
            if self._free > 0:
                self._free -= 1
                return
            turn = Semaphore(0)
            self._line.append(turn)
        turn.acquire()

    def release(self) -> None:
        with self._guard:
            if self._line:
                self._line.pop().release()
            else:
                self._free += 1

    @property
    def waiting(self) -> int:
        return len(self._line)


ATOMIC = (WeakSemaphore,)


class NoStarveMutex:
    """A lock that each other thread takes at most twice while one waits for it."""

    def __init__(self) -> None:
        self._gathered = AtomicInteger()  # how many are in the first room
        # How many are in the second room or past it; whoever has the permit may touch this.
        self._in_batch = 0
        self._first_gate = WeakSemaphore(1)
        self._second_gate = WeakSemaphore(0)

    def acquire(self) -> None:
        self._gathered.fetch_add(1)
        self._first_gate.acquire()
        self._in_batch += 1
        was_last = self._gathered.fetch_add(-1) == 1
        gate = self._second_gate if was_last else self._first_gate
        gate.release()
        self._second_gate.acquire()

    def release(self) -> None:
        self._in_batch -= 1
        gate = self._second_gate if self._in_batch else self._first_gate
        gate.release()

    @property
    def waiting(self) -> int:
        """How many wait; to be asked by who holds the lock."""
        return self._gathered.get() + self._in_batch - 1


def overtaken(lock: NoStarveMutex | WeakSemaphore, rounds: int, pause: Callable[[], object]) -> list[str]:
    """Bob and Cyd want the lock again and again, each keeps it until the other waits for it too.

    Returns:
        Who had it, while Ann waited.
    """
    order: list[str] = []
    done: list[str] = []

    def ann() -> None:
        lock.acquire()
        order.append("ann")
        lock.release()

    def again(name: str) -> None:
        for _ in range(rounds):
            lock.acquire()
            order.append(name)
            while lock.waiting < 2 and not done and "ann" not in order:
                pause()
            lock.release()
        done.append(name)

    threads = [Thread(target=ann, daemon=True), Thread(target=again, args=("bob",), daemon=True)]
    lock.acquire()
    for number, thread in enumerate(threads):
        thread.start()
        while lock.waiting == number:
            pause()
    lock.release()
    again("cyd")
    for thread in threads:
        thread.join()
    return order[: order.index("ann")]


def scenario_one_at_a_time() -> None:
    """Never two threads hold the lock at once, and all get it."""
    lock = NoStarveMutex()
    holders: list[int] = []

    def hold(who: int) -> None:
        lock.acquire()
        holders.append(who)
        assert holders == [who], f"at a time: {holders}"
        holders.clear()
        lock.release()

    together(lambda: hold(1), lambda: hold(2))


def scenario_overtaken_once() -> None:
    """No batch is under way when Ann comes, so each other overtakes her once, though two work together."""
    others = overtaken(NoStarveMutex(), 2, bool)
    assert max(others.count("bob"), others.count("cyd")) <= 1, f"before ann came {others}"


def demo(say: Say) -> None:
    def try_out(lock: NoStarveMutex | WeakSemaphore) -> int:
        others = overtaken(lock, 100, lambda: time.sleep(0))
        bob, cyd = others.count("bob"), others.count("cyd")
        say(f"{type(lock).__name__}: before Ann, Bob had it {bob} times, and Cyd {cyd}")
        return max(bob, cyd)

    say("Ann waits; Bob and Cyd take the lock 100 times, each until the other waits")
    assert try_out(WeakSemaphore(1)) == 100
    assert try_out(NoStarveMutex()) <= 1
