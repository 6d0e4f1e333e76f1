"""What the readers-writer lock does, on real threads; every interleaving of it is in test_verified_rwlock.py."""

import threading
from collections.abc import Callable

import pytest

from concur.errors import DeadlockError, NotOwnerError
from concur.sync import Condition, ReadWriteLock

SIDES = ["read", "write"]
FREE = "<ReadWriteLock reading=0 waiting=0>"


def side_of(lock: ReadWriteLock, which: str):
    return lock.read() if which == "read" else lock.write()


def held(elsewhere, side) -> Callable[[], None]:
    """Hold *side* in another thread; what is returned lets go."""
    holds, enough = threading.Event(), threading.Event()

    def hold() -> None:
        with side:
            holds.set()
            enough.wait()

    thread = elsewhere.start(hold)
    holds.wait()

    def let_go() -> None:
        enough.set()
        elsewhere.join(thread)

    return let_go


@pytest.mark.parametrize("which", SIDES)
def test_taken_and_given_back(which: str) -> None:
    """Each side is used by calls or by `with`, any number of times; a body that raises gives it back."""
    lock = ReadWriteLock()
    side = side_of(lock, which)
    assert side is side_of(lock, which)
    for _ in range(2):
        assert side.acquire() is True
        assert side.release() is None
        with pytest.raises(KeyError), side as taken:
            assert taken is True
            raise KeyError
    assert repr(lock) == FREE


def test_readers_read_together(elsewhere) -> None:
    """Two threads are inside at the same time."""
    lock, met = ReadWriteLock(), threading.Barrier(2)

    def read() -> None:
        with lock.read():
            met.wait()

    elsewhere.start(read)
    elsewhere.start(read)
    elsewhere.join()


@pytest.mark.parametrize(("inside", "comes"), [("read", "write"), ("write", "read"), ("write", "write")])
def test_who_does_not_fit(elsewhere, inside: str, comes: str) -> None:
    """A writer is alone: nobody else comes in, blocking or not, and not in time; later they do."""
    lock = ReadWriteLock()
    side = side_of(lock, comes)
    let_go = held(elsewhere, side_of(lock, inside))
    assert side.acquire(False) is False
    assert side.acquire(blocking=False) is False
    assert side.acquire(timeout=0) is False
    assert side.acquire(timeout=0.01) is False
    let_go()
    assert side.acquire(timeout=3600)
    side.release()
    assert repr(lock) == FREE


@pytest.mark.parametrize(("inside", "comes"), [("read", "write"), ("write", "read"), ("write", "write")])
def test_a_waiter_gets_in(elsewhere, until, inside: str, comes: str) -> None:
    """Who waits comes in when there is room."""
    lock, order = ReadWriteLock(), []
    let_go = held(elsewhere, side_of(lock, inside))

    def come() -> None:
        with side_of(lock, comes):
            order.append("came")

    waiter = elsewhere.start(come)
    until(lambda: "waiting=1" in repr(lock) or lock._room.emptied is not None)
    order.append("left")
    let_go()
    elsewhere.join(waiter)
    assert order == ["left", "came"]
    assert repr(lock) == FREE


def test_first_come_first_served(elsewhere, until) -> None:
    """Those in line go in as they came, readers side by side together."""
    lock, order, met = ReadWriteLock(), [], threading.Barrier(2)
    let_go = held(elsewhere, lock.write())

    def come(which: str, number: int) -> None:
        with side_of(lock, which):
            order.append(number)
            if which == "read":
                met.wait()

    for number, which in enumerate(["write", "read", "read", "write"]):
        elsewhere.start(lambda which=which, number=number: come(which, number))
        until(lambda number=number: f"waiting={number + 1}" in repr(lock))
    let_go()
    elsewhere.join()
    assert order in ([0, 1, 2, 3], [0, 2, 1, 3])


def test_a_reader_does_not_pass_a_writer_that_waits(elsewhere, until) -> None:
    """Nor does one that will not wait; but who is inside may read again."""
    lock = ReadWriteLock()

    def write() -> None:
        with lock.write():
            pass

    with lock.read():
        writer = elsewhere.start(write)
        until(lambda: lock._room.emptied is not None)
        assert elsewhere(lambda: lock.read().acquire(False)) is False
        assert elsewhere(lambda: lock.read().acquire(timeout=0.01)) is False
        with lock.read():
            assert repr(lock) == "<ReadWriteLock reading=2 waiting=0>"
        assert writer.is_alive()
    elsewhere.join(writer)
    assert repr(lock) == FREE


