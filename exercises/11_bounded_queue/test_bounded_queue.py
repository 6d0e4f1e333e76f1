"""Graded: bounded_queue.py."""

from collections.abc import Callable
from queue import Empty, Full
from threading import Thread

from concur import Closed
from concur.grade import graded

# Most languages promise no more of a condition. Where three threads and more meet, waking for no reason is left out:
# it would make too many schedules.
ANY_WAITER = {"notify": "any", "atomic": ["concur.Semaphore"]}
OR_NO_REASON = {**ANY_WAITER, "spurious_wakeups": True}


def together(*calls: Callable[[], object]) -> None:
    """Make each call in a thread of its own, and wait for all."""
    threads = [Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def outcome(call: Callable[..., object], *args: object) -> object:
    """What the call returns, or the name of what it raises."""
    try:
        return call(*args)
    except (Closed, Empty, Full) as error:
        return type(error).__name__


@graded(points=2)
def test_order(explore):
    """FIFO order, nothing lost."""

    def scenario(attempt):
        queue = attempt.BoundedQueue(2)
        got = []

        def produce():
            for item in (1, 2, 3):
                queue.put(item)

        def consume():
            for _ in range(3):
                got.append(queue.get())

        together(produce, consume)
        assert got == [1, 2, 3]

    explore(scenario, **ANY_WAITER)


@graded(points=1)
def test_capacity(explore):
    """Never more than capacity items inside."""

    def one_producer_ahead(attempt):
        queue = attempt.BoundedQueue(1)
        begun = []  # an entry for each get() that has begun

        def produce():
            for put in (1, 2):
                queue.put(put)
                assert put - len(begun) <= 1, f"{put} items put and {len(begun)} taken, the capacity is 1"

        def consume():
            begun.append("get")
            assert queue.get() == 1

        together(produce, consume)
        assert queue.get() == 2

    def two_producers_for_one_place(attempt):
        queue = attempt.BoundedQueue(1)
        queue.put("first")
        begun, done = [], ["first"]

        def produce():
            queue.put("next")
            done.append("next")
            put = len(done)
            assert put - len(begun) <= 1, f"{put} items put and {len(begun)} taken, the capacity is 1"

        def consume():
            for _ in range(2):
                begun.append("get")
                queue.get()

        together(produce, produce, consume)
        assert queue.get() == "next"

    explore(one_producer_ahead, **OR_NO_REASON)
    explore(two_producers_for_one_place, **ANY_WAITER)


@graded(points=1)
def test_get_waits(explore):
    """get() waits while the queue is empty."""

    def scenario(attempt):
        queue = attempt.BoundedQueue(2)
        got = []

        def produce():
            queue.put(1)
            queue.put(2)

        def consume():
            got.append(queue.get())

        together(consume, consume, produce)
        assert sorted(got, key=str) == [1, 2]

    explore(scenario, **ANY_WAITER)


@graded(points=2)
def test_all_finish(explore):
    """Whatever can finish finishes."""

    def scenario(attempt):
        queue = attempt.BoundedQueue(1)
        got = []

        def consume():
            got.append(queue.get())

        together(consume, consume, lambda: queue.put("a"), lambda: queue.put("b"))
        assert sorted(got, key=str) == ["a", "b"]

    explore(scenario, **ANY_WAITER)


@graded(points=1)
def test_not_serialised(explore):
    """Who waits keeps nobody else out: a producer and a consumer take turns."""

    def scenario(attempt):
        queue = attempt.BoundedQueue(1)
        got = []

        def produce():
            queue.put("a")
            queue.put("b")

        def consume():
            got.append(queue.get())
            got.append(queue.get())

        together(produce, consume)
        assert got == ["a", "b"]

    explore(scenario, **OR_NO_REASON)


@graded(points=1)
def test_close_wakes_all(explore):
    """close() wakes all who wait."""

    def two_consumers(attempt):
        queue = attempt.BoundedQueue(1)
        outcomes = []

        def consume():
            outcomes.append(outcome(queue.get))

        together(consume, consume, queue.close)
        assert outcomes == ["Closed", "Closed"]

    def two_producers(attempt):
        queue = attempt.BoundedQueue(1)
        queue.put("first")
        outcomes = []

        def produce():
            outcomes.append(outcome(queue.put, "late"))

        together(produce, produce, queue.close)
        assert outcomes == ["Closed", "Closed"]
        assert queue.get() == "first"

    explore(two_consumers, **ANY_WAITER)
    explore(two_producers, **ANY_WAITER)


@graded(points=1)
def test_after_close(explore):
    """After close(), put() is refused and get() hands out what is left."""

    def nobody_else(attempt):
        queue = attempt.BoundedQueue(2)
        queue.put(1)
        queue.put(2)
        queue.close()
        assert outcome(queue.put, 3) == "Closed"
        assert outcome(queue.get) == 1
        assert outcome(queue.put, 3) == "Closed"
        assert outcome(queue.get) == 2
        assert outcome(queue.get) == "Closed"
        queue.close()
        assert outcome(queue.get, 1) == "Closed"

    def in_or_out(attempt):
        queue = attempt.BoundedQueue(1)
        outcomes = []
        together(lambda: outcomes.append(outcome(queue.put, "item")), queue.close)
        # Either the item is in, and can be taken, or put() says that it is not.
        assert (outcomes[0], outcome(queue.get)) in [(None, "item"), ("Closed", "Closed")]
        assert outcome(queue.get) == "Closed"

    explore(nobody_else, **OR_NO_REASON)
    explore(in_or_out, **OR_NO_REASON)


@graded(points=1)
def test_timeouts(explore):
    """A time-out raises Full or Empty, and changes nothing."""

    def nobody_else(attempt):
        queue = attempt.BoundedQueue(1)
        assert outcome(queue.get, 0) == "Empty"
        assert outcome(queue.get, 1) == "Empty"
        queue.put("kept")
        assert outcome(queue.put, "refused", 1) == "Full"
        assert outcome(queue.put, "refused", 0) == "Full"
        assert outcome(queue.get, 1) == "kept"
        assert outcome(queue.get, 1) == "Empty"

    def just_in_time_or_not(attempt):
        queue = attempt.BoundedQueue(1)
        got = []
        together(lambda: got.append(outcome(queue.get, 1)), lambda: queue.put("item"))
        left = outcome(queue.get, 1)
        assert (got[0], left) in [("item", "Empty"), ("Empty", "item")]

    explore(nobody_else, **OR_NO_REASON)
    explore(just_in_time_or_not, **OR_NO_REASON)
