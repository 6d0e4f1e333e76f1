"""Programs that are in order: nothing is found in them, and nothing about them changes."""

import io
import logging
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from concur import sync
from concur.deadlock import Watching, parties
from concur.deadlock.parties import Party

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture(autouse=True)
def nothing_is_found(watched: Watching, elsewhere):
    yield
    elsewhere.join()
    assert not watched.reports, watched.reports[0].text
    assert not elsewhere.errors


def test_ordered_acquisitions(elsewhere) -> None:
    """Fifty thousand, by four threads, up to three locks at a time, always upwards."""
    locks: list[Any] = [
        threading.Lock(),
        threading.RLock(),
        threading.Lock(),
        threading.RLock(),
        threading.Lock(),
    ]
    taken = [0] * 4

    def climb(me: int) -> None:
        for step in range(5_300):
            mine = sorted({(me + step) % 5, (me * 3 + step * 2) % 5, step % 5})
            for index in mine:
                locks[index].acquire()
            for index in mine if step % 2 else reversed(mine):
                locks[index].release()
            taken[me] += len(mine)

    for me in range(4):
        elsewhere.start(lambda me=me: climb(me))
    elsewhere.join()
    assert sum(taken) >= 50_000


def test_taken_again(elsewhere) -> None:
    """A reentrant lock is taken by its owner as often as it likes, also through a condition."""
    lock = threading.RLock()
    condition = threading.Condition(lock)
    state: list[str] = []

    def wait() -> None:
        with lock, lock, condition:
            while not state:
                condition.wait()
            assert lock._recursion_count() == 3  # type: ignore[attr-defined]

    elsewhere.start(wait)
    elsewhere.start(wait)
    with condition, lock:
        state.append("told")
        condition.notify_all()


def test_a_gate(elsewhere) -> None:
    """A lock that one thread closes and another opens: who joins the one that waits is not in its way."""
    gate = threading.Lock()
    gate.acquire()
    waiter = elsewhere.start(gate.acquire)
    opener_may = threading.Event()

    def open_gate() -> None:
        opener_may.wait()
        gate.release()

    elsewhere.start(open_gate)
    opener_may.set()
    waiter.join()


def test_ping_pong(elsewhere) -> None:
    """Two locks as signals: each thread waits for what it took itself the last time."""
    ping, pong = threading.Lock(), threading.Lock()
    ping.acquire()
    pong.acquire()

    def play(mine: threading.Lock, other: threading.Lock) -> None:
        for _ in range(200):
            mine.acquire()
            other.release()

    elsewhere.start(lambda: play(ping, pong))
    elsewhere.start(lambda: play(pong, ping))
    ping.release()


def test_handed_over(elsewhere) -> None:
    """Once another thread has released a lock, whoever takes it is not thought to hold it."""
    baton, lock = threading.Lock(), threading.Lock()
    held, go = threading.Event(), threading.Event()

    def first() -> None:
        baton.acquire()
        with lock:
            held.set()
            go.wait()
            baton.acquire()  # the second one waits for the lock now, the third one releases the baton

    def second() -> None:
        held.wait()
        go.set()
        with lock:
            pass

    baton.acquire()
    elsewhere.start(baton.release).join()
    elsewhere.start(first)
    elsewhere.start(second)
    held.wait()
    elsewhere.start(baton.release)


def test_handed_over_crosswise(elsewhere, until) -> None:
    """A circle through a lock that another thread has once released is none: a third one may open it."""
    baton, lock = threading.Lock(), threading.Lock()
    both, begun = threading.Barrier(2), threading.Event()
    baton.acquire()
    elsewhere.start(baton.release).join()

    def first() -> None:
        baton.acquire()
        both.wait()
        begun.set()
        with lock:
            pass

    def second() -> None:
        with lock:
            both.wait()
            begun.wait()
            baton.acquire()

    elsewhere.start(first)
    elsewhere.start(second)
    until(lambda: lock._line and baton._line)  # type: ignore[attr-defined]
    baton.release()


def test_time_is_limited(elsewhere) -> None:
    """Who waits crosswise but not for ever gives up."""
    one, other = threading.Lock(), threading.Lock()
    both = threading.Barrier(2)

    def cross(mine: threading.Lock, theirs: threading.Lock) -> None:
        with mine:
            both.wait()
            assert theirs.acquire(timeout=0.02) is False
            both.wait()
            assert theirs.acquire(False) is False
            both.wait()

    elsewhere.start(lambda: cross(one, other))
    elsewhere.start(lambda: cross(other, one))


def test_one_of_two_gives_up(elsewhere) -> None:
    """It takes one time-out to make a circle harmless."""
    one, other = threading.Lock(), threading.Lock()
    both = threading.Barrier(2)

    def patient() -> None:
        with one:
            both.wait()
            with other:
                pass

    def hasty() -> None:
        with other:
            both.wait()
            assert not one.acquire(timeout=0.05)

    elsewhere.start(patient)
    elsewhere.start(hasty)


