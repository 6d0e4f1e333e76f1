"""Graded: readers_writers.py."""

from collections.abc import Callable
from threading import Thread
from time import sleep

from concur.grade import graded

ANY_WAITER = {"notify": "any", "spurious_wakeups": True, "atomic": ["concur.Semaphore"]}


def started(**calls: Callable[[], object]) -> list[Thread]:
    """Let each call begin in a thread of its own, of the name given."""
    threads = [Thread(target=call, name=name) for name, call in calls.items()]
    for thread in threads:
        thread.start()
    return threads


def joined(threads: list[Thread]) -> None:
    for thread in threads:
        thread.join()


class Book:
    """Who is inside the lock."""

    def __init__(self, lock):
        self.lock = lock
        self.inside = []

    def read(self):
        with self.lock.read():
            self.inside.append("reader")
            assert "writer" not in self.inside, f"inside at the same time: {self.inside}"
            self.inside.remove("reader")

    def write(self):
        with self.lock.write():
            self.inside.append("writer")
            assert self.inside == ["writer"], f"inside at the same time: {self.inside}"
            self.inside.remove("writer")


@graded(points=3)
def test_a_writer_is_alone(explore):
    """A writer is alone inside."""

    def two_writers(attempt):
        book = Book(attempt.ReadWriteLock())
        joined(started(Ann=book.write, Bob=book.write))

    def a_reader_and_a_writer(attempt):
        book = Book(attempt.ReadWriteLock())
        joined(started(Rita=book.read, Will=book.write))

    explore(two_writers, **ANY_WAITER)
    explore(a_reader_and_a_writer, **ANY_WAITER)


@graded(points=2)
def test_readers_share(explore):
    """Two readers are inside together."""

    def scenario(attempt):
        lock = attempt.ReadWriteLock()
        reading = []

        def read():
            with lock.read():
                reading.append("Bob")

        def write():
            with lock.write():
                assert "main" not in reading, "a writer is inside while main reads"

        with lock.read():
            reading.append("main")
            joined(started(Bob=read))  # main is inside until Bob has been inside, too
            writer = started(Will=write)
            reading.remove("main")
        joined(writer)

    explore(scenario, **ANY_WAITER)


@graded(points=2)
def test_overtaking(explore):
    """No reader passes a writer who waits."""

    def scenario(attempt):
        lock = attempt.ReadWriteLock()
        order = []

        def read():
            with lock.read():
                order.append("reader")

        def write():
            with lock.write():
                order.append("writer")

        with lock.read():
            writer = started(Will=write)
            sleep(1)  # until nobody can go on: the writer waits
            reader = started(Rita=read)
            sleep(1)  # until nobody can go on: the reader waits too, or has been inside
            order.append("main leaves")
        joined(writer + reader)
        assert order[0] != "writer", "a writer was inside while main was reading"
        assert order[0] != "reader", "a writer waited, and a reader that came later went in before it"
        assert order == ["main leaves", "writer", "reader"], f"this was the order: {order}"

    explore(scenario, **{**ANY_WAITER, "timeouts": "idle"})


@graded(points=3)
def test_all_get_in(explore):
    """Whoever waits gets in."""

    def behind_a_writer(attempt):
        lock = attempt.ReadWriteLock()
        inside = []

        def read():
            with lock.read():
                inside.append("reader")

        with lock.write():
            threads = started(Ann=read, Bob=read)
            assert not inside, "a reader is inside while main writes"
        joined(threads)
        assert inside == ["reader", "reader"]

    def both_kinds_behind_a_writer(attempt):
        book = Book(attempt.ReadWriteLock())
        with book.lock.write():
            threads = started(Rita=book.read, Will=book.write)
        joined(threads)

    def behind_a_reader(attempt):
        lock = attempt.ReadWriteLock()
        inside = []

        def write():
            with lock.write():
                inside.append("writer")

        with lock.read():
            threads = started(Will=write, Wanda=write)
            assert not inside, "a writer is inside while main reads"
        joined(threads)
        assert inside == ["writer", "writer"]
        with lock.read():  # nothing is left locked
            pass

    explore(behind_a_writer, **{**ANY_WAITER, "spurious_wakeups": False})
    explore(both_kinds_behind_a_writer, **{**ANY_WAITER, "spurious_wakeups": False})
    explore(behind_a_reader, **{**ANY_WAITER, "spurious_wakeups": False})