def test_a_writer_that_gave_up_leaves_no_claim(elsewhere) -> None:
    """Readers come in as before."""
    lock = ReadWriteLock()
    let_go = held(elsewhere, lock.read())
    assert lock.write().acquire(timeout=0.01) is False
    assert lock.read().acquire(False)
    lock.read().release()
    let_go()
    assert repr(lock) == FREE


def test_coming_again() -> None:
    """What would wait for itself is told so, or returns False if it need not wait for ever."""
    lock = ReadWriteLock(name="routes")
    with lock.read():
        with pytest.raises(
            DeadlockError, match="waits to write under rwlock 'routes', where it reads itself"
        ):
            lock.write().acquire()
        assert lock.write().acquire(False) is False
        assert lock.write().acquire(timeout=3600) is False
    with lock.write():
        for which, to in (("read", "read"), ("write", "write")):
            with pytest.raises(DeadlockError, match=f"waits to {to} under .*, where it writes itself"):
                side_of(lock, which).acquire()
            assert side_of(lock, which).acquire(False) is False
            assert side_of(lock, which).acquire(timeout=3600) is False
    assert repr(lock) == "<ReadWriteLock 'routes' reading=0 waiting=0>"


@pytest.mark.parametrize("which", SIDES)
def test_release_by_who_does_not_hold(elsewhere, which: str) -> None:
    """Ending what one has not begun is an error that names thread and lock, and ends nothing."""
    lock = ReadWriteLock(name="routes")
    other = "write" if which == "read" else "read"
    with pytest.raises(NotOwnerError, match=f"'MainThread' ended {which[:4]}.*'routes', but it was not"):
        side_of(lock, which).release()
    with side_of(lock, which), pytest.raises(NotOwnerError):
        elsewhere(side_of(lock, which).release)
    with side_of(lock, other), pytest.raises(NotOwnerError):
        side_of(lock, which).release()
    assert repr(lock) == "<ReadWriteLock 'routes' reading=0 waiting=0>"


@pytest.mark.parametrize("which", SIDES)
@pytest.mark.parametrize(
    ("blocking", "timeout", "error"),
    [(False, 1, ValueError), (True, -2, ValueError), (True, 1e20, OverflowError), (True, "1", TypeError)],
)
def test_bad_timeouts(which: str, blocking: bool, timeout: float, error: type[Exception]) -> None:
    """A time-out that makes no sense is refused, and nothing is taken."""
    lock = ReadWriteLock()
    with pytest.raises(error):
        side_of(lock, which).acquire(blocking, timeout)
    assert repr(lock) == FREE


def test_a_condition_over_the_writing_side(elsewhere) -> None:
    """The writing side is a lock like others: a condition can give it up and take it back."""
    lock = ReadWriteLock()
    condition, news = Condition(lock.write()), []

    def tell() -> None:
        with condition:
            news.append("told")
            condition.notify()

    with condition:
        teller = elsewhere.start(tell)
        assert condition.wait_for(lambda: news)
        assert repr(lock) == "<ReadWriteLock writing waiting=0>"
    elsewhere.join(teller)
    with pytest.raises(NotOwnerError):
        condition.notify()


def test_many_threads(elsewhere) -> None:
    """Under real threads no reader sees a half-done write, and no write is lost."""
    lock, pair = ReadWriteLock(), [0, 0]

    def work() -> None:
        for turn in range(200):
            if turn % 4:
                with lock.read():
                    first, second = pair
                assert first == second
            else:
                with lock.write():
                    pair[0] += 1
                    pair[1] += 1

    for _ in range(4):
        elsewhere.start(work)
    elsewhere.join()
    assert pair == [200, 200]
    assert repr(lock) == FREE


def test_name() -> None:
    """The name is told, and part of the text."""
    lock = ReadWriteLock(name="routes")
    assert lock.name == "routes"
    with lock.write():
        assert repr(lock) == "<ReadWriteLock 'routes' writing waiting=0>"