def test_queues(elsewhere) -> None:
    """Producers and consumers of small queues, with join."""
    tasks: queue.Queue[int] = queue.Queue(1)

    def consume() -> None:
        for _ in range(100):
            tasks.get()
            tasks.task_done()

    def produce() -> None:
        for item in range(100):
            tasks.put(item)

    for _ in range(2):
        elsewhere.start(produce)
        elsewhere.start(consume)
    tasks.join()


def test_what_nobody_owns(elsewhere) -> None:
    """Semaphores, events and barriers are waited for with a lock in hand."""
    lock, permits, event, barrier = (
        threading.Lock(),
        threading.Semaphore(0),
        threading.Event(),
        threading.Barrier(2),
    )

    def wait() -> None:
        with lock:
            permits.acquire()
            event.wait()
            barrier.wait()

    elsewhere.start(wait)
    permits.release()
    event.set()
    barrier.wait()


def test_semaphores_crosswise(elsewhere) -> None:
    """Permits have no owner: holding one and waiting for another is no circle."""
    one, other = threading.Semaphore(1), threading.BoundedSemaphore(1)
    both = threading.Barrier(2)

    def cross(mine: threading.Semaphore, theirs: threading.Semaphore) -> None:
        mine.acquire()
        both.wait()
        theirs.acquire()

    elsewhere.start(lambda: cross(one, other))
    elsewhere.start(lambda: cross(other, one))
    one.release()
    other.release()


def test_conditions(elsewhere) -> None:
    """Waiting releases the lock, whichever it is; the one that notifies holds two."""
    log = threading.Lock()
    for condition in (threading.Condition(), threading.Condition(threading.Lock()), threading.Condition(log)):
        state: list[str] = []

        def wait(condition=condition, state=state) -> None:
            with condition:
                while not state:
                    condition.wait()

        waiters = [elsewhere.start(wait) for _ in range(3)]
        with condition:
            state.append("told")
            condition.notify_all()
        for waiter in waiters:
            waiter.join()


def test_a_pool() -> None:
    """Futures and the pool's own locks."""
    lock = threading.Lock()
    count = 0

    def add(_: int) -> None:
        nonlocal count
        with lock:
            count += 1

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(add, range(100)))
    assert count == 100


def test_primitives_of_concur(elsewhere) -> None:
    """Gates and guards inside our own primitives are nobody's."""
    mutex, semaphore, number = sync.Mutex(), sync.Semaphore(0), sync.AtomicInteger()
    condition = sync.Condition(threading.RLock())
    state: list[str] = []

    def work() -> None:
        for _ in range(50):
            with mutex:
                number.fetch_add()
        semaphore.acquire()
        with condition:
            condition.wait_for(lambda: state)

    for _ in range(4):
        elsewhere.start(work)
    semaphore.release(4)
    with condition:
        state.append("told")
        condition.notify_all()
    elsewhere.join()
    assert number.get() == 200


def test_daemons_and_timers(elsewhere) -> None:
    """A daemon that waits for ever is not in anybody's way."""
    lock, fired = threading.Lock(), threading.Event()
    timer = threading.Timer(0, fired.set)
    timer.start()
    with lock:
        fired.wait()
    timer.join()


def test_logging(elsewhere) -> None:
    """Handlers have locks of their own."""
    logger = logging.Logger("a logger of this test")
    stream = logging.StreamHandler(stream=io.StringIO())
    logger.addHandler(stream)
    lock = threading.Lock()

    def log() -> None:
        for _ in range(20):
            with lock:
                logger.warning("x")

    for _ in range(3):
        elsewhere.start(log)
    elsewhere.join()
    stream.close()


def test_who_releases_and_ends_meanwhile(elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that has ended may have released the lock after it was looked at as its owner."""
    lock = threading.Lock()
    holds, lets_go = threading.Event(), threading.Event()
    has_ended = Party.has_ended

    def hold() -> None:
        with lock:
            holds.set()
            lets_go.wait()

    holder = elsewhere.start(hold)
    holds.wait()

    def ended_by_now(party: Party) -> bool:
        if party.thread is holder:
            lets_go.set()
            holder.join()
        return has_ended(party)

    monkeypatch.setattr(Party, "has_ended", ended_by_now)
    with lock:
        assert not holder.is_alive()


def test_a_finalizer_while_a_thread_becomes_known(elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes a watched lock in the middle of a thread's first touch finds the thread known, and known once."""
    lock, other = threading.Lock(), threading.Lock()
    seen: list[object] = []

    def touch(lock: Any) -> None:
        with lock:
            seen.append(parties.calling.hold)

    class Interrupted(Party):
        __slots__ = ()
        is_first = True

        def __init__(self) -> None:
            super().__init__()
            if Interrupted.is_first:
                Interrupted.is_first = False
                touch(other)  # as a finalizer would

    monkeypatch.setattr(parties, "Party", Interrupted)
    elsewhere.start(lambda: touch(lock))
    elsewhere.join()
    assert len(seen) == 2
    assert seen[0] is seen[1]
